"""Say who is in a window on single dates: market days, duty on days off, a month's plan."""

import datetime as dt
from collections.abc import Collection, Mapping

from django.db import transaction

from protocol.decisions import Decided
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay, WindowRecord
from server_broker.attendance.shares import on_duty
from server_broker.audit.log import Detail, record
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.models import AsOf
from server_broker.dated.writing import Content, Period, put
from server_broker.decisions.stream import decide
from server_broker.duty.overlaps import WindowRefused, dated_overlaps, refuse_more
from server_broker.duty.values import Crew
from server_broker.duty.windows import check_there
from server_broker.regions.models import Region

MOST_DATES = 62
_DAY = dt.timedelta(days=1)
_NOBODY = Crew()


def name_days(window: DutyWindow, crews: Mapping[dt.date, Crew], *, actor: str, reason: str = "") -> int:
    """Have these people be in a window on each of the dates, and return for how many dates that is news.

    Raises:
        WindowRefused: The window is not there on a date, nobody or somebody who is not there is named, who leads is
            not among them, or somebody would be in two windows at once.
        OwnAffair: The actor is among them, or was.
    """
    for crew in crews.values():
        if not crew.people and not crew.posts:
            raise WindowRefused("请至少选一个人或一个职务")
        if not crew.leaders <= crew.people or not crew.leader_posts <= crew.posts:
            raise WindowRefused("带班的人要先在这个值班里")
    return _write(window, crews, "roster_day.named", actor=actor, reason=reason)


def withdraw_days(window: DutyWindow, days: Collection[dt.date], *, actor: str, reason: str = "") -> int:
    """Take back what was said of a window on these dates, and return for how many dates that is news.

    A weekly window is again as its week says, and one of named days is not there.

    Raises:
        WindowRefused: The window is not there on a date, or somebody would be in two windows at once.
        OwnAffair: The actor was in it.
    """
    return _write(window, dict.fromkeys(days, _NOBODY), "roster_day.withdrawn", actor=actor, reason=reason)


def _write(window: DutyWindow, crews: Mapping[dt.date, Crew], action: str, *, actor: str, reason: str) -> int:
    if not 0 < len(crews) <= MOST_DATES:
        raise WindowRefused(f"一次请选 1 到 {MOST_DATES} 天")
    first, last = min(crews), max(crews)
    with transaction.atomic():
        village = Region.objects.select_for_update(no_key=True).get(pk=window.village_id)
        concerned = set()
        for day, crew in crews.items():
            concerned |= _check_date(window, day, crew)
        refuse_own_affair(actor, concerned)
        before = dated_overlaps(concerned, first - _DAY, last + _DAY)
        news = sum(_put(window, day, crew, actor, reason) for day, crew in crews.items())
        refuse_more(before, concerned, first - _DAY, last + _DAY)
        if news:
            detail: Detail = {"village": village.code, "day": str(first), "until": str(last), "days": news}
            entry = record(actor=actor, action=action, subject=str(window.pk), detail=detail | {"reason": reason})
            decide(entry, Decided(action=action, subject=str(window.pk)), [window])
    return news


def _check_date(window: DutyWindow, day: dt.date, crew: Crew) -> set[int]:
    """Check that a crew may be in a window on a date, and return everybody whom it concerns, before and after."""
    row: WindowRecord | None = (
        WindowRecord.objects.as_of(AsOf(begin_of(day))).filter(subject=window, ended=False).first()
    )
    if row is None:
        raise WindowRefused(f"{day} 没有这个值班")
    check_there(sorted(crew.people), sorted(crew.posts), begin_of(day))
    period = Period(begin_of(day), end_of(day))
    said = _said(window, day)
    stood = said if said is not None else row if row.days == DaysKind.WEEKLY else None
    found = on_duty(sorted(crew.people), sorted(crew.posts), period)
    if stood is not None:
        found |= on_duty(stood.people, stood.posts, period)
    if not crew.people and not crew.posts and row.days == DaysKind.WEEKLY:
        found |= on_duty(row.people, row.posts, period)
    return found


def _said(window: DutyWindow, day: dt.date) -> RosterDay | None:
    rows = RosterDay.objects.known().filter(subject=window, valid_from=begin_of(day), withdrawn=False)
    found: RosterDay | None = rows.first()
    return found


def _put(window: DutyWindow, day: dt.date, crew: Crew, actor: str, reason: str) -> int:
    names = ("people", "posts", "leaders", "leader_posts")
    content: Content = {name: sorted(getattr(crew, name)) for name in names} | {"withdrawn": crew == _NOBODY}
    if crew == _NOBODY and _said(window, day) is None:
        return 0
    return put(RosterDay, [window.pk], Period(begin_of(day), end_of(day)), content, actor=actor, reason=reason)
