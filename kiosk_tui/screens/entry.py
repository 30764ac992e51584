"""A number or a PIN that is typed. Of a PIN the screen shows how many figures there are, never which."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.common import EntryView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import visits as words_visits
from protocol.pins import PIN_DIGITS


def entry_text(view: EntryView, _: Room) -> ScreenText:
    """Say what is asked for, what was typed, and what was wrong before."""
    note = [Block(view.note, style=theme.WARNING, gap=1)] if view.note else []
    blocks = (
        *note,
        Block(
            words_visits.PIN_WAITING if view.waiting else words_visits.ENTRY_ASK[view.step],
            style=theme.TITLE,
            gap=1,
        ),
        *([Block(_figures(view), style=theme.STRONG, gap=1)] if view.step not in ("touch", "set") else []),
        Block(words_visits.ENTRY_HINT[view.step], style=theme.QUIET, gap=1),
    )
    return ScreenText(words_visits.entry_title(view.step, changes=view.changes), blocks, _hints(view))


def _figures(view: EntryView) -> str:
    if view.step == "number":
        return f"{view.shown}_"
    return " ".join("●" * view.typed + "○" * (PIN_DIGITS - view.typed))


def _hints(view: EntryView) -> tuple[KeyHint, ...]:
    if view.step == "set":
        return (KeyHint("0", words.KEY_BACK),)
    back = KeyHint("*", words.KEY_DELETE if view.typed else words.KEY_BACK)
    if view.waiting:
        return ()
    if view.step == "touch":
        return (back,)
    return (
        back,
        KeyHint(words.ENTER, words_visits.KEY_NEXT_STEP if view.step in ("number", "new_pin") else words.KEY_CONFIRM),
    )
