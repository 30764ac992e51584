"""Notices that stop work (停班) in a region and all that lies in it, from a minute to a minute.

A notice that is taken back stays readable, with who took it back and why.
"""

import datetime as dt
from collections import defaultdict
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from protocol.decisions import Decided
from server_broker.audit.log import record
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.timeline import row_at
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.regions.models import Region, RegionRecord, subtree_prefix
from server_broker.workdays.models import StopNotice, StopRecord

LONGEST = dt.timedelta(days=60)
"""A longer stop is more often a slip in the year than meant."""
LEAST_LETTERS, MOST_LETTERS = 2, 100
"""Of a reason: 防汛 is one."""


class Stop(NamedTuple):
    """Work stops in ``[begin, end)``: whole minutes, in UTC."""

    notice: int
    region: int
    """The region's identity, which never changes."""
    prefix: str
    """What the codes of all that lies in the region begin with, when the notice begins."""
    begin: dt.datetime
    end: dt.datetime
    reason: str


class NoticeRefused(Exception):
    """Nothing was changed. The message is Chinese."""


def stops(first: dt.date, last: dt.date, *, known: dt.datetime | None = None) -> list[Stop]:
    """Return what stops work on the dates from ``first`` to ``last``, or in the night after: a window may run into it.

    Two queries. Notices may overlap; each is told.

    Args:
        known: By the notices that the county had at this moment; None: those of now.
    """
    rows = StopRecord.objects.known(known).during(begin_of(first), end_of(last + dt.timedelta(days=1)))
    standing = list(rows.filter(stands=True).select_related("subject").order_by("valid_from", "pk"))
    codes = _codes({row.subject.region_id for row in standing}, known)
    return [
        Stop(
            row.subject_id,
            row.subject.region_id,
            subtree_prefix(codes[row.subject.region_id].code_at(row.begin)),
            row.begin,
            row.end,
            row.reason,
        )
        for row in standing
    ]


class _Codes(list[RegionRecord]):
    def code_at(self, at: dt.datetime) -> str:
        row = row_at(self, at)
        assert row is not None  # every region has a record since always
        return row.code


def _codes(regions: set[int], known: dt.datetime | None) -> dict[int, _Codes]:
    found: dict[int, _Codes] = defaultdict(_Codes)
    rows = RegionRecord.objects.known(known).filter(subject__in=regions)
    for row in rows.order_by("subject", F("valid_from").asc(nulls_first=True)):
        found[row.subject_id].append(row)
    return found


def set_notice(region: Region, period: Period, reason: str, *, actor: str) -> StopNotice:
    """Return a new notice: work stops in the region for the period.

    Raises:
        NoticeRefused: It ends before it begins, lasts longer than `LONGEST`, or says no reason.
    """
    begin, end = _checked(period)
    reason = _reason(reason)
    with transaction.atomic():
        notice = StopNotice.objects.create(region=region)
        put(StopRecord, [notice.pk], Period(begin, end), {"stands": True}, actor=actor, reason=reason)
        entry = record(
            actor, "stop.set", str(notice.pk), {"region": region.code, "reason": reason, **_told(begin, end)}
        )
        decide(entry, Decided(action="stop.set", subject=str(notice.pk)), [notice])
        shelf_changed_under(subtree_prefix(region.code), at=entry.at)
    return notice


def take_back(notice: StopNotice, since: dt.datetime, reason: str, *, actor: str) -> None:
    """Have work go on from a minute on; if that is not after the notice's begin, the notice never held.

    Raises:
        NoticeRefused: By then it has ended or was taken back, or no reason is said.
    """
    reason, since = _reason(reason), _minute(since)
    with transaction.atomic():
        StopNotice.objects.select_for_update().get(pk=notice.pk)
        row = StopRecord.objects.known().filter(subject=notice, stands=True).order_by("valid_from").first()
        if row is None:
            raise NoticeRefused("这个通知已经收回了")
        if since >= row.end:
            raise NoticeRefused("到那个时候，这个通知已经结束了")
        begin = max(since, row.begin)
        put(StopRecord, [notice.pk], Period(begin, row.end), {"stands": False}, actor=actor, reason=reason)
        entry = record(actor, "stop.taken_back", str(notice.pk), {"reason": reason, **_told(begin, row.end)})
        decide(entry, Decided(action="stop.taken_back", subject=str(notice.pk)), [notice])
        shelf_changed_under(subtree_prefix(notice.region.code), at=entry.at)


def _checked(period: Period) -> tuple[dt.datetime, dt.datetime]:
    if period.since is None or period.until is None:
        raise NoticeRefused("请写明从什么时候到什么时候")
    begin, end = _minute(period.since), _minute(period.until)
    if end <= begin:
        raise NoticeRefused("结束要在开始以后")
    if end - begin > LONGEST:
        raise NoticeRefused(f"一次最长 {LONGEST.days} 天，请核对年月")
    return begin, end


def _minute(at: dt.datetime) -> dt.datetime:
    return at.replace(second=0, microsecond=0)


def _reason(reason: str) -> str:
    told = " ".join(reason.split())
    if not LEAST_LETTERS <= len(told) <= MOST_LETTERS:
        raise NoticeRefused(f"请写明理由（{LEAST_LETTERS} 到 {MOST_LETTERS} 个字）")
    return told


def _told(begin: dt.datetime, end: dt.datetime) -> dict[str, str]:
    return {"from": begin.isoformat(timespec="minutes"), "to": end.isoformat(timespec="minutes")}
