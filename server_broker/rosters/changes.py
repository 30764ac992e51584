"""What an import of people and rosters would change in the county, row by row and field by field."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from server_broker.attendance.models import Marks
from server_broker.attendance.seasons import season_words
from server_broker.attendance.times import times
from server_broker.people.models import UnitKind
from server_broker.rosters.known import Known, KnownPerson, KnownStation, KnownWindow
from server_broker.rosters.plan import PersonRow, Plan, StationRow, WindowRow
from server_broker.rosters.rows import DAYS, LEADERS, MARKS, SEASON
from server_broker.sheets.changes import Change, Changes, differing

MOST_ALIKE = 20
"""Most numbers that a warning lists; the others are only counted."""
SHEETS = ("区划", "站点", "单位", "人员", "卡", "值班")


def changes_of(plan: Plan, known: Known) -> Changes:
    """Compare a plan that passed its checks with what the county has."""
    changed: list[Change] = []
    same: dict[str, int] = {}
    for change in _compared(plan, known):
        if change.fields:
            changed.append(change)
        else:
            same[change.sheet] = same.get(change.sheet, 0) + 1
    return Changes(
        tuple(changed), same, SHEETS, (*_alike(plan, known), *_namesakes(plan, known), *_planned(plan, known))
    )


class _Names:
    """Adds names to codes and numbers, so that a person can read the list. A name in the file counts first."""

    def __init__(self, plan: Plan, known: Known) -> None:
        self._regions = known.regions | {row.code: row.name for row in plan.regions}
        self._people = {number: name for window in known.windows.values() for number, name in window.people.items()}
        self._people |= {number: person.name for number, person in known.people.items()}
        self._people |= {row.number: row.name for row in plan.people}

    def village(self, code: str) -> str:
        return f"{self._regions.get(code, '')} {code}".strip()

    def person(self, number: str) -> str:
        return f"{number} {self._people.get(number, '')}".strip()


def _compared(plan: Plan, known: Known) -> Iterator[Change]:
    """Yield each row with the fields that differ; a row that changes nothing has none."""
    names = _Names(plan, known)
    for region in plan.regions:
        old = known.regions.get(region.code)
        fields = differing(("名称", old or "", region.name))
        renames = old is not None and old != region.name
        yield Change("区划", region.row, region.code, old is None, fields, renames=renames)
    for station in plan.stations:
        yield _placed("站点", station.id, "名称", station, known.stations.get(station.id), names)
    for unit in plan.units:
        # A kind is never changed: `rosters.checks` refuses it.
        is_new = (unit.region, unit.name) not in known.units
        fields = differing(("性质", "", str(UnitKind(unit.kind).label))) if is_new else ()
        yield Change("单位", unit.row, f"{names.village(unit.region)} {unit.name}", is_new, fields)
    for person in plan.people:
        change = _placed("人员", person.number, "姓名", person, known.people.get(person.number), names)
        yield replace(change, fields=(*change.fields, *known.numbers.changes(person)))
    for card in plan.cards:
        # A known card has the same holder in the file: `rosters.checks` refuses any other.
        is_new = card.token not in known.cards
        fields = differing(("人员", "", names.person(card.person))) if is_new else ()
        yield Change("卡", card.row, f"尾号 {card.tail}", is_new, fields)
    for row in plan.windows:
        window = known.windows.get(row.key)
        fields = differing(
            ("星期", days(window.weekdays) if window else "", days(row.weekdays)),
            *_terms(row, window, names),
            ("时间", times(window.start, window.end) if window else "", times(row.start, row.end)),
            ("人员", _listed(window.people, names) if window else "", _listed(row.people, names)),
        )
        yield Change("值班", row.row, f"{names.village(row.village)} {row.name}", window is None, fields)


def _terms(row: WindowRow, window: KnownWindow | None, names: _Names) -> Iterator[tuple[str, str, str]]:
    """Yield what a file says of a window besides its times and people; what it has no column for stays."""
    if row.named_days is not None:
        yield DAYS, days_word(window.named_days) if window else "", days_word(row.named_days)
    if row.season is not None:
        yield SEASON, season_words(window.season) if window else "", season_words(row.season)
    if row.marks is not None:
        yield MARKS, Marks(window.marks).label if window else "", Marks(row.marks).label
    if row.leaders is not None:
        yield LEADERS, _listed(window.leaders, names) if window else "", _listed(row.leaders, names)


def days_word(named: bool) -> str:
    """Return by what the dates of a window are known, as the sheet has it."""
    return "指定日期" if named else "按星期"


def _placed(
    sheet: str,
    key: str,
    name_column: str,
    row: StationRow | PersonRow,
    old: KnownStation | KnownPerson | None,
    names: _Names,
) -> Change:
    """Compare the row of a station or a person: both have a name and a village."""
    fields = differing(
        (name_column, old.name if old else "", row.name),
        ("村", names.village(old.village) if old else "", names.village(row.village)),
    )
    return Change(sheet, row.row, key, old is None, fields, renames=old is not None and old.name != row.name)


def _alike(plan: Plan, known: Known) -> Iterator[str]:
    """Warn of new numbers that differ from another number only by case.

    The county keeps A7 and a7 apart, so such a row adds a person, although most often it is a slip. Full-width letters
    need no warning, because reading has made them plain.
    """
    before = dict(known.alike)  # a copy, because the file's own numbers are added
    found = []
    for row in plan.people:
        other = before.setdefault(row.number.lower(), row.number)
        if other != row.number and row.number not in known.people:
            found.append(f"第 {row.row} 行 {row.number}（另有 {other}）")
    if found:
        listed = "、".join(found[:MOST_ALIKE]) + (f"等 {len(found)} 个" if len(found) > MOST_ALIKE else "")
        yield f"人员 有编号与另一个编号只差字母大小写，会当作另一个人新增。请核对是不是同一个人：{listed}"


def _namesakes(plan: Plan, known: Known) -> Iterator[str]:
    """Warn of new people called like somebody else of their village: often one person was entered twice."""
    news = [row for row in plan.people if row.number not in known.people]
    numbers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in plan.people:
        numbers[row.village, row.name].add(row.number)
    names = _Names(plan, known)
    found = []
    for village, name in dict.fromkeys((row.village, row.name) for row in news):
        all_of_them = numbers[village, name] | known.namesakes.get((village, name), set())
        if len(all_of_them) > 1:
            found.append(f"{names.village(village)} {name}（{'、'.join(sorted(all_of_them))}）")
    if found:
        listed = "；".join(found[:MOST_ALIKE]) + (f"等 {len(found)} 处" if len(found) > MOST_ALIKE else "")
        yield f"人员 同一个村有同名的。请核对是不是把一个人写了两次，确实同名的照常导入：{listed}"


def _planned(plan: Plan, known: Known) -> Iterator[str]:
    """Warn of windows for which something else is planned: an import changes what holds today, until then."""
    for row in plan.windows:
        window = known.windows.get(row.key)
        if window is not None and window.until is not None:
            until = f"{window.until} 起已另有安排，导入只管到前一天"
            yield f"值班 第 {row.row} 行 {row.name}：{until}；以后的请在这个值班的页面改"


def _listed(numbers: Iterable[str], names: _Names) -> str:
    return "、".join(names.person(number) for number in sorted(numbers))


def days(weekdays: list[int]) -> str:
    """Return ISO weekdays (Monday is 1) as people write them."""
    return "、".join("一二三四五六日"[day - 1] for day in sorted(weekdays))
