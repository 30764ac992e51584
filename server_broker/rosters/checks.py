"""Whether the rows of an import fit one another and what the county has already."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from server_broker.regions.models import subtree_prefix
from server_broker.rosters.cells import MINUTES_A_DAY
from server_broker.rosters.known import Known, KnownWindow
from server_broker.rosters.plan import Plan, RowError, WindowRow

_WEEK = 7 * MINUTES_A_DAY


def check(plan: Plan, known: Known, scope: str | None) -> Iterator[RowError]:
    """Yield everything that does not fit. Whoever wants only so many errors stops asking.

    What lies outside the scope is told of as that alone, because the asker may not know what the county has there: no
    name of a window, no number behind a card, no station that is enrolled.

    Args:
        scope: Rows must lie in this region's subtree; None: no bound, for the county's own command line.
    """
    asker = _Asker(scope)
    outside = {(sheet, row) for sheet, row, code in _places_touched(plan, known) if not asker.may_see(code)}
    fits = not outside
    yield from (RowError(sheet, row, "不在您的管辖范围内") for sheet, row in outside)
    for error in chain(
        _repeated(plan),
        _regions(plan, known),
        _villages(plan, known),
        _stations(plan, known),
        _cards(plan, known, asker),
        _windows(plan, known, asker),
    ):
        if (error.sheet, error.row) not in outside:
            fits = False
            yield error
    if fits:
        yield from overlaps(plan, known, asker)


class _Asker:
    """Whose import it is: what of the county an error may tell."""

    def __init__(self, scope: str | None) -> None:
        self._prefix = "" if scope is None else subtree_prefix(scope)

    def may_see(self, code: str) -> bool:
        return code.startswith(self._prefix)

    def window(self, village: str, name: str) -> str:
        return f"“{name}”" if self.may_see(village) else "一个不在您管辖范围内的值班"

    def nobody(self, number: str) -> str:
        """Say that there is no such person: whether there is one elsewhere is not said."""
        return f"{'您的管辖范围内' if self._prefix else ''}没有编号为 {number} 的人员"


def _repeated(plan: Plan) -> Iterator[RowError]:
    keyed = {
        "区划": [(row.row, row.code, row.code) for row in plan.regions],
        "站点": [(row.row, row.id, row.id) for row in plan.stations],
        "人员": [(row.row, row.number, row.number) for row in plan.people],
        "卡": [(row.row, row.token.hex(), f"尾号 {row.tail}") for row in plan.cards],
        "值班": [(row.row, f"{row.village} {row.name}", f"{row.village} {row.name}") for row in plan.windows],
    }
    for sheet, rows in keyed.items():
        first: dict[str, int] = {}
        for number, key, shown in rows:
            if first.setdefault(key, number) != number:
                yield RowError(sheet, number, f"与第 {first[key]} 行重复（{shown}）")


def _regions(plan: Plan, known: Known) -> Iterator[RowError]:
    there = known.regions.keys() | {row.code for row in plan.regions}
    for row in plan.regions:
        for parent in _parents(row.code):
            if parent not in there:
                yield RowError("区划", row.row, f"缺少上级区划 {parent}，请一并填写")


def _parents(code: str) -> list[str]:
    return [parent for parent in (code[:6] + "000000", code[:9] + "000") if parent != code]


def _villages(plan: Plan, known: Known) -> Iterator[RowError]:
    there = known.regions.keys() | {row.code for row in plan.regions}
    for sheet, rows in (("站点", plan.stations), ("人员", plan.people), ("值班", plan.windows)):
        for row in rows:
            if row.village not in there:
                yield RowError(sheet, row.row, f"没有代码为 {row.village} 的村")


def _stations(plan: Plan, known: Known) -> Iterator[RowError]:
    for row in plan.stations:
        old = known.stations.get(row.id)
        if old is not None and old.enrolled and old.village != row.village:
            yield RowError("站点", row.row, f"站点 {row.id} 已接入，不能改到别的村")


def _cards(plan: Plan, known: Known, asker: _Asker) -> Iterator[RowError]:
    lives_in = _villages_of_people(plan, known)
    for row in plan.cards:
        if (village := lives_in.get(row.person)) is None or not asker.may_see(village):
            yield RowError("卡", row.row, asker.nobody(row.person))
        holder = known.cards.get(row.token)
        if holder is not None and holder.person != row.person:
            who = f"编号 {holder.person} " if asker.may_see(holder.village) else "不在您管辖范围内"
            yield RowError("卡", row.row, f"尾号 {row.tail} 的卡已绑定给{who}的人员")


def _villages_of_people(plan: Plan, known: Known) -> dict[str, str]:
    """Return where each person lives: those whom the county has where they are now, others where the file says."""
    coming = {row.number: row.village for row in plan.people}
    return coming | {number: person.village for number, person in known.people.items()}


def _windows(plan: Plan, known: Known, asker: _Asker) -> Iterator[RowError]:
    lives_in = {number: person.village for number, person in known.people.items() if asker.may_see(person.village)}
    lives_in |= {row.number: row.village for row in plan.people}
    for row in plan.windows:
        for number in row.people:
            if number not in lives_in:
                yield RowError("值班", row.row, asker.nobody(number))
            elif lives_in[number] != row.village:
                yield RowError("值班", row.row, f"编号 {number} 的人员不在这个村")
    yield from _left_behind(plan, known, asker)


def _left_behind(plan: Plan, known: Known, asker: _Asker) -> Iterator[RowError]:
    """Someone moved to another village while a window of the old one, not in the file, still names them."""
    moved = {row.number: row for row in plan.people if row.number in known.people}
    rewritten = {(row.village, row.name) for row in plan.windows}
    for key, window in known.windows.items():
        for number in window.people if key not in rewritten else ():
            row = moved.get(number)
            if row is not None and row.village != window.village:
                where = f"原来村的值班{asker.window(*key)}" if asker.may_see(window.village) else asker.window(*key)
                yield RowError("人员", row.row, f"还在{where}里，请先改值班")


def _places_touched(plan: Plan, known: Known) -> Iterator[tuple[str, int, str]]:
    """Yield where each row acts: its own region, and where the thing that it changes was before."""
    lives_in = {number: person.village for number, person in known.people.items()}
    yield from (("区划", row.row, row.code) for row in plan.regions)
    for station in plan.stations:
        yield "站点", station.row, station.village
        if station.id in known.stations:
            yield "站点", station.row, known.stations[station.id].village
    for person in plan.people:
        yield "人员", person.row, person.village
        yield "人员", person.row, lives_in.get(person.number, person.village)
    yield from (("值班", row.row, row.village) for row in plan.windows)


def overlaps(plan: Plan, known: Known, asker: _Asker) -> Iterator[RowError]:
    """Judge the rosters as they would stand, of everyone whom the file puts into a window."""
    rows = {(row.village, row.name): row for row in plan.windows}
    named = {number for row in plan.windows for number in row.people}
    standing = {key: window for key, window in known.windows.items() if key not in rows}
    windows: list[tuple[tuple[str, str], WindowRow | KnownWindow]] = [*rows.items(), *standing.items()]
    shifts = [
        Shift(number, key, window.weekdays, window.start, window.end)
        for key, window in windows
        for number in window.people
        if number in named
    ]
    for number, first, second in overlapping(shifts):
        here, other = (first, second) if first in rows else (second, first)
        if here in rows:
            yield RowError("值班", rows[here].row, f"编号 {number} 的人员与{asker.window(*other)}的时间重叠")


class Shift(NamedTuple):
    """One person's share in a window. ``window`` names it, whatever the caller knows it by."""

    person: str
    window: tuple[str, str]
    weekdays: Iterable[int]
    start: int
    end: int


def overlapping(shifts: Iterable[Shift]) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Yield ``(person, window, other window)`` for each window that begins while an earlier one lasts.

    The week repeats. Of several windows that last, the other is the one that ends last: so n shifts take the time of
    sorting them and yield n pairs at most, where all pairs would be n². Nobody's overlap is missed.
    """
    spans: dict[str, list[tuple[int, int, tuple[str, str]]]] = defaultdict(list)
    for shift in shifts:
        for day in shift.weekdays:
            begin = (day - 1) * MINUTES_A_DAY + shift.start
            spans[shift.person].append((begin, begin + shift.end - shift.start, shift.window))
    for person, own in spans.items():
        pairs = {(min(pair), max(pair)) for pair in _clashes(sorted(own))}
        yield from ((person, *pair) for pair in sorted(pairs))


def _clashes(spans: list[tuple[int, int, tuple[str, str]]]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    (begin, end, window), *others = spans
    for next_begin, next_end, other in (*others, (begin + _WEEK, end + _WEEK, window)):
        if next_begin < end:
            yield window, other
        if next_end > end:
            end, window = next_end, other
