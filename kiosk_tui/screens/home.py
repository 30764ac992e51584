"""Home: the time, where the card goes, who is on duty now, and the menu. Beside it the words that ask for a card."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kiosk_tui.clock import village_time
from kiosk_tui.drawing import theme
from kiosk_tui.drawing.pixels import clock_face
from kiosk_tui.drawing.typeset import Block, cells, clean, fit, fit_names, wrap
from kiosk_tui.places.room import Room
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.screens.meetings import announcement, on_home
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.common import AskCardView, HomeView
from kiosk_tui.widgets.bars import HeaderBar, KeyBar, KeyHint
from kiosk_tui.widgets.lines import PixelArt, TextLine
from kiosk_tui.widgets.menu import Menu
from kiosk_tui.words import common as words
from kiosk_tui.words import dates as words_dates
from kiosk_tui.words import duty as words_duty
from kiosk_tui.words import help as words_help
from kiosk_tui.words import visits as words_visits
from protocol.kiosk import Home
from protocol.kiosk_duty import DutyRow
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
        self._clock = PixelArt(id="clock")
        self._status = TextLine(id="status")
        self._card = TextLine(id="card")
        self._notice = TextLine(id="notice")
        self._people = TextLine(id="people")
        self._menu = Menu()
        self._keys = KeyBar()

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        with Horizontal(id="now"):
            yield self._clock
            yield self._status
        yield self._card
        yield self._notice
        yield self._people
        yield self._menu
        yield self._keys

    def show(self, view: HomeView) -> None:
        """Draw the home view."""
        home, width = view.home, self.size.width - 2 * _MARGIN
        self._header.left = f"{home.village}·{home.station_name}" if home.village else home.station_name
        self._clock.show(clock_face(f"{village_time(view.minute):%H:%M}" if is_dated(home) else "--:--"))
        # Beside the clock a narrow screen has no room for the year.
        self._status.show(_status(view, year=self.size.width >= 72))
        self._card.set_class(home.county_refuses or not home.reader_ready, "-gone")
        self._card.show(Content(fit(_where_to_touch(home), width)))
        trouble = words.trouble_of(home)
        call = words_help.short(home.help, words.link_of(home)) if home.help is not None else ""
        # A call for help is told of for an hour, and what the county says must not wait for that.
        coming = [announcement(line, view.minute) for line in home.meetings if line.count is None and is_dated(home)]
        special = words_duty.of_today(home.today) if is_dated(home) else []
        notices = [trouble] if trouble else [text for text in (call, *coming[:1], home.notice, *special) if text]
        self._notice.display = bool(notices)
        self._notice.set_class(bool(trouble), "-trouble")
        self._notice.show(Content(_one_line(notices, width, view.turn)))
        # While people come to a meeting, their number stands where the duty does.
        meets = on_home(home.meetings, view.minute, view.turn, dated=is_dated(home))
        people = [fit(line, width) for line in meets] or on_duty(home, width)
        # Whoever reads there that a touch of theirs is awaited would touch here.
        self._people.show(Content("\n".join(wrap(words.REFUSED, width) if home.county_refuses else people)))
        self._menu.show(view.menu)
        self._keys.hints = (KeyHint("9", words.KEY_HELP),)
        self._keys.right = words.simulated(home.simulated) if home.simulated else words.PRODUCT

    def show_keys(self, *, count: bool) -> None:
        """Name the keys only while they count, also in the menu."""
        super().show_keys(count=count)
        self._menu.count = count


def ask_card_text(view: AskCardView, _: Room) -> ScreenText:
    """Say how one gets to one's own things."""
    ask = words_visits.ASK_CARD if view.reader_ready else words.READER_GONE
    number = [Block(words_visits.ASK_NUMBER, gap=1)] if view.by_number else []
    if view.refused:
        number = [Block(words_visits.PIN_ANSWER["not_allowed"], style=theme.WARNING, gap=1)]
    blocks = (
        Block(ask, style=theme.TITLE, gap=2),
        *([Block(words_visits.ASK_CARD_THEN, gap=1)] if view.reader_ready else []),
        *number,
        Block(words_visits.ASK_CARD_WHAT, style=theme.QUIET, gap=1),
    )
    by_number = (KeyHint(words.ENTER, words_visits.KEY_NUMBER),) if view.by_number else ()
    hints = (KeyHint("0", words.KEY_BACK), *by_number, KeyHint("9", words.KEY_HELP))
    return ScreenText(words_visits.KEY_MINE, blocks, hints)


def _where_to_touch(home: Home) -> str:
    if home.county_refuses:
        return words.TOUCH_ELSEWHERE
    return words.PRESENT_CARD if home.reader_ready else words.READER_GONE


def is_dated(home: Home) -> bool:
    """Return whether the date is known. Without it there is no time, no date and no duty board to show."""
    return home.quality in DATED_QUALITIES


def on_duty(home: Home, width: int) -> list[str]:
    """Return in at most two lines who is here in the windows that run, and who has not touched; or why there is
    nothing to say."""
    if not is_dated(home):
        return [words.NO_DATE]
    if home.board and not home.duty:
        return [words.NO_DUTY if home.board in ("names", "presence") else words.DUTY_NOT_PUBLIC]
    running = [row for row in home.duty if row.state == "running"]
    here = [_person(row) for row in running if row.arrived is not None and row.left is None]
    not_yet = [_person(row) for row in running if row.arrived is None and not row.away]
    if running and home.board == "names":
        return [fit_names(words.on_duty_now(len(running)), [_person(row) for row in running], width)]
    if running:
        # Nobody is to touch at a machine that the county refuses.
        awaited = [] if home.county_refuses else [fit_names(words.not_touched(len(not_yet)), not_yet, width)]
        return [fit_names(words.here(len(here)), here, width), *awaited]
    coming = next((row for row in home.duty if row.state == "coming"), None)
    if coming is not None:
        return [fit(words.next_window(coming.window, coming.start, coming.end), width)]
    return [words.DUTY_OVER if home.duty else words.NO_DUTY]


def _person(row: DutyRow) -> str:
    return clean(row.name) + words_duty.beside_name(row)


def _one_line(texts: Sequence[str], width: int, turn: int) -> str:
    """Return one line of all texts, which ``turn`` chooses. Lines of a text that is too long for one are counted."""
    lines: list[str] = []
    for text in texts:
        if cells(text) <= width:
            lines.append(clean(text))
        else:
            parts = wrap(text, max(width - 4, 8))
            lines += [f"{number}/{len(parts)} {part}" for number, part in enumerate(parts, 1)]
    return lines[turn % len(lines)] if lines else ""


def _status(view: HomeView, *, year: bool) -> Content:
    home, now = view.home, village_time(view.minute)
    today = (
        Content.styled(words_dates.date(now, year=year), theme.STRONG) if is_dated(home) else _state(words.CLOCK_WAITS)
    )
    link = words.link_of(home)
    troubles = [words.LINK[link], *words.waiting(home.waiting, link)]
    return Content("\n").join([today, *(_state(fit(line, _STATUS)) for line in troubles if line)])


def _state(text: str) -> Content:
    return Content.styled(text, theme.WARNING if text.startswith("！") else theme.INK)
