"""A second reckoning of who is due, written from docs/rules.md, 1.1 to 1.4 and 4, alone. Slow and plain.

It takes dictionaries and knows nothing of the product. Where the rules are silent (two windows of one kind at the same
time) it goes by what ADR 41 says.
"""

import datetime as dt
from fractions import Fraction
from typing import Any

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


class Plain:
    """What one county has, as dictionaries and lists.

    ``windows``: id, village, weekdays, named, season, start, end, first, last, people, posts.
    ``named``: window, date, people, posts. ``holdings``: person, post, state, first, last. ``left``: person, first,
    last. ``swaps``: window, date, giver, taker, agreed, in the order of their agreements. ``calendar``: working by
    date. ``notices``: village, begin, end. Dates are inclusive; None is without end.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self._known: dict[dt.date, list[tuple[int, dict[str, Any], Fraction]]] = {}

    def answer(self, day: dt.date) -> dict[tuple[int, int], tuple[dt.datetime, dt.datetime, Fraction]]:
        """Return for each person and window that is due on a date: first minute, end, and share."""
        found = {}
        for person, window, share in self.before_overlaps(day):
            if not self.overlapped(person, window, day):
                left = self.left_minutes(window, day)
                found[person, window["id"]] = (left[0], left[-1] + MINUTE, share)
        return found

    def before_overlaps(self, day: dt.date) -> list[tuple[int, dict[str, Any], Fraction]]:
        """1.2, 1.3, 1.4 and the share, without the second sentence of 1.1."""
        if day not in self._known:
            self._known[day] = self._before_overlaps(day)
        return self._known[day]

    def _before_overlaps(self, day: dt.date) -> list[tuple[int, dict[str, Any], Fraction]]:
        found = []
        for window in self.given["windows"]:
            if not self.is_duty_date(window, day):
                continue
            shares = {person: self.share(person, window["village"], day) for person in self.by_roster(window, day)}
            for swap in self.given["swaps"]:
                if (swap["window"], swap["date"]) != (window["id"], day) or swap["agreed"] >= self.span(window, day)[0]:
                    continue
                if swap["giver"] in shares and swap["taker"] not in shares and self.may(swap["giver"], window, day):
                    shares[swap["taker"]] = shares.pop(swap["giver"])
            for person, share in shares.items():
                taken = person not in self.by_roster(window, day)
                if (not taken or self.by_name(person, day)) and self.left_minutes(window, day):
                    found.append((person, window, share))
        return found

    def may(self, giver: int, window: dict[str, Any], day: dt.date) -> bool:
        """Whoever gives a window away has it, and is due in it."""
        return giver in self.by_roster(window, day) or self.by_name(giver, day)

    def is_duty_date(self, window: dict[str, Any], day: dt.date) -> bool:
        if not covers(window, day):
            return False
        if window["named"]:
            return self.day_of(window, day) is not None
        first, last = window["season"]
        date = day.month * 100 + day.day
        if first and first <= last and not first <= date <= last:
            return False
        if first > last and last < date < first:
            return False
        if not self.given["calendar"][day]:
            return False
        return {1, 2, 3, 4, 5} <= set(window["weekdays"]) or day.isoweekday() in window["weekdays"]

    def day_of(self, window: dict[str, Any], day: dt.date) -> dict[str, Any] | None:
        for one in self.given["named"]:
            if (one["window"], one["date"]) == (window["id"], day):
                found: dict[str, Any] = one
                return found
        return None

    def by_roster(self, window: dict[str, Any], day: dt.date) -> set[int]:
        crew = self.day_of(window, day) or window
        named = {person for person in crew["people"] if self.by_name(person, day)}
        return named | {
            held["person"]
            for held in self.given["holdings"]
            if held["post"] in crew["posts"]
            and held["state"] == "held"
            and covers(held, day)
            and not self.has_left(held["person"], day)
        }

    def by_name(self, person: int, day: dt.date) -> bool:
        if self.has_left(person, day):
            return False
        posts = [held for held in self.given["holdings"] if held["person"] == person]
        return not posts or any(held["state"] == "held" and covers(held, day) for held in posts)

    def has_left(self, person: int, day: dt.date) -> bool:
        return any(one["person"] == person and covers(one, day) for one in self.given["left"])

    def share(self, person: int, village: int, day: dt.date) -> Fraction:
        own = [
            window
            for window in self.given["windows"]
            if window["village"] == village and self.is_duty_date(window, day) and person in self.by_roster(window, day)
        ]
        return Fraction(1, len(own))

    def span(self, window: dict[str, Any], day: dt.date) -> tuple[dt.datetime, dt.datetime]:
        midnight = dt.datetime.combine(day, dt.time())
        return midnight + window["start"] * MINUTE, midnight + window["end"] * MINUTE

    def left_minutes(self, window: dict[str, Any], day: dt.date) -> list[dt.datetime]:
        """1.4: the minutes that notices leave; none if they leave less than 30."""
        begin, end = self.span(window, day)
        minutes = [begin + n * MINUTE for n in range(round((end - begin) / MINUTE))]
        left = [
            minute
            for minute in minutes
            if not any(
                notice["village"] == window["village"] and notice["begin"] <= minute < notice["end"]
                for notice in self.given["notices"]
            )
        ]
        return left if len(left) == len(minutes) or len(left) >= 30 else []

    def overlapped(self, person: int, window: dict[str, Any], day: dt.date) -> bool:
        """1.1: whether another window of the person stands at that time."""
        others = self.meeting(person, window, day)
        mine = (self.span(window, day)[0], window["id"])
        named = [(other, date) for other, date in others if other["named"]]
        if named and not window["named"]:
            return True
        if not window["named"]:
            others = [
                (other, date)
                for other, date in others
                if not any(third["named"] for third, _ in self.meeting(person, other, date))
            ]
        else:
            others = named
        return any((self.span(other, date)[0], other["id"]) < mine for other, date in others)

    def meeting(self, person: int, window: dict[str, Any], day: dt.date) -> list[tuple[dict[str, Any], dt.date]]:
        begin, end = self.span(window, day)
        found = []
        for date in (day - DAY, day, day + DAY):
            for who, other, _ in self.before_overlaps(date):
                other_begin, other_end = self.span(other, date)
                same = (other["id"], date) == (window["id"], day)
                if who == person and not same and other_begin < end and begin < other_end:
                    found.append((other, date))
        return found


def covers(dated: dict[str, Any], day: dt.date) -> bool:
    return (dated["first"] is None or dated["first"] <= day) and (dated["last"] is None or day <= dated["last"])
