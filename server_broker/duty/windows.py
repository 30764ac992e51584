"""Set up, change and end duty windows, from a day on. What held before stays readable, because pay hangs on it."""

import datetime as dt
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from protocol.decisions import WindowChanged, WindowEnded, WindowMade
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.attendance.models import DaysKind, DutyWindow, Marks, RosterDay, WindowRecord
from server_broker.attendance.said import said
from server_broker.attendance.seasons import ALL_YEAR, Season, is_season
from server_broker.attendance.shares import Weekly, first_overlap, on_duty
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.locking import among_writers
from server_broker.dated.models import AsOf, DatedQuerySet
from server_broker.dated.writing import Content, Period, acting, put
from server_broker.duty.overlaps import WindowRefused, dated_overlaps, lock_people, refuse_more
from server_broker.people.existence import existed, stays
from server_broker.people.models import Person, Post
from server_broker.regions.models import Region


@dataclass(frozen=True, slots=True)
class Terms:
    """What a window is: when, and for whom. Minutes are after local midnight; ``end`` past midnight is above 1440."""

    name: str
    weekdays: Sequence[int]
    start: int
    end: int
    people: Sequence[int]
    """Ids of the named people."""
    posts: Sequence[int] = ()
    days: str = DaysKind.WEEKLY
    season: Season = ALL_YEAR
    marks: str = Marks.EACH
    leaders: Sequence[int] = ()
    """Which of the people lead."""
    leader_posts: Sequence[int] = ()
    """Which of the posts lead."""

    def content(self) -> dict[str, object]:
        """Return the columns of a dated row."""
        return {
            "name": self.name,
            "weekdays": sorted(set(self.weekdays)),
            "start": self.start,
            "end": self.end,
            "people": sorted(set(self.people)),
            "posts": sorted(set(self.posts)),
            "days": str(self.days),
            "season_from": self.season[0],
            "season_to": self.season[1],
            "marks": str(self.marks),
            "leaders": sorted(set(self.leaders)),
            "leader_posts": sorted(set(self.leader_posts)),
        }


def add_window(village: Region, terms: Terms, *, since: dt.date, actor: str, reason: str = "") -> DutyWindow:
    """Return a new window of a village, which holds from a day on.

    Raises:
        WindowRefused: It does not fit; see `_check`.
        OwnAffair: The actor is among its people.
    """
    with acting(actor, reason):
        _lock(village)
        period = Period(begin_of(since))
        lock_people(on_duty(terms.people, terms.posts, period))
        _check(village, terms, period, window=None)
        refuse_own_affair(actor, on_duty(terms.people, terms.posts, period))
        window = DutyWindow.objects.create(
            village=village,
            name=terms.name,
            weekdays=sorted(terms.weekdays),
            days=terms.days,
            start=terms.start,
            end=terms.end,
        )
        content: Content = {"village_id": village.identity, "ended": False, **terms.content()}
        people = on_duty(terms.people, terms.posts, period)
        before = dated_overlaps(people, since)
        first = WindowRecord.objects.known().get(subject=window)
        if first.valid_from is not None and begin_of(since) > first.valid_from:
            nobody: Content = {**content, "ended": True}
            put(WindowRecord, [window.pk], Period(first.valid_from, begin_of(since)), nobody, actor=actor)
        put(WindowRecord, [window.pk], period, content, actor=actor, reason=reason)
        refuse_more(before, people, since)
        said(window, village, WindowMade(window=window.pk), actor, since, reason)
    return DutyWindow.ever.get(pk=window.pk)


def change_window(window: DutyWindow, terms: Terms, *, since: dt.date, actor: str, reason: str) -> None:
    """Have a window be otherwise from a day on, until what is planned next. If it has ended by then, it runs again.

    Raises:
        WindowRefused: It is so already, or it does not fit; see `_check`.
        OwnAffair: The actor is in it, or would be.
    """
    with transaction.atomic():
        village = Region.objects.get(pk=window.village_id)
        _lock(village)
        stood = _row(window, since)
        period = Period(begin_of(since), stood.valid_to)
        people = on_duty(terms.people, terms.posts, period) | _named_from(window, since)
        lock_people(people)
        _check(village, terms, period, window=window)
        refuse_own_affair(actor, people | on_duty(stood.people, stood.posts, period))
        before = dated_overlaps(people, since)
        content: Content = {"ended": False, **terms.content()}
        if not put(WindowRecord, [window.pk], period, content, actor=actor, reason=reason):
            raise WindowRefused(f"从 {since} 起本来就是这样；要恢复已结束的值班，请从它结束后的那天起改")
        refuse_more(before, people, since)
        said(window, village, WindowChanged(window=window.pk), actor, since, reason)


def end_window(window: DutyWindow, *, last: dt.date, actor: str, reason: str) -> None:
    """End a window after its last day.

    Raises:
        WindowRefused: It did not run on that day, or ends after it already.
        OwnAffair: The actor is in it.
    """
    with transaction.atomic():
        village = Region.objects.get(pk=window.village_id)
        _lock(village)
        stood = _running(window, last)
        refuse_own_affair(actor, on_duty(stood.people, stood.posts, Period(begin_of(last), stood.valid_to)))
        refuse_own_affair(actor, _named_from(window, last + dt.timedelta(days=1)))
        # What was planned for later ends too.
        for row in WindowRecord.objects.known().filter(subject=window, valid_from__gte=end_of(last)):
            refuse_own_affair(actor, on_duty(row.people, row.posts, Period(row.valid_from, row.valid_to)))
        if not put(WindowRecord, [window.pk], Period(end_of(last)), {"ended": True}, actor=actor, reason=reason):
            raise WindowRefused(f"这个值班已经办过结束，最后一天是 {last}")
        said(window, village, WindowEnded(window=window.pk), actor, last, reason)


