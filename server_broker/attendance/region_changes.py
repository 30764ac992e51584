"""Rename, recode, merge and split regions from a day on. People, windows, units and stations go along, dated too.

These functions stand here and not in `regions`, because they move what lies in a region.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import ForeignKey, Model
from django.utils import timezone

from protocol.decisions import RegionChanged
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.attendance.leaving import end_shares
from server_broker.attendance.models import DutyWindow, StationPlace, WindowRecord
from server_broker.audit.log import Detail, record
from server_broker.dated.days import begin_of
from server_broker.dated.models import Dated, DatedQuerySet
from server_broker.dated.writing import Period, acting, put
from server_broker.decisions.rows import watched_models
from server_broker.decisions.stream import decide
from server_broker.fleet.desired_changes import desired_changed_under
from server_broker.people.models import Person, PersonRecord, UnitRecord
from server_broker.regions.models import COUNTY_DIGITS, Region, RegionRecord, parent_code, subtree_prefix

_PLACED: tuple[tuple[type[Dated], str], ...] = (
    (PersonRecord, "village"),
    (UnitRecord, "region"),
    (WindowRecord, "village"),
    (StationPlace, "village"),
)
"""What lies in a region, and the column that says so."""


class RegionRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


def found_county(code: str, name: str, *, actor: str) -> Region:
    """Make the region of a county that has none yet, and return it.

    Raises:
        RegionRefused: It is no county's code, the name is empty, or there are other regions already.
    """
    if re.fullmatch(r"[0-9]{6}0{6}", code, re.ASCII) is None:
        raise RegionRefused(f"{code} 不是县的代码：要 12 位数字，后 6 位是 0")
    if not name:
        raise RegionRefused("请填县名")
    with acting(actor, "建立县平台"):
        there = Region.objects.order_by("code").first()
        if there is not None and (there.code, there.name) == (code, name[:64]):
            return there
        if there is not None:
            raise RegionRefused(f"已有区划：{there.name} {there.code}")
        region = Region.objects.create(code=code, name=name[:64])
        _said(region, "region.founded", actor, timezone.localdate(), "")
    return region


def rename_region(region: Region, name: str, *, since: dt.date, actor: str, reason: str) -> None:
    """Give a region another name from a day on.

    Raises:
        RegionRefused: The name is empty, or the region did not exist then; see `_standing`.
    """
    if not name:
        raise RegionRefused("请填新名称")
    with transaction.atomic():
        _locked(region)
        stood = _standing(region, since)
        put(
            RegionRecord,
            [region.identity],
            Period(begin_of(since), stood.valid_to),
            {"name": name},
            actor=actor,
            reason=reason,
        )
        _said(region, "region.named", actor, since, reason)


def recode_region(region: Region, code: str, *, since: dt.date, actor: str, reason: str) -> int:
    """Give a region another code from a day on, and with a township all its villages. Returns how many were recoded.

    A village whose new code lies in another township belongs to that one from then on.

    Raises:
        RegionRefused: The code is not one of this kind of region, is or was another region's, or lies in a region that
            there is not; or a region did not exist then.
    """
    with transaction.atomic():
        county = _locked(region)
        _check_code(region, code)
        if len(subtree_prefix(region.code)) == COUNTY_DIGITS:
            raise RegionRefused("县的代码在这里不能改")
        old, new = subtree_prefix(region.code), subtree_prefix(code)
        parts = [one for one in county if one.code.startswith(old)]
        parent = next((one for one in county if one.code == parent_code(code)), None)
        if parent is None or parent.ended:
            raise RegionRefused(f"没有上级区划 {parent_code(code)}")
        wanted = {one.identity: new + one.code[len(old) :] for one in parts}
        others = RegionRecord.objects.known().filter(code__in=wanted.values()).exclude(subject__in=wanted)
        if (taken := others.first()) is not None:
            raise RegionRefused(f"代码 {taken.code} 是或曾是 {taken.name} 的")
        for one in parts:
            stood = _standing(one, since)
            content: dict[str, object] = {"code": wanted[one.identity]}
            if one.identity == region.identity:
                content["parent_id"] = parent.identity
            put(
                RegionRecord,
                [one.identity],
                Period(begin_of(since), stood.valid_to),
                content,
                actor=actor,
                reason=reason,
            )
        _said(region, "region.recoded", actor, since, reason)
    return len(parts)


def merge_region(region: Region, into: Region, *, since: dt.date, actor: str, reason: str) -> dict[str, int]:
    """Merge a village into another from a day on, and return how much went along.

    Accounts stay where they are, because whoever saw one village is not to see another by that.

    Raises:
        RegionRefused: It is the same village, or one of them is no village, has been merged, did not exist then or is
            planned to change later; or both have a window of one name.
    """
    if region.identity == into.identity:
        raise RegionRefused("不能把一个村并入它自己")
    if any(one.code.endswith("000") for one in (region, into)):
        raise RegionRefused("只能合并村；乡镇请改各村的代码")
    begin = begin_of(since)
    with transaction.atomic():
        _locked(region)
        stood = _standing(region, since)
        if stood.valid_to is not None or _standing(into, since).valid_to is not None:
            raise RegionRefused("这个村在那天以后已有别的变更，请先处理")
        names = set(DutyWindow.objects.filter(village=region).values_list("name", flat=True))
        if (same := DutyWindow.objects.filter(village=into, name__in=names).first()) is not None:
            raise RegionRefused(f"两个村都有值班“{same.name}”，请先改名")
        moved = {
            str(model._meta.verbose_name): _move(model, field, region, into, begin, None, actor=actor, reason=reason)
            for model, field in _PLACED
        }
        content: dict[str, object] = {"ended": True, "merged_into_id": into.identity}
        put(RegionRecord, [region.identity], Period(begin), content, actor=actor, reason=reason)
        _said(into, "region.merged", actor, since, reason, also=[region])
    return moved


def split_region(
    region: Region,
    code: str,
    name: str,
    *,
    since: dt.date,
    people: Collection[int],
    stations: Collection[str],
    actor: str,
    reason: str,
) -> Region:
    """Split a new village off from a day on, with the people (ids) and stations that go along, and return it.

    Windows stay with the old village, and who goes along is in them no more; the new one gets its own.

    Raises:
        RegionRefused: The code or the name does not fit, the region did not exist then, or somebody named is not there.
        OwnAffair: The actor is among the people.
    """
    refuse_own_affair(actor, people)
    with acting(actor, reason):
        county = _locked(region)
        _check_code(region, code)
        if not name or region.code.endswith("000"):
            raise RegionRefused("请填新村的名称" if not name else "只能拆分村")
        if RegionRecord.objects.known().filter(code=code).exists():
            raise RegionRefused(f"代码 {code} 已经用过")
        if not any(one.code == parent_code(code) and not one.ended for one in county):
            raise RegionRefused(f"没有上级区划 {parent_code(code)}")
        _standing(region, since)
        begin = begin_of(since)
        made = Region.objects.create(code=code, name=name)
        made.refresh_from_db()
        put(RegionRecord, [made.identity], Period(None, begin), {"ended": True}, actor=actor, reason=reason)
        put(RegionRecord, [made.identity], Period(begin), {"ended": False}, actor=actor, reason=reason)
        for model, wanted in ((PersonRecord, people), (StationPlace, stations)):
            if _move(model, "village", region, made, begin, wanted, actor=actor, reason=reason) < len(wanted):
                raise RegionRefused("名单里有人或站点那天不在这个村")
        for person in Person.objects.filter(pk__in=people):
            end_shares(person, begin, actor, reason, villages=[region.identity])
        _said(region, "region.split", actor, since, reason, also=[made])
        desired_changed_under(code)
    return Region.objects.get(pk=code)


def _locked(region: Region) -> list[Region]:
    """Return all regions, locked: one change of the tree at a time, because each is checked against the whole."""
    return list(Region.objects.select_for_update(no_key=True).order_by("code"))


def _standing(region: Region, since: dt.date) -> RegionRecord:
    """Return the row of a region that holds on a day.

    Raises:
        RegionRefused: The region did not exist then, or had been merged.
    """
    row: RegionRecord | None = RegionRecord.objects.known().at(begin_of(since)).filter(subject=region).first()
    if row is None or row.ended:
        raise RegionRefused(f"{region.name} 那天还没有或已撤并")
    return row


def _check_code(region: Region, code: str) -> None:
    if re.fullmatch(r"[0-9]{12}", code, re.ASCII) is None:
        raise RegionRefused("代码要 12 位数字")
    if len(subtree_prefix(code)) != len(subtree_prefix(region.code)):
        raise RegionRefused("新代码和原来的不是同一级")
    if code == region.code:
        raise RegionRefused("代码没有变")


def _move(
    model: type[Dated],
    field: str,
    region: Region,
    into: Region,
    begin: dt.datetime,
    wanted: Collection[int | str] | None,
    *,
    actor: str,
    reason: str,
) -> int:
    """Have what lies in a region lie in another from ``begin`` on, and return how many subjects that were."""
    rows: DatedQuerySet[Any] = model.objects.known().exclude(valid_to__lte=begin).filter(**{field: region})
    if wanted is not None:
        rows = rows.filter(subject__in=wanted)
    moved = set()
    for row in rows:
        since = begin if row.valid_from is None else max(begin, row.valid_from)
        content = {f"{field}_id": into.identity}
        put(model, [row.subject_id], Period(since, row.valid_to), content, actor=actor, reason=reason)
        moved.add(row.subject_id)
    return len(moved)


def _said(
    region: Region,
    action: str,
    actor: str,
    since: dt.date,
    reason: str,
    *,
    also: Iterable[Region] = (),
) -> None:
    """Write the audit entry, decide, and tell the stations, in the caller's transaction."""
    regions = list(Region.objects.filter(identity__in=[region.identity, *(one.identity for one in also)]))
    now = next(one for one in regions if one.identity == region.identity)
    there = {one.code for one in Region.objects.filter(code__startswith=subtree_prefix(now.code))}
    detail: Detail = {"since": str(since), "reason": reason, "code": now.code}
    entry = record(actor=actor, action=action, subject=now.code, detail=detail)
    codes = {*there, *(one.code for one in regions)}
    decide(entry, RegionChanged(code=now.code), [*Region.objects.filter(code__in=codes), *_lying_in(codes)])
    for code in {now.code, *(one.code for one in also)}:
        desired_changed_under(code)


def _lying_in(codes: Collection[str]) -> list[Model]:
    """Return the rows of today that name one of these codes and for which the county's stream vouches."""
    rows: list[Model] = []
    for model in watched_models():
        for field in model._meta.fields:
            if isinstance(field, ForeignKey) and field.remote_field.model is Region:
                rows += model._base_manager.filter(**{f"{field.name}__in": codes})
    return rows
