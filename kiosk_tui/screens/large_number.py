"""One large number above the text: a receipt, a number that is typed, and the telephone of whom one may call."""

from kiosk_tui.drawing import pixels, theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.feedback import CallView, NumberView, ReceiptView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import feedback
from kiosk_tui.words import help as words_help
from protocol.feedback import RECEIPT_DIGITS

_MARGINS = 6


def receipt_text(view: ReceiptView, room: Room) -> ScreenText:
    """Say the receipt number of a question that is on disk."""
    art, number = _draw(feedback.grouped(view.number), room)
    blocks = (
        *number,
        Block(feedback.TAKEN_KEEP, style=theme.TITLE, gap=1),
        Block(feedback.TAKEN_LATER, gap=1),
        *([] if view.named else [Block(feedback.TAKEN_UNNAMED, gap=1)]),
    )
    hints = (KeyHint("0", words.KEY_BACK), KeyHint("9", words.KEY_HELP))
    return ScreenText(feedback.TAKEN, blocks, hints, art=art)


def number_text(view: NumberView, room: Room) -> ScreenText:
    """Say the figures of a receipt number so far, with a dash for each that is still to come."""
    art, number = _draw(feedback.grouped(view.typed.ljust(RECEIPT_DIGITS, "-")), room)
    note = [Block(view.note, style=theme.WARNING, gap=1)] if view.note else []
    blocks = (
        *number,
        *note,
        Block(feedback.LOOKING if view.waiting else feedback.FOLLOW_ASK, style=theme.TITLE, gap=1),
        Block(feedback.FOLLOW_HINT, style=theme.QUIET, gap=1),
    )
    back = KeyHint("*", words.KEY_DELETE if view.typed else words.KEY_BACK)
    hints = () if view.waiting else (back, KeyHint(words.ENTER, words.KEY_CONFIRM))
    return ScreenText(feedback.FOLLOW_TITLE, blocks, hints, art=art)


def call_text(view: CallView, room: Room) -> ScreenText:
    """Say what became of a call for help, and the telephone that always works."""
    art, phone = _draw(view.contact.phone if view.contact else "", room)
    contact = [Block(words_help.contact(view.contact.name), style=theme.TITLE), *phone] if view.contact else []
    blocks = (
        *contact,
        Block(_state(view), style=theme.STRONG, gap=1),
        *([] if view.state and view.state.seen else [Block(words_help.URGENT, gap=1)]),
    )
    again = (KeyHint("1", words_help.KEY_CALL),) if view.refused else ()
    return ScreenText(words_help.CALLED, blocks, (*again, KeyHint("0", words.KEY_BACK)), art=art)


def _draw(number: str, room: Room) -> tuple[tuple[str, ...], list[Block]]:
    """Return a number as large as the screen is wide, where it does not fit, as text."""
    lines = pixels.number(number, room.columns - _MARGINS)
    return tuple(lines), [] if lines or not number else [Block(number, style=theme.STRONG)]


def _state(view: CallView) -> str:
    if view.refused:
        return words_help.not_called(view.refused)
    return words_help.state(view.state, view.link) if view.state else words_help.CALLING
