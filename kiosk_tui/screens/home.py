"""Home: the village and station, the time, who is on duty, and whether the county can be reached."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kiosk_tui import theme, words, words_visits
from kiosk_tui.clock import village_time
from kiosk_tui.pixels import clock_face
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.typeset import cells, clean, fit, wrap
from kiosk_tui.views import HomeView
from kiosk_tui.widgets.bars import HeaderBar, KeyBar, KeyHint
from kiosk_tui.widgets.duty_board import DutyBoard
from kiosk_tui.widgets.lines import PixelArt, TextLine
from protocol.kiosk import Home
from protocol.units import DATED_QUALITIES

_MARGIN = 3
"""Cells that stay empty at either side."""
_STATUS = 15
"""Cells beside the clock on the narrowest screen."""


class HomeScreen(KioskScreen[HomeView]):
    """The screen that everything returns to."""

    CSS_PATH = "home.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._header = HeaderBar()
        self._notice = TextLine(id="notice")
        self._clock = PixelArt(id="clock")
        self._status = TextLine(id="status")
        self._board = DutyBoard()
        self._simulated = TextLine(id="simulated")
        self._keys = KeyBar()
        self._number_sign_in = False

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        yield self._notice
        with Horizontal(id="now"):
            yield self._clock
            yield self._status
        yield self._board
        yield self._simulated
        yield self._keys

    def show(self, view: HomeView) -> None:
        """Draw the home view."""
        home = view.home
        self._header.left = f"{home.village}·{home.station_name}" if home.village else home.station_name
        notice = _notice(home)
        text = _one_line(notice, self.size.width - 2 * _MARGIN, view.turn)
        self._notice.set_class(not text, "-empty")
        # Where no notice stands, the line asks for the card, because people come for that.
        self._notice.show(Content(text or words.PRESENT_CARD))
        self._header.right = words.PRESENT_CARD if text and home.reader_ready else ""
        self._clock.show(clock_face(f"{village_time(view.minute):%H:%M}" if _is_dated(home) else "--:--"))
        # Beside the clock a narrow screen has no room for the year.
        self._status.show(_status(view, year=self.size.width >= 72))
        self._board.rows = tuple(home.duty) if _is_dated(home) else ()
        self._board.dated = _is_dated(home)
        self._board.turn = view.turn
        self._simulated.display = bool(home.simulated)
        self._simulated.show(Content(words.simulated(home.simulated)))
        self._number_sign_in = home.number_sign_in
        self._show_keys()

    def on_duty_board_fitted(self) -> None:
        """Say how many pages the board has."""
        self._show_keys()

    def _show_keys(self) -> None:
        number = [KeyHint("2", words_visits.KEY_NUMBER)] if self._number_sign_in else []
        hints = [KeyHint("1", words.KEY_LEARN), *number, KeyHint("9", words.KEY_HELP)]
        if self._board.pages > 1:
            place = f"{words.KEY_NEXT_PAGE} {self._board.page + 1}/{self._board.pages}"
            hints.append(KeyHint(words.ENTER, place))
        self._keys.hints = tuple(hints)
        self._keys.right = words.PRODUCT


def _notice(home: Home) -> str:
    """Return the one line above the board: first what somebody here can put right, then what is missing from the board,
    then the county's notice."""
    if not home.reader_ready:
        return words.READER_GONE
    if trouble := words.TROUBLE.get(home.trouble, ""):
        return trouble
    return words.left_out(home.duty_left_out) if home.duty_left_out else home.notice


def _one_line(text: str, width: int, turn: int) -> str:
    """Return a text that is too long for one line as one of its lines, which ``turn`` chooses."""
    if cells(text) <= width:
        return clean(text)
    lines = wrap(text, max(width - 4, 8))
    place = turn % len(lines)
    return f"{place + 1}/{len(lines)} {lines[place]}"


def _status(view: HomeView, *, year: bool) -> Content:
    home, now = view.home, village_time(view.minute)
    today = Content.styled(words.date(now, year=year), theme.STRONG) if _is_dated(home) else _state(words.CLOCK_WAITS)
    troubles = [words.LINK[home.link], *words.waiting(home.waiting)]
    return Content("\n").join([today, *(_state(fit(line, _STATUS)) for line in troubles if line)])


def _is_dated(home: Home) -> bool:
    """Return whether the date is known. Without it there is no time, no date and no duty board to show."""
    return home.quality in DATED_QUALITIES


def _state(text: str) -> Content:
    return Content.styled(text, theme.WARNING if text.startswith("！") else theme.INK)
