"""Is anybody blamed of whom not everything is told? From the plain facts of a case, by neither of the two reckonings.

A window may cost somebody something only if each station of its village has told, without a gap, through the window's
last minute; within seven days after its end, each other station that counts for it too (docs/rules.md, section 3, line
7 and Complete). This page reads the rows of the case itself and asks nobody.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

type Values = Mapping[str, Any]

NEGATIVE = frozenset({"缺", "旷", "迟", "早"})
ALWAYS, NEVER = datetime.min, datetime.max  # noqa: DTZ901 - every time of a case is local
_DEFAULTS: Mapping[str, Any] = {"open_after": 180, "grace_in": 10, "place": "township", "marks": "each"}
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Blame:
    """A window that costs somebody something, though the record is not complete."""

    person: str
    date: str
    start: str
    station: str


@dataclass
class Judged:
    """What was found."""

    windows: int
    """That cost somebody something, and of which the records were looked at."""
    blames: list[Blame]


def judge(values: Values, answer: Mapping[str, Any]) -> Judged:
    """Return the windows of an answer that cost somebody something while a record is not complete."""
    closed = {row["month"]: row["closed"] for row in values["months"] if "closed" in row}
    signed = {row["month"] for row in answer["months"] if row["state"] == "定稿"}
    found = Judged(0, [])
    for row in answer["windows"]:
        if not NEGATIVE & {row["result"], *row["beside"]}:
            continue
        day, month = date.fromisoformat(row["date"]), row["date"][:7]
        asked = closed[month] if month in signed else values.get("as_of", NEVER)
        told = _Told(values, asked)
        places = list(_places(values, row["person"], day, row["start"]))
        if not places or any(told.corrected(row["person"], day, place) for place in places):
            continue
        found.windows += 1
        missing = [told.missing(day, place) for place in places]
        if all(missing):
            found.blames.append(Blame(row["person"], row["date"], row["start"], missing[0]))
    return found


class _Place(NamedTuple):
    """A window: its village, its end and the last one on the date, and its roster's marks; None: the region's."""

    village: str
    end: datetime
    last_end: datetime
    marks: str | None


def _places(values: Values, person: str, day: date, start: str) -> Iterator[_Place]:
    """Yield the places of the windows that somebody can have at a time.

    A window that was given away is found by who had it before.
    """
    people = {person}
    for _ in values["swaps"]:
        mine = (swap for swap in values["swaps"] if (swap["date"], swap["window"]) == (day, start))
        people |= {swap["giver"] for swap in mine if swap["taker"] in people}
    posts = {row["post"] for row in values["posts"] if row["person"] in people}
    windows = [
        (roster, window.split("-"))
        for roster in values["rosters"]
        if people & set(roster.get("persons", ())) or roster.get("post") in posts
        if roster["days"] == "working" or day in roster["days"]
        for window in roster["windows"]
    ]
    last_end = max((_over(day, *window) for _, window in windows), default=ALWAYS)
    for roster, (begin, end) in windows:
        if begin == start:
            yield _Place(roster["village"], _over(day, begin, end), last_end, roster.get("marks"))


def _over(day: date, begin: str, end: str) -> datetime:
    """Return when a window ends."""
    return datetime.combine(day + timedelta(days=end <= begin), time.fromisoformat(end))


class _Told:
    """What the county had at a moment."""

    def __init__(self, values: Values, at: datetime) -> None:
        self._values = values
        self._at = at

    def missing(self, day: date, place: _Place) -> str:
        """Return a station whose record a window awaits; empty: there is none.

        One that ended meanwhile is not awaited at the last minute, which windows of ``ends`` have in common.
        """
        village = place.village
        after = timedelta(
            minutes=max(self._value("open_after", village, day), 30 + self._value("grace_in", village, day))
        )
        last = place.end + after
        closes = place.last_end + after if self._marks(day, place) == "ends" else last
        everybody = place.end > self._at - timedelta(days=7)
        for station in self._values["stations"]:
            own = village in (station["village"], *station.get("stands_in_for", ()))
            awaited = own or (everybody and self._counts(station, village, day))
            if awaited and station.get("enrolled", ALWAYS) < last and not self._complete(station, last, closes):
                return str(station["id"])
        return ""

    def corrected(self, person: str, day: date, place: _Place) -> bool:
        """Tell whether all marks may have been corrected, so that no record is needed."""
        rows = (row for row in self._values["corrections"] if (row["person"], row["date"]) == (person, day))
        marks = {row["mark"] for row in rows}
        return marks == {"in", "out"} if self._marks(day, place) == "each" else bool(marks)

    def _marks(self, day: date, place: _Place) -> str:
        return place.marks or str(self._value("marks", place.village, day))

    def _rows(self, table: str) -> list[Values]:
        return [row for row in self._values[table] if row.get("known", ALWAYS) <= self._at]

    def _above(self, region: str, day: date) -> list[str]:
        """Return a region and those above it, nearest first."""
        chain = [region]
        while True:
            rows = [row for row in self._rows("regions") if row["id"] == chain[-1] and row.get("from", date.min) <= day]
            parent = max(rows, key=lambda row: row.get("from", date.min)).get("parent") if rows else None
            if parent is None:
                return chain
            chain.append(parent)

    def _value(self, name: str, village: str, day: date) -> Any:
        chain, found = self._above(village, day), []
        for region in chain:
            rows = [
                row
                for row in self._rows("parameters")
                if row["region"] == region and row["from"] <= day and name in row
            ]
            if rows:
                found.append((region, max(rows, key=lambda row: row["from"])))
        locked = [row for region, row in found if region == chain[-1] and row.get("locked")]
        return ([*locked, *(row for _, row in found)] or [_DEFAULTS])[0][name]

    def _counts(self, station: Values, village: str, day: date) -> bool:
        place = self._value("place", village, day)
        if place == "county":
            return True
        villages = (station["village"], *station.get("stands_in_for", ()))
        if place == "village":
            return village in villages
        here = self._above(village, day)[-2]
        return any(self._above(one, day)[-2] == here for one in villages)

    def _complete(self, station: Values, last: datetime, closes: datetime) -> bool:
        """Tell whether a station's record goes through a minute without a gap, or it had ended when the span closes."""
        facts = [fact for fact in station["facts"] if fact.get("received", fact["at"] + _MINUTE) <= self._at]
        read = [fact for fact in facts if not self._is_held(fact)]
        fixed = {
            (fact.get("epoch", 1), fact["of"]): fact["time"]
            for fact in sorted(read, key=lambda fact: (fact.get("epoch", 1), fact["seq"]))
            if fact["kind"] == "time_fix"
        }
        times: dict[tuple[int, int], datetime] = {}
        for fact in read:
            place = (fact.get("epoch", 1), fact["seq"])
            if place in fixed or fact.get("quality", "synced") in {"synced", "holdover"}:
                times[place] = fixed.get(place, fact["at"]).replace(second=0)
        if station.get("retired", NEVER).replace(second=0) <= closes or self._is_dead(station, closes, times):
            return True
        there = {(fact.get("epoch", 1), fact["seq"]) for fact in facts}
        for row in station.get("lost", ()):
            if row.get("known", ALWAYS) <= self._at:
                there |= {(row.get("epoch", 1), seq) for seq in range(row["first"], row["last"] + 1)}
        ends = {row["epoch"]: row["last"] for row in station.get("epoch_ends", ())}
        epoch, seq = 1, 0
        while (epoch, seq + 1) in there or ends.get(epoch) == seq:
            epoch, seq = (epoch, seq + 1) if (epoch, seq + 1) in there else (epoch + 1, 0)
            if times.get((epoch, seq), ALWAYS) >= last:
                return True
        return False

    def _is_held(self, fact: Values) -> bool:
        if "held_until" in fact:
            return bool(self._at < fact["held_until"])
        return fact["kind"] == "held" or "written_off" in fact

    def _is_dead(self, station: Values, last: datetime, times: Mapping[tuple[int, int], datetime]) -> bool:
        if "dead" not in station or station.get("dead_known", station["dead"]) > self._at:
            return False
        dead = station["dead"].replace(second=0)
        return bool(dead <= last) and not any(at > dead for at in times.values())
