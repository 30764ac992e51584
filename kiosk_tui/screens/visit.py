"""A visit's home."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.room import Room
from kiosk_tui.screens.meetings import next_meeting
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.common import VisitView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import visits as words_visits


def visit_text(view: VisitView, _: Room) -> ScreenText:
    """Say the person's name, and what they can open by a number."""
    not_yet = [Block(words_visits.NOT_A_TOUCH, gap=1)] if view.opened_by == "number" else []
    blocks = (
        Block(view.name, style=theme.TITLE, gap=1),
        Block(words_visits.VISIT_HELLO[view.opened_by], gap=1),
        *not_yet,
        *(
            # One blank line before the first, where there is no room for one before each.
            Block(f" {words_visits.VISIT_CAN[what]}", f" {number} ", "", theme.CAP, gap=2 if number == 1 else 1)
            for number, what in enumerate(view.can, 1)
        ),
        *([Block(next_meeting(view.meeting), style=theme.QUIET, gap=1)] if view.meeting is not None else []),
    )
    hints = (KeyHint("0", words_visits.KEY_LEAVE_VISIT), KeyHint("9", words.KEY_HELP))
    number = words_visits.own_number(view.number) if view.number else ""
    return ScreenText(words_visits.VISIT, blocks, hints, right=number)
