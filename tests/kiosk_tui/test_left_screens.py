"""A screen that is left keeps nothing that it has drawn, and is drawn as before when it is shown again."""

import asyncio

from kiosk_tui.app import KioskApp
from kiosk_tui.screens.base import KioskScreen
from tests.kiosk_tui.rig import HandClock, StillLink, drawn, press
from tests.kiosk_tui.samples import HOME


async def _home_and_back() -> tuple[list[str], list[str], int]:
    clock = HandClock()
    app = KioskApp(StillLink(), mono_ms=clock)
    async with app.run_test(size=(80, 22)) as pilot:
        app.flow.agent_said(HOME)
        app.draw()
        await pilot.pause()
        first, home = [strip.text for strip in drawn(app)], app.screen
        assert isinstance(home, KioskScreen)
        press(app.flow, clock, "9")
        app.draw()
        await pilot.pause()
        kept = sum(len(widget._styles_cache._cache) for widget in (home, *home.query()))
        press(app.flow, clock, "0")
        app.draw()
        await pilot.pause()
        return first, [strip.text for strip in drawn(app)], kept


def test_a_screen_that_is_left_keeps_no_lines() -> None:
    first, again, kept = asyncio.run(_home_and_back())
    assert kept == 0
    assert [line.split() for line in again][1:] == [line.split() for line in first][1:]
