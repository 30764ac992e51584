"""What was approved: absences and corrected marks (docs/rules.md, sections 2.7 and 5)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping

from msgspec import Struct

from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.powers import standing
from server_broker.settlement.times import (
    NEVER,
    Minute,
    Moment,
    begin_of,
    cut,
    day_of,
    midnight,
    month_of,
)
from server_broker.settlement.values import Correction, Cover, Decision, Leave, Way

ASKED_WITHIN = dt.timedelta(days=3)
"""After the date of the last minute; until the end of that date."""
MOST_DATES = 366
BACK_WITHIN = 3 * 24 * 60
"""Minutes: a touch so long ago may still be said to have been the return."""

type _Order = tuple[Moment, int, Moment, int]


class Absence(Struct, frozen=True):
    """Approved leave, field duty or a meeting elsewhere."""

    cover: Cover
    kind: str
    begin: Minute
    end: Minute
    asked: Moment
    late: bool
    """It was asked for after it had begun."""


class Corrected(Struct, frozen=True):
    """An approved correction, if it counts among those of its month that are allowed."""

    mark: Way
    minute: Minute | None
    approved: Moment


def is_too_long(first: dt.date, last: dt.date) -> bool:
    """Tell whether one request touches more dates than one can; both are the outer ones that it touches."""
    return (last - first).days >= MOST_DATES


def last_chance(end: Minute) -> Moment:
    """Return the first moment at which what ends at ``end`` can no longer be asked for."""
    return begin_of(midnight(day_of(end - 1) + ASKED_WITHIN + dt.timedelta(days=1)))


class Requests:
    """What the county had approved at one moment."""

    def __init__(self, knowledge: Knowledge, closed: Mapping[str, Moment]) -> None:
        self._known = knowledge
        self._closed = closed
        self._absences: dict[str, list[Absence]] = {}
        self._corrected: dict[str, dict[tuple[dt.date, int], list[Corrected]]] = {}

    def absences(self, person: str) -> list[Absence]:
        """Return when somebody is away, by time."""
        if person not in self._absences:
            rows = (row for row in self._known.index.leave.get(person, ()) if row.known <= self._known.at)
            found = [absence for row in rows if (absence := self._absence(row)) is not None]
            found.sort(key=lambda one: (one.begin, one.end, one.cover, one.kind, one.asked, one.late))
            self._absences[person] = found
        return self._absences[person]

    def corrected(self, person: str, day: dt.date, start: int) -> list[Corrected]:
        """Return the approved corrections of a window, in the order of their approval."""
        if person not in self._corrected:
            self._corrected[person] = self._corrections(person)
        return self._corrected[person].get((day, start), [])

    def _absence(self, row: Leave) -> Absence | None:
        begin, end = cut(row.begin), cut(row.end)
        if end <= begin or row.asked >= last_chance(end) or is_too_long(day_of(begin), day_of(end - 1)):
            return None
        decision = standing(row.decisions, person=row.person, asker=row.asked_by, needed=row, knowledge=self._known)
        if decision is None or not decision.yes:
            return None
        late = cut(row.asked) >= begin
        return Absence(row.cover, row.kind, begin, min(end, self._back(row)), row.asked, late)

    def _back(self, row: Leave) -> Minute:
        """Return the minute from which somebody is back early."""
        minute = cut(row.returned)
        if row.returned_known > self._known.at:
            return cut(NEVER)
        if minute >= cut(row.returned_known):
            return minute
        touches = self._known.touches
        touched = any(minute in touches.minutes(row.person, station) for station in touches.stations(row.person))
        lately = cut(row.returned_known) - minute <= BACK_WITHIN
        during = cut(row.begin) <= minute < cut(row.end)
        return minute if touched and lately and during else cut(NEVER)

    def _corrections(self, person: str) -> dict[tuple[dt.date, int], list[Corrected]]:
        """Return somebody's corrections by window. Beyond the month's number a second approver is needed."""
        approved: dict[str, list[tuple[Decision, Correction]]] = defaultdict(list)
        for row in self._known.index.corrections.get(person, ()):
            decision = self._first_decision(row)
            if decision is not None and decision.yes:
                approved[month_of(row.date)].append((decision, row))
        found: dict[tuple[dt.date, int], list[tuple[_Order, Corrected]]] = defaultdict(list)
        for some in approved.values():
            some.sort(key=lambda one: (_order(one[0]), _content(one[1])))
            for number, (decision, row) in enumerate(some, start=1):
                last = decision if number <= self._allowed(row) else self._second(row, decision)
                if last is not None:
                    one = Corrected(row.mark, row.minute, last.at)
                    # Of two that a second approver completes at once the one that was approved first is the earlier.
                    found[row.date, row.start].append(((*_order(last), *_order(decision)), one))
        return {window: [one for _, one in sorted(some, key=_place)] for window, some in found.items()}

    def _allowed(self, row: Correction) -> int:
        home = self._known.index.people[row.person].home
        return self._known.parameters.on(home, row.date).corrections_per_month

    def _first_decision(self, row: Correction) -> Decision | None:
        closed = self._closed.get(month_of(row.date), NEVER)
        if row.known > self._known.at or cut(row.asked) >= cut(closed):
            return None
        return standing(row.decisions, person=row.person, asker=row.asked_by, needed="secretary", knowledge=self._known)

    def _second(self, row: Correction, first: Decision) -> Decision | None:
        """Return the second approval, or the first if that came later; None: there is none."""
        second = standing(
            row.second,
            person=row.person,
            asker=row.asked_by,
            needed="township",
            knowledge=self._known,
            other_than=first.by,
        )
        if second is None or not second.yes:
            return None
        return max(first, second, key=_order)


def _order(decision: Decision) -> tuple[Moment, int]:
    """Order decisions on different requests: the county's own order tells those on one request apart."""
    return (decision.at, decision.commit)


def _content(row: Correction) -> tuple[dt.date, int, str, Moment, int]:
    return (row.date, row.start, row.mark, row.asked, -1 if row.minute is None else row.minute)


def _place(one: tuple[_Order, Corrected]) -> tuple[_Order, str, int]:
    return (one[0], one[1].mark, -1 if one[1].minute is None else one[1].minute)
