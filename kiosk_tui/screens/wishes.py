"""What a person asks for, step by step, and what others ask of them."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.own_wishes import figures_of
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import READ_ON, ScreenText
from kiosk_tui.views.wishes import SwapAskedView, Wish, WishOpeningView, WishView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import months as words_months
from kiosk_tui.words import visits as words_visits
from kiosk_tui.words import wishes as words_wishes

_BACK = KeyHint("0", words.KEY_BACK)
_HELP = KeyHint("9", words.KEY_HELP)
_TURN = KeyHint("7/8", words.KEY_NEXT_PAGE)


def _numbered(texts: list[str]) -> list[Block]:
    return [Block(f" {text}", f" {number} ", "", theme.CAP, gap=1) for number, text in enumerate(texts, 1)]


def _warning(text: str) -> list[Block]:
    return [Block(text, " ", theme.WARNING, theme.WARNING, gap=2)] if text else []


def _option(view: WishView, place: int) -> str:
    if view.turns:
        return words_wishes.turn(view.turns[place])
    if view.people:
        return view.people[place].name
    return words_wishes.option(view.step, view.options[place], of_a_day=view.of_a_day)


def _so_far(wish: Wish) -> str:
    if wish.turn is not None:
        return words_wishes.turn(wish.turn)
    noons = {"from_noon": wish.from_noon, "until_noon": wish.until_noon}
    return words_wishes.asked_for(wish.code or wish.kind, wish.first, wish.last, **noons)


def wishes_opening_text(view: WishOpeningView, _: Room) -> ScreenText:
    """Say that it is being opened, or why it can't be."""
    return ScreenText(words_wishes.ASK, (Block(view.note or words.OPENING),), (_BACK, READ_ON, _HELP))


def wish_text(view: WishView, _: Room) -> ScreenText:
    """Say what was chosen, and what is to be chosen or typed next."""
    if view.step in ("confirm", "waiting"):
        return _submit(view)
    if view.step in ("first", "last"):
        return _typing(view)
    chosen = [Block(_so_far(view.wish))] if view.wish.kind else []
    blocks = [
        *_warning(view.note),
        *chosen,
        Block(words_wishes.STEP[view.step], style=theme.TITLE, gap=1),
        *_numbered([_option(view, place) for place in range(len(view.options))]),
    ]
    turning = (_TURN,) if view.pages > 1 else (READ_ON,)
    right = words.page(view.page + 1, view.pages) if view.pages > 1 else ""
    return ScreenText(words_wishes.ASK, tuple(blocks), (_BACK, *turning, _HELP), right)


def _typing(view: WishView) -> ScreenText:
    figures = words_wishes.FOUR_FIGURES if figures_of(view.today) == 4 else words_wishes.EIGHT_FIGURES
    blocks = (
        *_warning(view.note),
        Block(_so_far(view.wish)),
        Block(words_wishes.STEP[view.step], style=theme.TITLE, gap=1),
        Block(f"{view.typed}_", style=theme.STRONG, gap=1),
        *([Block(words_wishes.SAME_DAY, gap=1)] if view.step == "last" else []),
        Block(figures, style=theme.QUIET, gap=1),
    )
    hints = (
        KeyHint("*", words.KEY_DELETE if view.typed else words.KEY_BACK),
        KeyHint(words.ENTER, words_visits.KEY_NEXT_STEP),
    )
    return ScreenText(words_wishes.ASK, blocks, hints)


def _submit(view: WishView) -> ScreenText:
    wish, waiting = view.wish, view.step == "waiting"
    whom = [Block(words_wishes.to_whom(wish.whom.name), style=theme.TITLE)] if wish.whom else []
    late = bool(view.today and wish.first and wish.first < view.today)
    said = words_wishes.what_follows(wish.kind)
    blocks = (
        Block(_so_far(wish), style=theme.TITLE, gap=1),
        *whom,
        Block(words_months.WRITING if waiting else said, gap=1),
        *([Block(words_wishes.LATE, gap=1)] if late else []),
        *([] if view.today else [Block(words_wishes.DAYS_AS_TYPED, style=theme.WARNING, gap=1)]),
        *([] if waiting else [Block(f" {words_months.KEY_SUBMIT}", " 1 ", "", theme.CAP, gap=1)]),
    )
    return ScreenText(words_wishes.ASK, blocks, (READ_ON, _HELP) if waiting else (_BACK, READ_ON, _HELP))


def swap_asked_text(view: SwapAskedView, _: Room) -> ScreenText:
    """Say who wants which window to be taken over."""
    who, which = words_wishes.asked_by(view.swap)
    keys = [] if view.waiting else _numbered([words_wishes.YES, words_wishes.NO])
    blocks = (
        *_warning(view.note),
        Block(who, gap=1),
        Block(which, style=theme.TITLE),
        Block(words_months.WRITING if view.waiting else words_wishes.SAID_BEFORE, gap=1),
        *keys,
        *([Block(words_wishes.more(view.more), style=theme.QUIET, gap=1)] if view.more else []),
    )
    later = () if view.waiting else (KeyHint("0", words_wishes.LATER),)
    return ScreenText(words_months.KIND["swap"], blocks, (*later, READ_ON, _HELP))
