"""What an import would change, row by row and field by field: shown before it is done, and then done exactly so."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from server_broker.rosters.cells import MINUTES_A_DAY
from server_broker.rosters.known import Known
from server_broker.rosters.plan import Plan, WindowRow


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One column's value before, empty for a new row, and after."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One row that is new or says something else than the county has.

    ``renames``: the key is there already under another name. It may be the same thing with a new name, or a key
    mistyped, which would hand over one's cards, touches and windows to another: only a person can tell.
    """

    sheet: str
    row: int
    key: str
    is_new: bool
    fields: tuple[FieldChange, ...]
    renames: bool = False

    def __str__(self) -> str:
        told = "；".join(
            f"{field.column} {field.before or '（无）'} → {field.after or '（无）'}" for field in self.fields
        )
        return f"{self.sheet} 第 {self.row} 行 {self.key}：{told}"


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of a sheet were new, changed something, or said what the county has already."""

    added: int = 0
    changed: int = 0
    same: int = 0

    def __str__(self) -> str:
        return f"新增 {self.added}，更新 {self.changed}，未变 {self.same}"


@dataclass(frozen=True, slots=True)
class Changes:
    """Of a whole import, in the order of the sheets and rows."""

    changed: tuple[Change, ...]
    same: dict[str, int] = field(default_factory=dict)
    """How many rows of each sheet say what the county has."""
    warnings: tuple[str, ...] = ()
    """What may be a slip, in Chinese sentences: only a person can tell."""

    @property
    def renames(self) -> tuple[Change, ...]:
        """Those that a person must confirm."""
        return tuple(change for change in self.changed if change.renames)

    def counts(self) -> dict[str, Count]:
        """Return the counts of each sheet that has a row."""
        found: dict[str, Count] = {}
        for sheet in SHEETS:
            added = sum(change.sheet == sheet and change.is_new for change in self.changed)
            changed = sum(change.sheet == sheet and not change.is_new for change in self.changed)
            count = Count(added, changed, self.same.get(sheet, 0))
            if count != Count():
                found[sheet] = count
        return found

    def digest(self) -> str:
        """Return 64 hex digits that name exactly these changes, of the file and of what the county had before."""
        shown = [self.changed, sorted(self.same.items()), self.warnings]
        return hashlib.sha256(msgspec.msgpack.encode(shown)).hexdigest()


MOST_ALIKE = 20
"""Told one by one; the rest is counted."""
SHEETS = ("区划", "站点", "人员", "卡", "值班")


def changes_of(plan: Plan, known: Known) -> Changes:
    """Compare a plan that was checked with what the county has."""
    names = _Names(plan, known)
    changed: list[Change] = []
    same: dict[str, int] = {}
    for change in (
        *_regions(plan, known),
        *_stations(plan, known, names),
        *_people(plan, known, names),
        *_cards(plan, known, names),
        *_windows(plan, known, names),
    ):
        if change.fields:
            changed.append(change)
        else:
            same[change.sheet] = same.get(change.sheet, 0) + 1
    return Changes(tuple(changed), same, tuple(_alike(plan, known)))


class _Names:
    """Puts a name beside a code or a number, so that a person can read the list."""

    def __init__(self, plan: Plan, known: Known) -> None:
        self._regions = known.regions | {row.code: row.name for row in plan.regions}
        self._people = {number: name for window in known.windows.values() for number, name in window.people.items()}
        self._people |= {number: person.name for number, person in known.people.items()}
        self._people |= {row.number: row.name for row in plan.people}

    def village(self, code: str) -> str:
        return f"{self._regions.get(code, '')} {code}".strip()

    def person(self, number: str) -> str:
        return f"{number} {self._people.get(number, '')}".strip()


def _differing(*columns: tuple[str, str, str]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(*column) for column in columns if column[1] != column[2])


def _regions(plan: Plan, known: Known) -> Iterator[Change]:
    for row in plan.regions:
        old = known.regions.get(row.code)
        fields = _differing(("名称", old or "", row.name))
        yield Change("区划", row.row, row.code, old is None, fields, renames=old is not None and old != row.name)


def _stations(plan: Plan, known: Known, names: _Names) -> Iterator[Change]:
    for row in plan.stations:
        old = known.stations.get(row.id)
        fields = _differing(
            ("名称", old.name if old else "", row.name),
            ("村", names.village(old.village) if old else "", names.village(row.village)),
        )
        renames = old is not None and old.name != row.name
        yield Change("站点", row.row, row.id, old is None, fields, renames=renames)


def _people(plan: Plan, known: Known, names: _Names) -> Iterator[Change]:
    for row in plan.people:
        old = known.people.get(row.number)
        fields = _differing(
            ("姓名", old.name if old else "", row.name),
            ("村", names.village(old.village) if old else "", names.village(row.village)),
        )
        renames = old is not None and old.name != row.name
        yield Change("人员", row.row, row.number, old is None, fields, renames=renames)


def _alike(plan: Plan, known: Known) -> Iterator[str]:
    """Warn of new numbers that differ from another's only by case. Full-width letters were made plain on reading."""
    before = dict(known.alike)
    found = []
    for row in plan.people:
        other = before.setdefault(row.number.lower(), row.number)
        if other != row.number and row.number not in known.people:
            found.append(f"第 {row.row} 行 {row.number}（另有 {other}）")
    if found:
        listed = "、".join(found[:MOST_ALIKE]) + (f"等 {len(found)} 个" if len(found) > MOST_ALIKE else "")
        yield f"人员 有编号与另一个编号只差字母大小写，会当作另一个人新增。请核对是不是同一个人：{listed}"


def _cards(plan: Plan, known: Known, names: _Names) -> Iterator[Change]:
    for row in plan.cards:
        is_new = row.token not in known.cards
        fields = _differing(("人员", "", names.person(row.person))) if is_new else ()
        yield Change("卡", row.row, f"尾号 {row.tail}", is_new, fields)


def _windows(plan: Plan, known: Known, names: _Names) -> Iterator[Change]:
    for row in plan.windows:
        old = known.windows.get((row.village, row.name))
        fields = _differing(
            ("星期", days(old.weekdays) if old else "", days(row.weekdays)),
            ("时间", times(old.start, old.end) if old else "", times(row.start, row.end)),
            ("人员", _listed(old.people, names) if old else "", _listed(row.people, names)),
        )
        yield Change("值班", row.row, _key(row, names), old is None, fields)


def _key(row: WindowRow, names: _Names) -> str:
    return f"{names.village(row.village)} {row.name}"


def _listed(numbers: Iterable[str], names: _Names) -> str:
    return "、".join(names.person(number) for number in sorted(numbers))


def days(weekdays: list[int]) -> str:
    """Return ISO weekdays as people write them."""
    return "、".join("一二三四五六日"[day - 1] for day in sorted(weekdays))


def times(start: int, end: int) -> str:
    """Return a window's times; an end after midnight is the next day's."""
    return f"{clock(start)}–{clock(end)}"


def clock(minutes: int) -> str:
    """Return minutes after midnight as a time of day."""
    minutes = minutes if minutes <= MINUTES_A_DAY else minutes - MINUTES_A_DAY
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
