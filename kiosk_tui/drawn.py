"""Draw questions as the kiosk shows them, for people who write them: ``python -m kiosk_tui.drawn``.

It draws with the kiosk's own screens, without a terminal and without an agent. It takes an encoded
`protocol.kiosk_drawing.ToDraw` on its standard input and writes a `Drawn` to its standard output.
"""

import asyncio
import sys
from typing import TYPE_CHECKING

from kiosk_tui import textual_alone  # noqa: F401 -- before everything that imports Textual
from kiosk_tui.app import KioskApp
from kiosk_tui.clock import boot_time_ms
from kiosk_tui.drawing.svg import svg_of
from kiosk_tui.flow import Flow
from kiosk_tui.link import LinkListener
from kiosk_tui.views.common import View
from kiosk_tui.views.learning import MarkedView, QuestionView
from protocol.codec import decode, encode
from protocol.kiosk import ToAgent
from protocol.kiosk_drawing import MAX_TO_DRAW_BYTES, Drawn, DrawnQuestion, QuestionToDraw, ToDraw
from protocol.kiosk_learning import Marked, QuestionShown
from protocol.packs import LIVES, MIN_DRAW

if TYPE_CHECKING:
    from textual.strip import Strip

_ENOUGH = 20
"""A screen stands still long before it has been painted so often."""


class _NoAgent:
    """A link to nobody."""

    async def run(self, listener: LinkListener) -> None:
        """Wait for nothing."""
        await asyncio.Event().wait()

    def say(self, message: ToAgent) -> None:
        """Drop the message."""


class _OneView(Flow):
    """A flow that stands still: what is to be drawn is set from outside."""

    shown: View

    def view(self) -> View:
        """Return what is to be drawn."""
        return self.shown

    def listens(self) -> bool:
        """Tell that keys count, so that the screen names them."""
        return True


async def draw(to_draw: ToDraw) -> Drawn:
    """Draw each question as it is asked, and as it stands after a right answer."""
    app = KioskApp(_NoAgent())
    flow = _OneView(mono_ms=boot_time_ms, say=lambda _: None)
    async with app.run_test(size=(to_draw.columns, to_draw.rows)):
        app.flow = flow
        drawn = []
        for one in to_draw.questions:
            pictures = [await _picture(app, flow, view) for view in _views(one)]
            drawn.append(DrawnQuestion(asked=pictures[0], marked=pictures[1]))
    return Drawn(questions=drawn)


async def _picture(app: KioskApp, flow: _OneView, view: View) -> str:
    flow.shown = view
    return svg_of(await lines_at_rest(app))


async def lines_at_rest(app: KioskApp) -> "list[Strip]":
    """Draw until the app has painted the same lines twice, and return them.

    Raises:
        AssertionError: The screen does not stand still.
    """
    before: list[Strip] = []
    for _ in range(_ENOUGH):
        app.draw()
        painted = asyncio.Event()
        app.screen.call_after_refresh(painted.set)
        await painted.wait()
        # Textual tells its lines to nobody in public but as a picture in which Chinese overlaps.
        now = app.screen._compositor.render_strips()
        if now == before:
            return now
        before = now
    raise AssertionError("the screen does not stand still")


def _views(one: QuestionToDraw) -> tuple[QuestionView, MarkedView]:
    question = one.question
    shown = QuestionShown(
        run="",
        title=one.title,
        level=one.level,
        sample=one.sample,
        number=1,
        of=MIN_DRAW,
        lives=LIVES,
        kind=question.kind,
        question=question.id,
        stem=question.stem,
        options=question.options,
        picture=question.picture,
        sound=question.sound is not None,
    )
    marked = Marked(
        run="",
        question=question.id,
        right=True,
        chosen=question.answer,
        answer=question.answer,
        explanation=question.explanation,
        source=question.source,
        lives=LIVES,
    )
    picture = one.picture if question.picture is not None else None
    return (
        QuestionView(question=shown, chosen=(), asked=False, leaving=False, note="", picture=picture),
        MarkedView(question=shown, marked=marked, leaving=False),
    )


def main() -> None:
    """Draw what standard input asks for."""
    to_draw = decode(sys.stdin.buffer.read(MAX_TO_DRAW_BYTES + 1), ToDraw, limit=MAX_TO_DRAW_BYTES)
    sys.stdout.buffer.write(encode(asyncio.run(draw(to_draw))))


if __name__ == "__main__":
    main()
