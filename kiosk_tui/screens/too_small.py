"""A window smaller than the screens are made for. It says so, and still shows the result of a touch, in words alone."""

from textual.app import ComposeResult

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.screens.touch import detail, headline, who
from kiosk_tui.views.common import TouchView, View
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.words import common as words


class _WordsScreen[V](KioskScreen[V]):
    """Words in the middle, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self._body = PageBody(centred=True)

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._body


class TooSmallScreen(_WordsScreen[View]):
    """Says that no view has room here."""

    def show(self, view: View) -> None:
        """Say whom to call."""
        self._body.show(Block(words.TOO_SMALL, style=theme.TITLE))


class SmallTouchScreen(_WordsScreen[TouchView]):
    """The result of a touch, in the lamp's colour."""

    CSS_PATH = "too_small.tcss"

    def show(self, view: TouchView) -> None:
        """Draw the touch. No key is named, because keys mean nothing here."""
        touch = view.touch
        self.set_classes(f"-{touch.colour}")
        lines = (headline(touch), who(touch, self.size.width), detail(touch) if touch.colour != "green" else "")
        self._body.show(*(Block(line) for line in lines if line))
