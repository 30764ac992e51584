"""Who is in which duty window on a date: by the county's dated turns, else by the week of `Desired`.

The turns come in a bundle (`protocol.duty_days`). A date that it does not have, and every date while there is no such
bundle, goes by the week alone: nothing is guessed from other dates. Only the dates that somebody has asked for are kept
in memory. If no unit is named, times are minutes as in `agent.clocking.duty`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from agent.twin import EffectiveState
from protocol.bundle_contents import read_content
from protocol.bundles import Bundle
from protocol.china_time import OFFSET_MIN
from protocol.duty_days import DutyDay, DutyDays, DutyLess
from protocol.plain_text import one_line
from protocol.refusal import Refused
from protocol.twin import DutyWindow, Settings

log = logging.getLogger(__name__)

DAY_MIN = 24 * 60
_EPOCH = date(1970, 1, 1)
_DAY = timedelta(days=1)
_KEPT = 12
"""Dates in memory: those about which touches and reports of the last days ask."""
_AGAIN_AFTER_MS = 60_000
"""A bundle that can't be read is tried again after so long; until then it is fetched anew."""

type GoesBy = Literal["dates", "week"]
"""dates: the county's word about this very date. week: the windows of `Desired` by the weekday."""


def midnight(day: date) -> int:
    """Return the first minute of a date."""
    return (day - _EPOCH).days * DAY_MIN


class Left(Struct, frozen=True):
    """What an absence leaves somebody of a window: ``[begin, end)``, nothing if the two are equal."""

    begin: int
    end: int
    why: str


class DateWindow(Struct, frozen=True):
    """A window on one date. ``[begin, until)`` is what notices leave of ``[start, end)``."""

    id: str
    name: str
    day: date
    start: int
    end: int
    begin: int
    until: int
    people: tuple[str, ...]
    marks: str = "each"
    elsewhere: bool = False
    """Another village's: it only bounds the spans of its people."""
    leaders: tuple[str, ...] = ()
    away: Mapping[str, Left] = {}
    instead_of: Mapping[str, str] = {}
    """Who gave the window away, by whom took it over."""

    @property
    def start_minute(self) -> int:
        """When it begins, in minutes after midnight of its date."""
        return self.start - midnight(self.day)

    @property
    def end_minute(self) -> int:
        """When it ends, in minutes after midnight of its date."""
        return self.end - midnight(self.day)

    def rest(self, person: str) -> tuple[int, int] | None:
        """Return what is left of the window for somebody in it; None if nothing is."""
        left = self.away.get(person)
        begin, end = (self.begin, self.until) if left is None else (left.begin, left.end)
        return (begin, end) if begin < end else None

    @property
    def is_anybodys(self) -> bool:
        """Whether it is this village's and anybody in it is not away for all of it."""
        return not self.elsewhere and any(self.rest(person) for person in self.people)


class Stopped(Struct, frozen=True):
    """A window that a notice takes away whole, and what for."""

    window: str
    why: str


class DutyDate(Struct, frozen=True):
    """One date."""

    day: date
    by: GoesBy
    windows: tuple[DateWindow, ...]
    calendar: str = ""
    name: str = ""
    provisional: bool = False
    stopped: tuple[Stopped, ...] = ()
    ever_manned: bool = False
    """Whether anybody has duty here on any date, as far as the station knows."""
    names: Mapping[str, tuple[str, str]] = {}
    """Name and village of people whom the desired state need not know."""


class DatedTurns(Struct, frozen=True):
    """The bundle of the county's dated turns that is in force."""

    sha256: bytes
    read: Callable[[], Bundle]
    """Raises `Refused` or OSError if it can't be read. Then it is fetched again."""


