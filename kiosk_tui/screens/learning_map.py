"""Before a run: the packs, the levels of one, what was corrected, and why there is no run."""

from datetime import date

from msgspec.structs import replace

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block, cells, fit, spread
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import READ_ON, ScreenText
from kiosk_tui.views.learning import AmendedView, BeginView, MapView, PackView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from kiosk_tui.words import visits as words_visits
from protocol.kiosk_learning import LevelChoice, MapShown, PackLine

_CAP = 4
"""Cells of a key's cap with the blank after it."""
_TITLE = 40
"""Cells of a pack's title above a corrected question, so that the smallest screen has room for the question."""
_BACK, _HELP = KeyHint("0", words.KEY_BACK), KeyHint("9", words.KEY_HELP)
_TURN = KeyHint("7/8", words.KEY_NEXT_PAGE)
"""In one, because two of them are too wide beside the others in the largest text."""


def map_text(view: MapView, room: Room) -> ScreenText:
    """Offer up to six packs a page, below the wrong book and what is still to be chosen.

    All of it is one page always, because Enter opens the wrong book.
    """
    title = words_visits.VISIT_CAN["learning"] if view.visit else words_learning.LEARNING
    shown = view.shown
    turn = (_TURN,) if shown is not None and shown.pages > 1 else ()
    hints = (_BACK, *turn, _HELP)
    if shown is None:
        said = view.note or (words.OPENING if view.waits else words_learning.NO_LEVELS)
        return ScreenText(title, (Block(said),), hints)
    above = [*_warning(view.note), *_book(view, shown), *_state(shown)]
    if not shown.packs:
        return ScreenText(title, _below_bar(*above, Block(words_learning.NO_LEVELS, gap=1)), hints)
    width, height = room.body
    both_lines = len(above) + 2 * len(shown.packs) <= height
    packs = [
        block
        for number, pack in enumerate(shown.packs, 1)
        for block in (_pack if both_lines else _pack_in_short)(number, pack, view.today, width)
    ]
    if len(above) + len(packs) + 1 <= height:
        choose = words_learning.LOOK_AT_PACK if view.enough else words_learning.CHOOSE_PACK
        above.append(Block(choose, style=theme.TITLE, gap=1))
    return ScreenText(title, _below_bar(*above, *packs), hints, right=_right(shown))


def _below_bar(*blocks: Block) -> tuple[Block, ...]:
    """Keep the first block, and the cap of its key, off the title's bar: no other blank line is wanted as much."""
    return (replace(blocks[0], gap=2), *blocks[1:])


def _right(shown: MapShown) -> str:
    left = words_learning.levels_left(shown.levels_left) if shown.levels_left is not None else ""
    page = words.page(shown.page + 1, shown.pages) if shown.pages > 1 else ""
    return "  ".join(text for text in (left, page) if text)


def _warning(text: str) -> list[Block]:
    return [Block(text, " ", theme.WARNING, theme.WARNING)] if text else []


def _book(view: MapView, shown: MapShown) -> list[Block]:
    """Return the wrong book, with its key where it asks something today; without a visit that nothing is kept."""
    if shown.book is None:
        return [] if view.visit else [Block(words_learning.UNNAMED, style=theme.QUIET)]
    said = words_learning.book(shown.book, view.today)
    if not said:
        return []
    return [Block(f" {said}", f" {words.ENTER} ", theme.STRONG, theme.CAP) if view.reviews else Block(said)]


def _state(shown: MapShown) -> list[Block]:
    return [Block(words_learning.to_choose(shown.menu), style=theme.QUIET)] if shown.menu is not None else []


def _pack(number: int, pack: PackLine, today: date | None, width: int) -> tuple[Block, ...]:
    """Return a pack in two lines: its name, and below why it is here and how far it is."""
    name = fit(words_learning.title_of(pack), width - _CAP)
    about = fit(f"{words_learning.part(pack, today)}  {words_learning.progress(pack)}", width - _CAP)
    return (Block(f" {name}", f" {number} ", "", theme.CAP, gap=1), Block(about, " " * _CAP, theme.QUIET))


