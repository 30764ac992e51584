"""Say who is in a window on single dates: market days, duty on days off, a month's plan."""

import datetime as dt
from collections.abc import Collection, Mapping

from django.db import transaction

from protocol.decisions import Decided
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.attendance.models import DutyWindow, RosterDay
from server_broker.audit.log import Detail, record
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.locking import among_writers
from server_broker.dated.writing import Content, Period, put_each
from server_broker.decisions.stream import decide
from server_broker.duty.day_checks import NOBODY, Cell, DayChecks, Obstacle, Said
from server_broker.duty.overlaps import Overlap, WindowRefused, dated_overlaps, lock_people, overlap_words
from server_broker.duty.values import Crew
from server_broker.regions.models import Region

MOST_DATES = 62
MOST_CELLS = 4_000
"""Of one decision: three months of a township of fifteen villages with three windows each."""
MOST_TOLD = 10
_DAY = dt.timedelta(days=1)


class DaysRefused(WindowRefused):
    """Nothing was changed. ``obstacles`` says what stands in the way of each cell."""

    def __init__(self, obstacles: Collection[Obstacle]) -> None:
        self.obstacles = tuple(obstacles)
        told = list(dict.fromkeys(one.words for one in self.obstacles))
        more = f"；另有 {len(told) - MOST_TOLD} 处" if len(told) > MOST_TOLD else ""
        super().__init__("；".join(told[:MOST_TOLD]) + more)

    def seen_from(self, prefix: str) -> "DaysRefused":
        """Return the same for somebody who sees the regions whose codes begin with ``prefix``."""
        words = overlap_words([one.overlap for one in self.obstacles if one.overlap is not None], prefix=prefix)
        return DaysRefused(
            [one if one.overlap is None else one._replace(words=words[one.overlap]) for one in self.obstacles]
        )


def name_days(window: DutyWindow, crews: Mapping[dt.date, Crew], *, actor: str, reason: str = "") -> int:
    """Have these people be in a window on each of the dates, and return for how many dates that is news.

    Raises:
        WindowRefused: The window is not there on a date, nobody or somebody who is not there is named, who leads is
            not among them, or somebody would be in two windows at once.
        OwnAffair: The actor is among them, or was.
    """
    if any(not crew.people and not crew.posts for crew in crews.values()):
        raise WindowRefused("请至少选一个人或一个职务")
    said = {Cell(window.pk, day): crew for day, crew in crews.items()}
    return _of_one(window, said, "roster_day.named", actor=actor, reason=reason)


def withdraw_days(window: DutyWindow, days: Collection[dt.date], *, actor: str, reason: str = "") -> int:
    """Take back what was said of a window on these dates, and return for how many dates that is news.

    A weekly window is again as its week says, and one of named days is not there.

    Raises:
        WindowRefused: The window is not there on a date, or somebody would be in two windows at once.
        OwnAffair: The actor was in it.
    """
    said = {Cell(window.pk, day): NOBODY for day in days}
    return _of_one(window, said, "roster_day.withdrawn", actor=actor, reason=reason)


def plan_days(said: Said, *, place: Region, actor: str, reason: str = "") -> int:
    """Say who is in many windows on many dates, by one decision, and return for how many cells that is news.

    Args:
        said: What is to hold of each cell; `NOBODY` takes back what was said.
        place: The village, or the region of all the windows' villages, for the audit log.

    Raises:
        DaysRefused: Something stands in the way of a cell. All of it is named.
        WindowRefused: There are too many cells.
        OwnAffair: The actor is among the people, or was.
    """
    if not 0 < len(said) <= MOST_CELLS:
        raise WindowRefused(f"一次请排 1 到 {MOST_CELLS} 个班")
    with transaction.atomic():
        news = write_days(said, actor=actor, reason=reason)
        if news:
            days = [cell.day for cell in said]
            detail: Detail = {"day": str(min(days)), "until": str(max(days)), "days": news, "reason": reason}
            entry = record(actor=actor, action="roster.planned", subject=place.code, detail=detail)
            windows = DutyWindow.ever.filter(pk__in={cell.window for cell in said})
            decide(entry, Decided(action="roster.planned", subject=place.code), windows.order_by("pk"))
    return news


def _of_one(window: DutyWindow, said: Said, action: str, *, actor: str, reason: str) -> int:
    if not 0 < len(said) <= MOST_DATES:
        raise WindowRefused(f"一次请选 1 到 {MOST_DATES} 天")
    days = [cell.day for cell in said]
    with transaction.atomic():
        news = write_days(said, actor=actor, reason=reason)
        if news:
            detail: Detail = {
                "village": window.village_id,
                "day": str(min(days)),
                "until": str(max(days)),
                "days": news,
            }
            entry = record(actor=actor, action=action, subject=str(window.pk), detail=detail | {"reason": reason})
            decide(entry, Decided(action=action, subject=str(window.pk)), [window])
    return news


def in_the_way(said: Said) -> tuple[Obstacle, ...]:
    """Return what stands in the way of the cells: they are written and taken back. None of it: they can be said."""
    with transaction.atomic():
        try:
            write_days(said, actor="", reason="")
        except DaysRefused as refusal:
            return refusal.obstacles
        finally:
            transaction.set_rollback(True)
    return ()


def write_days(said: Said, *, actor: str, reason: str) -> int:
    """Check and put cells inside the transaction of a caller, who makes the decision. See `plan_days`.

    Raises:
        DaysRefused: Something stands in the way of a cell.
        OwnAffair: The actor is among the people, or was.
    """
    first, last = min(cell.day for cell in said), max(cell.day for cell in said)
    among_writers()
    # One change of a village's windows at a time, because each is checked against the others.
    there = DutyWindow.ever.filter(pk__in={cell.window for cell in said}).values("village")
    list(Region.objects.select_for_update(no_key=True).filter(pk__in=there).order_by("pk"))
    checks = DayChecks(said)
    concerned = checks.concerned()
    lock_people(concerned)
    if obstacles := list(checks.obstacles()):
        raise DaysRefused(obstacles)
    refuse_own_affair(actor, concerned)
    before = dated_overlaps(concerned, first - _DAY, last + _DAY)
    # What was not said is not taken back, because that would be a row that says nothing.
    cells = {cell: crew for cell, crew in said.items() if crew != NOBODY or cell in checks.stood}
    news = put_each(RosterDay, (_row(cell, crew) for cell, crew in cells.items()), actor=actor, reason=reason)
    if more := dated_overlaps(concerned, first - _DAY, last + _DAY) - before:
        raise DaysRefused(_of_overlaps(more, said))
    return news


def _of_overlaps(overlaps: Collection[Overlap], said: Said) -> list[Obstacle]:
    """Return each overlap as an obstacle of the cell that brings it."""
    found = []
    for one, words in overlap_words(sorted(overlaps)).items():
        near = [Cell(window, one.day + n * _DAY) for window in (one.other, one.window) for n in (0, -1, 1)]
        cell = next((cell for cell in near if cell in said), Cell(one.window, one.day))
        found.append(Obstacle(cell, words, one))
    return found


def _row(cell: Cell, crew: Crew) -> tuple[int, Period, Content]:
    names = ("people", "posts", "leaders", "leader_posts")
    content: Content = {name: sorted(getattr(crew, name)) for name in names} | {"withdrawn": crew == NOBODY}
    return cell.window, Period(begin_of(cell.day), end_of(cell.day)), content
