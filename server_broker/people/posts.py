"""Units and their posts: who holds which post from when to when. A person may hold several at once."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from protocol.decisions import Decided, PersonChanged
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import Detail, record
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.models import AsOf
from server_broker.dated.writing import Period, acting, put
from server_broker.decisions.stream import decide
from server_broker.fleet.desired_changes import desired_changed_under
from server_broker.people.existence import existed, stays
from server_broker.people.models import Holding, HoldingRecord, HoldingState, Person, Post, Unit, UnitKind
from server_broker.regions.models import Region


class PostRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


def make_unit(name: str, kind: UnitKind, region: Region, *, actor: str) -> Unit:
    """Return a new unit of a region.

    Raises:
        PostRefused: The region has one of this name, or was merged into another.
    """
    if region.ended:
        raise PostRefused(f"{region.name} 已撤并")
    with acting(actor):
        # Locked, so that two officers who click at the same time don't make two units of one name.
        Region.objects.select_for_update().get(pk=region.pk)
        if Unit.objects.filter(name=name, region=region, ended=False).exists():
            raise PostRefused(f"{region.name} 已有单位“{name}”")
        unit = Unit.objects.create(name=name, kind=kind, region=region)
        entry = record(actor=actor, action="unit.made", subject=str(unit.pk), detail={"region": region.code})
        decide(entry, Decided(action="unit.made", subject=str(unit.pk)), [unit])
    return unit


def end_unit(unit: Unit, *, actor: str, reason: str) -> None:
    """End a unit from today on.

    Raises:
        PostRefused: Somebody holds a post of it today or will, or the unit has ended.
    """
    with acting(actor, reason):
        if _locked(unit).ended:
            raise PostRefused(f"{unit.name} 已撤销")
        standing = HoldingRecord.objects.known().filter(subject__post__unit=unit).exclude(state=HoldingState.ENDED)
        if standing.during(begin_of(timezone.localdate()), None).exists():
            raise PostRefused("还有人任职，请先办卸任")
        Unit.objects.filter(pk=unit.pk).update(ended=True)
        entry = record(actor=actor, action="unit.ended", subject=str(unit.pk), detail={"reason": reason})
        decide(entry, Decided(action="unit.ended", subject=str(unit.pk)), [unit])


def give_post(
    person: Person,
    unit: Unit,
    title: str,
    *,
    since: dt.date,
    until: dt.date | None = None,
    actor: str,
    reason: str = "",
) -> Holding:
    """Have a person hold a post of a unit. Both days are inclusive.

    Raises:
        PostRefused: The days are the wrong way round, the person was not on file or has left, the unit has ended, or
            the person holds the post in that time already.
        OwnAffair: The actor is this person.
    """
    refuse_own_affair(actor, [person.pk])
    if until is not None and until < since:
        raise PostRefused("卸任日期早于任职日期")
    begin, end = begin_of(since), None if until is None else end_of(until)
    with transaction.atomic():
        now = Person.objects.select_for_update().get(pk=person.pk)
        if not stays(now, begin, end):
            raise PostRefused(f"{now.name} 已离开或将要离开，请先办“回来”")
        if not existed(now, begin):
            raise PostRefused(f"{now.name} 那时还不在册，请先改在册日期")
        if _locked(unit).ended:
            raise PostRefused(f"{unit.name} 已撤销")
        post, _ = Post.objects.get_or_create(unit=unit, title=title)
        holding, _ = Holding.objects.get_or_create(post=post, person=now)
        if _overlaps(holding, begin, end):
            raise PostRefused("这段时间已经任这个职务")
        put(HoldingRecord, [holding.pk], Period(begin, end), {"state": HoldingState.HELD}, actor=actor, reason=reason)
        _said(holding, "post.given", actor, since, reason)
    return holding


def _locked(unit: Unit) -> Unit:
    """Return the unit as it is now. Until this transaction ends nobody ends it or gives a post of it."""
    return Unit.objects.select_for_update().get(pk=unit.pk)


def _overlaps(holding: Holding, begin: dt.datetime, end: dt.datetime | None) -> bool:
    rows = HoldingRecord.objects.known().during(begin, end).filter(subject=holding)
    return bool(rows.exclude(state=HoldingState.ENDED).exists())


def change_holding(
    holding: Holding,
    state: HoldingState,
    *,
    since: dt.date,
    until: dt.date | None = None,
    actor: str,
    reason: str,
) -> None:
    """Have a holder be seconded, suspended, off post or back on it in the days given, or end the holding.

    A later appointment of the same person to the post, after a break, stays as it is.

    Args:
        since: The first day. For `HoldingState.ENDED` the first day without the post.
        until: The last day; None: as long as the post is held without a break.

    Raises:
        PostRefused: The person did not hold the post on that day, or not as long as ``until``, or it is so already.
        OwnAffair: The actor is this person.
    """
    refuse_own_affair(actor, [holding.person.pk])
    begin, end = begin_of(since), None if until is None else end_of(until)
    if end is not None and end <= begin:
        raise PostRefused("结束日期早于开始日期")
    with transaction.atomic():
        Holding.objects.select_for_update().get(pk=holding.pk)
        standing = HoldingRecord.objects.known().filter(subject=holding).at(begin).first()
        if standing is None or standing.state == HoldingState.ENDED:
            raise PostRefused("那一天不任这个职务")
        # An end too: who holds the post anew after a break was appointed to it apart.
        end = _within(holding, begin, end)
        if not put(HoldingRecord, [holding.pk], Period(begin, end), {"state": state}, actor=actor, reason=reason):
            raise PostRefused(f"从 {since} 起本来就是“{state.label}”")
        _said(holding, "post.changed", actor, since, reason, state)


def _within(holding: Holding, begin: dt.datetime, end: dt.datetime | None) -> dt.datetime | None:
    """Return until when a state can last that begins then: no longer than the post is held without a break.

    Raises:
        PostRefused: ``end`` is later.
    """
    last: dt.datetime | None = begin
    rows = HoldingRecord.objects.known().during(begin, None).filter(subject=holding).exclude(state=HoldingState.ENDED)
    for row in rows.order_by(F("valid_from").asc(nulls_first=True)):
        if last is None or (row.valid_from is not None and row.valid_from > last):
            break
        last = row.valid_to
    if end is None or last is None:
        return end or last
    if end > last:
        raise PostRefused(f"这个职务任到 {timezone.localdate(last) - dt.timedelta(days=1)} 为止")
    return end


def _said(
    holding: Holding, action: str, actor: str, since: dt.date, reason: str, state: HoldingState = HoldingState.HELD
) -> None:
    detail: Detail = {"post": holding.post_id, "since": str(since), "state": str(state), "reason": reason}
    entry = record(actor=actor, action=action, subject=holding.person.number, detail=detail)
    decide(entry, PersonChanged(person=holding.person_id), [holding.person])
    # Windows may be for posts, and their people are wherever the window is.
    desired_changed_under(holding.post.unit.region_id)
    desired_changed_under(holding.person.village_id)


def held_in(posts: Collection[int], period: Period) -> QuerySet[HoldingRecord]:
    """Return who holds these posts (ids) at some time of a period and is not away from them, as known now."""
    if not posts:
        return HoldingRecord.objects.none()
    rows = HoldingRecord.objects.known().during(period.since, period.until)
    return rows.filter(subject__post__in=posts, state=HoldingState.HELD).select_related("subject")


def holders(posts: list[int], asked: AsOf) -> QuerySet[HoldingRecord]:
    """Return who holds these posts (ids) and is not away from them, as of a time."""
    rows = HoldingRecord.objects.as_of(asked).filter(subject__post__in=posts, state=HoldingState.HELD)
    return rows.select_related("subject__person")