def _pack_in_short(number: int, pack: PackLine, today: date | None, width: int) -> tuple[Block, ...]:
    """Return a pack in one line, where there is no room for two."""
    left = words_learning.time_left(pack, today)
    how_far = "  ".join(text for text in (left, words_learning.stars_of(pack)) if text)
    name = f"{words_learning.part_alone(pack)} {words_learning.title_of(pack)}"
    return (Block(f" {spread(name, f' {how_far}', width - _CAP)}", f" {number} ", "", theme.CAP),)


def amended_text(view: AmendedView, _: Room) -> ScreenText:
    """Say what was corrected, and what that makes of the person's answer."""
    amended = view.amended
    now = words_learning.RIGHT_NOW if amended.right else words_learning.WRONG_NOW
    blocks = (
        Block(words_learning.AMENDED_BECAUSE, style=theme.TITLE, gap=2),
        Block(fit(amended.title, _TITLE), style=theme.QUIET, gap=1),
        Block(amended.stem, style=theme.STRONG, gap=1),
        Block(words.listed(amended.answer), words_learning.ANSWER_IS, theme.STRONG, theme.STRONG, gap=1),
        Block(now, gap=1),
        *([Block(amended.explanation, gap=1)] if amended.explanation else []),
    )
    hints = (KeyHint(words.ENTER, words_learning.KEY_SEEN), _BACK, _HELP)
    return ScreenText(words_learning.AMENDED, blocks, hints, right=words_learning.more_amended(view.more))


def pack_text(view: PackView, room: Room) -> ScreenText:
    """Show up to six levels a page as a ladder, each with its stars or why it is closed. Where none is left for today,
    none has a key."""
    shown = view.shown
    if shown is None:
        return ScreenText(words_learning.LEARNING, (Block(view.note or words.OPENING),), (_BACK, READ_ON, _HELP))
    pack, width = shown.pack, room.body.width
    about = fit(f"{words_learning.part(pack, view.today)}  {words_learning.progress(pack)}", width)
    following = next((one.level for one in view.levels if one.open and not one.best_stars), "")
    choose_level = words_learning.ENOUGH if view.enough else words_learning.CHOOSE_LEVEL
    heading = _warning(view.note) or [Block(choose_level, style=theme.TITLE, gap=2)]
    blocks = (
        Block(about, style=theme.QUIET, gap=2),
        *heading,
        *(
            _level(number, one, width, comes=one.level == following, enough=view.enough)
            for number, one in enumerate(view.levels, 1)
        ),
    )
    choose = {True: words_learning.KEY_CHOOSE_PACK, False: words_learning.KEY_GIVE_UP}
    enter = (KeyHint(words.ENTER, choose[view.chooses]),) if view.chooses is not None else ()
    turn = (_TURN,) if shown.pages > 1 else ()
    return ScreenText(
        words_learning.name(pack.title, sample=pack.sample),
        blocks,
        (*enter, _BACK, *turn, _HELP),
        right=words.page(shown.page + 1, shown.pages) if shown.pages > 1 else "",
    )


def _level(number: int, level: LevelChoice, width: int, *, comes: bool, enough: bool) -> Block:
    """Return one step of the ladder. One that can't be played now has no key."""
    how_far = words_learning.FROM_HERE if comes and not enough else words_learning.level(level)
    name = fit(level.name, width - _CAP - cells(how_far) - 2)
    text = f"{name}  {how_far}"
    if enough or not level.open:
        return Block(text, " " * _CAP, theme.QUIET, gap=1)
    return Block(f" {text}", f" {number} ", theme.STRONG if comes else "", theme.CAP, gap=1)


def begin_text(view: BeginView, _: Room) -> ScreenText:
    """Say that a run is about to begin, or why there is none and what to do instead."""
    title = words_learning.BOOK if view.review else words_learning.LEARNING
    if not view.note:
        return ScreenText(title, (Block(words.OPENING, style=theme.QUIET),), (_BACK, _HELP))
    offered = {"again": words_learning.KEY_AGAIN, "review": words_learning.KEY_BOOK}.get(view.offers)
    key = [Block(f" {offered}", " 1 ", "", theme.CAP, gap=1)] if offered else []
    return ScreenText(title, (Block(view.note, style=theme.TITLE), *key), (_BACK, READ_ON, _HELP))
