"""The end of a level: stars, and how many answers were right."""

from textual.app import ComposeResult
from textual.containers import Vertical

from kiosk_tui import pixels, theme, words
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.typeset import Block
from kiosk_tui.views import OverView
from kiosk_tui.widgets.bars import HeaderBar, KeyBar, KeyHint
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.widgets.pixel_art import PixelArt
from protocol.kiosk import LevelOver


class LevelOverScreen(KioskScreen[OverView]):
    """Three large stars, filled as earned."""

    CSS_PATH = "level_over.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._header = HeaderBar()
        self._stars = PixelArt()
        self._body = PageBody(centred=True)
        self._keys = KeyBar()

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        with Vertical(id="stars"):
            yield self._stars
        yield self._body
        yield self._keys

    def show(self, view: OverView) -> None:
        """Draw the end of the level."""
        over = view.over
        self._header.left = view.title
        filled = max(0, min(over.stars, 3))
        stars = [pixels.STAR] * filled + [pixels.STAR_OUTLINE] * (3 - filled)
        self._stars.show(pixels.draw(pixels.beside(*stars, gap=3)))
        self._body.show(*_blocks(over))
        wrong = (KeyHint("2", words.KEY_WRONG_ONES),) if view.wrong else ()
        self._keys.hints = (KeyHint("1", words.KEY_AGAIN), *wrong, KeyHint("0", words.KEY_BACK))


def _blocks(over: LevelOver) -> tuple[Block, ...]:
    verdict = words.PASSED if over.passed else words.FAILED
    return (
        Block(verdict, style=theme.TITLE),
        Block(words.score(over.right, over.of), gap=1),
        Block(words.WELL_DONE if over.passed else words.TRY_AGAIN, style=theme.QUIET),
    )
