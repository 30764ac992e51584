"""Read the rows of the sheets that an import knows.

Each row is read on its own here. Whether the rows fit one another and the county is checked in `rosters.checks`. The
plan's notes name every row and column of a file that is not imported, so that nothing is dropped silently.
"""

import re
import unicodedata
from collections.abc import Callable

from protocol.printed_cards import Format
from server_broker.people.identity import REMEDY, identity_number_in
from server_broker.rosters import cells
from server_broker.rosters.card_forms import form_named, may_be_decimal, uid_of
from server_broker.rosters.cells import BadCell
from server_broker.rosters.plan import MOST_ERRORS, PersonRow, Plan, RegionRow, RowError, StationRow, UidRow, WindowRow
from server_broker.rosters.spreadsheetml import Cell
from server_broker.rosters.workbook import Sheet

COLUMNS: dict[str, tuple[str, ...]] = {
    "区划": ("代码", "名称"),
    "站点": ("站点编号", "名称", "村代码"),
    "人员": ("编号", "姓名", "村代码"),
    "卡": ("卡号", "人员编号"),
    "值班": ("村代码", "名称", "星期", "开始", "结束", "人员编号"),
}
CARD_FORM = "卡号格式"
OPTIONAL: dict[str, tuple[str, ...]] = {"卡": (CARD_FORM,)}
"""Columns that a file need not have."""
NOTES_SHEET = "说明"
HEAD_ROWS = 5
"""The column titles are looked for in so many rows, because people put a title or a note above them."""
MOST_SHIFTS = 250_000
"""Most people times weekdays, summed over the rows of 值班: the time and memory of the overlap check grow with it. A
county of 500 villages with ten people and three windows each, on all seven days, comes to 105,000."""
LONGEST_NUMBER = 32
_STATION = re.compile(r"[a-z0-9][a-z0-9-]{3,31}")
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")


def read_plan(sheets: list[Sheet], *, card_form: Format | None = None) -> Plan:
    """Read every known sheet. Empty sheets and the notes sheet are ignored; an unknown sheet is an error.

    Args:
        card_form: The form of card numbers for which the list names none.
    """
    plan = Plan()
    for sheet in sheets:
        title = _plain(sheet.title)
        if title == NOTES_SHEET or not sheet.rows:
            continue
        if title in COLUMNS:
            _read_sheet(plan, title, sheet, card_form)
        else:
            known = "、".join(COLUMNS)
            hidden = "（隐藏的工作表）" if sheet.hidden else ""
            plan.errors.append(RowError(sheet.title[:31], 0, f"{hidden}不认识这个工作表；工作表只能是 {known}"))
    if (shifts := sum(len(window.people) * len(window.weekdays) for window in plan.windows)) > MOST_SHIFTS:
        plan.windows = []
        words = (
            f"排班太多：每个时段的人数乘以天数，加起来是 {shifts}，一次最多 {MOST_SHIFTS}。"
            "请核对人员和星期两列，或按镇、村分成几个文件上传"
        )
        plan.errors.append(RowError("值班", 0, words))
    if not plan.errors and plan.is_empty():
        plan.errors.append(RowError("", 0, "文件里没有可以导入的内容"))
    if (more := len(plan.errors) - MOST_ERRORS) > 0:
        plan.errors[MOST_ERRORS:] = [RowError("", 0, f"另有 {more} 处错误没有列出，改好列出的再上传")]
    return plan


_EMPTY = Cell(None)


class Row:
    """One row, read column by column. A bad cell becomes an error and reading goes on, so all errors are listed."""

    def __init__(self, sheet: str, number: int, by_column: dict[str, Cell], errors: list[RowError]) -> None:
        self.sheet = sheet
        self.number = number
        self._by_column = by_column
        self._errors = errors

    def read[T](self, column: str, reader: Callable[[Cell], T]) -> T | None:
        """Return the column's value. If it is bad, add an error and return None."""
        try:
            return reader(self._by_column.get(column, _EMPTY))
        except BadCell as problem:
            self._errors.append(RowError(self.sheet, self.number, f"“{column}”{problem}"))
            return None


def _read_sheet(plan: Plan, title: str, sheet: Sheet, card_form: Format | None) -> None:
    # The head is the row with the most column titles, because a heading above it may be one of these words too.
    known = {*COLUMNS[title], *OPTIONAL.get(title, ())}
    head, head_cells = max(
        sheet.rows[:HEAD_ROWS], key=lambda row: len(known & {_plain(cell.value) for cell in row[1].values()})
    )
    places = _places(title, head, head_cells, plan.errors)
    if places is None:
        return
    if sheet.hidden:
        plan.notes.append(f"工作表“{title}”是隐藏的，也一并读取")
    above = [number for number, _ in sheet.rows if number < head]
    aside = []
    rows = []
    for number, row_cells in sheet.rows:
        by_column = {column: row_cells.get(place, _EMPTY) for column, place in places.items()}
        if number > head and all(cell is _EMPTY for cell in by_column.values()):
            aside.append(number)
        elif number > head:
            rows.append(Row(title, number, by_column, plan.errors))
    _note(plan, title, above, "在表头上面，不导入")
    _note(plan, title, aside, "只在不导入的列里有内容，不导入")
    others = [str(cell.value)[:16] for place, cell in head_cells.items() if place not in places.values()]
    if others:
        plan.notes.append(f"{title} 这些列不导入：{'、'.join(others)}")
    if title == "卡":
        _read_cards(plan, rows, card_form)
    else:
        for row in rows:
            _READERS[title](plan, row)


def _note(plan: Plan, title: str, rows: list[int], what: str) -> None:
    if rows:
        shown = "、".join(map(str, rows[:20]))
        plan.notes.append(f"{title} 第 {shown} 行{f'等 {len(rows)} 行' if len(rows) > 20 else ''}{what}")


