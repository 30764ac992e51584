"""The sheets that an import knows, their columns, and each row as a value.

A row is read on its own here; whether rows fit together and fit the county is `people.checks`.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from protocol.cards import normalise_uid
from protocol.refusal import Refused
from server_broker.people import cells
from server_broker.people.cells import BadCell
from server_broker.people.result import RowError
from server_broker.people.workbook import Cell, Sheet

COLUMNS: dict[str, tuple[str, ...]] = {
    "区划": ("代码", "名称"),
    "站点": ("站点编号", "名称", "村代码"),
    "人员": ("编号", "姓名", "村代码"),
    "卡": ("卡号", "人员编号"),
    "值班": ("村代码", "名称", "星期", "开始", "结束", "人员编号"),
}
NOTES_SHEET = "说明"
LONGEST_NUMBER = 32
_STATION = re.compile(r"[a-z0-9][a-z0-9-]{3,31}")
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A row of 区划."""

    row: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class StationRow:
    """A row of 站点."""

    row: int
    id: str
    name: str
    village: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row of 人员."""

    row: int
    number: str
    name: str
    village: str


@dataclass(frozen=True, slots=True)
class CardRow:
    """A row of 卡. ``uid`` is in its normal form (`protocol.cards`) and never leaves the import."""

    row: int
    uid: str
    person: str


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A row of 值班. ``end`` is after ``start``: over midnight it is more than 1440."""

    row: int
    village: str
    name: str
    weekdays: list[int]
    start: int
    end: int
    people: list[str]