class DutyDates:
    """Answers for any date. Used on the core thread."""

    def __init__(
        self,
        *,
        desired: Callable[[], EffectiveState],
        latest: Callable[[], DatedTurns | None],
        mono_ms: Callable[[], int],
    ) -> None:
        """Begin.

        Args:
            latest: Returns the turns in force, or None.
        """
        self._desired = desired
        self._latest = latest
        self._mono_ms = mono_ms
        self._dates: dict[date, DutyDate] = {}
        self._made_of: tuple[EffectiveState, bytes] | None = None
        self._failed: tuple[bytes, int] | None = None
        """A bundle that could not be read, and when."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._desired().settings

    def on(self, day: date) -> DutyDate:
        """Return who is in which window on a date."""
        return self.between(day, day)[0]

    def around(self, day: date) -> list[DutyDate]:
        """Return a date between the one before it and the one after it: windows of these two reach into it."""
        return self.between(day - _DAY, day + _DAY)

    def between(self, first: date, last: date) -> list[DutyDate]:
        """Return the dates from ``first`` to ``last``."""
        days = [first + number * _DAY for number in range((last - first).days + 1)]
        self._renew(days)
        return [self._dates[day] for day in days]

    def _renew(self, days: list[date]) -> None:
        desired, newest = self._desired(), self._newest()
        sha256 = newest.sha256 if newest else b""
        if self._made_of is None or self._made_of[0] is not desired or self._made_of[1] != sha256:
            self._dates, self._made_of = {}, (desired, sha256)
        lacking = [day for day in days if day not in self._dates]
        if not lacking:
            return
        content = self._read(newest) if newest else None
        if len(self._dates) + len(lacking) > _KEPT:
            self._dates = {day: one for day, one in self._dates.items() if day in days}
        for day in lacking:
            dated = None if content is None else dated_date(content, day)
            self._dates[day] = dated or date_of_week(desired.windows, day)

    def _newest(self) -> DatedTurns | None:
        """Return the turns in force; None if there are none, or they could not be read just now."""
        newest = self._latest()
        if newest is None or self._failed is None or self._failed[0] != newest.sha256:
            return newest
        return None if self._mono_ms() - self._failed[1] < _AGAIN_AFTER_MS else newest

    def _read(self, turns: DatedTurns) -> DutyDays | None:
        try:
            content = read_content(turns.read())
        except (Refused, OSError) as error:
            log.warning("the dates of duty can't be read: %s", error)
            self._failed = (turns.sha256, self._mono_ms())
            return None
        self._failed = None
        assert isinstance(content, DutyDays)  # by its kind
        return content


def date_of_week(windows: Sequence[DutyWindow], day: date) -> DutyDate:
    """Return a date as the week has it."""
    first = midnight(day)
    since = (first - OFFSET_MIN) * 60_000
    running = [
        DateWindow(
            id=window.id,
            name=window.name,
            day=day,
            start=first + window.start,
            end=first + window.end,
            begin=first + window.start,
            until=first + window.end,
            people=tuple(window.people),
        )
        for window in windows
        if day.isoweekday() in window.weekdays
        and (not window.since or window.since <= since)
        and (not window.until or since < window.until)
    ]
    return DutyDate(day=day, by="week", windows=tuple(running), ever_manned=bool(windows))


def dated_date(content: DutyDays, day: date) -> DutyDate | None:
    """Return a date as the county's turns have it; None if they don't reach it."""
    number = (day - date.fromisoformat(content.first)).days
    if not 0 <= number < len(content.days):
        return None
    said = content.days[number]
    windows = [_window(content, place, day, said.less) for place in said.crews]
    there = {window.id for window in windows}
    stopped = [
        Stopped(window=one_line(content.windows[less.window].name), why=one_line(less.text))
        for less in said.less
        if less.person is None and less.begin == less.end and content.windows[less.window].id not in there
    ]
    return DutyDate(
        day=day,
        by="dates",
        windows=tuple(windows),
        calendar=said.calendar,
        name=one_line(said.name),
        provisional=said.provisional,
        stopped=tuple(stopped),
        ever_manned=not all(terms.elsewhere for terms in content.windows),
        names=_names(content, said),
    )


def _names(content: DutyDays, said: DutyDay) -> dict[str, tuple[str, str]]:
    places = {place for crew in said.crews for place in content.crews[crew].people}
    places |= {less.person for less in said.less if less.person is not None}
    people = (content.people[place] for place in sorted(places))
    return {person.id: (one_line(person.name), one_line(person.village)) for person in people if person.name}


def _window(content: DutyDays, place: int, day: date, taken: list[DutyLess]) -> DateWindow:
    crew, first = content.crews[place], midnight(day)
    terms = content.windows[crew.window]
    mine = [less for less in taken if less.window == crew.window]
    begin, until = terms.start, terms.end
    away, instead_of = {}, {}
    for less in mine:
        if less.person is None:
            begin, until = less.begin, less.end
        elif less.taker is not None:
            instead_of[content.people[less.taker].id] = content.people[less.person].id
        else:
            away[content.people[less.person].id] = Left(first + less.begin, first + less.end, less.why)
    return DateWindow(
        id=terms.id,
        name=one_line(terms.name),
        day=day,
        start=first + terms.start,
        end=first + terms.end,
        begin=first + begin,
        until=first + until,
        people=tuple(content.people[place].id for place in crew.people),
        marks=terms.marks,
        elsewhere=terms.elsewhere,
        leaders=tuple(content.people[place].id for place in crew.leaders),
        away=away,
        instead_of=instead_of,
    )