def _plain(written: object) -> str:
    """Return a title without what people add to it: blanks, full-width letters, and a star for a required column."""
    return "".join(unicodedata.normalize("NFKC", str(written or "")).split()).strip("*")


def _places(title: str, head: int, head_cells: dict[int, Cell], errors: list[RowError]) -> dict[str, int] | None:
    """Return the column number of each column of the sheet, or None if one is missing or there twice."""
    titles = {place: _plain(cell.value) for place, cell in head_cells.items()}
    found = list(titles.values())
    wanted = (*COLUMNS[title], *OPTIONAL.get(title, ()))
    missing = [column for column in COLUMNS[title] if column not in found]
    doubled = [column for column in wanted if found.count(column) > 1]
    # No title at all: one error says more than one for each column.
    if len(missing) == len(COLUMNS[title]):
        said = "、".join(str(cell.value)[:12] for cell in list(head_cells.values())[:4])
        columns = "、".join(COLUMNS[title])
        errors.append(RowError(title, head, f"前 {HEAD_ROWS} 行里没有表头（这一行写的是 {said}）；要有列：{columns}"))
        return None
    errors.extend(RowError(title, head, f"缺少列“{column}”") for column in missing)
    errors.extend(RowError(title, head, f"列“{column}”出现了两次") for column in doubled)
    if missing or doubled:
        return None
    return {column: next(p for p, name in titles.items() if name == column) for column in wanted if column in found}


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


def _read_cards(plan: Plan, rows: list[Row], default: Format | None) -> None:
    unclear = []
    before = len(plan.errors)
    for row in rows:
        # An empty form means that neither the list nor the importer names one; None means that the cell is bad.
        form = row.read(CARD_FORM, lambda cell: form_named(cells.optional_text(cell, longest=16)) or default or "")
        number = row.read("卡号", cells.card_number)
        person = row.read("人员编号", _number)
        if form is None or number is None:
            continue
        if form == "" and may_be_decimal(number):
            unclear.append(row.number)
            continue
        # Without a form it is hexadecimal, because no decimal form can read it.
        uid = row.read("卡号", _uid_reader(form or "hex"))
        if uid is not None and person is not None:
            plan.uids.append(UidRow(row.number, uid, person))
    if unclear:
        more = ""
        if len(unclear) > 1:
            shown = "、".join(map(str, unclear[:20]))
            more = f"（共 {len(unclear)} 行：第 {shown} {'行等' if len(unclear) > 20 else '行'}）"
        words = (
            f"卡号只有数字{more}，看不出是十进制还是十六进制。"
            f"请在“{CARD_FORM}”列写明（例如 十六进制 或 十进制），或在导入时选择“{CARD_FORM}”"
        )
        # One error for all these rows, because the importer chooses one form for them. It stands before the errors of
        # single rows, so that `MOST_ERRORS` never cuts it off.
        plan.errors.insert(before, RowError("卡", unclear[0], words, lacks_card_form=True))


def _uid_reader(form: Format) -> Callable[[Cell], str]:
    return lambda cell: uid_of(cells.card_number(cell), form)


def _window(plan: Plan, row: Row) -> None:
    village, name = row.read("村代码", _village), row.read("名称", _name(32))
    days, people = row.read("星期", cells.weekdays), row.read("人员编号", _numbers)
    start, end = row.read("开始", cells.minute_of_day), row.read("结束", cells.minute_of_day)
    if start is not None and start == end:
        plan.errors.append(RowError(row.sheet, row.number, "“开始”和“结束”相同"))
        return
    if village is None or name is None or days is None or people is None or start is None or end is None:
        return
    # An end before the start is meant for the next day.
    until = end if end > start else end + cells.MINUTES_A_DAY
    plan.windows.append(WindowRow(row.number, village, name, days, start, until, people))


_READERS: dict[str, Callable[[Plan, Row], None]] = {
    "区划": _region,
    "站点": _station,
    "人员": _person,
    "值班": _window,
}


def _name(longest: int) -> Callable[[Cell], str]:
    def read(cell: Cell) -> str:
        name = " ".join(cells.text(cell, longest=longest).split())
        # An export would put a quote before it (`roster_export.escaped`), so the next import would read another name.
        if name.startswith(("=", "+", "-", "@")):
            raise BadCell("不能以 = + - @ 开头")
        # The county keeps no citizens' identity numbers, in whatever column people put one.
        if identity_number_in(name):
            raise BadCell(REMEDY)
        return name

    return read


def _region_code(cell: Cell) -> str:
    # Read longer than 12, so that the error is the one that says what a code looks like.
    digits = cells.code(cell, longest=24)
    if not re.fullmatch(r"[0-9]{12}", digits):
        raise BadCell("应为 12 位数字的统计用区划代码")
    return digits


def _village(cell: Cell) -> str:
    digits = _region_code(cell)
    # The last three digits name the village; they are zero for a county and a township.
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
    if identity_number_in(number):
        raise BadCell(REMEDY)
    if not _NUMBER.fullmatch(number):
        raise BadCell(f"应为最多 {LONGEST_NUMBER} 个字母或数字")
    return number


def _numbers(cell: Cell) -> list[str]:
    found = cells.names(cell)
    # Judged first, so that the other error never shows an identity number.
    if any(identity_number_in(number) for number in found):
        raise BadCell(REMEDY)
    if bad := [number for number in found if not _NUMBER.fullmatch(number)]:
        raise BadCell(f"中的“{bad[0][:LONGEST_NUMBER]}”不是人员编号")
    if len(found) > 200:
        raise BadCell("最多写 200 人")
    return found
