"""The screens of a person's month and requests."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.own_month import MISSING_KEY
from kiosk_tui.screens.base import READ_ON, LongTextScreen
from kiosk_tui.views.months import (
    ChoiceView,
    ConfirmView,
    MonthLineView,
    MonthView,
    RequestsView,
    RequestView,
    TakenView,
)
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import months as words_months

_BACK = KeyHint("0", words.KEY_BACK)
_HELP = KeyHint("9", words.KEY_HELP)
_TURN = KeyHint("7/8", words.KEY_NEXT_PAGE)
"""In one, because two of them are too wide beside the others in the largest text."""


def _numbered(texts: list[str]) -> list[Block]:
    return [Block(f" {text}", f" {number} ", "", theme.CAP, gap=1) for number, text in enumerate(texts, 1)]


def _turning(pages: int) -> tuple[KeyHint, ...]:
    return (_TURN,) if pages > 1 else ()


def _warning(text: str) -> list[Block]:
    return [Block(text, " ", theme.WARNING, theme.WARNING, gap=2)] if text else []


class _OwnScreen[V](LongTextScreen[V]):
    """A page of one's own."""

    def _name_keys(self, *hints: KeyHint) -> None:
        # Where 7 and 8 stand, they read on as well.
        on = () if _TURN in hints else (READ_ON,)
        super()._name_keys(*hints, *on, _HELP)


class MonthScreen(_OwnScreen[MonthView]):
    """Five touches a page, each with what the county has of it."""

    def show(self, view: MonthView) -> None:
        """Draw the page."""
        self._header.left = words_months.MONTH
        shown = view.shown
        if shown is None:
            self._header.right = ""
            self._body.show(Block(view.note or words.OPENING))
            self._name_keys(_BACK)
            return
        self._header.right = words.page(shown.page + 1, shown.pages) if shown.pages > 1 else words_months.title(shown)
        notes = [view.note or words_months.lacking(shown.lacking)]
        quiet = [] if shown.begins else [Block(words_months.NO_LIST, style=theme.QUIET, gap=2)]
        lines = [f"{words_months.touch(line)} {words_months.touch_state(line)}" for line in shown.lines]
        empty = [] if lines else [Block(words_months.NO_TOUCHES, gap=1)]
        self._body.show(*(block for note in notes for block in _warning(note)), *empty, *_numbered(lines), *quiet)
        missing = KeyHint(str(MISSING_KEY), words_months.KEY_MISSING)
        self._name_keys(_BACK, missing, *_turning(shown.pages))


class MonthLineScreen(_OwnScreen[MonthLineView]):
    """One touch."""

    def show(self, view: MonthLineView) -> None:
        """Draw the touch."""
        self._header.left = words_months.MONTH
        self._header.right = ""
        more = words_months.touch_more(view.line)
        self._body.show(
            Block(words_months.touch(view.line), style=theme.TITLE, gap=1),
            *(Block(text, gap=1) for text in more),
            *([Block(f" {words_months.OBJECT}", " 1 ", "", theme.CAP, gap=1)] if view.can_object else []),
        )
        self._name_keys(_BACK)


class ChoiceScreen(_OwnScreen[ChoiceView]):
    """Something to choose by its number."""

    def show(self, view: ChoiceView) -> None:
        """Draw the choice."""
        self._header.left = words_months.OBJECT if view.ask == "reason" else words_months.KEY_MISSING
        self._header.right = words.page(view.page + 1, view.pages) if view.pages > 1 else ""
        about = words_months.touch(view.line) if view.line else words_months.when(view.day, view.window)
        undated = view.ask == "mark" and view.day is None
        self._body.show(
            *([Block(about)] if about else []),
            Block(words_months.ASK[view.ask], style=theme.TITLE, gap=1),
            *_numbered([words_months.option(view.ask, code, view.windows) for code in view.options]),
            *([Block(words_months.NO_DAY_KNOWN, style=theme.QUIET, gap=1)] if undated else []),
        )
        self._name_keys(_BACK, *_turning(view.pages))


class ConfirmScreen(_OwnScreen[ConfirmView]):
    """A request before it is made."""

    def show(self, view: ConfirmView) -> None:
        """Draw the request."""
        self._header.left = words_months.KIND.get(view.kind, view.kind)
        self._header.right = ""
        about = [Block(words_months.touch(view.line), gap=1)] if view.line else []
        self._body.show(
            *about,
            Block(words_months.wish(view.kind, view.code, view.day, window=view.window), style=theme.TITLE, gap=1),
            Block(words_months.WRITING if view.waiting else words_months.WHOSE_WORD, gap=1),
            *([] if view.waiting else [Block(f" {words_months.KEY_SUBMIT}", " 1 ", "", theme.CAP, gap=1)]),
        )
        self._name_keys(*(() if view.waiting else (_BACK,)))


class TakenScreen(_OwnScreen[TakenView]):
    """A request is recorded, with its number."""

    def show(self, view: TakenView) -> None:
        """Draw what was recorded."""
        self._header.left = words_months.REQUESTS
        self._header.right = ""
        first, *others = words_months.taken(view.taken)
        self._body.show(Block(first, style=theme.TITLE, gap=1), *(Block(text, gap=1) for text in others))
        self._name_keys(_BACK)


class RequestsScreen(_OwnScreen[RequestsView]):
    """Up to six requests a page, the newest first."""

    def show(self, view: RequestsView) -> None:
        """Draw the page."""
        self._header.left = words_months.REQUESTS
        shown = view.shown
        if shown is None:
            self._header.right = ""
            self._body.show(Block(view.note or words.OPENING))
            self._name_keys(_BACK)
            return
        self._header.right = words.page(shown.page + 1, shown.pages) if shown.pages > 1 else ""
        empty = [] if shown.requests else [Block(words_months.NO_REQUESTS, gap=1)]
        lines = [words_months.request_line(one) for one in shown.requests]
        self._body.show(*_warning(view.note), *empty, *_numbered(lines))
        self._name_keys(_BACK, *_turning(shown.pages))


class RequestScreen(_OwnScreen[RequestView]):
    """One request with what the township says."""

    def show(self, view: RequestView) -> None:
        """Draw the request."""
        one = view.request
        self._header.left = words_months.REQUESTS
        self._header.right = ""
        self._body.show(
            Block(words_months.wish(one.kind, one.code, one.day, minute=one.minute), style=theme.TITLE, gap=1),
            *(Block(text, gap=1) for text in words_months.request_more(one)),
            *([Block(one.answer, style=theme.STRONG)] if one.answer else []),
        )
        if view.waiting:
            self._name_keys()
        elif view.withdrawing:
            self._name_keys(KeyHint("1", words_months.KEY_WITHDRAW_SURELY), KeyHint("0", words.KEY_KEEP))
        else:
            withdraw = (KeyHint("1", words_months.KEY_WITHDRAW),) if one.state == "open" else ()
            self._name_keys(_BACK, *withdraw)
