"""Show and take a sheet of named days: all cells in one decision, or none (`sheets.importing`)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.powers import Power
from server_broker.attendance.models import DutyWindow
from server_broker.attendance.timelines import ELSEWHERE
from server_broker.duty.day_checks import NOBODY, Cell, Obstacle
from server_broker.duty.due import rests
from server_broker.duty.overlaps import Overlap
from server_broker.duty.reading import Asked, read_rosters
from server_broker.duty.roster_days import DaysRefused, in_the_way, write_days
from server_broker.duty.values import MINUTES_A_DAY, Crew, Window
from server_broker.regions.models import Region, subtree_prefix
from server_broker.rosters.month_known import MonthKnown, Resolved, load_month_known, lock_villages, resolve
from server_broker.rosters.month_rows import LEADERS, MONTH_BOOK, PEOPLE, MonthPlan
from server_broker.sheets.changes import Change, Changes, differing
from server_broker.sheets.importing import Import, ImportRefused
from server_broker.sheets.row_errors import RowError

SHEET = "排班表"
_ROUNDS = 6


def _news(done: Resolved, known: MonthKnown) -> dict[Cell, Crew]:
    """Return the cells that would be otherwise."""
    return {cell: crew for cell, crew in done.said.items() if crew != known.stood.get(cell, NOBODY)}


def check(plan: MonthPlan, known: MonthKnown, scope: str | None) -> Iterator[RowError]:
    """Yield everything that stands in the way, by row."""
    if (scope or "") != plan.scope:
        yield RowError("", 0, "您的管辖范围变了，请重新上传")
        return
    done = resolve(plan, known)
    yield from done.errors
    news = {cell: crew for cell, crew in _news(done, known).items() if cell not in done.unclear}
    if news:
        yield from _row_errors(done, DaysRefused(_all_in_the_way(news, done.unclear, known)), plan.scope)


def _all_in_the_way(news: Mapping[Cell, Crew], unclear: Collection[Cell], known: MonthKnown) -> list[Obstacle]:
    """Return what stands in the way of the cells.

    Those of which something was found are left out, and the rest is asked again, because overlaps are looked for only
    where nothing else is wrong. An overlap with a cell that was left out is not told: it may be otherwise once that
    cell is right.
    """
    found = list(_at_rest(news, known))
    left_out = {*unclear, *(one.cell for one in found)}
    left = {cell: crew for cell, crew in news.items() if cell not in left_out}
    night = DutyWindow.ever.filter(pk__in={cell.window for cell in news}, end__gt=MINUTES_A_DAY)
    late = set(night.values_list("pk", flat=True))
    for _ in range(_ROUNDS):
        more = in_the_way(left) if left else ()
        found += [one for one in more if one.overlap is None or left_out.isdisjoint(_cells(one.overlap, late))]
        left_out |= {one.cell for one in more}
        if left.keys().isdisjoint(left_out):
            break
        left = {cell: crew for cell, crew in left.items() if cell not in left_out}
    return found


def _at_rest(news: Mapping[Cell, Crew], known: MonthKnown) -> Iterator[Obstacle]:
    """Yield the cells with people in a window by the week that rests on that date: nobody would come for it."""
    cells = [cell for cell, crew in news.items() if crew != NOBODY]
    if not cells:
        return
    days = [cell.day for cell in cells]
    villages = Region.objects.filter(pk__in=known.villages).values_list("identity", flat=True)
    rosters = read_rosters(list(villages), Asked(min(days), max(days)))
    windows: dict[int, list[Window]] = defaultdict(list)
    for window in rosters.windows:
        windows[window.id].append(window)
    for cell in cells:
        there = [window for window in windows[cell.window] if cell.day in window.days]
        calendar = rosters.calendar[cell.day]
        if there and all(rests(window, cell.day, calendar) for window in there):
            yield Obstacle(cell, "这天这个值班休息或者没有；放假的日子请用“只在指定日期”的值班")


def _cells(one: Overlap, late: Collection[int]) -> set[Cell]:
    """Return the cells that may meet in an overlap; of windows past midnight (ids ``late``) also those beside."""
    far = 1 if not {one.window, one.other}.isdisjoint(late) else 0
    days = [one.day + dt.timedelta(days=n) for n in range(-far, far + 1)]
    return {Cell(one.window, one.day), *(Cell(one.other, day) for day in days)}


def _row_errors(done: Resolved, refusal: DaysRefused, scope: str) -> Iterator[RowError]:
    for one in refusal.seen_from(subtree_prefix(scope)).obstacles:
        sheet, row, _ = done.at.get(one.cell, ("", 0, ""))
        yield RowError(sheet, row, one.words if str(one.cell.day) in one.words else f"{one.cell.day}：{one.words}")


def compare(plan: MonthPlan, known: MonthKnown) -> Changes:
    """Say of each cell who is in it before and after."""
    done = resolve(plan, known)
    news = _news(done, known)
    names = {pk: name for village in known.villages.values() for name, pk in village.windows.items()}
    changed = []
    for cell, crew in sorted(news.items(), key=lambda one: (done.at[one[0]], one[0])):
        sheet, row, code = done.at[cell]
        before = known.stood.get(cell, NOBODY)
        fields = differing(
            (PEOPLE, _words(before, known, lead=False), _words(crew, known, lead=False)),
            (LEADERS, _words(before, known, lead=True), _words(crew, known, lead=True)),
        )
        key = f"{known.villages[code].name} {cell.day} {names[cell.window]}"
        changed.append(Change(sheet, row, key, cell not in known.stood, fields))
    sheets = tuple(dict.fromkeys(sheet for sheet, _, _ in done.at.values()))
    same = {
        sheet: count
        for sheet in sheets
        if (count := sum(place[0] == sheet and cell not in news for cell, place in done.at.items()))
    }
    return Changes(tuple(changed), same, sheets, tuple(_late(news)))


def _late(news: dict[Cell, Crew]) -> Iterator[str]:
    today: dt.date = timezone.localdate()
    if late := sum(cell.day <= today for cell in news):
        yield f"{late} 格是今天或以前的：开始以后才排的算事后补排，不记迟到、早退、缺勤"


def _words(crew: Crew, known: MonthKnown, *, lead: bool) -> str:
    people = [(str(pk), pk in crew.leaders) for pk in sorted(crew.people)]
    posts = [(f"p{pk}", pk in crew.leader_posts) for pk in sorted(crew.posts)]
    return "、".join(known.named.get(code, ELSEWHERE) for code, leads in (*people, *posts) if leads == lead)


def _apply(plan: MonthPlan, known: MonthKnown, changes: Changes, actor: str) -> None:
    done = resolve(plan, known)
    if not (news := _news(done, known)):
        return
    try:
        write_days(news, actor=actor, reason="导入")
    except OwnAffair as refusal:
        raise ImportRefused([RowError("", 0, str(refusal))]) from refusal
    except DaysRefused as refusal:
        raise ImportRefused(list(_row_errors(done, refusal, plan.scope))) from refusal


MONTH_IMPORT = Import(
    book=MONTH_BOOK,
    power=Power.EDIT_PEOPLE,
    action="roster.imported",
    lock=lock_villages,
    known=load_month_known,
    check=check,
    compare=compare,
    apply=_apply,
    # Only dated rows are written, and the decision reads these by itself.
    written=lambda plan, changes: (),
)
