"""A second reckoning of spans, directions and duty boards, written from docs/rules.md, 1 to 3, alone. Slow and plain.

Who is due comes from `tests.server_broker.duty.plain_reckoning`. It takes dictionaries and knows none of the product.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.server_broker.duty.plain_reckoning import DAY, MINUTE, Plain, covers

OPEN_BEFORE, OPEN_AFTER = 90 * MINUTE, 180 * MINUTE
MIN_REST = 30
EXCUSES = ("leave", "field_duty", "meeting")


class Due(Plain):
    """Who is due; shares are another's matter."""

    def share(self, person: int, village: int, day: dt.date) -> Fraction:
        return Fraction(1)


@dataclass
class Judged:
    """What section 3 judges as one: its windows, their whole time, and what is left of it."""

    windows: list[dict[str, Any]]
    day: dt.date
    start: dt.datetime
    end: dt.datetime
    first: dt.datetime
    last: dt.datetime
    opens: dt.datetime
    closes: dt.datetime

    @property
    def no_departure(self) -> bool:
        return bool(self.windows[0]["marks"] == "arrival")

    @property
    def middle(self) -> dt.datetime:
        return self.end if self.no_departure else self.first + (self.last - self.first) / 2


@dataclass(frozen=True)
class Row:
    """Somebody on the board in a window that runs."""

    person: int
    window: str
    leads: bool
    away: str
    instead_of: int | None


