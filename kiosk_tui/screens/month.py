"""A person's month and requests."""

from collections.abc import Iterable

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.own_month import MISSING_KEY
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import READ_ON, ScreenText
from kiosk_tui.views.months import (
    ChoiceView,
    ConfirmView,
    MonthLineView,
    MonthView,
    RequestsView,
    RequestView,
    TakenView,
    may_take_back,
)
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import months as words_months

_BACK = KeyHint("0", words.KEY_BACK)
_HELP = KeyHint("9", words.KEY_HELP)
_TURN = KeyHint("7/8", words.KEY_NEXT_PAGE)
"""In one, because two of them are too wide beside the others in the largest text."""


def numbered(texts: list[str]) -> list[Block]:
    """Return lines that open by their numbers."""
    return [Block(f" {text}", f" {number} ", "", theme.CAP, gap=1) for number, text in enumerate(texts, 1)]


def turning(pages: int) -> tuple[KeyHint, ...]:
    """Return the keys that turn pages, if there are several."""
    return (_TURN,) if pages > 1 else ()


def _warning(text: str) -> list[Block]:
    return [Block(text, " ", theme.WARNING, theme.WARNING, gap=2)] if text else []


def own_page(
    title: str, blocks: Iterable[Block], hints: tuple[KeyHint, ...] = (_BACK,), *, right: str = ""
) -> ScreenText:
    """Return a page of one's own."""
    # Where 7 and 8 stand, they read on as well.
    on = () if _TURN in hints else (READ_ON,)
    return ScreenText(title, tuple(blocks), (*hints, *on, _HELP), right)


def month_text(view: MonthView, _: Room) -> ScreenText:
    """List five touches a page, each with what the county has of it."""
    shown = view.shown
    if shown is None:
        return own_page(words_months.MONTH, [Block(view.note or words.OPENING)])
    note = _warning(view.note or words_months.lacking(shown.lacking))
    quiet = [] if shown.begins else [Block(words_months.NO_LIST, style=theme.QUIET, gap=2)]
    lines = [f"{words_months.touch(line)} {words_months.touch_state(line)}" for line in shown.lines]
    empty = [] if lines else [Block(words_months.NO_TOUCHES, gap=1)]
    missing = KeyHint(str(MISSING_KEY), words_months.KEY_MISSING)
    return own_page(
        words_months.MONTH,
        [*note, *empty, *numbered(lines), *quiet],
        (_BACK, missing, *turning(shown.pages)),
        right=words.page(shown.page + 1, shown.pages) if shown.pages > 1 else words_months.title(shown),
    )


def month_line_text(view: MonthLineView, _: Room) -> ScreenText:
    """Say what is known of one touch."""
    blocks = [
        Block(words_months.touch(view.line), style=theme.TITLE, gap=1),
        *(Block(text, gap=1) for text in words_months.touch_more(view.line)),
        *([Block(f" {words_months.OBJECT}", " 1 ", "", theme.CAP, gap=1)] if view.can_object else []),
    ]
    return own_page(words_months.MONTH, blocks)


def choice_text(view: ChoiceView, _: Room) -> ScreenText:
    """Offer something to choose by its number."""
    about = words_months.touch(view.line) if view.line else words_months.when(view.day, view.window)
    undated = view.ask == "mark" and view.day is None
    blocks = [
        *([Block(about)] if about else []),
        Block(words_months.ASK[view.ask], style=theme.TITLE, gap=1),
        *numbered([words_months.option(view.ask, code, view.windows) for code in view.options]),
        *([Block(words_months.NO_DAY_KNOWN, style=theme.QUIET, gap=1)] if undated else []),
    ]
    return own_page(
        words_months.OBJECT if view.ask == "reason" else words_months.KEY_MISSING,
        blocks,
        (_BACK, *turning(view.pages)),
        right=words.page(view.page + 1, view.pages) if view.pages > 1 else "",
    )


def confirm_text(view: ConfirmView, _: Room) -> ScreenText:
    """Say a request before it is made."""
    about = [Block(words_months.touch(view.line), gap=1)] if view.line else []
    blocks = [
        *about,
        Block(words_months.wish(view.kind, view.code, view.day, window=view.window), style=theme.TITLE, gap=1),
        Block(words_months.WRITING if view.waiting else words_months.WHOSE_WORD, gap=1),
        *([] if view.waiting else [Block(f" {words_months.KEY_SUBMIT}", " 1 ", "", theme.CAP, gap=1)]),
    ]
    return own_page(words_months.KIND.get(view.kind, view.kind), blocks, () if view.waiting else (_BACK,))


def taken_text(view: TakenView, _: Room) -> ScreenText:
    """Say that a request is recorded, with its number."""
    first, *others = words_months.taken(view.taken)
    blocks = [Block(first, style=theme.TITLE, gap=1), *(Block(text, gap=1) for text in others)]
    return own_page(words_months.REQUESTS, blocks)


def requests_text(view: RequestsView, _: Room) -> ScreenText:
    """List up to six requests a page, the newest first."""
    shown = view.shown
    if shown is None:
        return own_page(words_months.REQUESTS, [Block(view.note or words.OPENING)])
    empty = [] if shown.requests else [Block(words_months.NO_REQUESTS, gap=1)]
    lines = [words_months.request_line(one) for one in shown.requests]
    return own_page(
        words_months.REQUESTS,
        [*_warning(view.note), *empty, *numbered(lines)],
        (_BACK, *turning(shown.pages)),
        right=words.page(shown.page + 1, shown.pages) if shown.pages > 1 else "",
    )


def request_text(view: RequestView, _: Room) -> ScreenText:
    """Say one request, and what the township says to it."""
    one = view.request
    blocks = [
        Block(words_months.asked_for(one), style=theme.TITLE, gap=1),
        *(Block(text, gap=1) for text in words_months.request_more(one)),
        *([Block(one.answer, style=theme.STRONG)] if one.answer else []),
    ]
    return own_page(words_months.REQUESTS, blocks, _request_hints(view))


def _request_hints(view: RequestView) -> tuple[KeyHint, ...]:
    if view.waiting:
        return ()
    if view.withdrawing:
        return (KeyHint("1", words_months.KEY_WITHDRAW_SURELY), KeyHint("0", words.KEY_KEEP))
    return (_BACK, KeyHint("1", words_months.KEY_WITHDRAW)) if may_take_back(view.request) else (_BACK,)
