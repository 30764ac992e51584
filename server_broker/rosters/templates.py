"""Templates of rosters: kept for a region, and laid over the dates of several villages at once.

What stands in the way of a village or a date is named and left out; the rest is said in one decision.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from protocol.decisions import Decided
from server_broker.attendance.models import RosterDay
from server_broker.audit.log import record
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, acting
from server_broker.decisions.stream import decide
from server_broker.duty.day_checks import Cell, crew_of
from server_broker.duty.due import rests
from server_broker.duty.models import RosterTemplate
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.reading import Absent, Asked, absences_of, read_rosters
from server_broker.duty.roster_days import MOST_TOLD, DaysRefused, in_the_way, plan_days
from server_broker.duty.values import CalendarDay, Crew, Rosters, minute_at
from server_broker.people.models import HoldingRecord
from server_broker.people.posts import held_in
from server_broker.regions.models import Region, subtree_prefix
from server_broker.rosters.month_known import KnownVillage, NotFound, everybody_under, fill, villages_under
from server_broker.rosters.turns import MayGo, by_weekday, in_rotation, leaders_by_week
from server_broker.sheets.heads import plain_title

MOST_TURNS = 60
LONGEST_TURN = 120
MOST_MONTHS = 3
_ROUNDS = 6
_MOST_REASON = 200
_TURNS, _LEADERS = "谁轮", "带班领导"
"""What the page calls the two lists."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What somebody wrote down for a template."""

    name: str
    window: str
    rule: str
    turns: Sequence[str]
    leaders: Sequence[str] = ()
    leader_by: str = RosterTemplate.LeaderBy.WEEK
    dates: str = RosterTemplate.Dates.WORKING
    digits: Sequence[int] = ()


def make_template(region: Region, pattern: Pattern, *, actor: str) -> RosterTemplate:
    """Return a new template of a region.

    Raises:
        WindowRefused: It lacks something, nobody in the region has a name that it says, or the region has one of this
            name.
    """
    _check(pattern)
    _check_names(region, pattern)
    with acting(actor):
        Region.objects.select_for_update(no_key=True).get(pk=region.pk)
        if RosterTemplate.objects.filter(region=region, name=pattern.name, ended=False).exists():
            raise WindowRefused(f"{region.name} 已有模板“{pattern.name}”")
        made = RosterTemplate.objects.create(
            region=region,
            name=pattern.name,
            window=pattern.window,
            rule=pattern.rule,
            turns=list(pattern.turns),
            leaders=list(pattern.leaders),
            leader_by=pattern.leader_by,
            dates=pattern.dates,
            digits=sorted(set(pattern.digits)),
        )
        entry = record(actor=actor, action="template.made", subject=str(made.pk), detail={"region": region.code})
        decide(entry, Decided(action="template.made", subject=str(made.pk)), [made])
    return made


def _check(pattern: Pattern) -> None:
    if not pattern.name or not pattern.window:
        raise WindowRefused("请填模板的名称和值班的名称")
    if not any(pattern.turns) or len(pattern.turns) > MOST_TURNS or len(pattern.leaders) > MOST_TURNS:
        raise WindowRefused(f"请写谁轮，1 到 {MOST_TURNS} 行")
    if any(len(text) > LONGEST_TURN for text in (*pattern.turns, *pattern.leaders)):
        raise WindowRefused(f"一行最多 {LONGEST_TURN} 个字")
    if pattern.rule == RosterTemplate.Rule.ROTA and not all(pattern.turns):
        raise WindowRefused("轮流的不能有空行")
    if pattern.rule == RosterTemplate.Rule.WEEKDAY and len(pattern.turns) != 7:
        raise WindowRefused("按星期的要写七行，从星期一到星期日；没有人的那天写“无”")
    if pattern.dates == RosterTemplate.Dates.MARKET and not pattern.digits:
        raise WindowRefused("请写圩日的尾数，例如 1、4、7")


def _check_names(region: Region, pattern: Pattern) -> None:
    """Refuse names that mean nobody in any village. Whom a name means in a village is asked when it is laid over it."""
    whole = everybody_under(region)
    wrong = [
        f"“{title}”第 {number} 行：{words}"
        for title, lines in ((_TURNS, pattern.turns), (_LEADERS, pattern.leaders))
        for number, text in enumerate(lines, start=1)
        for words in whole.unknown_in(text)
    ]
    if wrong:
        more = f"；另有 {len(wrong) - MOST_TOLD} 处" if len(wrong) > MOST_TOLD else ""
        raise WindowRefused("；".join(wrong[:MOST_TOLD]) + more)


