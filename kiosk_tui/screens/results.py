"""What a person's windows came to."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.own_results import TOUCHES_KEY
from kiosk_tui.places.room import Room
from kiosk_tui.screens.month import numbered, own_page, turning
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.results import ResultsView, ResultView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import results as words_results


def results_text(view: ResultsView, _: Room) -> ScreenText:
    """List five windows a page, each with what it came to."""
    shown = view.shown
    keys = (KeyHint("0", words.KEY_BACK), KeyHint(str(TOUCHES_KEY), words_results.KEY_TOUCHES))
    if shown is None:
        return own_page(words_results.RESULTS, [Block(view.note or words.OPENING)], keys)
    lines = [words_results.in_list(line) for line in shown.lines]
    blocks = [
        *([] if lines or shown.through is None else [Block(words_results.NONE, gap=1)]),
        *numbered(lines),
        Block(words_results.rest(shown), style=theme.QUIET, gap=1),
        *([Block(words_results.told(shown), style=theme.QUIET)] if shown.told else []),
    ]
    return own_page(
        words_results.RESULTS,
        blocks,
        (*keys, *turning(shown.pages)),
        right=words.page(shown.page + 1, shown.pages) if shown.pages > 1 else "",
    )


def result_text(view: ResultView, _: Room) -> ScreenText:
    """Say why one window came to its result."""
    blocks = [
        Block(words_results.when(view.line)),
        Block(words_results.result(view.line), style=theme.TITLE, gap=1),
        *(Block(text, gap=1) for text in words_results.more(view.line)),
        *([Block(f" {words_results.KEY_REPORT}", " 1 ", "", theme.CAP, gap=1)] if view.can_report else []),
    ]
    return own_page(words_results.WHY, blocks)
