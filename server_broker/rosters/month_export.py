"""Write named days as Excel: a village's month as a clerk's table, or a whole region's as one long list.

Either can be imported again and then changes nothing. Whom the reader of the file does not see is left out, and stays.
"""

import calendar
import datetime as dt
import io
import re
from collections.abc import Collection

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from server_broker.attendance.models import DutyWindow
from server_broker.duty.day_checks import Cell, said_of
from server_broker.duty.values import Crew
from server_broker.regions.models import Region
from server_broker.rosters.due_sheet import add_due_sheet
from server_broker.rosters.month_known import KnownVillage, fill, villages_under
from server_broker.rosters.month_rows import CODE, DATE, LEADERS, PEOPLE, SHIFT, VILLAGE, WEEKDAY
from server_broker.sheets.declared import NOTES_SHEET
from server_broker.sheets.writing import cell_text, escaped

_NOTES = (
    "一行一天，也可以一列一天（第一行写 1、2、3 或日期，第一列写值班的名称）；两行表头、合并的标题都认得。",
    "一格可以写几个人，用顿号、逗号或换行隔开，例如：示例甲、示例乙。",
    "带班的写在“带班领导”一列，或者写成 示例甲（带班）。",
    "人写姓名，也可以写职务，例如：书记。同名的在后面写编号，例如：示例甲(a001)；同名的职务写单位，例如：主任(示例村委会)。",
    "空着的格不变；写“无”是取消那一天的排班。",
    "日期写 2027-03-05、3月5日、5日 都行；只写日的，标题里要有 2027年3月，或者上传时选月份。",
    "一个镇排在一张表里时，加“村代码”或“村”一列，有几个值班的加“班次”一列。",
    "有一格不对，整个文件都不会导入；所有错误会一次列出。",
)
_HEAD = PatternFill("solid", fgColor="1F5E46")
_OFF = PatternFill("solid", fgColor="EFEDE6")
_LONG = (DATE, WEEKDAY, CODE, VILLAGE, SHIFT, PEOPLE, LEADERS)
_NAMES_COLUMN = "C"


def export_month(village: Region, month: dt.date, *, scope: str, filled: bool = True) -> bytes:
    """Return a village's month: dates in rows, and for each window who is in it and who leads.

    Args:
        scope: Region whose people may be named.
        filled: Say what is said of the month, and beside it who is due; False: leave the cells empty, to be filled in.
    """
    days = _days(month)
    known = villages_under(scope)[village.code]
    fill([known], days[0], days[-1], scope)
    windows = _windows(known, village)
    cells = [Cell(window.pk, day) for window in windows for day in days]
    said = said_of(cells) if cells and filled else {}
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)  # a new workbook has one
    sheet.title = _title(f"{village.name} {month:%Y-%m}")
    heading = f"{village.name} {village.code} {month.year}年{month.month}月 排班表"
    _heads(sheet, heading, [window.name for window in windows])
    for number, day in enumerate(days, start=4):
        texts = [text for window in windows for text in _texts(known, said.get(Cell(window.pk, day)))]
        _row(sheet, number, [day.isoformat(), _weekday(day), *texts], off=day.isoweekday() > 5)
    names = sorted({known.shown(code) for codes in known.names.values() for code in codes} - {""})
    _notes(workbook, names)
    _offer(sheet, len(windows), len(days), len(names))
    if filled:
        add_due_sheet(workbook, village, days, scope=scope)
    return _saved(workbook)


def export_region(scope: str, month: dt.date) -> bytes:
    """Return what is said of a month in all villages of a region, one row for each window and date."""
    days = _days(month)
    villages = {code: one for code, one in villages_under(scope).items() if not one.ended}
    fill(list(villages.values()), days[0], days[-1], scope)
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)  # a new workbook has one
    sheet.title = _title(f"排班表 {month:%Y-%m}")
    _row(sheet, 1, list(_LONG), head=True)
    names = dict(DutyWindow.ever.filter(village__in=villages).values_list("pk", "name"))
    number = 2
    for village in villages.values():
        windows = village.windows.values()
        said = said_of([Cell(window, day) for window in windows for day in days]) if windows else {}
        for cell, crew in sorted(said.items(), key=lambda one: (one[0].day, names[one[0].window])):
            texts = _texts(village, crew)
            if any(texts):
                values = [cell.day.isoformat(), _weekday(cell.day), village.code, village.name, names[cell.window]]
                _row(sheet, number, [*values, *texts], off=cell.day.isoweekday() > 5)
                number += 1
    sheet.freeze_panes = "A2"
    _widths(sheet, len(_LONG))
    _notes(workbook, [])
    return _saved(workbook)


