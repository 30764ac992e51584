"""Help: five things to know, and whom to ask."""

from textual.app import ComposeResult

from kiosk_tui import theme, words
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.typeset import Block
from kiosk_tui.views import HelpView
from kiosk_tui.widgets.bars import HeaderBar, KeyBar, KeyHint
from kiosk_tui.widgets.page_body import PageBody


class HelpScreen(KioskScreen[HelpView]):
    """How the kiosk is used."""

    def __init__(self) -> None:
        super().__init__()
        self._header = HeaderBar()
        self._body = PageBody()
        self._keys = KeyBar()

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        yield self._body
        yield self._keys

    def show(self, view: HelpView) -> None:
        """Draw the help."""
        self._header.left = words.HELP
        note = [Block(view.note, " ", theme.WARNING, theme.WARNING, gap=2)] if view.note else []
        lines = (Block(text, f"{title}  ", "", theme.TITLE, gap=1) for title, text in words.HELP_LINES)
        self._body.show(*note, *lines)
        self._keys.hints = (KeyHint("0", words.KEY_BACK),)
