"""The screens with one message: help, the agent is away, or nobody seems to be there."""

from textual.app import ComposeResult
from textual.containers import Vertical

from kiosk_tui.drawing import pixels, theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.screens.base import READ_ON, KioskScreen, LongTextScreen
from kiosk_tui.views.common import AwayView, HelpView, IdleView, WaitView
from kiosk_tui.widgets.bars import HeaderBar, KeyHint
from kiosk_tui.widgets.lines import PixelArt
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.words import common as words
from kiosk_tui.words import help as words_help
from kiosk_tui.words import session as words_session

_HELP_KEYS = (("1", words_help.KEY_CALL), ("2", words_help.KEY_RULES))


class HelpScreen(LongTextScreen[HelpView]):
    """The call first; the rules are a page of their own."""

    def show(self, view: HelpView) -> None:
        """Draw the call, or the rules."""
        self._header.left = words_help.KEY_RULES if view.rules else words_help.HELP
        self._body.show(*(_rules() if view.rules else _call(view)))
        back = words_help.KEY_TO_QUESTION if view.resumes and not view.rules else words.KEY_BACK
        self._name_keys(KeyHint("0", back), READ_ON)


def _rules() -> list[Block]:
    return [Block(text, f"{title}  ", "", theme.TITLE, gap=1) for title, text in words_help.LINES]


def _call(view: HelpView) -> list[Block]:
    note = [Block(view.note, " ", theme.WARNING, theme.WARNING, gap=2)] if view.note else []
    rows = (Block(f" {text}", f" {key} ", "", theme.CAP, gap=1) for key, text in _HELP_KEYS)
    phone = words_help.telephone(view.contact.name, view.contact.phone) if view.contact else ""
    return [*note, *rows, Block(words_help.ASK, gap=1), *([Block(phone, gap=1)] if phone else [])]


class AwayScreen(KioskScreen[AwayView]):
    """The agent does not answer; the kiosk keeps trying."""

    def __init__(self) -> None:
        super().__init__()
        self._header = HeaderBar()
        self._body = PageBody(centred=True)

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        yield self._body

    def show(self, view: AwayView) -> None:
        """Say that the kiosk is connecting."""
        self._header.left = words.PRODUCT
        interrupted = [Block(words.INTERRUPTED, style=theme.TITLE, gap=1)] if view.interrupted else []
        self._body.show(
            Block(words.AWAY, style=theme.TITLE),
            Block(words.AWAY_DETAIL, style=theme.QUIET, gap=1),
            *interrupted,
        )


class WaitScreen(KioskScreen[WaitView]):
    """The kiosk has begun anew. It looks like what stood here while it was loaded (`kiosk_tui.watching.watch`)."""

    def __init__(self) -> None:
        super().__init__()
        self._body = PageBody(centred=True)

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._body

    def show(self, view: WaitView) -> None:
        """Ask for patience."""
        self._body.show(Block(words_session.PLEASE_WAIT), Block(words_session.WAIT_DETAIL, gap=1))


class IdleScreen(KioskScreen[IdleView]):
    """Asks whether anybody is still there, and counts down."""

    CSS_PATH = "plain.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._header = HeaderBar()
        self._seconds = PixelArt()
        self._body = PageBody(centred=True)

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        with Vertical(id="seconds"):
            yield self._seconds
        yield self._body

    def show(self, view: IdleView) -> None:
        """Draw the countdown."""
        self._header.left = words.PRODUCT
        self._seconds.show(pixels.clock_face(f"{view.seconds_left:02d}"))
        self._body.show(Block(words.IDLE, style=theme.TITLE), Block(words.idle(view.seconds_left), gap=1))
