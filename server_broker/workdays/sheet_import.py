"""Import and export the county's own table as a sheet (`sheets.importing`)."""

import datetime as dt
from collections.abc import Iterator

from django.utils import timezone

from server_broker.accounts.powers import Power
from server_broker.regions.models import COUNTY_DIGITS, subtree_prefix
from server_broker.sheets.changes import Change, Changes, differing
from server_broker.sheets.importing import Import
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.writing import workbook_of
from server_broker.workdays.county_table import CountyWord, county_days, write_days
from server_broker.workdays.sheet import CALENDAR_BOOK, NAME, SHEET, WORDS, WORKING, CalendarPlan

type Known = dict[dt.date, CountyWord]

_NOTES = (
    "只填与平常的星期不同的日期：放假的周一至周五，和调休上班的周六、周日。也可以整年都填。",
    "日期写成 2026-03-05、2026.3.5、2026年3月5日 都行；写 三月五日 的，上传时要选是哪一年。",
    "“上班/放假”只填 上班 或 放假；“名称”可以不填，例如 春节、春节调休。",
    "例如：2027-02-08，放假，春节；2027-02-20，上班，春节调休。（日期只是举例，以公布的为准）",
    "文件里没有的日期不变。要收回一天，请在“工作日历”页面上改那一天。",
    "有一行不对，整个文件都不会导入；所有错误会一次列出。",
)


def _known(plan: CalendarPlan) -> Known:
    return county_days({day.date for day in plan.days})


def _check(plan: CalendarPlan, known: Known, scope: str | None) -> Iterator[RowError]:
    if scope is not None and len(subtree_prefix(scope)) != COUNTY_DIGITS:
        yield RowError("", 0, "工作日历由县里定，镇和村不能导入")


def _compare(plan: CalendarPlan, known: Known) -> Changes:
    changed = []
    for day in plan.days:
        before = known.get(day.date, CountyWord(None))
        word = "" if before.working is None else WORDS[before.working]
        fields = differing((WORKING, word, WORDS[day.working]), (NAME, before.name, day.name))
        if fields:
            changed.append(Change(SHEET, day.row, day.date.isoformat(), day.date not in known, fields))
    today = timezone.localdate().isoformat()
    past = sum(change.key < today for change in changed)
    warnings = (f"{past} 个日期已经过去：那几天谁该到岗，会跟着变。请核对。",) if past else ()
    return Changes(tuple(changed), {SHEET: len(plan.days) - len(changed)}, (SHEET,), warnings)


def _apply(plan: CalendarPlan, known: Known, changes: Changes, actor: str) -> None:
    write_days({day.date: CountyWord(day.working, day.name) for day in plan.days}, actor=actor, reason="导入")


CALENDAR_IMPORT = Import(
    book=CALENDAR_BOOK,
    power=Power.SET_CALENDAR,
    action="calendar.imported",
    known=_known,
    check=_check,
    compare=_compare,
    apply=_apply,
    # The dated rows that are written are read by the decision itself.
    written=lambda plan, changes: (),
)


def template() -> bytes:
    """Return an empty sheet to fill in, with notes that explain how."""
    return workbook_of(CALENDAR_BOOK, {}, _NOTES)


def export_sheet() -> bytes:
    """Return all that the county itself says, as a file that can be imported again and then changes nothing."""
    rows = ((date.isoformat(), WORDS[bool(word.working)], word.name) for date, word in county_days().items())
    return workbook_of(CALENDAR_BOOK, {SHEET: rows}, _NOTES)
