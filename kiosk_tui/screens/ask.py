"""A choice by the keys 1 to 6, or one thing to confirm by Enter."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.screens.base import TextScreen
from kiosk_tui.views.feedback import AskView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import feedback


class AskScreen(TextScreen[AskView]):
    """What is asked, and the answers with their keys."""

    def show(self, view: AskView) -> None:
        """Draw the choice."""
        self._header.left = view.title
        note = [Block(view.note, style="" if view.sends else theme.WARNING, gap=1)] if view.note else []
        self._body.show(
            Block(view.ask, style=theme.TITLE, gap=2),
            *(
                Block(f" {option}", f" {number} ", "", theme.CAP, gap=1)
                for number, option in enumerate(view.options, 1)
            ),
            *note,
        )
        send = (KeyHint(words.ENTER, feedback.KEY_SEND),) if view.sends else ()
        turn = (KeyHint(*view.turn),) if view.turn else ()
        self._keys.hints = (*send, KeyHint("0", words.KEY_BACK), *turn, KeyHint("9", words.KEY_HELP))
