"""Screens with one large number: a receipt, a number that is typed, and the telephone of whom one may call."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from kiosk_tui.drawing import pixels, theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.views.feedback import CallView, NumberView, ReceiptView
from kiosk_tui.widgets.bars import HeaderBar, KeyBar, KeyHint
from kiosk_tui.widgets.lines import PixelArt
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.words import common as words
from kiosk_tui.words import feedback
from kiosk_tui.words import help as words_help
from protocol.feedback import RECEIPT_DIGITS

_MARGINS = 6


class NumberScreen[V](KioskScreen[V]):
    """A header, a number as large as the screen is wide, text, and the keys below."""

    CSS_PATH = "large_number.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._header = HeaderBar()
        self._number = PixelArt()
        self._body = PageBody()
        self._keys = KeyBar()
        self._view: V | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        with Vertical(id="number"):
            yield self._number
        yield self._body
        yield self._keys

    def on_resize(self, event: events.Resize) -> None:
        """Draw the number for the new size."""
        if self._view is not None:
            self.show(self._view)

    def _draw(self, number: str) -> list[Block]:
        """Draw a number; where it does not fit, return it as text."""
        lines = pixels.number(number, self.app.size.width - _MARGINS)
        self._number.show(lines)
        self._number.display = bool(lines)
        return [] if lines or not number else [Block(number, style=theme.STRONG)]


class ReceiptScreen(NumberScreen[ReceiptView]):
    """The receipt number of a question that is on disk."""

    def show(self, view: ReceiptView) -> None:
        """Draw the receipt."""
        self._view = view
        self._header.left = feedback.TAKEN
        self._body.show(
            *self._draw(feedback.grouped(view.number)),
            Block(feedback.TAKEN_KEEP, style=theme.TITLE, gap=1),
            Block(feedback.TAKEN_LATER, gap=1),
            *([] if view.named else [Block(feedback.TAKEN_UNNAMED, gap=1)]),
        )
        self._keys.hints = (KeyHint("0", words.KEY_BACK), KeyHint("9", words.KEY_HELP))


class TypedNumberScreen(NumberScreen[NumberView]):
    """A receipt number that is being typed."""

    def show(self, view: NumberView) -> None:
        """Draw the figures so far, with a dash for each that is still to come."""
        self._view = view
        self._header.left = feedback.FOLLOW_TITLE
        note = [Block(view.note, style=theme.WARNING, gap=1)] if view.note else []
        self._body.show(
            *self._draw(feedback.grouped(view.typed.ljust(RECEIPT_DIGITS, "-"))),
            *note,
            Block(feedback.LOOKING if view.waiting else feedback.FOLLOW_ASK, style=theme.TITLE, gap=1),
            Block(feedback.FOLLOW_HINT, style=theme.QUIET, gap=1),
        )
        back = KeyHint("*", words.KEY_DELETE if view.typed else words.KEY_BACK)
        self._keys.hints = () if view.waiting else (back, KeyHint(words.ENTER, words.KEY_CONFIRM))


class CallScreen(NumberScreen[CallView]):
    """What became of a call for help, and the telephone that always works."""

    def show(self, view: CallView) -> None:
        """Draw the telephone and the state."""
        self._view = view
        self._header.left = words_help.CALLED
        phone = self._draw(view.contact.phone if view.contact else "")
        contact = [Block(words_help.contact(view.contact.name), style=theme.TITLE), *phone] if view.contact else []
        self._body.show(
            *contact,
            Block(_state(view), style=theme.STRONG, gap=1),
            *([] if view.state and view.state.seen else [Block(words_help.URGENT, gap=1)]),
        )
        again = (KeyHint("1", words_help.KEY_CALL),) if view.refused else ()
        self._keys.hints = (*again, KeyHint("0", words.KEY_BACK))


def _state(view: CallView) -> str:
    if view.refused:
        return words_help.not_called(view.refused)
    return words_help.state(view.state, view.link) if view.state else words_help.CALLING
