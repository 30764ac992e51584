"""Looking for something by keypad letters: what was typed, how it is done, and what fits."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block, fit
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.reading import FindView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import find as words
from kiosk_tui.words.common import KEY_DELETE, KEY_EARLIER, KEY_HELP, KEY_LATER
from protocol.kiosk_find import Hit


def find_text(view: FindView, room: Room) -> ScreenText:
    """Say what was typed, and offer up to six hits a page. They get their numbers once numbers choose."""
    choosing = view.page is not None
    # One line for each, so that all of it is one page: Enter would turn to the next one instead of choosing.
    hits = [_hit(hit, number if choosing else 0, room.body.width) for number, hit in enumerate(view.shown, 1)]
    above = [Block(words.CHOOSE, style=theme.TITLE, gap=1)] if choosing else _typing(view)
    note = _note(view)
    below = [Block(note, style=theme.WARNING if view.note else theme.QUIET, gap=1)] if note else []
    return ScreenText(
        words.FIND,
        (*above, *hits, *below),
        _choosing_hints(view) if choosing else _typing_hints(view),
        right=words.page((view.page or 0) + 1, view.pages) if view.pages > 1 else "",
    )


def _typing(view: FindView) -> list[Block]:
    how = Block(words.HOW, style=theme.QUIET, gap=1)
    newest = [Block(words.NEWEST, style=theme.TITLE, gap=1)] if not view.typed and view.shown else []
    letters = Block(words.LETTERS, style=theme.QUIET)
    return [Block(f"{view.typed}_", style=theme.STRONG, gap=1), how, letters, *newest]


def _hit(hit: Hit, number: int, width: int) -> Block:
    cap = f" {number} " if number else "   "
    title = fit(words.hit(hit.kind, hit.title), width - len(cap) - 1)
    return Block(f" {title}", cap, "", theme.CAP if number else "", gap=1)


def _note(view: FindView) -> str:
    """Return the one thing to say below the hits."""
    found = view.found
    if view.note or not view.typed:
        return view.note
    if found is None:
        return words.LOOKING
    if not found.ready:
        return words.SORTING
    if not found.hits:
        return words.NOTHING
    if found.more:
        return words.MORE
    return words.PRESS_ENTER if view.page is None else ""


def _typing_hints(view: FindView) -> tuple[KeyHint, ...]:
    enter = (KeyHint("Enter", words.KEY_CHOOSE),) if view.found is not None and view.found.hits else ()
    back = KeyHint("*", KEY_DELETE) if view.typed else KeyHint("0", words.KEY_BACK)
    return (back, *enter)


def _choosing_hints(view: FindView) -> tuple[KeyHint, ...]:
    turn = (KeyHint("7", KEY_EARLIER), KeyHint("8", KEY_LATER)) if view.pages > 1 else ()
    return (KeyHint("0", words.KEY_TYPE), *turn, KeyHint("9", KEY_HELP))