def lasting(windows: QuerySet[DutyWindow], at: dt.datetime) -> QuerySet[DutyWindow]:
    """Return those windows that run at a time or will run later."""
    return windows.filter(Exists(_running_from(at).filter(subject=OuterRef("pk"))))


def _running_from(at: dt.datetime) -> DatedQuerySet[WindowRecord]:
    return WindowRecord.objects.known().filter(ended=False).exclude(valid_to__lte=at)


def _named_from(window: DutyWindow, day: dt.date) -> set[int]:
    """Return everybody whom the window's named days name or whose post they are for, from a day on."""
    rows = RosterDay.objects.known().filter(subject=window, withdrawn=False, valid_from__gte=begin_of(day))
    return {person for row in rows for person in on_duty(row.people, row.posts, Period(row.valid_from, row.valid_to))}


def _lock(village: Region) -> None:
    among_writers()
    # One change of a village's windows at a time, because each is checked against the others.
    Region.objects.select_for_update(no_key=True).get(pk=village.pk)


def _row(window: DutyWindow, day: dt.date) -> WindowRecord:
    row: WindowRecord | None = WindowRecord.objects.as_of(AsOf(begin_of(day))).filter(subject=window).first()
    if row is None:
        raise WindowRefused("那一天没有这个值班")
    return row


def _running(window: DutyWindow, day: dt.date) -> WindowRecord:
    row = _row(window, day)
    if row.ended:
        raise WindowRefused("那一天没有这个值班")
    return row


def _check(village: Region, terms: Terms, period: Period, *, window: DutyWindow | None) -> None:
    """Refuse terms that don't fit.

    Raises:
        WindowRefused: The village has been merged, a time makes no sense, a person was not on file or has left, a post
            does not exist, another window has the name, or somebody would be in two windows at once at some time of
            the period.
    """
    if village.ended:
        raise WindowRefused(f"{village.name} 已撤并")
    _check_times(terms)
    if not terms.people and not terms.posts and terms.days == DaysKind.WEEKLY:
        raise WindowRefused("请至少填一个人或一个职务；不再值班请办“结束”")
    if not set(terms.leaders) <= set(terms.people) or not set(terms.leader_posts) <= set(terms.posts):
        raise WindowRefused("带班的人要先在这个值班里")
    begin = period.since
    assert begin is not None
    check_there(terms.people, terms.posts, begin)
    _refuse_second_name(village, terms.name, begin, window)
    if terms.days != DaysKind.WEEKLY:
        return
    weekly = Weekly(terms.name, terms.weekdays, terms.start, terms.end, terms.season)
    found = first_overlap(terms.people, terms.posts, weekly, period, but=window)
    if found is not None:
        raise WindowRefused(f"{Person.objects.get(pk=found[0]).name} 与值班“{found[1]}”的时间重叠")


def _check_times(terms: Terms) -> None:
    if not terms.name:
        raise WindowRefused("请填名称")
    if terms.days == DaysKind.NAMED and (terms.weekdays or terms.season != ALL_YEAR):
        raise WindowRefused("只在指定日期值班的，不填星期和季节")
    if terms.days == DaysKind.WEEKLY and not (terms.weekdays and set(terms.weekdays) <= set(range(1, 8))):
        raise WindowRefused("请填星期")
    if terms.days not in DaysKind or terms.marks not in Marks:
        raise WindowRefused("没有这种值班")
    if not is_season(terms.season):
        raise WindowRefused("季节的起止日期不对，请写月和日，如 05-01 到 09-30")
    if not (0 <= terms.start < 1440 and terms.start < terms.end <= terms.start + 1440):
        raise WindowRefused("时间不对：一个值班不超过 24 小时")


def check_there(people: Collection[int], posts: Collection[int], begin: dt.datetime) -> None:
    """Check that posts exist, and that people are on file at a time and stay.

    Raises:
        WindowRefused: One does not. The message names whom.
    """
    if Post.objects.filter(pk__in=posts).count() != len(set(posts)):
        raise WindowRefused("没有这个职务")
    found = {person.pk: person for person in Person.objects.filter(pk__in=people)}
    for pk in people:
        person = found.get(pk)
        if person is None:
            raise WindowRefused("没有这个人员")
        if not stays(person, begin):
            raise WindowRefused(f"{person.name} 已离开或将要离开，请先办“回来”")
        if not existed(person, begin):
            raise WindowRefused(f"{person.name} 那时还不在册，请先改在册日期")


def _refuse_second_name(village: Region, name: str, begin: dt.datetime, window: DutyWindow | None) -> None:
    # Planned ones count: their columns of today say that they have ended.
    others = _running_from(begin).filter(village=village).exclude(subject=window.pk if window else None)
    # A full-width sign makes no other name: sheets find a window by it.
    taken = {unicodedata.normalize("NFKC", one) for one in others.values_list("name", flat=True)}
    if unicodedata.normalize("NFKC", name) in taken:
        raise WindowRefused(f"{village.name} 已有值班“{name}”")
