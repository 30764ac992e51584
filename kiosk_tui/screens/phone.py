"""The screen with the QR code for a person's telephone."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.qr import qr_code
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.views.common import PhoneView
from kiosk_tui.widgets.bars import KeyBar, KeyHint
from kiosk_tui.widgets.lines import PixelArt
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.words import common as words
from kiosk_tui.words import visits as words_visits
from protocol.kiosk_visits import PhoneCode

_WORDS_COLUMNS = 20
"""What the words beside the code need at least."""


class PhoneScreen(KioskScreen[PhoneView]):
    """The code at the left, as large as the screen is high; what to do with it at the right."""

    CSS_PATH = "phone.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._code = PixelArt()
        self._body = PageBody()
        self._keys = KeyBar()
        self._view: PhoneView | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        with Horizontal():
            yield self._code
            with Vertical():
                yield self._body
                yield self._keys

    def show(self, view: PhoneView) -> None:
        """Draw the code, or why there is none."""
        self._view = view
        self._keys.hints = (KeyHint("0", words.KEY_BACK), KeyHint("9", words.KEY_HELP))
        lines = self._drawn(view.shown)
        self._code.show(lines or [])
        self._code.display = lines is not None
        page = view.shown.address.partition("#")[0] if view.shown else ""
        title = Block(words_visits.ON_TELEPHONE, style=theme.TITLE)
        if view.shown is None:
            self._body.show(title, Block(words_visits.sorry(view.refused) if view.refused else words.OPENING, gap=1))
        elif lines is None:
            code = Block(words.typed_code(view.shown.code), style=theme.STRONG, gap=1)
            self._body.show(title, Block(words_visits.NO_ROOM_FOR_A_CODE, gap=1), Block(page, style=theme.STRONG), code)
        else:
            self._body.show(
                Block(words_visits.SCAN, style=theme.TITLE),
                Block(words_visits.SCAN_FOR, gap=1),
                Block(words.typed_code(view.shown.code), style=theme.STRONG, gap=1),
                Block(words_visits.typed_at(page), style=theme.QUIET),
            )

    def on_resize(self, event: events.Resize) -> None:
        """Draw the code for the new size."""
        if self._view is not None:
            self.show(self._view)

    def _drawn(self, shown: PhoneCode | None) -> list[str] | None:
        if shown is None:
            return None
        size = self.app.size
        return qr_code(shown.address, columns=size.width - _WORDS_COLUMNS, lines=size.height)