def end_template(template: RosterTemplate, *, actor: str) -> None:
    """Put a template out of use. What was said by it stays."""
    with acting(actor):
        RosterTemplate.objects.filter(pk=template.pk).update(ended=True)
        template.refresh_from_db()
        entry = record(actor=actor, action="template.ended", subject=str(template.pk))
        decide(entry, Decided(action="template.ended", subject=str(template.pk)), [template])


@dataclass(slots=True)
class TemplatePlan:
    """What a template comes to.

    Attributes:
        in_the_way: Name of the village, and what can't be said in it.
        kept: How many dates were left as somebody had said them.
    """

    said: dict[Cell, Crew] = field(default_factory=dict)
    in_the_way: list[tuple[str, str]] = field(default_factory=list)
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Laying:
    """Over what a template is laid: villages by their codes, dates, and whether what was said of a date is replaced."""

    villages: Sequence[str]
    first: dt.date
    last: dt.date
    scope: str
    """Region in whose subtree the villages lie and people may be named."""
    replace: bool = False

    @property
    def days(self) -> list[dt.date]:
        """All dates."""
        return [self.first + dt.timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def plan_of(template: RosterTemplate, laying: Laying) -> TemplatePlan:
    """Return what a template says of each village's window, and what stands in the way."""
    plan = TemplatePlan()
    there = villages_under(laying.scope)
    chosen = [there[code] for code in laying.villages if code in there]
    standing = [one for one in chosen if not one.ended]
    plan.in_the_way += [(one.name, one.ended) for one in chosen if one.ended]
    fill(standing, laying.first, laying.last, laying.scope)
    identities = dict(Region.objects.filter(pk__in=[one.code for one in standing]).values_list("code", "identity"))
    rosters = read_rosters(list(identities.values()), Asked(laying.first, laying.last))
    for one in standing:
        try:
            _Village(template, laying, one, rosters, plan).add()
        except NotFound as problem:
            plan.in_the_way.append((one.name, str(problem)))
    _leave_out(plan, {one.windows[title]: one.name for one in standing for title in one.windows}, laying.scope)
    return plan


def _leave_out(plan: TemplatePlan, villages: dict[int, str], scope: str) -> None:
    """Take out the cells that can't be said, until nothing stands in the way."""
    for _ in range(_ROUNDS):
        found = in_the_way(plan.said) if plan.said else ()
        if not found:
            return
        for one in DaysRefused(found).seen_from(subtree_prefix(scope)).obstacles:
            plan.in_the_way.append((villages.get(one.cell.window, ""), one.words))
            plan.said.pop(one.cell, None)
            if one.overlap is not None:
                plan.said.pop(Cell(one.overlap.window, one.overlap.day), None)
    plan.said.clear()
    plan.in_the_way.append(("", "重叠太多，请先看各村的值班时段"))


def lay(template: RosterTemplate, plan: TemplatePlan, *, place: Region, actor: str, reason: str) -> int:
    """Say what a plan comes to, in one decision, and return for how many cells it is news.

    Raises:
        WindowRefused: Nothing can be said.
        OwnAffair: The actor is among the people, or was.
    """
    if not plan.said:
        first = "；".join(f"{village} {words}" for village, words in plan.in_the_way[:3])
        raise WindowRefused(f"模板“{template.name}”没有排得上的班" + (f"：{first}" if first else ""))
    # Named days keep from where they are, so that their page can say it.
    return plan_days(plan.said, place=place, actor=actor, reason=f"模板“{template.name}”：{reason}"[:_MOST_REASON])


class _Village:
    """One village's part of a plan."""

    def __init__(
        self, template: RosterTemplate, laying: Laying, village: KnownVillage, rosters: Rosters, plan: TemplatePlan
    ) -> None:
        self._template, self._laying, self._village, self._plan = template, laying, village, plan
        self._rosters = rosters
        self._window = village.window(plain_title(template.window))
        self._versions = [one for one in rosters.windows if one.id == self._window]
        self._turns = [village.crew(text, lead=False) if text else Crew() for text in template.turns]
        self._leaders = [village.crew(text, lead=True) if text else Crew() for text in template.leaders]
        crews = [*self._turns, *self._leaders]
        period = Period(begin_of(laying.first), end_of(laying.last))
        self._held = list(held_in({post for crew in crews for post in crew.posts}, period))
        people = {pk for crew in crews for pk in crew.people} | {held.subject.person_id for held in self._held}
        self._away = absences_of(people, Asked(laying.first, laying.last))

    def add(self) -> None:
        """Add the village's cells to the plan."""
        days = list(self._dates())
        turns = self._rota(days)
        leaders = self._led(turns)
        for day in days:
            cell = Cell(self._window, day)
            if day not in turns:
                if self._template.rule == RosterTemplate.Rule.ROTA:
                    self._plan.in_the_way.append(
                        (self._village.name, f"{day} 轮到的人都不在：没有人任职，或者请假外出")
                    )
                continue
            if cell in self._rosters.named and not self._laying.replace:
                self._plan.kept += 1
                continue
            crew = self._turns[turns[day]]
            if not self._may_go(crew, day):
                words = f"{day} {self._template.turns[turns[day]]}：没有人任职，或者请假外出"
                self._plan.in_the_way.append((self._village.name, words))
                continue
            self._plan.said[cell] = _led_by(crew, self._leaders[leaders[day]]) if day in leaders else crew

    def _rota(self, days: list[dt.date]) -> dict[dt.date, int]:
        if self._template.rule == RosterTemplate.Rule.WEEKDAY:
            return by_weekday(days, self._template.turns)
        return in_rotation(days, len(self._turns), self._of(self._turns), last=self._last())

    def _led(self, turns: Collection[dt.date]) -> dict[dt.date, int]:
        if not self._leaders:
            return {}
        if self._template.leader_by == RosterTemplate.LeaderBy.DAY:
            return in_rotation(turns, len(self._leaders), self._of(self._leaders))
        return leaders_by_week(turns, len(self._leaders), self._of(self._leaders))

    def _of(self, crews: list[Crew]) -> MayGo:
        return lambda place, day: self._may_go(crews[place], day)

    def _last(self) -> int | None:
        """Return whose turn was the last before the first date, by what was said then."""
        rows = RosterDay.objects.known().filter(
            subject=self._window, withdrawn=False, valid_from__lt=begin_of(self._laying.first)
        )
        row = rows.order_by("-valid_from").first()
        if row is None:
            return None
        crew = crew_of(row)
        fitting = (n for n, one in enumerate(self._turns) if one.people <= crew.people and one.posts <= crew.posts)
        return next(fitting, None)

    def _dates(self) -> Iterator[dt.date]:
        """Yield the template's dates on which the window is there."""
        off = 0
        for day in self._laying.days:
            window = next((one for one in self._versions if day in one.days), None)
            if window is None or not self._wanted(day):
                continue
            if rests(window, day, self._rosters.calendar[day]):
                off += 1
                continue
            yield day
        if off and self._template.dates != RosterTemplate.Dates.WORKING:
            words = f"有 {off} 天这个按星期的值班休息，排不上；放假的日子请用“只在指定日期”的值班"
            self._plan.in_the_way.append((self._village.name, words))

    def _wanted(self, day: dt.date) -> bool:
        calendar: CalendarDay = self._rosters.calendar[day]
        match self._template.dates:
            case RosterTemplate.Dates.WORKING:
                return calendar.working
            case RosterTemplate.Dates.OFF:
                return not calendar.working
            case RosterTemplate.Dates.MARKET:
                return day.day % 10 in self._template.digits
            case _:
                return True

    def _may_go(self, crew: Crew, day: dt.date) -> bool:
        """Tell whether everybody of a crew is there on a date, and each post has a holder who is."""
        window = next(one for one in self._versions if day in one.days)
        begin, end = minute_at(day, window.start), minute_at(day, window.end)

        def is_there(person: int) -> bool:
            return not any(_covers(one, begin, end) for one in self._away.get(person, ()))

        holders = {post: [held for held in self._held if held.subject.post_id == post] for post in crew.posts}
        return all(is_there(person) for person in crew.people) and all(
            any(_holds(held, day) and is_there(held.subject.person_id) for held in rows) for rows in holders.values()
        )


def _covers(absent: Absent, begin: int, end: int) -> bool:
    return absent.begin < end and begin < absent.end


def _holds(held: HoldingRecord, day: dt.date) -> bool:
    at = begin_of(day)
    return (held.valid_from is None or held.valid_from <= at) and (held.valid_to is None or held.valid_to > at)


def _led_by(crew: Crew, leader: Crew) -> Crew:
    return Crew(
        crew.people | leader.people,
        crew.posts | leader.posts,
        crew.leaders | leader.leaders,
        crew.leader_posts | leader.leader_posts,
    )


def months_from(first: dt.date, months: int) -> dt.date:
    """Return the last date of so many months from the first of one on."""
    number = first.year * 12 + first.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1) - dt.timedelta(days=1)


def next_month() -> dt.date:
    """Return the first day of the month after this one."""
    return months_from(timezone.localdate().replace(day=1), 1) + dt.timedelta(days=1)
