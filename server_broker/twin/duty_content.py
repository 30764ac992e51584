"""The dated turns of villages as their stations get them (`protocol.duty_days`).

The number of queries does not grow with villages or dates. The same turns make the same bytes, so that nothing is sent
anew because it was reckoned anew.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from protocol.duty_days import DutyCrew, DutyDay, DutyDays, DutyLess, DutyPerson, DutyTerms
from protocol.units import MAX_SHORT_TEXT
from server_broker.duty.due import Turn, due_between
from server_broker.duty.reading import Absent, Asked, absences_of, read_rosters
from server_broker.duty.reasons import CutByNotice, Stopped, TookOver
from server_broker.duty.rest import rest_of
from server_broker.duty.values import MONDAY_TO_FRIDAY, CalendarDay, Window, minute_at
from server_broker.people.models import Person

WEEKS_BACK, WEEKS = 1, 7
"""From the Monday of last week on: on a Monday a night's window of Sunday still ends."""
_WEEK = dt.timedelta(days=7)
_DAY = dt.timedelta(days=1)


def dates_at(today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last date of what stations get: the same all week, and 35 dates ahead at least."""
    first = today - (today.isoweekday() - 1) * _DAY - WEEKS_BACK * _WEEK
    return first, first + WEEKS * _WEEK - _DAY


def duty_days(villages: Collection[int], asked: Asked) -> dict[int, DutyDays]:
    """Return what the stations of each village (identities of regions) get, for the dates asked for."""
    rosters = read_rosters(villages, asked)
    turns: dict[int, list[Turn]] = defaultdict(list)
    homes: dict[int, set[int]] = defaultdict(set)
    away: list[Turn] = []
    wanted = frozenset(villages)
    for turn in due_between(asked.first, asked.last, rosters):
        village = turn.window.village
        if village in wanted:
            turns[village].append(turn)
            if turn.due:
                homes[turn.person].add(village)
        if turn.due:
            away.append(turn)
    # Other villages' windows bound the spans of those who are in a window here too.
    for turn in away:
        for village in homes.get(turn.person, ()):
            if village != turn.window.village:
                turns[village].append(turn)
    concerned = {turn.person for own in turns.values() for turn in own}
    concerned |= {
        reason.giver for own in turns.values() for turn in own for reason in turn.why if isinstance(reason, TookOver)
    }
    absences = absences_of(concerned, asked)
    people = Person.objects.select_related("village").in_bulk(concerned)
    return {
        village: _Table(village, people, absences).filled(turns.get(village, ()), asked, rosters.calendar)
        for village in villages
    }


@dataclass
class _Table:
    """Builds what one village's stations get. What repeats is kept once and named by its place."""

    village: int
    named: Mapping[int, Person]
    absences: Mapping[int, Sequence[Absent]]
    people: dict[int, int] = field(default_factory=dict)
    windows: dict[DutyTerms, int] = field(default_factory=dict)
    crews: dict[tuple[int, tuple[int, ...], tuple[int, ...]], int] = field(default_factory=dict)

    def filled(self, turns: Iterable[Turn], asked: Asked, calendar: Mapping[dt.date, CalendarDay]) -> DutyDays:
        by_day: dict[dt.date, list[Turn]] = defaultdict(list)
        for turn in turns:
            by_day[turn.day].append(turn)
        count = (asked.last - asked.first).days + 1
        dates = [asked.first + number * _DAY for number in range(count)]
        days = [self._day(day, by_day.get(day, ()), calendar[day]) for day in dates]
        crews = [
            DutyCrew(window=window, people=list(people), leaders=list(leaders))
            for window, people, leaders in self.crews
        ]
        return DutyDays(
            first=asked.first.isoformat(),
            people=[self._person(pk) for pk in self.people],
            windows=list(self.windows),
            crews=crews,
            days=days,
        )

    def _person(self, pk: int) -> DutyPerson:
        person = self.named[pk]
        if person.village.identity == self.village:
            return DutyPerson(id=person.number)
        return DutyPerson(id=person.number, name=person.name, village=person.village.name[:MAX_SHORT_TEXT])

    def _day(self, day: dt.date, turns: Iterable[Turn], calendar: CalendarDay) -> DutyDay:
        by_window: dict[int, list[Turn]] = defaultdict(list)
        for turn in turns:
            by_window[turn.window.id].append(turn)
        crews: list[int] = []
        less: list[DutyLess] = []
        for window in sorted(by_window):
            own = sorted(by_window[window], key=lambda turn: (not turn.leads, turn.person))
            place = self._window(own[0].window)
            due = [turn for turn in own if turn.due]
            if due:
                crews.append(self._crew(place, due))
            less += self._less(place, day, own)
        return DutyDay(
            crews=crews,
            calendar=_calendar(day, calendar),
            name=calendar.name[:MAX_SHORT_TEXT],
            provisional=calendar.provisional,
            less=less,
        )

    def _window(self, window: Window) -> int:
        terms = DutyTerms(
            id=str(window.id),
            name=window.name,
            start=window.start,
            end=window.end,
            marks=window.marks,
            elsewhere=window.village != self.village,
        )
        return self.windows.setdefault(terms, len(self.windows))

    def _crew(self, window: int, due: Sequence[Turn]) -> int:
        people = tuple(self._place(turn.person) for turn in due)
        leaders = tuple(self._place(turn.person) for turn in due if turn.leads)
        return self.crews.setdefault((window, people, leaders), len(self.crews))

    def _place(self, person: int) -> int:
        return self.people.setdefault(person, len(self.people))

    def _less(self, window: int, day: dt.date, turns: Sequence[Turn]) -> Iterable[DutyLess]:
        """Yield what notices take from everybody in a window, then what is taken from single people."""
        midnight = minute_at(day, 0)
        stopped = _stopped(turns)
        if stopped is not None:
            begin, end, text = stopped
            yield DutyLess(
                window=window, why="notice", begin=begin - midnight, end=end - midnight, text=text[:MAX_SHORT_TEXT]
            )
        for turn in turns:
            if turn.due:
                # By who took it over: who gave it away may have taken it over anew from somebody else.
                for reason in turn.why:
                    if isinstance(reason, TookOver):
                        giver, taker = self._place(reason.giver), self._place(turn.person)
                        yield DutyLess(window=window, person=giver, why="swapped", taker=taker)
                rest = rest_of(turn, self.absences.get(turn.person, ()))
                if rest.why:
                    begin, end = (0, 0) if rest.is_none else (rest.begin - midnight, rest.end - midnight)
                    yield DutyLess(window=window, person=self._place(turn.person), why=rest.why, begin=begin, end=end)


def _stopped(turns: Sequence[Turn]) -> tuple[int, int, str] | None:
    """Return what notices leave of a window, and what for; the same for all who are in it. None: there is none."""
    for turn in turns:
        for reason in turn.why:
            if isinstance(reason, CutByNotice) and turn.due:
                return turn.begin, turn.end, reason.notice.reason
            if isinstance(reason, Stopped):
                midnight = minute_at(turn.day, 0)
                return midnight, midnight, reason.notice.reason
    return None


def _calendar(day: dt.date, calendar: CalendarDay) -> str:
    weekday = day.isoweekday() in MONDAY_TO_FRIDAY
    if calendar.working:
        return "" if weekday else "swapped"
    return "off" if weekday or calendar.name else ""
