"""A screen that is left keeps no lines and no old sizes, and is drawn as before when it is shown again."""

import asyncio

from msgspec.structs import replace

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


async def _changes_and_leaves(changes: int) -> list[int]:
    clock = HandClock()
    app = KioskApp(StillLink(), mono_ms=clock)
    async with app.run_test(size=(80, 22)) as pilot:
        app.flow.agent_said(HOME)
        for number in range(changes):
            app.flow.agent_said(replace(HOME, village=f"示例{number}村", waiting=number))
            app.draw()
            await pilot.pause()
        home = app.screen
        press(app.flow, clock, "9")
        app.draw()
        await pilot.pause()
        return [len(widget._box_model_cache) for widget in (home, *home.query())]


def test_a_screen_that_is_left_keeps_no_sizes_that_changes_have_made_old() -> None:
    few, many = (asyncio.run(_changes_and_leaves(changes)) for changes in (1, 6))
    assert 0 < sum(many) <= sum(few)
