"""Show a village's month to those concerned, and close it: signed, once, and never half.

What is signed is what the county knew at one moment that is past: all that was received by then is there, so
that the same sheet comes of it for ever. What is recorded after that moment goes on the slip of the next month.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from protocol.decisions import Decided, MonthClosed
from server_broker.accounts.models import User
from server_broker.audit.log import record
from server_broker.closing.changes import Between, Change, changed_since, worse_than_shown
from server_broker.closing.content import content_of
from server_broker.closing.models import ClosedMonth
from server_broker.closing.objections import Objections, may_close_from
from server_broker.closing.refused import MonthRefused
from server_broker.closing.residents import ResidentLine, lines_of
from server_broker.closing.slips import open_slip, sign
from server_broker.closing.standing import standings
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.regions.models import Region
from server_broker.requests.kinds import CORRECTION
from server_broker.requests.models import CountyRequest
from server_broker.settlement.counting import NOT_FINAL, totals
from server_broker.settlement.resident import Resided
from server_broker.settlement.results import Result
from server_broker.settlement.settle import state_of
from server_broker.settlement.states import CLOSED, OPEN, RUNNING, SHOWN
from server_broker.settlement.times import first_of_month, next_month
from server_broker.settlement.version import RULES
from server_broker.settling.horizon import settled_horizon
from server_broker.settling.models import SheetMonth, SheetMonthRecord
from server_broker.settling.moments import moment
from server_broker.settling.residing import residing
from server_broker.settling.sheet import VillageSheet
from server_broker.settling.sheet_csv import names_on, people_of
from server_broker.settling.span import Span
from server_broker.settling.windows import Settled, settle
from server_broker.settling.words import RESULT_WORDS
from server_broker.sheets.writing import escaped

SHOW, CLOSE = "month.shown", "month.closed"
"""Actions of the audit log."""
_DAY = dt.timedelta(days=1)
_PATIENCE = dt.timedelta(minutes=2)
"""What was decided within this time before the closing goes on the next slip, so it is kept short."""
_OPEN = ("未", "待", "")


def show_month(village: Region, month: str, *, by: User, now: dt.datetime) -> dt.date:
    """Show a month to those concerned, and return the last date on which objections are taken.

    A month that is shown already may be shown again if something changed since: the time for objections begins anew.

    Raises:
        MonthRefused: It has not ended, is not final, is closed, or nothing changed since it was shown.
    """
    with transaction.atomic():
        sheet_month = _locked(village, month)
        [standing] = standings([village], month, now)
        _check_shown(standing.state, standing.open)
        if not standing.has_windows and not open_slip(village.identity, month):
            raise MonthRefused("这个月没有班，也没有更正单，不用公示")
        if standing.set_aside:
            raise MonthRefused("有的日子一时结算不了，已告警给县运维；结算出来才能公示")
        if standing.waiting:
            raise MonthRefused("有新数据正在结算，请过几分钟再公示")
        first, last = _dates(month)
        if standing.shown_at is not None and not changed_since(
            Between(village.identity, first, last, standing.shown_at)
        ):
            raise MonthRefused("已经公示，公示以后没有变化")
        put(SheetMonthRecord, [sheet_month.pk], Period(), {"shown_at": now.isoformat()}, actor=by.username)
        entry = record(by.username, SHOW, village.code, {"month": month})
        decide(entry, Decided(action=SHOW, subject=f"{village.code} {month}"))
    return Objections([village]).until(village.identity, now)


def _check_shown(state: str, open_windows: dict[str, int]) -> None:
    if state == RUNNING:
        raise MonthRefused("这个月还没有结束")
    if state == CLOSED:
        raise MonthRefused("已经定稿")
    if state == OPEN:
        raise MonthRefused(f"还有 {open_words(open_windows)}，都有了结果才能公示")


def closing_moment(now: dt.datetime) -> dt.datetime:
    """Return the moment as of which a month can be closed now.

    Raises:
        MonthRefused: Somebody has been writing for minutes, so nobody knows yet what was received since.
    """
    known = settled_horizon()
    if now - known > _PATIENCE:
        raise MonthRefused("县里正在备份或导入大量数据，请过几分钟再定稿")
    return known


def close_month(village: Region, month: str, *, by: User, known: dt.datetime) -> ClosedMonth:
    """Close a month as the county knew it at ``known``: settle it, sign it, and decide on it, all in one transaction.

    Args:
        known: A moment by which all is there that was received by then (`closing_moment`).

    Raises:
        MonthRefused: It is closed, was not shown, is not final, objections can still be made, or something became worse
            for somebody since it was shown.
        RecordStopped: The county can sign nothing.
    """
    with transaction.atomic():
        sheet_month = _locked(village, month)
        shown_at = _shown_at(village, month, sheet_month, known)
        windows = settle([village.identity], Span(*_dates(month), known), closed={month: moment(known)})
        state = state_of(month, (one.result for one in windows), moment(known), shown=moment(shown_at))
        if state != SHOWN:
            raise MonthRefused(_why_not(state, windows))
        if worse := worse_than_shown(windows, Between(village.identity, *_dates(month), shown_at)):
            raise MonthRefused(f"公示以后有 {worse} 个班变得对本人不利：先再公示一次，让本人看到，过了日子再定稿")
        slip = open_slip(village.identity, month, known=known)
        sheet = VillageSheet(village.identity, month, known, CLOSED, RULES, windows)
        lived = residing(village.identity, month, known)
        closed = _sign(sheet, slip, lived, village, by)
        times = {"shown_at": shown_at.isoformat(), "closed_at": known.isoformat()}
        put(SheetMonthRecord, [sheet_month.pk], Period(), times, actor=by.username)
        digest = bytes(closed.sha256)
        entry = record(by.username, CLOSE, village.code, {"month": month, "sha256": digest.hex(), "slip": len(slip)})
        decide(entry, MonthClosed(village=village.code, month=month, sha256=digest), [closed])
    return closed


def _sign(
    sheet: VillageSheet, slip: Sequence[Change], lived: Sequence[Resided], village: Region, by: User
) -> ClosedMonth:
    people = people_of(sheet)
    of_person = {person: [one.result for one in sheet.windows if one.person == person] for person in people}
    counted = sorted((*people[person], totals(str(person), _not_off(some))) for person, some in of_person.items())
    residents = _lines(sheet, lived)
    content = content_of(sheet, slip, counted, residents)
    closed = ClosedMonth.objects.create(
        village=village,
        month=sheet.month,
        closed_at=sheet.known,
        closed_by=by.username,
        rules=sheet.rules,
        content=content,
        sha256=hashlib.sha256(content).digest(),
        people={escaped(number): person for person, (number, _) in people.items()}
        | {escaped(one.number): one.person for one in residents},
    )
    sign(slip, closed)
    return closed


def _lines(sheet: VillageSheet, lived: Sequence[Resided]) -> list[ResidentLine]:
    return lines_of(lived, names_on(sheet.last, {int(one.person) for one in lived}, known=sheet.known))


def _not_off(results: Iterable[Result]) -> list[Result]:
    return [one for one in results if one.result != "休"]


def _shown_at(village: Region, month: str, sheet_month: SheetMonth, known: dt.datetime) -> dt.datetime:
    """Return when a month was shown that can be closed, as far as its windows allow.

    Raises:
        MonthRefused: It can't.
    """
    row = SheetMonthRecord.objects.known().filter(subject=sheet_month).first()
    if row is not None and row.closed_at is not None:
        at = timezone.localtime(row.closed_at)
        raise MonthRefused(f"{row.recorded_by} 已在 {at:%m月%d日 %H:%M} 定稿")
    if row is None or row.shown_at is None:
        raise MonthRefused("还没有公示，先公示，过了提异议的时间再定稿")
    until = Objections([village]).until(village.identity, row.shown_at)
    if known < may_close_from(until):
        raise MonthRefused(f"公示到 {until:%m月%d日} 为止，那天过完才能定稿")
    # What is asked in the minute of the closing counts for nothing (docs/rules.md, 8.19). So that nobody's word falls
    # into it, such a month is closed a minute later.
    asked = CountyRequest.objects.filter(kind=CORRECTION, window__village=village, asked_at__gte=_minute(known))
    if asked.filter(day__range=_dates(month)).exists():
        raise MonthRefused("刚才有人提了这个月的补卡，请过一分钟再定稿")
    return row.shown_at


def _why_not(state: str, windows: Iterable[Settled]) -> str:
    if state == RUNNING:
        return "这个月还没有结束"
    counts = Counter(one.result.result for one in windows if one.result.result in NOT_FINAL)
    return f"还有 {open_words(counts)}，都有了结果才能定稿"


def open_words(counts: Mapping[str, int]) -> str:
    """Return how many windows are open, such as 3 个班数据未到、1 个班待审."""
    return "、".join(f"{counts[word]} 个班{RESULT_WORDS[word]}" for word in _OPEN if counts.get(word))


def _locked(village: Region, month: str) -> SheetMonth:
    """Return the row of a month, locked: one at a time shows it, closes it, or asks for a correction of it."""
    made, _ = SheetMonth.objects.get_or_create(village=village, month=month)
    return SheetMonth.objects.select_for_update().get(pk=made.pk)


def _dates(month: str) -> tuple[dt.date, dt.date]:
    first = first_of_month(month)
    return first, next_month(first) - _DAY


def _minute(at: dt.datetime) -> dt.datetime:
    return at.replace(second=0, microsecond=0)
