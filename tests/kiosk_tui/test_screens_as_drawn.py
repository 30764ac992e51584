"""Every screen at the three sizes, as it was when somebody last looked at it."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.kiosk_tui.rig import SIZES, STATES, Rig


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", STATES)
def test_the_screen_is_as_it_was(state: str, size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    rig = Rig()

    async def go(pilot: Pilot[None]) -> None:
        STATES[state](rig.app.flow, rig.clock)
        await rig.settle(pilot)

    assert snap_compare(rig.app, terminal_size=size, run_before=go)


def test_too_small_a_window_says_so(snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(Rig().app, terminal_size=(20, 5))
