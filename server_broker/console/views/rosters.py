"""排班: a village's month as a grid, and the form that saves what was put into it."""

import datetime as dt
import re
from collections.abc import Sequence

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import regions_of
from server_broker.attendance.models import DutyWindow, RosterDay
from server_broker.console import parameters
from server_broker.console.deciding import InputRefused, Proposal, decide_on
from server_broker.console.moments import moment_words
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of, posts_of, windows_of
from server_broker.console.roster_grid import code_of, crew_in, month_grid, seen_part
from server_broker.console.roster_preview import lines_of, plan_context
from server_broker.console.swap_rows import swap_rows
from server_broker.dated.days import begin_of
from server_broker.duty.day_checks import NOBODY, Cell, Said, said_of
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.roster_days import plan_days
from server_broker.duty.values import Crew
from server_broker.regions.models import Region

MOST_CHANGES = 2_000
MOST_TOLD = 8
LONGEST_CHANGES = 200_000
_MONTH = re.compile(r"(20[2-9]\d)-(0[1-9]|1[0-2])", re.ASCII)
_NOT_READ = "没有读懂要改的班，请刷新页面再试"


class Wish(msgspec.Struct, array_like=True, frozen=True):
    """One cell that somebody changed: who was in it when the page was made, and who is to be."""

    window: int
    day: dt.date
    was: str
    now: str

    @property
    def cell(self) -> Cell:
        """Which cell it is."""
        return Cell(self.window, self.day)


def villages_with_windows(request: HttpRequest) -> list[Region]:
    """Return the villages of the viewer's scope that have duty windows, by code."""
    there = windows_of(request.user).values("village")
    return list(regions_of(request.user).filter(pk__in=there).order_by("pk"))


def asked_month(given: str) -> dt.date:
    """Return the first day of the month that was asked for, or of this one."""
    match = _MONTH.fullmatch(given)
    return dt.date(int(match[1]), int(match[2]), 1) if match else timezone.localdate().replace(day=1)


def month_after(first: dt.date, months: int = 1) -> dt.date:
    """Return the first day of another month."""
    number = first.year * 12 + first.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)


@require_safe
@needs(Power.SEE_PEOPLE)
def rosters(request: HttpRequest) -> HttpResponse:
    """Show a village's month, or say what to do first where no village has a window."""
    villages = villages_with_windows(request)
    asked = parameters.text(request.GET, "village", longest=12)
    village = next((one for one in villages if one.pk == asked), villages[0] if villages else None)
    first = asked_month(request.GET.get("month", ""))
    place = villages.index(village) if village is not None else 0
    context = {
        "section": "rosters",
        "villages": villages,
        "village": village,
        "first": first,
        "before": month_after(first, -1),
        "after": month_after(first),
        "is_now": first == timezone.localdate().replace(day=1),
        "previous": villages[place - 1] if place > 0 else None,
        "next": villages[place + 1] if place + 1 < len(villages) else None,
        "may_add": may(request.user, Power.EDIT_PEOPLE),
        "may_edit": may(request.user, Power.EDIT_PEOPLE) and village is not None and not village.ended,
        "grid": None if village is None else month_grid(request.user, village, first),
    }
    return render(request, "console/rosters.html", context)


@require_safe
@needs(Power.SEE_PEOPLE)
def roster_swaps(request: HttpRequest) -> HttpResponse:
    """List the swaps of a month in the viewer's region; those that nobody is due for stand first."""
    first = asked_month(request.GET.get("month", ""))
    context = {
        "section": "rosters",
        "first": first,
        "before": month_after(first, -1),
        "after": month_after(first),
        "swaps": swap_rows(request.user, first, month_after(first) - dt.timedelta(days=1)),
    }
    return render(request, "console/roster_swaps.html", context)


