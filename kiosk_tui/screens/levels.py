"""Before and after a level: which one to play, and how it ended."""

from kiosk_tui.drawing import pixels, theme
from kiosk_tui.drawing.typeset import Block, fit
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.common import LevelsView, OverView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from protocol.kiosk_learning import LevelChoice

_TITLE = 40
_NAME = 24
"""Cells of a level's name, so that with its stars it takes two lines at most on the narrowest screen."""


def levels_text(view: LevelsView, _: Room) -> ScreenText:
    """Offer up to six levels a page, chosen by their number."""
    note = [Block(view.note, " ", theme.WARNING, theme.WARNING, gap=2)] if view.note else []
    if view.levels:
        heading = note or [Block(words.CHOOSE_LEVEL, style=theme.TITLE, gap=2)]
        blocks = [*heading, *(_level(number, level) for number, level in enumerate(view.shown, 1))]
    else:
        blocks = [*note, Block(words.NO_LEVELS, gap=2)]
    turn = (KeyHint("7", words.KEY_EARLIER), KeyHint("8", words.KEY_LATER)) if view.pages > 1 else ()
    return ScreenText(
        words.LEARNING,
        tuple(blocks),
        (KeyHint("0", words.KEY_BACK), *turn, KeyHint("9", words.KEY_HELP)),
        right=words.page(view.page + 1, view.pages) if view.pages > 1 else "",
    )


def _level(number: int, level: LevelChoice) -> Block:
    sample = f"{words.SAMPLE}·" if level.sample and words.SAMPLE not in level.title else ""
    name = f"{fit(sample + level.title, _TITLE)}·{fit(level.name, _NAME)}"
    return Block(f" {name}  {words.stars(level.best_stars)}", f" {number} ", "", theme.CAP, gap=1)


def over_text(view: OverView, room: Room) -> ScreenText:
    """Say how a level ended, below three large stars, filled as earned."""
    over = view.over
    filled = max(0, min(over.stars, 3))
    stars = [pixels.STAR] * filled + [pixels.STAR_OUTLINE] * (3 - filled)
    blocks = (
        Block(words.PASSED if over.passed else words.FAILED, style=theme.TITLE),
        Block(words.score(over.right, over.of), gap=1),
        Block(words.WELL_DONE if over.passed else words.TRY_AGAIN, style=theme.QUIET),
    )
    wrong = (KeyHint("2", words.KEY_WRONG_ONES),) if view.wrong else ()
    back, ask = KeyHint("0", words.KEY_BACK), KeyHint("9", words.KEY_HELP)
    return ScreenText(
        view.title,
        blocks,
        (KeyHint("1", words.KEY_AGAIN), *wrong, back, ask),
        art=tuple(pixels.draw(pixels.beside(*stars, gap=3))),
        above=2 if room.tall else 1,
        centred=True,
    )
