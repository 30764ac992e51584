"""Require a pack of people until a day, offer a menu of which they choose, and end either."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from protocol.courses import MAX_PACKS
from protocol.decisions import Decided
from protocol.plain_text import is_clean
from protocol.units import MAX_SHORT_TEXT
from server_broker.audit.log import Detail, record, told_reason
from server_broker.bundles.models import Bundle
from server_broker.bundles.spread import places_of
from server_broker.courses.models import Course, CourseKind
from server_broker.decisions.stream import decide
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.guard.county import county_for
from server_broker.guard.finding import find
from server_broker.guard.telling import told
from server_broker.people.identity import identity_number_in
from server_broker.people.models import PersonType
from server_broker.regions.models import TOWNSHIP_DIGITS, Region, subtree_prefix

LONGEST = dt.timedelta(days=366)
"""A pack lasts a year (`bundles.questions.LASTS`), so what is required longer would be required in vain."""
MOST_REQUIRED, MOST_MENUS = 100, 20
"""Of one region. People are not made to learn more than anybody can, and a station must have room for all."""


class CourseRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tries."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, why and when."""

    actor: str
    reason: str
    now: dt.datetime


def require(region: Region, pack: str, *, until: dt.date, types: Collection[str] = (), by: Decision) -> Course:
    """Require a pack of people of a region until a day.

    Args:
        types: Of these types of people (`people.models.PersonType`); empty: of all.

    Raises:
        CourseRefused: The pack is not there for the whole region, it is required already, or the day does not fit.
    """
    today = timezone.localdate(by.now)
    if not today <= until <= today + LONGEST:
        raise CourseRefused("截止日期最早今天，最晚一年以内")
    made = _made(CourseKind.REQUIRED, region, [pack], types, by)
    made.until = until
    return _kept(made, most=MOST_REQUIRED, by=by)


def offer(
    region: Region, title: str, *, choose: int, packs: Sequence[str], types: Collection[str] = (), by: Decision
) -> Course:
    """Offer people of a region packs of which each chooses at least ``choose``.

    Raises:
        CourseRefused: A pack is not there for the whole region, or nobody could choose so many.
    """
    title = " ".join(title.split())
    if not 0 < len(title) <= MAX_SHORT_TEXT:
        raise CourseRefused(f"菜单名称须是 1 至 {MAX_SHORT_TEXT} 个字")
    # It reaches the kiosks by a computed bundle, at which the guard does not look.
    if found := find(title, county_for([region.code]), where="菜单名称"):
        raise CourseRefused(told(found))
    if not is_clean(title):
        raise CourseRefused("菜单名称里有看不见的字符，请重新打一遍")
    if not 0 < len(packs) <= MAX_PACKS or len(set(packs)) != len(packs):
        raise CourseRefused(f"请选 1 至 {MAX_PACKS} 个不同的学习包")
    if not 0 < choose <= len(packs):
        raise CourseRefused("至少选几个，不能比菜单里的多")
    made = _made(CourseKind.MENU, region, packs, types, by)
    made.title, made.choose = title, choose
    return _kept(made, most=MOST_MENUS, by=by)


def end(course: Course, *, by: Decision) -> None:
    """End a requirement or a menu from now on. It stays on record.

    Raises:
        CourseRefused: It has ended.
    """
    reason = _reason(by.reason)
    with transaction.atomic():
        row = Course.objects.select_for_update().get(pk=course.pk)
        if row.ended_at is not None:
            raise CourseRefused("已经结束了")
        row.ended_at, row.ended_by, row.ended_reason = by.now, by.actor, reason
        row.save(update_fields=["ended_at", "ended_by", "ended_reason"])
        entry = record(by.actor, "course.ended", str(row.pk), {"region": row.region.code, "reason": reason})
        decide(entry, Decided(action="course.ended", subject=str(row.pk)), [row])
        _mark(row.region, by.now)


def packs_for(region: Region, now: dt.datetime) -> dict[str, str]:
    """Return the titles of the packs that every station of a region has in force, by id. One query."""
    prefix = subtree_prefix(region.code)
    return {row.bundle: row.title for row in _in_force(now) if _is_for_all(row, prefix)}


def packs_within(region: Region, now: dt.datetime) -> dict[str, str]:
    """Return the titles of the packs that any station of a region has in force, by id; of those that not all of them
    have with whom they are for. Two queries."""
    prefix = subtree_prefix(region.code)
    rows = [
        row
        for row in _in_force(now)
        if _is_for_all(row, prefix) or any(place.startswith(prefix) for place in row.regions)
    ]
    places = places_of(rows)
    return {
        row.bundle: row.title if _is_for_all(row, prefix) else f"{row.title}（只发给{places[row.pk]}）" for row in rows
    }


def _is_for_all(bundle: Bundle, prefix: str) -> bool:
    return prefix.startswith(tuple(bundle.regions))


def _in_force(now: dt.datetime) -> list[Bundle]:
    rows = Bundle.objects.filter(kind="questions", station=None).newest().lasting(now).order_by("title", "bundle")
    return [row for row in rows if row.not_before is None or row.not_before <= now]


def _made(kind: CourseKind, region: Region, packs: Sequence[str], types: Collection[str], by: Decision) -> Course:
    there = packs_for(region, by.now)
    if any(pack not in there for pack in packs):
        raise CourseRefused("有学习包没有发给这里，请先发布")
    if any(one not in PersonType.values for one in types):
        raise CourseRefused("没有这一类人")
    return Course(
        kind=kind,
        region=region,
        types=sorted(set(types)),
        packs=list(packs),
        made_at=by.now,
        made_by=by.actor,
        reason=_reason(by.reason),
    )


def _reason(reason: str) -> str:
    words = told_reason(reason, refused=CourseRefused)
    if identity_number_in(words):
        raise CourseRefused("理由会一直留在记录里，请不要写身份证号")
    return words


def _kept(course: Course, *, most: int, by: Decision) -> Course:
    with transaction.atomic():
        # The region's row, so that two people don't require the same at once.
        Region.objects.select_for_update().get(pk=course.region.pk)
        standing = Course.objects.standing(timezone.localdate(by.now)).filter(kind=course.kind, region=course.region)
        rows = list(standing)
        if len(rows) >= most:
            raise CourseRefused(f"这里已有 {most} 条，请先结束用不着的")
        if course.kind == CourseKind.REQUIRED and any(
            (row.packs, row.types) == (course.packs, course.types) for row in rows
        ):
            raise CourseRefused("已经对这些人要求过这个学习包；要改日期，请先结束原来的")
        course.save(force_insert=True)
        detail: Detail = {"region": course.region.code, "kind": course.kind, "reason": course.reason}
        entry = record(by.actor, "course.made", str(course.pk), detail)
        decide(entry, Decided(action="course.made", subject=str(course.pk)), [course])
        _mark(course.region, by.now)
    return course


def _mark(region: Region, at: dt.datetime) -> None:
    # People go to stations of their whole township, so these are told too.
    shelf_changed_under(subtree_prefix(region.code)[:TOWNSHIP_DIGITS], at=at)
