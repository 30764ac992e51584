"""The whole kiosk against an agent on a real socket: a level, a restart, a touch, bad lines, bad windows."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from textual import events
from textual.pilot import Pilot

from kiosk_tui.app import KioskApp
from kiosk_tui.link import AgentLink
from protocol.kiosk import ChooseDirection, KeepDirection
from tests.conftest import short_folder
from tests.fakes.agent_socket import FakeAgent
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import drawn


@pytest.fixture
def agent() -> Iterator[FakeAgent]:
    with short_folder() as folder, FakeAgent(folder / "k.sock", samples.HOME, samples.one_question_level) as fake:
        yield fake


class Screen:
    """What stands on the kiosk's screen, waited for."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot

    def text(self) -> str:
        return "".join("".join(strip.text for strip in drawn(self.pilot.app)).split())

    async def shows(self, words: str) -> None:
        await self.until(lambda: words in self.text(), words)

    async def press(self, *keys: str) -> None:
        """Press each key once what is on the screen has been seen for long enough to count."""
        app = self.pilot.app
        assert isinstance(app, KioskApp)
        for key in keys:
            await self.until(app.flow.listens, "keys count")
            # On a busy machine the screen before may be reported as painted only now. Then the time begins again.
            await self.pilot.pause(0.1)
            await self.until(app.flow.listens, "keys count")
            await self.pilot.press(key)

    async def until(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 10
        while not done():
            assert time.monotonic() < deadline, f"not in time: {what}; on the screen: {self.text()}"
            await self.pilot.pause(0.02)


@asynccontextmanager
async def kiosk(agent: FakeAgent, size: tuple[int, int] = (60, 16)) -> AsyncIterator[tuple[Pilot[None], Screen]]:
    app = KioskApp(AgentLink(agent.path))
    async with app.run_test(size=size) as pilot:
        yield pilot, Screen(pilot)


@pytest.mark.parametrize(("key", "verdict"), [("2", "✓答对了"), ("4", "×答错了"), ("down", "✓答对了")])
async def test_a_level_is_played_by_keys(agent: FakeAgent, key: str, verdict: str) -> None:
    async with kiosk(agent) as (_, screen):
        await screen.shows("示例东村")
        await screen.press("pagedown")
        await screen.shows("按数字选一门来学")
        await screen.press("1")
        await screen.shows("请按数字选一关")
        await screen.press("1")
        await screen.shows(samples.QUESTION.stem)
        await screen.press(key)
        await screen.shows(verdict)
        await screen.shows("正确答案：119")
        await screen.press("enter")
        await screen.shows("✓过关了")
        await screen.press("insert", "0", "0")
        await screen.shows("请把卡贴到读卡器上")


async def test_a_touch_interrupts_a_level_which_goes_on(agent: FakeAgent) -> None:
    async with kiosk(agent) as (_, screen):
        await screen.shows("示例东村")
        await screen.press("3")
        await screen.shows("按数字选一门来学")
        await screen.press("1")
        await screen.shows("请按数字选一关")
        await screen.press("1")
        await screen.shows(samples.QUESTION.stem)
        agent.send(samples.GREEN)
        await screen.shows("✓打卡成功·上班")
        agent.send(samples.AGAIN)
        await screen.shows("打错了？按7，再刷一次卡，就改为下班。")
        await screen.press("7")
        await screen.shows("再刷一次这张卡，就改为下班；不改请按0或不动。")
        await screen.press("0")
        await screen.shows("刚才已经打过，不用再打。")
        agent.send(samples.AGAIN)
        await screen.press("7")
        await screen.shows("再刷一次这张卡，就改为下班")
        agent.send(samples.CORRECTED)
        await screen.shows("✓打卡成功·下班")
        await screen.shows("已经改好")
        agent.send(samples.FULL)
        await screen.shows("×没有记录")
        await screen.press("0")
        await screen.shows(samples.QUESTION.stem)
        assert ChooseDirection(touch=samples.TOUCH, direction="out") in agent.heard
        assert KeepDirection(touch=samples.TOUCH) in agent.heard


async def test_the_agent_may_restart_at_any_time(agent: FakeAgent) -> None:
    async with kiosk(agent) as (_, screen):
        await screen.shows("示例东村")
        await screen.press("3")
        await screen.shows("按数字选一门来学")
        await screen.press("1")
        await screen.shows("请按数字选一关")
        await screen.press("1")
        await screen.shows(samples.QUESTION.stem)
        agent.stop()
        await screen.shows("现在先不要刷卡")
        await screen.shows("本关已中断，请重新开始。")
        agent.start()
        await screen.shows("答题闯关本关已中断，请重新开始。")
        await screen.press("1")
        await screen.shows(samples.QUESTION.stem)


async def test_what_waits_is_told_and_untold(agent: FakeAgent) -> None:
    async with kiosk(agent) as (_, screen):
        agent.wait_for_kiosk()
        agent.send(msgspec.structs.replace(samples.HOME, waiting=2, link="offline"))
        for line in ("还有2条", "没传到县里，", "不影响打卡。"):
            await screen.shows(line)
        await screen.shows("！网络不通")
        agent.send(samples.HOME)
        await screen.until(lambda: "没传到县里" not in screen.text(), "nothing waits")


async def test_a_bad_line_changes_nothing(agent: FakeAgent) -> None:
    async with kiosk(agent) as (_, screen):
        await screen.shows("示例东村")
        agent.send_raw(b'{"type":"touch","colour":"purple"}\n\n\xff\n' + b"[" * 2000 + b"\n")
        agent.send(samples.UNKNOWN)
        await screen.shows("！已记录，待县里核对")


async def test_names_from_the_county_cannot_steer_the_terminal(agent: FakeAgent) -> None:
    agent.home = msgspec.structs.replace(samples.HOME, village="示例\x1b[2J\x07村[bold]", notice="一\x1b]0;x\x07二")
    async with kiosk(agent) as (_, screen):
        await screen.shows("示例[2J村[bold]")
        await screen.shows("一]0;x二")
        assert "\x1b" not in screen.text()


_CONTROL = "cqzpdsloxw"
HOSTILE = [
    *(f"ctrl+{letter}" for letter in _CONTROL),
    *(f"f{number}" for number in range(1, 13)),
    *("ctrl+backslash", "ctrl+alt+f2", "escape", "tab", "shift+tab", "space", "a", "q", "delete", "colon"),
]


@pytest.mark.parametrize("state", ["home", "question"])
async def test_hostile_keys_do_nothing(agent: FakeAgent, state: str) -> None:
    async with kiosk(agent) as (pilot, screen):
        await screen.shows("示例东村")
        if state == "question":
            await screen.press("3")
            await screen.shows("按数字选一门来学")
            await screen.press("1")
            await screen.shows("请按数字选一关")
            await screen.press("1")
            await screen.shows(samples.QUESTION.stem)
        await screen.shows("9帮助")
        before = screen.text()
        await pilot.press(*HOSTILE)
        await pilot.pause()
        assert screen.text() == before
        assert pilot.app.is_running
        await pilot.click(offset=(3, 3))
        assert screen.text() == before


async def test_a_paste_of_a_megabyte_does_nothing(agent: FakeAgent) -> None:
    async with kiosk(agent) as (pilot, screen):
        await screen.shows("示例东村")
        await screen.shows("9帮助")
        before = screen.text()
        pilot.app.post_message(events.Paste("1" * 1_000_000))
        await pilot.pause()
        assert screen.text() == before
        agent.send(samples.GREEN)
        await screen.shows("✓打卡成功")


async def test_a_tiny_window_says_so_and_recovers(agent: FakeAgent) -> None:
    async with kiosk(agent) as (pilot, screen):
        await screen.shows("示例东村")
        for size in ((1, 1), (20, 5), (52, 15), (53, 14)):
            await pilot.resize_terminal(*size)
            await screen.until(lambda: "请把卡贴到读卡器上" not in screen.text(), "home is not drawn")
        await screen.shows("屏幕设置不对，请叫装机员")
        agent.send(samples.GREEN)
        await screen.shows("✓打卡成功")
        await pilot.resize_terminal(53, 15)
        await screen.shows("✓打卡成功")
        await screen.press("0")
        await screen.shows("请把卡贴到读卡器上")


async def test_quitting_is_for_demonstrations_only(agent: FakeAgent) -> None:
    app = KioskApp(AgentLink(agent.path), may_quit=True)
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert not app.is_running
