"""The screen of a visit's home."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.screens.base import TextScreen
from kiosk_tui.views.common import VisitView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import visits as words_visits


class VisitScreen(TextScreen[VisitView]):
    """The person's name, and what they can open by a number."""

    def show(self, view: VisitView) -> None:
        """Draw the visit's home."""
        self._header.left = words_visits.VISIT
        self._header.right = words_visits.own_number(view.number) if view.number else ""
        not_yet = [Block(words_visits.NOT_A_TOUCH, gap=1)] if view.opened_by == "number" else []
        self._body.show(
            Block(view.name, style=theme.TITLE, gap=1),
            Block(words_visits.VISIT_HELLO[view.opened_by], gap=1),
            *not_yet,
            *(
                # One blank line before the first, where there is no room for one before each.
                Block(f" {words_visits.VISIT_CAN[what]}", f" {number} ", "", theme.CAP, gap=2 if number == 1 else 1)
                for number, what in enumerate(view.can, 1)
            ),
        )
        self._keys.hints = (KeyHint("0", words_visits.KEY_LEAVE_VISIT), KeyHint("9", words.KEY_HELP))