class Judge:
    """One county's rosters and absences."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.plain = Due(given)
        self._rests: dict[tuple[int, int, dt.date], tuple[list[dt.datetime], str]] = {}
        self._due: dict[dt.date, dict[int, list[dict[str, Any]]]] = {}

    def due(self, day: dt.date) -> dict[int, list[dict[str, Any]]]:
        """Return the windows in which each person is due on a date."""
        if day not in self._due:
            windows = {window["id"]: window for window in self.given["windows"]}
            found: dict[int, list[dict[str, Any]]] = {}
            for person, window in self.plain.answer(day):
                found.setdefault(person, []).append(windows[window])
            self._due[day] = found
        return self._due[day]

    def rest(self, person: int, window: dict[str, Any], day: dt.date) -> tuple[list[dt.datetime], str]:
        """Return the minutes that are left of a window after notices and absences (3, lines 1 to 4), and the absence
        of most minutes."""
        key = (person, window["id"], day)
        if key not in self._rests:
            self._rests[key] = self._rest(person, window, day)
        return self._rests[key]

    def _rest(self, person: int, window: dict[str, Any], day: dt.date) -> tuple[list[dt.datetime], str]:
        left = self.plain.left_minutes(window, day)
        taken = {
            kind: {minute for minute in left for one in self._away(person, kind) if one["begin"] <= minute < one["end"]}
            for kind in EXCUSES
        }
        most = max(EXCUSES, key=lambda kind: len(taken[kind]))
        if not taken[most]:
            return left, ""
        for kind in EXCUSES:
            if taken[kind] and len(left) - len(taken[kind]) < MIN_REST:
                return [], kind
        gone = set().union(*taken.values())
        remaining = [minute for minute in left if minute not in gone]
        return (remaining if len(remaining) >= MIN_REST else []), most

    def _away(self, person: int, kind: str) -> Iterable[dict[str, Any]]:
        return (one for one in self.given["absences"] if (one["person"], one["kind"]) == (person, kind))

    def judged(self, person: int, day: dt.date) -> list[Judged]:
        """Return what is judged of a person's date, without the cuts of neighbours (2.3, 1.5 and `ends`)."""
        alone: list[Judged] = []
        together: list[Judged] = []
        for window in self.due(day).get(person, []):
            left, _ = self.rest(person, window, day)
            if left:
                start, end = self.plain.span(window, day)
                one = Judged(
                    [window], day, start, end, left[0], left[-1] + MINUTE, start - OPEN_BEFORE, end + OPEN_AFTER
                )
                if one.no_departure:
                    one.closes = end
                (together if window["marks"] == "ends" else alone).append(one)
        if together:
            together.sort(key=lambda one: one.start)
            whole, last = together[0], together[-1]
            whole.windows = [one.windows[0] for one in together]
            whole.end, whole.last, whole.closes = last.end, last.last, last.closes
            alone.append(whole)
        return alone

    def spans(self, person: int, day: dt.date) -> list[Judged]:
        """Return a person's spans around a date, cut where they would overlap."""
        found = [one for number in range(-2, 3) for one in self.judged(person, day + number * DAY)]
        found.sort(key=lambda one: one.start)
        cuts = []
        for earlier, later in pairwise(found):
            if earlier.no_departure:
                cuts.append((later, "opens", max(later.opens, earlier.end)))
            elif earlier.closes > later.opens:
                half_way = earlier.end + (later.start - earlier.end) / 2
                cuts += [(earlier, "closes", half_way), (later, "opens", half_way)]
        for one, edge, at in cuts:
            setattr(one, edge, at)
        return found

    def direction(self, person: int, village: int, at: dt.datetime) -> str | None:
        """Return the direction of a touch in a village at a minute; None: it is in none of that village's spans."""
        for one in self.spans(person, at.date()):
            if one.opens <= at < one.closes:
                if all(window["village"] != village for window in one.windows):
                    return None
                return "in" if at < one.middle else "out"
        return None

    def between_middles(self, village: int, day: dt.date) -> list[tuple[dt.datetime, int]]:
        """Return who has but a part of a window on a date, and a moment between the middles of the part and of the
        whole. A touch then shows which of the two decides its direction."""
        found = []
        for person in sorted(self.due(day)):
            for one in self.judged(person, day):
                whole = one.start + (one.end - one.start) / 2
                at = whole + (one.middle - whole) / 2
                here = any(window["village"] == village for window in one.windows)
                if here and not one.no_departure and abs(one.middle - whole) >= 4 * MINUTE and at.date() == day:
                    found.append((at.replace(second=0, microsecond=0), person))
        return found

    def running(self, village: int, at: dt.datetime) -> set[Row]:
        """Return the rows of the windows that run in a village at a minute."""
        rows = set()
        for day in (at.date() - DAY, at.date()):
            for person, windows in self.due(day).items():
                for one in self.judged(person, day):
                    here = any(window["village"] == village for window in one.windows)
                    if here and one.start <= at < one.end:
                        rows.add(self._row(person, one, at))
                for window in windows:
                    start, end = self.plain.span(window, day)
                    left, kind = self.rest(person, window, day)
                    if not left and window["village"] == village and start <= at < end:
                        rows.add(Row(person, window["name"], self.crew(window, day)[person][0], kind, None))
        return rows

    def _row(self, person: int, one: Judged, at: dt.datetime) -> Row:
        leads, instead_of, away = False, None, ""
        for window in one.windows:
            led, giver = self.crew(window, one.day)[person]
            leads, instead_of = leads or led, instead_of if instead_of is not None else giver
            start, end = self.plain.span(window, one.day)
            left, kind = self.rest(person, window, one.day)
            if kind and start <= at < end and not left[0] <= at <= left[-1] and not away:
                away = kind
        return Row(person, "、".join(window["name"] for window in one.windows), leads, away, instead_of)

    def crew(self, window: dict[str, Any], day: dt.date) -> dict[int, tuple[bool, int | None]]:
        """Return who has a window after swaps: whether they lead, and who gave it to them (1.3)."""
        terms = self.plain.day_of(window, day) or window
        leaders = set(terms["leaders"]) | {
            held["person"]
            for held in self.given["holdings"]
            if held["post"] in terms["leader_posts"] and held["state"] == "held" and covers(held, day)
        }
        has: dict[int, tuple[bool, int | None]] = {
            person: (person in leaders, None) for person in self.plain.by_roster(window, day)
        }
        for swap in self.given["swaps"]:
            if (swap["window"], swap["date"]) != (window["id"], day):
                continue
            giver, taker = swap["giver"], swap["taker"]
            agreed_before = swap["agreed"] < self.plain.span(window, day)[0]
            if agreed_before and giver in has and taker not in has and self.plain.may(giver, window, day):
                has[taker] = (has.pop(giver)[0], giver)
        return has

    def stopped(self, village: int, day: dt.date) -> set[str]:
        """Return the windows of a date that notices take whole from somebody whose they would be."""
        return {
            window["name"]
            for window in self.given["windows"]
            if window["village"] == village
            and self.plain.is_duty_date(window, day)
            and not self.plain.left_minutes(window, day)
            and any(self.plain.by_name(person, day) for person in self.crew(window, day))
        }

    def closes(self, village: int, day: dt.date) -> set[tuple[str, str, dt.datetime]]:
        """Return each window of a date in which anybody is due, with the end of its span."""
        return {
            (str(window["id"]), day.isoformat(), self.plain.span(window, day)[1] + OPEN_AFTER)
            for windows in self.due(day).values()
            for window in windows
            if window["village"] == village
        }


def by_week(windows: Iterable[dict[str, Any]], person: str, at: dt.datetime) -> str | None:
    """Return a touch's direction where a station knows weekly windows alone (docs/protocol.md, `Desired.windows`)."""
    found = []
    for number in range(-2, 3):
        day = at.date() + number * DAY
        midnight = dt.datetime.combine(day, dt.time())
        for window in windows:
            runs = (window["first"] is None or window["first"] <= day) and (
                window["until"] is None or day < window["until"]
            )
            if person in window["people"] and day.isoweekday() in window["weekdays"] and runs:
                start, end = midnight + window["start"] * MINUTE, midnight + window["end"] * MINUTE
                found.append([start - OPEN_BEFORE, start, end, end + OPEN_AFTER])
    found.sort(key=lambda one: one[1])
    whole = [list(one) for one in found]
    for place in range(len(found) - 1):
        if whole[place][3] > whole[place + 1][0]:
            half_way = whole[place][2] + (whole[place + 1][1] - whole[place][2]) / 2
            found[place][3] = found[place + 1][0] = half_way
    for opens, start, end, closes in found:
        if opens <= at < closes:
            return "in" if at < start + (end - start) / 2 else "out"
    return None