@post_only("rosters")
@needs(Power.EDIT_PEOPLE)
def rosters_save(request: HttpRequest) -> HttpResponse:
    """Show what the changes of a month would do, and make them in one decision once the person has confirmed."""
    code = parameters.text(request.POST, "village", longest=12)
    village = get_object_or_404(regions_of(request.user), pk=code)
    month = asked_month(request.POST.get("month", ""))
    back = f"{reverse('rosters')}?{urlencode({'village': village.pk, 'month': f'{month:%Y-%m}'})}"
    try:
        wishes = _wishes(request, village)
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect(back)
    title = f"{village.name} {month:%Y}年{month.month}月 排班"
    windows, days = {one.window for one in wishes}, {one.day for one in wishes}

    def do(reason: str) -> None:
        # Read anew each time: somebody else may just have said something of the same dates.
        plan_days(_said(request, wishes), place=village, actor=request.user.get_username(), reason=reason)

    return decide_on(
        request,
        Proposal(
            title=title,
            do=do,
            done=f"{title}，已记录，站点很快会知道。",
            back=back,
            section="rosters",
            look=lambda: lines_of(request.user, windows, days),
            template="console/roster_decide.html",
            more=lambda shown: plan_context(request.user, shown, windows),
        ),
    )


def _wishes(request: HttpRequest, village: Region) -> list[Wish]:
    """Return what the form says is to be otherwise.

    Raises:
        InputRefused: It can't be read, is too much, or names a window that the village does not have.
    """
    given = request.POST.get("changes", "")
    try:
        wishes = msgspec.json.decode(given[:LONGEST_CHANGES], type=list[Wish])
        for wish in wishes:
            crew_in(wish.was), crew_in(wish.now)
    except (msgspec.DecodeError, ValueError) as error:
        raise InputRefused(_NOT_READ) from error
    if not 0 < len({wish.cell for wish in wishes}) == len(wishes) <= MOST_CHANGES:
        raise InputRefused("还没有改过的班" if not wishes else _NOT_READ)
    own = set(windows_of(request.user).filter(village=village).values_list("pk", flat=True))
    if not {wish.window for wish in wishes} <= own:
        raise InputRefused(_NOT_READ)
    return wishes


def _said(request: HttpRequest, wishes: Sequence[Wish]) -> Said:
    """Return what is to hold of each cell. People whom the viewer does not see stay in it.

    Raises:
        WindowRefused: Somebody else has changed a cell meanwhile, or the viewer does not see who is to be put there.
    """
    stood = said_of([wish.cell for wish in wishes])
    crews = [crew_in(wish.now) for wish in wishes]
    everybody = [*stood.values(), *crews]
    people, posts = ({pk for crew in everybody for pk in getattr(crew, name)} for name in ("people", "posts"))
    seen = set(people_of(request.user).filter(pk__in=people).values_list("pk", flat=True))
    seen_posts = set(posts_of(request.user).filter(pk__in=posts).values_list("pk", flat=True))
    said: dict[Cell, Crew] = {}
    moved = []
    for wish, crew in zip(wishes, crews, strict=True):
        had = stood.get(wish.cell, NOBODY)
        if code_of(seen_part(had, seen, seen_posts)) != code_of(crew_in(wish.was)):
            moved.append(wish)
        if not (crew.people <= seen and crew.posts <= seen_posts):
            raise WindowRefused("有的人不在您的管辖范围内，请刷新页面再排")
        said[wish.cell] = Crew(
            crew.people | (had.people - seen),
            crew.posts | (had.posts - seen_posts),
            crew.leaders | (had.leaders - seen),
            crew.leader_posts | (had.leader_posts - seen_posts),
        )
    if moved:
        raise WindowRefused(_told(request, moved))
    return said


def _told(request: HttpRequest, moved: Sequence[Wish]) -> str:
    """Return what somebody else has changed meanwhile, and who and when."""
    names = dict(DutyWindow.ever.filter(pk__in={wish.window for wish in moved}).values_list("pk", "name"))
    lines = {
        (line.kind.partition(" ")[2], line.since): line
        for line in lines_of(request.user, list(names), [wish.day for wish in moved])
    }
    told = []
    for wish in moved[:MOST_TOLD]:
        begin = begin_of(wish.day)
        line = lines.get((names[wish.window], begin))
        row = RosterDay.objects.known().filter(subject=wish.window, valid_from=begin).first()
        who = f"{row.recorded_by} {moment_words(row.recorded_at)}" if row is not None else "别人"
        what = f"改成 {line.what}" if line is not None else "取消了"
        told.append(f"{wish.day} “{names[wish.window]}” {who} {what}")
    more = f"等 {len(moved)} 处" if len(moved) > MOST_TOLD else ""
    return f"您排班的时候，别人已经改过：{'；'.join(told)}{more}。这几格没有改，请看过再排"
