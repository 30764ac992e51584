"""A notice with its text, and the notices by turns while nobody is here."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kiosk_tui.clock import village_time
from kiosk_tui.drawing import theme
from kiosk_tui.drawing.pixels import clock_face
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.room import Room
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.screens.text import READ_ON, ScreenText
from kiosk_tui.views.common import NoticeView, RestView
from kiosk_tui.widgets.bars import KeyBar, KeyHint
from kiosk_tui.widgets.lines import PixelArt, TextLine
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.words import common as words
from kiosk_tui.words import notices as words_notices
from protocol.kiosk_notices import NoticeShown


def notice_text(view: NoticeView, _: Room) -> ScreenText:
    """Say the line, the text, who says it and until when it holds."""
    shown = view.shown
    if shown is None:
        blocks = [Block(view.line.line, style=theme.TITLE, gap=1), Block(words.OPENING, gap=1)]
    elif not shown.line:
        blocks = [Block(words_notices.OVER, style=theme.TITLE, gap=1)]
    else:
        blocks = [Block(shown.line, style=theme.TITLE, gap=1), *_paragraphs(shown), *_about(shown)]
    hints = (KeyHint("0", words.KEY_BACK), READ_ON, KeyHint("9", words.KEY_HELP))
    return ScreenText(words_notices.kind(view.line.kind), tuple(blocks), hints)


def _paragraphs(shown: NoticeShown) -> list[Block]:
    return [Block(text, gap=1) for text in shown.text.split("\n") if text.strip()]


def _about(shown: NoticeShown) -> list[Block]:
    lines = words_notices.about(shown.source, shown.owner, village_time(shown.until - 1) if shown.until else None)
    return [Block(line, style=theme.QUIET, gap=0 if place else 1) for place, line in enumerate(lines)]


class RestScreen(KioskScreen[RestView]):
    """The clock in the corner, and one notice in the middle."""

    CSS_PATH = "rest.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._clock = PixelArt(id="clock")
        self._place = TextLine(id="place")
        self._body = PageBody(centred=True)
        self._keys = KeyBar()

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        with Horizontal(id="now"):
            yield self._place
            yield self._clock
        yield self._body
        yield self._keys

    def show(self, view: RestView) -> None:
        """Draw the notice whose turn it is."""
        now = village_time(view.minute)
        self._clock.show(clock_face(f"{now:%H:%M}" if view.dated else "--:--"))
        place = [Content.styled(words_notices.kind(view.line.kind), theme.TITLE)]
        if view.of > 1:
            place.append(Content.styled(words_notices.place(view.number, view.of), theme.QUIET))
        self._place.show(Content("\n").join(place))
        text = _paragraphs(view.shown) if view.shown is not None else []
        self._body.show(Block(view.line.line, style=theme.TITLE, gap=1), *text)
        self._keys.right = words_notices.WAKE
