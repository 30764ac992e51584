"""Read the rows of the sheets of people and rosters, and declare these sheets.

Each row is read on its own here. Whether the rows fit one another and the county is checked in `rosters.checks`.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any, get_args

from protocol.decisions import is_the_countys
from protocol.printed_cards import Format
from server_broker.attendance.seasons import ALL_YEAR, Season, is_season
from server_broker.people.identity import REMEDY, identity_number_in
from server_broker.people.names import plain_name
from server_broker.people.number_forms import KINDS, WORDS
from server_broker.rosters.card_forms import form_named, may_be_decimal, uid_of
from server_broker.rosters.number_cells import reader_of
from server_broker.rosters.plan import (
    BrokenRow,
    PersonRow,
    Plan,
    RegionRow,
    StationRow,
    UidRow,
    UnitRow,
    WindowRow,
    row_key,
    window_key,
)
from server_broker.sheets import cells
from server_broker.sheets.cells import BadCell
from server_broker.sheets.declared import WHOLE, Book, SheetKind
from server_broker.sheets.heads import Row
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.spreadsheetml import Cell

CARD_FORM = "卡号格式"
WEEKDAYS = "星期"
DAYS, SEASON, MARKS, LEADERS = "日子", "季节", "打卡", "带班"
UNIT_KINDS = {"镇办": "township", "县直部门": "department", "党支部": "branch", "村两委": "committee"}
"""The words of `people.models.UnitKind`, because the process that reads files has no models."""
_DAYS_WORDS = {"": False, "按星期": False, "指定日期": True, "只在指定日期": True}
_MARKS_WORDS = {"": "each", "上下班都打卡": "each", "一天打首尾两次": "ends", "只打上班": "arrival"}
_SEASON = re.compile(r"(\d{1,2})[-.月/](\d{1,2})日?\s*[-至到~—–]+\s*(\d{1,2})[-.月/](\d{1,2})日?", re.ASCII)
MOST_SEASONS = 24
"""Most different seasons of one file: windows are compared season by season."""
MOST_SHIFTS = 250_000
"""Most people times weekdays, summed over the rows of 值班: the time and memory of the overlap check grow with it. A
county of 500 villages with ten people and three windows each, on all seven days, comes to 105,000."""
FORMS: tuple[Format, ...] = get_args(Format.__value__)
LONGEST_NUMBER = 32
_STATION = re.compile(r"[a-z0-9][a-z0-9-]{3,31}")
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")


def _region(plan: Plan, row: Row) -> None:
    code, name = row.read("代码", _region_code), row.read("名称", _name(64))
    if code is not None and name is not None:
        plan.regions.append(RegionRow(row.number, code, name))
    elif code is not None:
        plan.leave_out("区划", code)
        plan.broken.append(BrokenRow(row.sheet, row.number, code))


def _station(plan: Plan, row: Row) -> None:
    own, name, village = row.read("站点编号", _station_id), row.read("名称", _name(64)), row.read("村代码", _village)
    if own is not None and name is not None and village is not None:
        plan.stations.append(StationRow(row.number, own, name, village))
    else:
        plan.broken.append(BrokenRow(row.sheet, row.number, village))


def _unit(plan: Plan, row: Row) -> None:
    region, name, kind = row.read("区划代码", _region_code), row.read("名称", _name(64)), row.read("性质", _unit_kind)
    if region is not None and name is not None and kind is not None:
        plan.units.append(UnitRow(row.number, region, name, kind))
    else:
        plan.broken.append(BrokenRow(row.sheet, row.number, region))


def _person(plan: Plan, row: Row) -> None:
    number, name, village = row.read("编号", _number), row.read("姓名", _person_name), row.read("村代码", _region_code)
    identity, mobile = (row.read(WORDS[kind], reader_of(kind)) for kind in KINDS)
    if number is None or name is None or village is None or identity is None or mobile is None:
        if number is not None:
            plan.leave_out("人员", number)
        plan.broken.append(BrokenRow(row.sheet, row.number, village))
        return
    plan.people.append(PersonRow(row.number, number, name, village, identity, mobile))


def _read_cards(plan: Plan, rows: list[Row], choice: str) -> None:
    default = next((form for form in FORMS if form == choice), None)
    unclear = []
    before = len(plan.errors)
    for row in rows:
        # An empty form means that neither the list nor the importer names one; None means that the cell is bad.
        form = row.read(CARD_FORM, lambda cell: form_named(cells.optional_text(cell, longest=16)) or default or "")
        number = row.read("卡号", cells.card_number)
        person = row.read("人员编号", _number)
        uid = None
        if form == "" and number is not None and may_be_decimal(number):
            unclear.append(row.number)
        elif form is not None and number is not None:
            # Without a form it is hexadecimal, because no decimal form can read it.
            uid = row.read("卡号", _uid_reader(form or "hex"))
        if uid is not None and person is not None:
            plan.uids.append(UidRow(row.number, uid, person))
        elif person is not None:
            plan.broken.append(BrokenRow(row.sheet, row.number, people=(person,)))
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
        plan.errors.insert(before, RowError("卡", unclear[0], words, lacks_choice=True))


def _uid_reader(form: Format) -> Callable[[Cell], str]:
    return lambda cell: uid_of(cells.card_number(cell), form)


def _window(plan: Plan, row: Row) -> None:
    village, name = row.read("村代码", _village), row.read("名称", _name(32, as_typed=True))
    # Without the column of days, a row without weekdays is of a window that the county has as one of named days.
    named = row.read(DAYS, _is_named) if row.has(DAYS) else row.is_empty(WEEKDAYS)
    days = row.read(WEEKDAYS, cells.weekdays) if not named else []
    people = row.read("人员编号", _numbers if not named else _numbers_or_none)
    season, marks, leaders = (row.read(column, read) if row.has(column) else None for column, read in _TERMS.items())
    start, end = row.read("开始", cells.minute_of_day), row.read("结束", cells.minute_of_day)
    wrong = []
    if start is not None and start == end:
        wrong.append("“开始”和“结束”相同")
    if named and season not in (None, ALL_YEAR):
        wrong.append(f"“{DAYS}”是指定日期的，不填“{SEASON}”")
    unclear = bool(wrong) or (season is None and row.has(SEASON))
    if stray := [number for number in leaders or () if people is not None and number not in people]:
        wrong.append(f"“{LEADERS}”的 {stray[0]} 不在这一行的人员编号里")
    plan.errors.extend(RowError(row.sheet, row.number, words) for words in wrong)
    broken = BrokenRow(row.sheet, row.number, village, name, tuple(people or ()))
    if village is None or name is None:
        plan.broken.append(broken)
        return
    if unclear or days is None or people is None or start is None or end is None or named is None:
        plan.leave_out(row.sheet, row_key(window_key(village, name)))
        plan.broken.append(broken)
        return
    # Marks and leaders may be wrong. Then there is an error, and the row is only judged by its times and people.
    # An end before the start is meant for the next day.
    until = end if end > start else end + cells.MINUTES_A_DAY
    said = named if row.has(DAYS) else None
    plan.windows.append(WindowRow(row.number, village, name, days, start, until, people, season, said, marks, leaders))


def _unit_kind(cell: Cell) -> str:
    written = cells.text(cell, longest=16)
    if written not in UNIT_KINDS:
        raise BadCell(f"只能填 {'、'.join(UNIT_KINDS)}，这里是“{written}”")
    return UNIT_KINDS[written]


def _is_named(cell: Cell) -> bool:
    written = cells.optional_text(cell, longest=16)
    if written not in _DAYS_WORDS:
        raise BadCell(f"只能填 按星期 或 指定日期，这里是“{written}”")
    return _DAYS_WORDS[written]


def _season(cell: Cell) -> Season:
    written = cells.optional_text(cell, longest=40)
    if not written or written == "全年":
        return ALL_YEAR
    match = _SEASON.fullmatch(written)
    season = (int(match[1]) * 100 + int(match[2]), int(match[3]) * 100 + int(match[4])) if match else ALL_YEAR
    if match is None or not is_season(season):
        raise BadCell("不认识，请写成 05-01 至 09-30 的样子；全年的不填")
    return season


def _marks(cell: Cell) -> str:
    written = cells.optional_text(cell, longest=16)
    if written not in _MARKS_WORDS:
        raise BadCell(f"不认识，只能填 {'、'.join(word for word in _MARKS_WORDS if word)}")
    return _MARKS_WORDS[written]


def _numbers_or_none(cell: Cell) -> list[str]:
    return _numbers(cell) if cells.optional_text(cell, longest=4000) else []


_TERMS: dict[str, Callable[[Cell], Any]] = {SEASON: _season, MARKS: _marks, LEADERS: _numbers_or_none}
"""The columns of a window's terms. Each may be missing, and then says nothing."""


