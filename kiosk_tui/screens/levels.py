"""Before and after a level: which one to play, and how it ended."""

from textual.app import ComposeResult
from textual.containers import Vertical

from kiosk_tui.drawing import pixels, theme
from kiosk_tui.drawing.typeset import Block, fit
from kiosk_tui.screens.base import KioskScreen, TextScreen
from kiosk_tui.views.common import LevelsView, OverView
from kiosk_tui.widgets.bars import HeaderBar, KeyBar, KeyHint
from kiosk_tui.widgets.lines import PixelArt
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.words import common as words
from protocol.kiosk_learning import LevelChoice

_TITLE = 40
_NAME = 24
"""Cells of a level's name, so that with its stars it takes two lines at most on the narrowest screen."""


class LevelsScreen(TextScreen[LevelsView]):
    """Up to six levels a page, chosen by their number."""

    def show(self, view: LevelsView) -> None:
        """Draw the choice."""
        self._header.left = words.LEARNING
        self._header.right = words.page(view.page + 1, view.pages) if view.pages > 1 else ""
        note = [Block(view.note, " ", theme.WARNING, theme.WARNING, gap=2)] if view.note else []
        if view.levels:
            heading = note or [Block(words.CHOOSE_LEVEL, style=theme.TITLE, gap=2)]
            self._body.show(*heading, *(_level(number, level) for number, level in enumerate(view.shown, 1)))
        else:
            self._body.show(*note, Block(words.NO_LEVELS, gap=2))
        turn = (KeyHint("7", words.KEY_EARLIER), KeyHint("8", words.KEY_LATER)) if view.pages > 1 else ()
        self._keys.hints = (KeyHint("0", words.KEY_BACK), *turn, KeyHint("9", words.KEY_HELP))


def _level(number: int, level: LevelChoice) -> Block:
    sample = f"{words.SAMPLE}·" if level.sample and words.SAMPLE not in level.title else ""
    name = f"{fit(sample + level.title, _TITLE)}·{fit(level.name, _NAME)}"
    return Block(f" {name}  {words.stars(level.best_stars)}", f" {number} ", "", theme.CAP, gap=1)


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
        self._body.show(
            Block(words.PASSED if over.passed else words.FAILED, style=theme.TITLE),
            Block(words.score(over.right, over.of), gap=1),
            Block(words.WELL_DONE if over.passed else words.TRY_AGAIN, style=theme.QUIET),
        )
        wrong = (KeyHint("2", words.KEY_WRONG_ONES),) if view.wrong else ()
        back, ask = KeyHint("0", words.KEY_BACK), KeyHint("9", words.KEY_HELP)
        self._keys.hints = (KeyHint("1", words.KEY_AGAIN), *wrong, back, ask)
