"""One kiosk that draws any state at any size, and what it drew as lines of text and colours.

Starting an app costs far more than drawing a screen, so every state is drawn by the same app, each time with a flow of
its own. A screen that still shows something of the state before it is then found out, too.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from string import ascii_letters

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.pilot import Pilot
from textual.strip import Strip

from kiosk_tui.app import KioskApp
from kiosk_tui.drawn import lines_at_rest
from kiosk_tui.flow import Flow
from tests.kiosk_tui.rig import GUARD_S, SIZES, HandClock, StillLink, Way

type Size = tuple[int, int]


class Easel:
    """The app that draws."""

    def __init__(self, app: KioskApp, pilot: Pilot[None]) -> None:
        self._app = app
        self._pilot = pilot

    async def draw(self, way: Way, size: Size) -> list[Strip]:
        """Return the lines of what this way leads to, once its keys count."""
        clock = HandClock()
        self._app.flow = Flow(mono_ms=clock, say=StillLink().say)
        self._app._drawn = self._app._face = None  # whatever stood here, this is another screen
        if self._app.size != size:
            await self._pilot.resize_terminal(*size)
        way(self._app.flow, clock)
        await lines_at_rest(self._app)
        if not self._app.flow.listens():
            clock.pass_s(GUARD_S + 0.09)
        return await lines_at_rest(self._app)


@asynccontextmanager
async def easel() -> AsyncIterator[Easel]:
    """Have an app that draws."""
    app = KioskApp(StillLink())
    async with app.run_test(size=SIZES[0]) as pilot:
        yield Easel(app, pilot)


def as_text(strips: list[Strip]) -> str:
    """Return what was drawn so that a person can read it and compare it: the lines, then their colours.

    Each letter is a style, the number beside it says for how many cells.
    """
    letters: dict[str, str] = {}
    colours = []
    for strip in strips:
        cells = [(_named(style), cell_len(text)) for text, style, _ in strip]
        runs = [(name, sum(count for _, count in run)) for name, run in groupby(cells, key=lambda cell: cell[0])]
        colours.append(" ".join(f"{letters.setdefault(name, ascii_letters[len(letters)])}{n}" for name, n in runs))
    lines = [f"│{strip.text}│" for strip in strips]
    legend = [f"{letter}: {name}" for name, letter in letters.items()]
    return "\n".join([*lines, *colours, *legend, ""])


def _named(style: Style | None) -> str:
    assert style is not None, "a cell that no widget has drawn"
    return " ".join(["bold"] * bool(style.bold) + [_hex(style.color), "on", _hex(style.bgcolor)])


def _hex(color: Color | None) -> str:
    return "-" if color is None else color.get_truecolor().hex