def _bound_shifts(plan: Plan) -> None:
    """Take out the rows of 值班 if checking them would take too long."""
    if len({window.season for window in plan.windows}) > MOST_SEASONS:
        plan.windows = []
        plan.leave_out("值班", WHOLE)
        plan.errors.append(RowError("值班", 0, f"季节的写法超过 {MOST_SEASONS} 种，请核对“{SEASON}”一列"))
    if (shifts := sum(len(window.people) * len(window.weekdays) for window in plan.windows)) > MOST_SHIFTS:
        plan.windows = []
        plan.leave_out("值班", WHOLE)
        words = (
            f"排班太多：每个时段的人数乘以天数，加起来是 {shifts}，一次最多 {MOST_SHIFTS}。"
            "请核对人员和星期两列，或按镇、村分成几个文件上传"
        )
        plan.errors.append(RowError("值班", 0, words))


def _name(longest: int, *, as_typed: bool = False) -> Callable[[Cell], str]:
    def read(cell: Cell) -> str:
        name = " ".join(cells.text(cell, longest=longest, as_typed=as_typed).split())
        # An export would put a quote before it (`sheets.writing.escaped`), so the next import would read another name.
        if unicodedata.normalize("NFKC", name).startswith(("=", "+", "-", "@")):
            raise BadCell("不能以 = + - @ 开头")
        # Identity numbers are sealed in a column of their own. Anywhere else one would be kept in the clear.
        if identity_number_in(name):
            raise BadCell(REMEDY)
        return name

    return read


