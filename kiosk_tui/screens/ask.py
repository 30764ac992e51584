"""A choice by the keys 1 to 6, or one thing to confirm by Enter."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.feedback import AskView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import feedback


def ask_text(view: AskView, _: Room) -> ScreenText:
    """Say what is asked, and the answers with their keys."""
    note = [Block(view.note, style="" if view.sends else theme.WARNING, gap=1)] if view.note else []
    blocks = (
        Block(view.ask, style=theme.TITLE, gap=2),
        *(Block(f" {option}", f" {number} ", "", theme.CAP, gap=1) for number, option in enumerate(view.options, 1)),
        *note,
    )
    send = (KeyHint(words.ENTER, feedback.KEY_SEND),) if view.sends else ()
    turn = (KeyHint(*view.turn),) if view.turn else ()
    return ScreenText(view.title, blocks, (*send, KeyHint("0", words.KEY_BACK), *turn, KeyHint("9", words.KEY_HELP)))
