"""Learning: which level to play."""

from kiosk_tui import theme, words
from kiosk_tui.screens.base import TextScreen
from kiosk_tui.typeset import Block, fit
from kiosk_tui.views import LevelsView
from kiosk_tui.widgets.bars import KeyHint
from protocol.kiosk import LevelChoice

_TITLE = 40
_NAME = 24
"""Cells of a level's name, so that with its stars it takes two lines at most on the narrowest screen."""


class LevelsScreen(TextScreen[LevelsView]):
    """Up to six levels a page, chosen by their number."""

    def show(self, view: LevelsView) -> None:
        """Draw the choice."""
        self._header.left = words.LEARNING
        self._header.right = words.page(view.page + 1, view.pages) if view.pages > 1 else ""
        self._body.show(*_blocks(view))
        turn = (KeyHint("7", words.KEY_EARLIER), KeyHint("8", words.KEY_LATER)) if view.pages > 1 else ()
        self._keys.hints = (KeyHint("0", words.KEY_BACK), *turn, KeyHint("9", words.KEY_HELP))


def _blocks(view: LevelsView) -> tuple[Block, ...]:
    note = [Block(view.note, " ", theme.WARNING, theme.WARNING, gap=2)] if view.note else []
    if not view.levels:
        return (*note, Block(words.NO_LEVELS, gap=2))
    heading = note or [Block(words.CHOOSE_LEVEL, style=theme.TITLE, gap=2)]
    levels = (_level(number, level) for number, level in enumerate(view.shown, 1))
    return (*heading, *levels)


def _level(number: int, level: LevelChoice) -> Block:
    mark = f"{words.SAMPLE}·" if level.sample and words.SAMPLE not in level.title else ""
    name = f"{fit(mark + level.title, _TITLE)}·{fit(level.name, _NAME)}"
    return Block(f" {name}  {words.stars(level.best_stars)}", f" {number} ", "", theme.CAP, gap=1)
