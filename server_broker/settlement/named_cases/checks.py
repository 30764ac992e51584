"""What of a case contradicts itself, or names what is not there."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from server_broker.settlement.named_cases.places_in_text import Path
from server_broker.settlement.named_cases.rows import CaseFile, DecisionRow, FactRow, StationRow


class Problem(NamedTuple):
    """Something wrong, and where."""

    path: Path
    why: str


def problems(case: CaseFile) -> Iterator[Problem]:
    """Yield what is wrong with a case whose keys and types are right."""
    yield from _twice("people", (row.id for row in case.people), "人")
    yield from _twice("stations", (row.id for row in case.stations), "站点")
    yield from _twice("meetings", (row.id for row in case.meetings), "会议")
    yield from _twice("months", (row.month for row in case.months), "月份")
    yield from _regions(case)
    yield from _named_people(case)
    yield from _named_places(case)
    yield from _orders_of_time(case)
    yield from _posts(case)
    yield from _rosters(case)
    yield from _requests(case)
    for number, station in enumerate(case.stations):
        yield from _station(("stations", number), station)


def _twice(table: str, ids: Iterable[str], name: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, one in enumerate(ids):
        if one in seen:
            yield Problem((table, number), f"{name} {one} 写了两次")
        seen.add(one)


def _regions(case: CaseFile) -> Iterator[Problem]:
    known = {row.id for row in case.regions}
    parents = {row.id: row.parent for row in case.regions}
    if sum(row.parent is None for row in case.regions) != 1:
        yield Problem(("regions",), "要有一个、也只能有一个没有 parent 的区划，就是县")
    for number, row in enumerate(case.regions):
        above, climbed = row.parent, {row.id}
        while above is not None and above not in climbed:
            climbed.add(above)
            above = parents.get(above)
        if row.parent is not None and row.parent not in known:
            yield Problem(("regions", number, "parent"), f"没有叫 {row.parent} 的区划")
        elif above is not None:
            yield Problem(("regions", number, "parent"), f"{row.id} 在自己里面")


def _named_people(case: CaseFile) -> Iterator[Problem]:
    known = {row.id for row in case.people}
    for path, person in _people(case):
        if person not in known:
            yield Problem(path, f"没有叫 {person} 的人")


def _people(case: CaseFile) -> Iterator[tuple[Path, str]]:
    """Yield every place where the input names a person."""
    for table in ("posts", "away", "cards", "orders", "residencies", "leave", "corrections"):
        for number, row in enumerate(getattr(case, table)):
            yield (table, number, "person"), row.person
    for number, roster in enumerate(case.rosters):
        for place, person in enumerate(roster.persons or ()):
            yield ("rosters", number, "persons", place), person
    for number, swap in enumerate(case.swaps):
        yield ("swaps", number, "giver"), swap.giver
        yield ("swaps", number, "taker"), swap.taker
        for place, word in enumerate(swap.agreed):
            yield ("swaps", number, "agreed", place, "by"), word.by
    yield from _people_of_requests(case)
    for number, meeting in enumerate(case.meetings):
        path: Path = ("meetings", number)
        for key, people in (("expected", meeting.expected), ("voters", meeting.voters or ())):
            for place, person in enumerate(people):
                yield (*path, key, place), person
        for place, entry in enumerate(meeting.manual):
            for key, person in (("person", entry.person), ("by", entry.by), ("confirmed_by", entry.confirmed_by)):
                yield (*path, "manual", place, key), person


def _people_of_requests(case: CaseFile) -> Iterator[tuple[Path, str]]:
    for number, leave in enumerate(case.leave):
        yield from _people_of_request(("leave", number), leave.asked_by, ("decisions", leave.decisions))
    for number, one in enumerate(case.corrections):
        path: Path = ("corrections", number)
        yield from _people_of_request(path, one.asked_by, ("decisions", one.decisions), ("second", one.second))


def _people_of_request(
    path: Path, asked_by: str | None, *decisions: tuple[str, Collection[DecisionRow]]
) -> Iterator[tuple[Path, str]]:
    if asked_by is not None:
        yield (*path, "asked_by"), asked_by
    for key, rows in decisions:
        for place, row in enumerate(rows):
            yield (*path, key, place, "by"), row.by


def _named_places(case: CaseFile) -> Iterator[Problem]:
    regions, stations = {row.id for row in case.regions}, {row.id for row in case.stations}
    for path, region in _places(case):
        if region not in regions:
            yield Problem(path, f"没有叫 {region} 的区划")
    for number, meeting in enumerate(case.meetings):
        if meeting.station not in stations:
            yield Problem(("meetings", number, "station"), f"没有叫 {meeting.station} 的站点")


def _places(case: CaseFile) -> Iterator[tuple[Path, str]]:
    """Yield every place where the input names a region."""
    for table, key in (
        ("notices", "scope"),
        ("parameters", "region"),
        ("people", "village"),
        ("rosters", "village"),
        ("residencies", "village"),
        ("stations", "village"),
    ):
        for number, row in enumerate(getattr(case, table)):
            yield (table, number, key), getattr(row, key)
    for number, station in enumerate(case.stations):
        for village in sorted(station.stands_in_for):
            yield ("stations", number, "stands_in_for"), village


def _orders_of_time(case: CaseFile) -> Iterator[Problem]:
    for table, first, last in (
        ("calendar", "first", "last"),
        ("posts", "first", "last"),
        ("away", "first", "last"),
        ("rosters", "first", "last"),
        ("cards", "first", "last"),
        ("notices", "start", "end"),
        ("leave", "start", "end"),
        ("meetings", "start", "end"),
    ):
        for number, row in enumerate(getattr(case, table)):
            begin, end = getattr(row, first), getattr(row, last)
            if end is not None and end < begin:
                yield Problem((table, number), "结束早于开始")


def _posts(case: CaseFile) -> Iterator[Problem]:
    for number, row in enumerate(case.posts):
        for other in case.posts[:number]:
            same = (row.post, row.person) == (other.post, other.person)
            if same and row.first <= other.last and other.first <= row.last:
                yield Problem(("posts", number), f"{row.person} 的职务 {row.post} 写了两次，日期重叠")


def _rosters(case: CaseFile) -> Iterator[Problem]:
    for number, row in enumerate(case.rosters):
        if (row.persons is None) == (row.post is None):
            yield Problem(("rosters", number), "persons 和 post 要写一样、只写一样")
        if row.weekdays is not None and row.days != "working":
            yield Problem(("rosters", number, "weekdays"), '只有 days = "working" 才写 weekdays')
    for number, swap in enumerate(case.swaps):
        if swap.giver == swap.taker:
            yield Problem(("swaps", number, "taker"), "不能和自己换班")


def _requests(case: CaseFile) -> Iterator[Problem]:
    for number, row in enumerate(case.leave):
        if (row.cover == "假") != bool(row.kind):
            yield Problem(("leave", number), "假要写 kind，别的不写")
    for number, one in enumerate(case.corrections):
        naive = isinstance(one.time, dt.datetime) and one.time.tzinfo is None
        if not naive and one.time != "none":
            yield Problem(("corrections", number, "time"), 'time 要写一个时间，或者 "none"')


def _station(path: Path, station: StationRow) -> Iterator[Problem]:
    seen: set[tuple[int, int]] = set()
    for number, fact in enumerate(station.facts):
        place: Path = (*path, "facts", number)
        if (fact.epoch, fact.seq) in seen:
            yield Problem(place, f"第 {fact.epoch} 段第 {fact.seq} 条写了两次")
        seen.add((fact.epoch, fact.seq))
        yield from _fact(place, fact)
    for number, lost in enumerate(station.lost):
        if lost.last < lost.first:
            yield Problem((*path, "lost", number), "last 小于 first")


_KEYS_OF = {"card": "touch", "way": "touch", "way_after_s": "touch", "last_alive": "boot"}
_KEYS_OF |= {"of": "time_fix", "time": "time_fix"}
_NEEDED = {"touch": ("card",), "time_fix": ("of", "time")}


def _fact(path: Path, fact: FactRow) -> Iterator[Problem]:
    for key, kind in _KEYS_OF.items():
        if getattr(fact, key) is not None and fact.kind != kind:
            yield Problem((*path, key), f"{fact.kind} 没有 {key}")
    for key in _NEEDED.get(fact.kind, ()):
        if getattr(fact, key) is None:
            yield Problem(path, f"{fact.kind} 缺少 {key}")
