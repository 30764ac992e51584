"""Every state of every screen at three sizes: as it was when somebody last looked at it, whole and readable.

Each state is drawn once for each size, and everything is checked on that drawing. After a change that is wanted, run
this file with ``--snapshot-update`` and read what `git diff` shows of the screens.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeGuard

import pytest
import pytest_asyncio
from rich.cells import cell_len
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.strip import Strip

from kiosk_tui.terminal.keys import HELP
from kiosk_tui.views.common import AwayView, HelpView, IdleView, RestView, TouchView, WaitView
from kiosk_tui.views.feedback import CallView
from tests.kiosk_tui.contrast import all_readable
from tests.kiosk_tui.drawing import Easel, Size, as_text, easel
from tests.kiosk_tui.edges import DRAWN
from tests.kiosk_tui.rig import SIZES, OpenKiosk
from tests.kiosk_tui.whole import WHOLE

WITHOUT_HELP = (TouchView, RestView, AwayView, WaitView, IdleView, HelpView, CallView)
"""A result that is gone in seconds, a screen that every key wakes, one on which no key counts, and help itself."""


class TextFiles(SingleFileSnapshotExtension):
    """One file for each state, which can be read as it is."""

    _file_extension = "txt"
    _write_mode = WriteMode.TEXT


type Drawings = dict[tuple[str, Size], list[Strip] | Exception]
"""What was drawn of a state at a size, or why nothing was."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def drawer() -> AsyncIterator[Easel]:
    async with easel() as ready:
        yield ready


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def drawings(drawer: Easel, request: pytest.FixtureRequest) -> Drawings:
    """Draw all states of this run at one size, then at the next: to change the size takes as long as ten screens."""
    drawn: Drawings = {}
    asked = [str(item.callspec.params["state"]) for item in request.session.items if _draws(item, request.path)]
    for size in SIZES:
        for state in asked:
            try:
                drawn[state, size] = await drawer.draw(DRAWN[state], size)
            except Exception as error:  # noqa: BLE001 - it is raised in the test of this state, and not in all
                drawn[state, size] = error
    return drawn


def _draws(item: pytest.Item, here: Path) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and item.path == here and hasattr(item, "callspec")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("state", DRAWN)
async def test_a_screen_is_whole_and_as_it_was(state: str, drawings: Drawings, snapshot: SnapshotAssertion) -> None:
    sheet = []
    for size in SIZES:
        strips = drawings[state, size]
        if isinstance(strips, Exception):
            raise strips
        _fills_its_cells(strips, size)
        for strip in strips:
            all_readable(strip)
        text = "".join("".join(strip.text for strip in strips).split())
        for words in WHOLE.get(state, []):
            assert "".join(words.split()) in text
        _says_its_title_once(strips)
        _names_the_key_of_help(state, strips)
        sheet.append(f"{size[0]} × {size[1]}\n{as_text(strips)}")
    assert "\n".join(sheet) == snapshot(extension_class=TextFiles)


@pytest.mark.asyncio(loop_scope="module")
async def test_too_small_a_window_says_so(drawer: Easel, snapshot: SnapshotAssertion) -> None:
    assert as_text(await drawer.draw(DRAWN["home"], (20, 5))) == snapshot(extension_class=TextFiles)


def _fills_its_cells(strips: list[Strip], size: Size) -> None:
    assert len(strips) == size[1]
    for strip in strips:
        assert cell_len(strip.text) == size[0], strip.text


def _says_its_title_once(strips: list[Strip]) -> None:
    title, *below = (strip.text.strip() for strip in strips)
    assert not title or title.split("  ")[0] not in below


def _names_the_key_of_help(state: str, strips: list[Strip]) -> None:
    flow = OpenKiosk(DRAWN[state]).flow
    if not flow.typing and not isinstance(flow.view(), WITHOUT_HELP):
        bar = strips[-3:]  # in a tall window the keys stand between two empty lines
        assert any(text.strip() == HELP for strip in bar for text, _, _ in strip), [strip.text for strip in bar]
