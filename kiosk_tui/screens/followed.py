"""What became of a question: when it was asked, how far it is, the answer, and how it was."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.following import rateable
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import READ_ON, ScreenText
from kiosk_tui.views.feedback import FollowedView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import feedback


def followed_text(view: FollowedView, _: Room) -> ScreenText:
    """Say what was asked, and the answer."""
    found = view.found
    note = [Block(view.note, style=theme.WARNING, gap=1)] if view.note else []
    blocks = [
        Block(feedback.said(feedback.topic(found.topic), feedback.matter(found.matter)), style=theme.TITLE, gap=1),
        Block(feedback.asked(found)),
    ]
    if found.state == "answered":
        blocks += [Block(feedback.answered(found), gap=1), Block(found.text, style=theme.STRONG), *note]
        rating = [Block(feedback.rated(found.rating), gap=1)] if found.rating else []
        asks = [Block(feedback.RATE_ASK, gap=1), *map(Block, feedback.ratings())] if rateable(found) else []
        blocks += rating + asks
    else:
        blocks += [Block(feedback.way(found), gap=1), *note, Block(feedback.NO_ANSWER, style=theme.QUIET, gap=1)]
    hints = (KeyHint("0", words.KEY_BACK), READ_ON, KeyHint("9", words.KEY_HELP))
    return ScreenText(feedback.FOLLOW_TITLE, tuple(blocks), hints, right=feedback.grouped(found.number))