def _person_name(cell: Cell) -> str:
    return plain_name(_name(32)(cell))


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
    if is_the_countys(own):
        raise BadCell("是县里自己用的编号，请换一个")
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


def _each(read: Callable[[Plan, Row], None]) -> Callable[[Plan, list[Row], str], None]:
    def read_all(plan: Plan, rows: list[Row], choice: str) -> None:
        for row in rows:
            read(plan, row)

    return read_all


BOOK = Book(
    place=f"{__name__}:BOOK",
    plan=Plan,
    sheets=(
        SheetKind("区划", ("代码", "名称"), _each(_region)),
        SheetKind("站点", ("站点编号", "名称", "村代码"), _each(_station)),
        SheetKind("单位", ("区划代码", "名称", "性质"), _each(_unit)),
        SheetKind("人员", ("编号", "姓名", "村代码"), _each(_person), optional=tuple(WORDS.values())),
        SheetKind("卡", ("卡号", "人员编号"), _read_cards, optional=(CARD_FORM,)),
        SheetKind(
            "值班",
            ("村代码", "名称", WEEKDAYS, "开始", "结束", "人员编号"),
            _each(_window),
            optional=(DAYS, SEASON, MARKS, LEADERS),
        ),
    ),
    choices=FORMS,
    bound=_bound_shifts,
)
"""People, cards and duty windows, and the places that they need. The choice is the form of card numbers."""
