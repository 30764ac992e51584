"""A view counts as painted only once all of it was written to the terminal, also where only the text of a screen
changes."""

import re
from pathlib import Path

from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.screen import Screen

import kiosk_tui
from kiosk_tui.app import KioskApp
from kiosk_tui.flow import Flow
from kiosk_tui.guard import Face
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import View
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import HandClock, StillLink, drawn

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
WAY: tuple[Key, ...] = ("9", "2", "0", "1", "0", "1", "0", "5", "2", "8", "repeat", "repeat", "3")
"""Through help, its rules and a call, which has a large number; 今日; a number that is typed; a choice of levels."""


class WatchedFlow(Flow):
    """Takes note of what was written when a view counts as painted."""

    faces: list[tuple[Face, str]]
    app: "WatchedApp"

    def painted(self, view: View | None) -> None:
        super().painted(view)
        if view is not None and view.face != (self.faces[-1][0] if self.faces else None):
            self.faces.append((view.face, self.app.written))
            self.app.written = ""


class WatchedApp(KioskApp):
    """Takes note of what it writes."""

    CSS_PATH = str(Path(kiosk_tui.__file__).with_name("kiosk.tcss"))  # otherwise it is looked for beside this class
    written = ""

    def _display(self, screen: Screen[None], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.written += CODES.sub("", renderable.render_segments(self.console))
        super()._display(screen, renderable)


async def test_a_view_counts_as_painted_once_all_of_it_is_written() -> None:
    clock = HandClock()
    app = WatchedApp(StillLink(), mono_ms=clock)
    app.flow = flow = WatchedFlow(mono_ms=clock, say=StillLink().say)
    flow.faces, flow.app = [], app
    async with app.run_test(size=(80, 22)) as pilot:
        flow.agent_said(samples.HOME)
        app.draw()
        await pilot.pause()
        for key in WAY:
            before = len(flow.faces)
            clock.pass_s(1)
            flow.key(key)
            app.draw()
            await pilot.pause()
            face, written = flow.faces[-1]
            assert face == flow.view().face
            if len(flow.faces) > before:
                lines = [strip.text for strip in drawn(app)][:-3]  # the keys are named once they count
                assert all(line in written for line in lines), (key, written)
    assert len(flow.faces) > 8
