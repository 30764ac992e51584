"""今日 in words, and the whole duty board."""

from textual.app import ComposeResult

from kiosk_tui.clock import village_time
from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block, fit
from kiosk_tui.places.room import Room
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.screens.home import is_dated, on_duty
from kiosk_tui.screens.meetings import announcement
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.common import DutyView, FixedRow, TodayView
from kiosk_tui.widgets.bars import HeaderBar, KeyBar, KeyHint
from kiosk_tui.widgets.duty_board import DutyBoard
from kiosk_tui.words import common as words
from kiosk_tui.words import dates as words_dates
from kiosk_tui.words import duty as words_duty
from kiosk_tui.words import notices as words_notices
from protocol.kiosk import Home
from protocol.kiosk_notices import NoticeLine
from protocol.units import DATED_QUALITIES

_MARGIN = 3
_BESIDE = 10
"""Cells of a row that are margins and the cap."""
_SPECIAL = 2
"""Lines about what is special about today."""
_FIXED: dict[FixedRow, str] = {"duty": words.DUTY_WHOLE}


def today_text(view: TodayView, room: Room) -> ScreenText:
    """Say who is on duty and what opens from here; below it the time, how well it is known, and the line to the
    county."""
    home, now = view.home, village_time(view.minute)
    date = [Block(words_dates.date(now, year=True), style=theme.QUIET, gap=1)] if is_dated(home) else []
    blocks = (
        *(Block(line) for line in on_duty(home, room.columns - 2 * _MARGIN)),
        *(Block(fit(line, room.columns - 2 * _MARGIN)) for line in _special(home)),
        *(Block(announcement(line, view.minute), gap=1) for line in home.meetings if is_dated(home)),
        *(_row(number, row, room.columns - _BESIDE) for number, row in enumerate(view.rows, 1)),
        *([Block(words_notices.NO_NOTICES, style=theme.QUIET)] if view.notices == () else []),
        *date,
        Block(words.CLOCK_SAID[home.quality], gap=0 if date else 1),
        Block(words.link_said(words.link_of(home), home.waiting)),
    )
    time = f"{now:%H:%M}" if is_dated(home) else ""
    many = view.pages > 1
    turn = (KeyHint("7", words.KEY_EARLIER), KeyHint("8", words.KEY_LATER)) if many else ()
    return ScreenText(
        words.TODAY,
        blocks,
        (KeyHint("0", words.KEY_BACK), *turn, KeyHint("9", words.KEY_HELP)),
        right=words.page(view.page + 1, view.pages) if many else time,
    )


def _special(home: Home) -> list[str]:
    # What the board goes by, and one thing more: the rows below it need their room.
    return words_duty.of_today(home.today)[:_SPECIAL] if is_dated(home) else []


def _row(number: int, row: FixedRow | NoticeLine, width: int) -> Block:
    # One line each, because the whole text is one key away.
    return Block(f" {fit(_text(row), width)}", f" {number} ", "", theme.CAP, gap=1)


def _text(row: FixedRow | NoticeLine) -> str:
    match row:
        case NoticeLine():
            return words_notices.row(row.kind, row.line, urgent=row.urgent)
        case fixed:
            return _FIXED[fixed]


class DutyScreen(KioskScreen[DutyView]):
    """Who is on duty today: everybody, in pages."""

    CSS_PATH = "today.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._header = HeaderBar()
        self._board = DutyBoard()
        self._keys = KeyBar()
        self._left_out = 0

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        yield self._board
        yield self._keys

    def show(self, view: DutyView) -> None:
        """Draw one page of the board."""
        dated = view.quality in DATED_QUALITIES
        self._header.left = words.left_out(view.left_out) if view.left_out else words.DUTY_TODAY
        self._board.rows = view.rows if dated else ()
        self._board.dated = dated
        self._board.shows = view.board
        self._board.turn = view.turn
        self._name_keys()

    def on_duty_board_fitted(self) -> None:
        """Say how many pages the board has."""
        self._name_keys()

    def _name_keys(self) -> None:
        many = self._board.pages > 1
        self._header.right = words.page(self._board.page + 1, self._board.pages) if many else ""
        turn = (KeyHint("7", words.KEY_EARLIER), KeyHint("8", words.KEY_LATER)) if many else ()
        self._keys.hints = (KeyHint("0", words.KEY_BACK), *turn, KeyHint("9", words.KEY_HELP))
