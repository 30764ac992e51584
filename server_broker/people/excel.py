"""Take people, cards, stations and rosters from an Excel file: all of it, or nothing and every reason why not."""

from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from protocol.cards import card_token
from server_broker.attendance.models import DutyWindow
from server_broker.audit.log import Detail, record
from server_broker.fleet.desired import desired_changed
from server_broker.fleet.models import Station
from server_broker.people.apply import Applied, apply
from server_broker.people.checks import check, load_known
from server_broker.people.overlaps import Shift, overlapping
from server_broker.people.result import Count, ImportResult, RowError
from server_broker.people.rows import Plan, read_plan
from server_broker.people.workbook import BadWorkbook, read_workbook
from server_broker.trust import county_keys


class _Refused(Exception):
    """Rolls the transaction back."""

    def __init__(self, errors: list[RowError]) -> None:
        super().__init__()
        self.errors = errors


def import_people(source: Path | bytes, *, scope: str | None = None, actor: str = "cunhui-server") -> ImportResult:
    """Import one .xlsx file with any of the sheets 区划, 站点, 人员, 卡 and 值班.

    Rows are matched by key (code, number, card, village and window name) and added or updated; nothing is
    ever deleted by a row's absence. With one error in it the file changes nothing.

    Args:
        source: A path, or the file's bytes.
        scope: Region code whose subtree the rows must lie in; None: no bound.
        actor: Account name for the audit log.
    """
    try:
        plan = read_plan(read_workbook(source))
    except BadWorkbook as problem:
        return ImportResult(errors=(RowError("", 0, str(problem)),))
    try:
        with transaction.atomic():
            return _take(plan, scope=scope, actor=actor)
    except _Refused as refusal:
        return ImportResult(errors=_in_order(refusal.errors))
    except IntegrityError:
        return ImportResult(errors=(RowError("", 0, "同时有人在修改同样的内容，请稍后再上传一次"),))


def _take(plan: Plan, *, scope: str | None, actor: str) -> ImportResult:
    known = load_known()
    key = county_keys(settings.HOME).card_key if plan.cards else b""
    tokens = {row.uid: card_token(key, row.uid) for row in plan.cards}
    if errors := [*plan.errors, *check(plan, known, tokens, scope)]:
        raise _Refused(errors)
    applied = apply(plan, known, tokens)
    if errors := _overlaps(plan):
        raise _Refused(errors)
    _tell(applied, actor)
    return ImportResult(counts={sheet: count for sheet, count in applied.counts.items() if count != Count()})


def _tell(applied: Applied, actor: str) -> None:
    detail: Detail = {}
    for sheet, count in applied.counts.items():
        detail |= {f"{sheet}.added": count.added, f"{sheet}.changed": count.changed} if count != Count() else {}
    record(actor=actor, action="people.imported", detail=detail)
    stations = Station.objects.filter(village__in=applied.villages)
    desired_changed(stations.values_list("id", flat=True))


def _overlaps(plan: Plan) -> list[RowError]:
    """Judge the rosters as they now stand, of everyone whom the file puts into a window."""
    rows = {(row.village, row.name): row for row in plan.windows}
    named = {number for row in plan.windows for number in row.people}
    windows = DutyWindow.objects.filter(people__number__in=named).distinct().prefetch_related("people")
    shifts = [
        Shift(person.number, (window.village_id, window.name), window.weekdays, window.start, window.end)
        for window in windows
        for person in window.people.all()
        if person.number in named
    ]
    errors = []
    for number, first, second in sorted(overlapping(shifts)):
        here, other = (first, second) if first in rows else (second, first)
        if here in rows:
            errors.append(RowError("值班", rows[here].row, f"编号 {number} 的人员与“{other[1]}”的时间重叠"))
    return errors


_SHEET_ORDER = {sheet: place for place, sheet in enumerate(("", "区划", "站点", "人员", "卡", "值班"))}


def _in_order(errors: list[RowError]) -> tuple[RowError, ...]:
    return tuple(sorted(set(errors), key=lambda e: (_SHEET_ORDER.get(e.sheet, 99), e.sheet, e.row, e.message)))
