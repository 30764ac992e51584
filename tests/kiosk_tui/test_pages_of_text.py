"""A text in pages stands on the page on which it was left, until it is another text or home has stood here."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from textual.pilot import Pilot

from kiosk_tui.screens.text_screen import TextScreen
from kiosk_tui.terminal.keys import Key
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.words import common as words
from kiosk_tui.words import help as words_help
from protocol.kiosk import ToKiosk
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import SIZES, STATES, Rig

LONG = msgspec.structs.replace(samples.NOTICE, text="\n".join(f"示例第{number}段。" for number in range(1, 41)))
SMALL = SIZES[-1]


class Reader:
    """Somebody at a small screen, on which a long notice takes pages."""

    def __init__(self, rig: Rig, pilot: Pilot[None]) -> None:
        self.rig = rig
        self._pilot = pilot

    async def press(self, *keys: Key) -> str:
        """Press keys, each once its screen is read, and return what is on the screen then."""
        for key in keys:
            await self.rig.settle(self._pilot)
            self.rig.app.flow.key(key, turn_page=self.rig.app._turn_page)
            self.rig.clock.pass_s(1)
        await self.rig.settle(self._pilot)
        return self.rig.text()

    async def hear(self, *messages: ToKiosk) -> str:
        """Let the agent say something, and return what is on the screen then."""
        for message in messages:
            self.rig.app.flow.agent_said(message)
        return await self.press()

    async def resize(self, columns: int, rows: int) -> str:
        """Give the terminal another size, and return what is on the screen then."""
        await self._pilot.resize_terminal(columns, rows)
        return await self.press()


def reads(what: Callable[[Reader], Awaitable[None]]) -> None:
    """Have a long notice read."""

    async def run() -> None:
        rig = Rig()
        async with rig.app.run_test(size=SMALL) as pilot:
            STATES["notice-asked"](rig.app.flow, rig.clock)
            rig.app.flow.agent_said(LONG)
            await what(Reader(rig, pilot))

    asyncio.run(run())


def test_a_text_keeps_its_page_under_help() -> None:
    async def read(reader: Reader) -> None:
        first = await reader.press()
        second = await reader.press("enter")
        assert second != first
        assert words_help.KEY_CALL in await reader.press("9")
        assert await reader.press("0") == second
        assert await reader.press("7") == first

    reads(read)


def test_a_text_keeps_its_page_under_a_touch() -> None:
    async def read(reader: Reader) -> None:
        second = await reader.press("enter")
        await reader.hear(samples.GREEN)
        reader.rig.clock.pass_s(10)
        assert await reader.press() == second

    reads(read)


def test_another_text_begins_at_its_first_page() -> None:
    async def read(reader: Reader) -> None:
        first = await reader.press()
        await reader.press("enter", "0", "2")
        assert await reader.hear(LONG) == first

    reads(read)


def test_after_home_nothing_is_kept_of_a_text() -> None:
    async def read(reader: Reader) -> None:
        await reader.press("enter", "0", "0")
        screen = reader.rig.app._kiosk_screens[TextScreen]
        assert isinstance(screen, TextScreen)
        assert screen.query_one(PageBody).blocks == ()
        assert screen._turned == {}

    reads(read)


def test_enter_is_named_only_while_there_is_more() -> None:
    async def read(reader: Reader) -> None:
        pages = [await reader.press()]
        while words.KEY_READ_ON in pages[-1]:
            pages.append(await reader.press("enter"))
        assert len(pages) > 2
        assert len(set(pages)) == len(pages)
        assert words.KEY_READ_ON in await reader.press("7")
        assert words.KEY_READ_ON not in await reader.resize(80, 60)
        assert words.KEY_READ_ON in await reader.resize(*SMALL)

    reads(read)