@dataclass(slots=True)
class Plan:
    """Every readable row of a workbook, and what was wrong with the others."""

    regions: list[RegionRow] = field(default_factory=list)
    stations: list[StationRow] = field(default_factory=list)
    people: list[PersonRow] = field(default_factory=list)
    cards: list[CardRow] = field(default_factory=list)
    windows: list[WindowRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


def read_plan(sheets: list[Sheet]) -> Plan:
    """Read every known sheet. Empty sheets and the notes sheet are passed over; an unknown one is an error."""
    plan = Plan()
    for sheet in sheets:
        if sheet.title == NOTES_SHEET or not sheet.rows:
            continue
        if sheet.title in COLUMNS:
            _read_sheet(plan, sheet)
        else:
            known = "、".join(COLUMNS)
            plan.errors.append(RowError(sheet.title[:31], 0, f"不认识这个工作表；工作表只能是 {known}"))
    if not plan.errors and not any((plan.regions, plan.stations, plan.people, plan.cards, plan.windows)):
        plan.errors.append(RowError("", 0, "文件里没有可以导入的内容"))
    return plan


class Row:
    """One row, read column by column; every bad cell is noted and reading goes on."""

    def __init__(self, sheet: str, number: int, by_column: dict[str, Cell], errors: list[RowError]) -> None:
        self.sheet = sheet
        self.number = number
        self._by_column = by_column
        self._errors = errors

    def read[T](self, column: str, reader: Callable[[Cell], T]) -> T | None:
        """Return the column's value, or None when it is bad, which is then noted."""
        try:
            return reader(self._by_column[column])
        except BadCell as problem:
            self._errors.append(RowError(self.sheet, self.number, f"“{column}”{problem}"))
            return None


def _read_sheet(plan: Plan, sheet: Sheet) -> None:
    header, *body = sheet.rows
    places = _places(sheet.title, header, plan.errors)
    if places is None:
        return
    for number, row_cells in body:
        by_column = {column: row_cells[place] for column, place in places.items()}
        if any(cell.value not in (None, "") for cell in by_column.values()):
            _READERS[sheet.title](plan, Row(sheet.title, number, by_column, plan.errors))


def _places(title: str, header: tuple[int, list[Cell]], errors: list[RowError]) -> dict[str, int] | None:
    number, row_cells = header
    titles = [unicodedata.normalize("NFKC", str(cell.value or "")).strip().rstrip("*") for cell in row_cells]
    missing = [column for column in COLUMNS[title] if column not in titles]
    doubled = [column for column in COLUMNS[title] if titles.count(column) > 1]
    errors.extend(RowError(title, number, f"缺少列“{column}”") for column in missing)
    errors.extend(RowError(title, number, f"列“{column}”出现了两次") for column in doubled)
    return None if missing or doubled else {column: titles.index(column) for column in COLUMNS[title]}


def _region(plan: Plan, row: Row) -> None:
    code, name = row.read("代码", _region_code), row.read("名称", _name(64))
    if code is not None and name is not None:
        plan.regions.append(RegionRow(row.number, code, name))


def _station(plan: Plan, row: Row) -> None:
    own, name, village = row.read("站点编号", _station_id), row.read("名称", _name(64)), row.read("村代码", _village)
    if own is not None and name is not None and village is not None:
        plan.stations.append(StationRow(row.number, own, name, village))


def _person(plan: Plan, row: Row) -> None:
    number, name, village = row.read("编号", _number), row.read("姓名", _name(32)), row.read("村代码", _village)
    if number is not None and name is not None and village is not None:
        plan.people.append(PersonRow(row.number, number, name, village))


def _card(plan: Plan, row: Row) -> None:
    uid, person = row.read("卡号", _uid), row.read("人员编号", _number)
    if uid is not None and person is not None:
        plan.cards.append(CardRow(row.number, uid, person))


def _window(plan: Plan, row: Row) -> None:
    village, name = row.read("村代码", _village), row.read("名称", _name(32))
    days, people = row.read("星期", cells.weekdays), row.read("人员编号", _numbers)
    start, end = row.read("开始", cells.minute_of_day), row.read("结束", cells.minute_of_day)
    if start is not None and start == end:
        plan.errors.append(RowError(row.sheet, row.number, "“开始”和“结束”相同"))
        return
    if village is None or name is None or days is None or people is None or start is None or end is None:
        return
    until = end if end > start else end + cells.MINUTES_A_DAY
    plan.windows.append(WindowRow(row.number, village, name, days, start, until, people))


_READERS: dict[str, Callable[[Plan, Row], None]] = {
    "区划": _region,
    "站点": _station,
    "人员": _person,
    "卡": _card,
    "值班": _window,
}


def _name(longest: int) -> Callable[[Cell], str]:
    def read(cell: Cell) -> str:
        name = " ".join(cells.text(cell, longest=longest).split())
        if name.startswith(("=", "+", "-", "@")):
            raise BadCell("不能以 = + - @ 开头")
        return name

    return read


def _region_code(cell: Cell) -> str:
    digits = cells.code(cell, longest=24)
    if not re.fullmatch(r"[0-9]{12}", digits):
        raise BadCell("应为 12 位数字的统计用区划代码")
    return digits


def _village(cell: Cell) -> str:
    digits = _region_code(cell)
    if digits.endswith("000"):
        raise BadCell("是县或镇的代码，这里要填村的代码")
    return digits


def _station_id(cell: Cell) -> str:
    own = cells.code(cell, longest=64)
    if not _STATION.fullmatch(own):
        raise BadCell("应为 4 到 32 个小写字母、数字或减号，以字母或数字开头")
    return own


def _number(cell: Cell) -> str:
    number = cells.code(cell, longest=64)
    if not _NUMBER.fullmatch(number):
        raise BadCell(f"应为最多 {LONGEST_NUMBER} 个字母或数字")
    return number


def _numbers(cell: Cell) -> list[str]:
    found = cells.names(cell)
    if bad := [number for number in found if not _NUMBER.fullmatch(number)]:
        raise BadCell(f"中的“{bad[0][:LONGEST_NUMBER]}”不是人员编号")
    if len(found) > 200:
        raise BadCell("最多写 200 人")
    return found


_REFUSED_UID = {
    "empty": "为空",
    "not hexadecimal": "只能是数字和字母 A 到 F",
    "all zero or all ones": "全是 0 或全是 F，不是真卡",
    "a random number, as telephones send": "是手机等设备的随机号（08 开头），不能当卡用",
    "begins with the cascade tag": "以 88 开头，没有读完整，请重新读卡",
}


def _uid(cell: Cell) -> str:
    try:
        return normalise_uid(cells.card_number(cell))
    except Refused as refusal:
        raise BadCell(_REFUSED_UID.get(refusal.detail, "长度不对，应为 8、10、14 或 20 位")) from refusal