def _days(month: dt.date) -> list[dt.date]:
    count = calendar.monthrange(month.year, month.month)[1]
    return [month.replace(day=number + 1) for number in range(count)]


def _windows(known: KnownVillage, village: Region) -> list[DutyWindow]:
    return list(DutyWindow.ever.filter(pk__in=known.windows.values(), village=village).order_by("start", "name", "pk"))


def _weekday(day: dt.date) -> str:
    return "一二三四五六日"[day.weekday()]


def _title(written: str) -> str:
    """Return a title that a sheet may have."""
    return re.sub(r"[\[\]:*?/\\]", "", written)[:31]


def _texts(known: KnownVillage, crew: Crew | None) -> tuple[str, str]:
    """Return who is in a cell without leading, and who leads."""
    if crew is None:
        return "", ""
    people = [(str(pk), pk in crew.leaders) for pk in sorted(crew.people)]
    posts = [(f"p{pk}", pk in crew.leader_posts) for pk in sorted(crew.posts)]
    listed = [(known.shown(code), leads) for code, leads in (*people, *posts)]
    return (
        "、".join(name for name, leads in listed if name and not leads),
        "、".join(name for name, leads in listed if name and leads),
    )


def _heads(sheet: Worksheet, heading: str, windows: Collection[str]) -> None:
    width = 2 + 2 * len(windows)
    _row(sheet, 1, [heading])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A1"].alignment = Alignment(horizontal="center")
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=width)
    _row(sheet, 2, [DATE, WEEKDAY, *(text for name in windows for text in (name, ""))], head=True)
    _row(sheet, 3, ["", "", *([PEOPLE, LEADERS] * len(windows))], head=True)
    for column in (1, 2):
        sheet.merge_cells(start_row=2, end_row=3, start_column=column, end_column=column)
    for column in range(3, width + 1, 2):
        sheet.merge_cells(start_row=2, end_row=2, start_column=column, end_column=column + 1)
    sheet.freeze_panes = "C4"
    _widths(sheet, width)


def _widths(sheet: Worksheet, width: int) -> None:
    for column in range(1, width + 1):
        sheet.column_dimensions[get_column_letter(column)].width = (14, 6)[column - 1] if column < 3 else 22


def _row(sheet: Worksheet, number: int, texts: list[str], *, head: bool = False, off: bool = False) -> None:
    for column, text in enumerate(texts, start=1):
        cell = sheet.cell(number, column)
        # The type first: openpyxl would make a formula of a text that begins with "=".
        cell.value = cell_text(escaped(text)) or None
        if text:
            cell.data_type = "s"
        cell.number_format = "@"
        if head:
            cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
            cell.alignment = Alignment(horizontal="center", vertical="center")
        elif off:
            cell.fill = _OFF


def _offer(sheet: Worksheet, windows: int, days: int, names: int) -> None:
    """Offer the village's people and posts in a list at each cell. Something else, such as two names, may be typed."""
    if not names or not windows:
        return
    among = f"'{NOTES_SHEET}'!${_NAMES_COLUMN}$2:${_NAMES_COLUMN}${names + 1}"
    offered = DataValidation(type="list", formula1=among, allow_blank=True, showErrorMessage=False)
    offered.add(f"C4:{get_column_letter(2 + 2 * windows)}{3 + days}")
    sheet.add_data_validation(offered)


def _notes(workbook: Workbook, names: Collection[str]) -> None:
    told = workbook.create_sheet(NOTES_SHEET)
    told.column_dimensions["A"].width = 90
    told.column_dimensions[_NAMES_COLUMN].width = 24
    for number, line in enumerate(_NOTES, start=1):
        told.cell(number, 1, line)
    if names:
        told.cell(1, 3, "能排的人和职务")
    for number, name in enumerate(names, start=2):
        cell = told.cell(number, 3)
        cell.value, cell.data_type = cell_text(escaped(name)), "s"


def _saved(workbook: Workbook) -> bytes:
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()
