"""One message: help, the agent is away, or nobody seems to be there."""

from kiosk_tui.drawing import pixels, theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import READ_ON, ScreenText
from kiosk_tui.views.common import AwayView, HelpView, IdleView, WaitView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import help as words_help
from kiosk_tui.words import learning as words_learning
from kiosk_tui.words import session as words_session

_HELP_KEYS = (("1", words_help.KEY_CALL), ("2", words_help.KEY_RULES))


def help_text(view: HelpView, _: Room) -> ScreenText:
    """Offer the call first; the rules are a page of their own."""
    back = words_help.KEY_TO_QUESTION if view.resumes and not view.rules else words.KEY_BACK
    return ScreenText(
        words_help.KEY_RULES if view.rules else words_help.HELP,
        tuple(_rules() if view.rules else _call(view)),
        (KeyHint("0", back), READ_ON),
    )


def _rules() -> list[Block]:
    return [Block(text, f"{title}  ", "", theme.TITLE, gap=1) for title, text in words_help.LINES]


def _call(view: HelpView) -> list[Block]:
    note = [Block(view.note, " ", theme.WARNING, theme.WARNING, gap=2)] if view.note else []
    rows = (Block(f" {text}", f" {key} ", "", theme.CAP, gap=1) for key, text in _HELP_KEYS)
    phone = words_help.telephone(view.contact.name, view.contact.phone) if view.contact else ""
    return [*note, *rows, Block(words_help.ASK, gap=1), *([Block(phone, gap=1)] if phone else [])]


def away_text(view: AwayView, _: Room) -> ScreenText:
    """Say that the agent does not answer, and that the kiosk keeps trying."""
    interrupted = [Block(words_learning.INTERRUPTED, style=theme.TITLE, gap=1)] if view.interrupted else []
    blocks = (
        Block(words.AWAY, style=theme.TITLE),
        Block(words.AWAY_DETAIL, style=theme.QUIET, gap=1),
        *interrupted,
    )
    return ScreenText(words.PRODUCT, blocks, centred=True)


def wait_text(_view: WaitView, _: Room) -> ScreenText:
    """Ask for patience while the kiosk begins anew.

    It looks like what stood here while the kiosk was loaded (`kiosk_tui.watching.watch`).
    """
    blocks = (Block(words_session.PLEASE_WAIT), Block(words_session.WAIT_DETAIL, gap=1))
    return ScreenText(None, blocks, centred=True)


def idle_text(view: IdleView, _: Room) -> ScreenText:
    """Ask whether anybody is still there, and count down."""
    seconds = pixels.clock_face(f"{view.seconds_left:02d}")
    blocks = (Block(words.IDLE, style=theme.TITLE), Block(words.idle(view.seconds_left), gap=1))
    return ScreenText(words.PRODUCT, blocks, art=tuple(seconds), above=2, centred=True)
