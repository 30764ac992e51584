"""Help: five things to know, and whom to ask."""

from kiosk_tui import theme, words
from kiosk_tui.screens.base import TextScreen
from kiosk_tui.typeset import Block
from kiosk_tui.views import HelpView
from kiosk_tui.widgets.bars import KeyHint


class HelpScreen(TextScreen[HelpView]):
    """How the kiosk is used."""

    def show(self, view: HelpView) -> None:
        """Draw the help."""
        self._header.left = words.HELP
        note = [Block(view.note, " ", theme.WARNING, theme.WARNING, gap=2)] if view.note else []
        lines = (Block(text, f"{title}  ", "", theme.TITLE, gap=1) for title, text in words.HELP_LINES)
        self._body.show(*note, *lines)
        self._keys.hints = (KeyHint("0", words.KEY_BACK),)
