"""The link survives whatever the agent does, and loads without a terminal library."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from agent.kiosk.home_publisher import AT_LEAST_EVERY_MS
from kiosk_tui.link import LONGEST_PAUSE_S, SILENT_S, AgentLink
from protocol.kiosk import MAX_LINE_BYTES, AskHelp, Home, ToKiosk, encode_line
from tests.conftest import short_folder
from tests.fakes.agent_socket import FakeAgent
from tests.kiosk_tui import samples


class Listener:
    """Keeps what happens on the link."""

    def __init__(self) -> None:
        self.heard: list[ToKiosk] = []
        self.away = 0
        self._changed = asyncio.Event()

    def agent_said(self, message: ToKiosk) -> None:
        self.heard.append(message)
        self._changed.set()

    def agent_away(self) -> None:
        self.away += 1
        self._changed.set()

    async def until(self, heard: int = 0, away: int = 0) -> None:
        async with asyncio.timeout(10):
            while len(self.heard) < heard or self.away < away:
                self._changed.clear()
                await self._changed.wait()


class Pauses:
    """Does not wait, keeps how long it should have; gives way so that others run."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await asyncio.sleep(0.01)


@asynccontextmanager
async def linked(agent: FakeAgent) -> AsyncIterator[tuple[AgentLink, Listener]]:
    link, listener = AgentLink(agent.path, sleep=Pauses()), Listener()
    task = asyncio.create_task(link.run(listener))
    try:
        yield link, listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def agent() -> Iterator[FakeAgent]:
    with short_folder() as folder, FakeAgent(folder / "k.sock", samples.HOME) as fake:
        yield fake


async def test_it_is_greeted_hears_and_says(agent: FakeAgent) -> None:
    async with linked(agent) as (link, listener):
        await listener.until(heard=1)
        agent.send(samples.GREEN)
        await listener.until(heard=2)
        assert listener.heard == [samples.HOME, samples.GREEN]
        link.say(AskHelp(screen="home"))
        assert await asyncio.to_thread(agent.wait_for_words, 1) == [AskHelp(screen="home")]


async def test_it_comes_back_after_every_restart(agent: FakeAgent) -> None:
    async with linked(agent) as (link, listener):
        for restart in range(1, 4):
            await listener.until(heard=restart)
            await asyncio.to_thread(agent.stop)
            await listener.until(away=restart)
            link.say(AskHelp(screen="home"))
            await asyncio.to_thread(agent.start)
        await listener.until(heard=4)
        assert agent.heard == []


@pytest.mark.parametrize(
    "line", [b"\n", b"{}\n", b"not json\n", b'{"type":"no_such"}\n', b"\xff\xfe\n", b'{"type":"home","wall":-1}\n']
)
async def test_a_malformed_line_is_passed_over(agent: FakeAgent, line: bytes) -> None:
    async with linked(agent) as (_, listener):
        await listener.until(heard=1)
        agent.send_raw(line)
        agent.send(samples.GREEN)
        await listener.until(heard=2)
        assert listener.heard[1] == samples.GREEN
        assert listener.away == 0


async def test_an_agent_of_another_version_is_logged_once_and_its_cards_are_still_answered(
    agent: FakeAgent, caplog: pytest.LogCaptureFixture
) -> None:
    async with linked(agent) as (_, listener):
        await listener.until(heard=1)
        for _ in range(50):
            agent.send_raw(b'{"type":"home_of_a_later_version","words":"..."}\n')
        agent.send(samples.GREEN)
        await listener.until(heard=2)
        assert listener.heard[1] == samples.GREEN
    assert len([line for line in caplog.messages if "passed over" in line]) == 1


async def test_a_line_without_end_costs_the_connection_and_nothing_more(agent: FakeAgent) -> None:
    async with linked(agent) as (_, listener):
        await listener.until(heard=1)
        await asyncio.to_thread(agent.send_raw, b"x" * (MAX_LINE_BYTES + 1) + b"\n")
        await listener.until(heard=2, away=1)
        assert isinstance(listener.heard[1], Home)


async def test_half_a_line_is_no_message(agent: FakeAgent) -> None:
    async with linked(agent) as (_, listener):
        await listener.until(heard=1)
        agent.send_raw(encode_line(samples.GREEN)[:-1])
        await asyncio.to_thread(agent.stop)
        await listener.until(away=1)
        assert listener.heard == [samples.HOME]


async def test_the_pauses_grow_and_stay_bounded() -> None:
    with short_folder() as folder:
        pauses, listener = Pauses(), Listener()
        link = AgentLink(folder / "nobody.sock", sleep=pauses, jitter=lambda: 1.0)
        task = asyncio.create_task(link.run(listener))
        await listener.until(away=12)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert pauses.asked[:4] == pytest.approx([0.2, 0.4, 0.8, 1.6])
    assert max(pauses.asked) == LONGEST_PAUSE_S


async def test_an_agent_that_stands_still_is_away_until_it_speaks_again() -> None:
    with short_folder() as folder, FakeAgent(folder / "k.sock", samples.HOME, frozen=True) as agent:
        listener = Listener()
        task = asyncio.create_task(AgentLink(agent.path, sleep=Pauses(), silent_s=0.2).run(listener))
        await listener.until(heard=1, away=1)
        agent.send(samples.GREEN)
        await listener.until(heard=2)
        assert listener.heard == [samples.HOME, samples.GREEN], "over the same connection"
        assert agent.connections == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_kiosk_waits_for_more_than_one_home_before_it_says_that_the_agent_is_away() -> None:
    assert SILENT_S * 1000 >= 3 * AT_LEAST_EVERY_MS


@pytest.mark.parametrize("module", ["link", "terminal.keys", "flow", "words.common", "words.visits"])
def test_it_loads_without_textual(module: str) -> None:
    script = f"import sys, kiosk_tui.{module}; sys.exit(any(name.startswith('textual') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
