"""Duty windows: one window's page with the forms that change or end it, and the page that adds one to a village."""

import datetime as dt
import re
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import regions_of
from server_broker.attendance.effects import touches_in
from server_broker.attendance.models import DaysKind, DutyWindow, Marks
from server_broker.attendance.timelines import Line, roster_day_lines, window_lines
from server_broker.console import parameters
from server_broker.console.deciding import KEPT, InputRefused, Proposal, asked_day, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of, posts_of, windows_of
from server_broker.duty.windows import Terms, add_window, change_window, end_window, lasting
from server_broker.regions.models import Region
from server_broker.sheets.cells import MINUTES_A_DAY, BadCell, minute_of_day, weekdays
from server_broker.sheets.spreadsheetml import Cell
from server_broker.twin.station_settings import settings_of

MOST_PEOPLE = 200


@require_safe
@needs(Power.SEE_PEOPLE)
def window(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a window of the viewer's scope, also one that has ended."""
    found = get_object_or_404(windows_of(request.user).select_related("village"), pk=pk)
    context = {
        "section": "people",
        "window": found,
        "lines": window_lines(found, seen=people_of(request.user)),
        **_offered(request, found.village, found),
        "chosen": set(found.people.values_list("pk", flat=True)),
        "chosen_posts": set(found.posts),
        "days": roster_day_lines(found, seen=people_of(request.user), since=timezone.localdate()),
        "lasts": lasting(windows_of(request.user).filter(pk=pk), timezone.now()).exists(),
        "may_edit": may(request.user, Power.EDIT_PEOPLE),
    }
    return render(request, "console/window.html", context)


@require_safe
@needs(Power.EDIT_PEOPLE)
def window_new(request: HttpRequest) -> HttpResponse:
    """Ask for a village that has people, and show its windows and the form that adds one."""
    villages = list(regions_of(request.user).filter(ended=False, people__left=False).distinct())
    asked = parameters.text(request.GET, "village", longest=12)
    village = next((one for one in villages if one.pk == asked), villages[0] if len(villages) == 1 else None)
    context: dict[str, Any] = {"section": "people", "villages": villages, "village": village}
    if village is not None:
        there = lasting(windows_of(request.user).filter(village=village), timezone.now()).order_by("start", "name")
        context |= {"windows": there, **_offered(request, village)}
    return render(request, "console/window_new.html", context)


@post_only("window-new")
@needs(Power.EDIT_PEOPLE)
def window_add(request: HttpRequest) -> HttpResponse:
    """Add a window to a village of the viewer's scope, from a day on."""
    code = parameters.text(request.POST, "village", longest=12)
    village = get_object_or_404(regions_of(request.user), pk=code)
    back = f"{reverse('window-new')}?village={village.pk}"
    try:
        since = asked_day(request.POST, "day")
        terms = _terms(request, None)
    except InputRefused as refusal:
        messages.error(request, f"没有添加：{refusal}。")
        return redirect(back)
    title = f"{village.name} 从 {since} 起添加值班“{terms.name}”"
    actor, seen = request.user.get_username(), people_of(request.user)

    def look() -> list[Line]:
        named = lasting(windows_of(request.user).filter(village=village, name=terms.name), timezone.now())
        return [line for one in named for line in window_lines(one, seen=seen)]

    proposal = Proposal(
        title=title,
        do=lambda reason: add_window(village, terms, since=since, actor=actor, reason=reason),
        done=f"{title}，已记录，站点很快会知道。",
        back=back,
        section="people",
        look=look,
        undo=f"{KEPT}加错了，可以改动或结束；结束以前的日子照算。",
    )
    return decide_on(request, proposal)


def _offered(request: HttpRequest, village: Region, found: DutyWindow | None = None) -> dict[str, Any]:
    """Return what the forms of a village's windows offer: its people and posts, and today as the first day.

    Who is in the window ``found`` is offered too, wherever they live, so that a change drops nobody unseen.
    """
    there = Q(village=village, left=False)
    if found is not None:
        there |= Q(pk__in=found.people.values("pk"))
    return {
        "people": people_of(request.user).filter(there).select_related("village").order_by("number"),
        "village": village,
        "posts": posts_of(request.user).filter(unit__region=village),
        "kinds": DaysKind.choices,
        "marks": Marks.choices,
        "today": timezone.localdate(),
    }


@post_only("window", "pk")
@needs(Power.EDIT_PEOPLE)
def window_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change or end a window from a day on."""
    found = get_object_or_404(windows_of(request.user).select_related("village"), pk=pk)
    back, actor = reverse("window", args=[found.pk]), request.user.get_username()
    ends = request.POST.get("act") == "end"
    try:
        day = asked_day(request.POST, "day")
        if not ends:
            _terms(request, found)
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect(back)
    title = f"值班“{found.name}”：" + (f"{day} 是最后一天，以后结束" if ends else f"{day} 起改动")

    def do(reason: str) -> None:
        if ends:
            end_window(found, last=day, actor=actor, reason=reason)
        else:
            # Read anew, because somebody may just have put a person into it whom the viewer does not see.
            terms = _terms(request, DutyWindow.ever.get(pk=found.pk))
            change_window(found, terms, since=day, actor=actor, reason=reason)

    proposal = Proposal(
        title=title,
        do=do,
        done=f"{title}，已记录，站点很快会知道。",
        back=back,
        section="people",
        look=lambda: window_lines(found, seen=people_of(request.user)),
        notes=lambda: _touched_today(found, first=day + dt.timedelta(days=1) if ends else day),
    )
    return decide_on(request, proposal)


def _touched_today(found: DutyWindow, *, first: dt.date) -> list[str]:
    """Return a sentence about today's touches in a window, if it is to be otherwise from ``first`` on."""
    today = timezone.localdate()
    if first > today:
        return []
    chosen = settings_of(found.village)
    before, after = chosen.open_before_min, chosen.open_after_min
    touches = touches_in(found, today, open_before=before, open_after=after)
    return [f"今天已有 {touches} 次打卡在这个值班里，改动以后按新的时间和人员算。"] if touches else []


def _terms(request: HttpRequest, found: DutyWindow | None) -> Terms:
    """Return what the form says the window ``found``, or a new one, is to be.

    People whom the viewer does not see stay in it: nobody takes away what they can't see.

    Raises:
        InputRefused: A field can't be read.
    """
    kind = parameters.choice(request.POST, "days", tuple(DaysKind))
    given = parameters.text(request.POST, "weekdays", longest=40)
    try:
        days = [] if kind == DaysKind.NAMED and not given else weekdays(Cell(given))
        start = minute_of_day(Cell(parameters.text(request.POST, "start", longest=8)))
        end = minute_of_day(Cell(parameters.text(request.POST, "end", longest=8)))
    except BadCell as error:
        raise InputRefused(f"星期、开始或结束：{error}") from error
    seen = people_of(request.user)
    unseen = [one.pk for one in found.people.exclude(pk__in=seen)] if found else []
    chosen = seen.filter(pk__in=numbers(request, "people")).values_list("pk", flat=True)
    seen_posts = posts_of(request.user)
    posts = list(seen_posts.filter(pk__in=numbers(request, "posts")).values_list("pk", flat=True))
    had = found.posts if found else []
    kept = set(had) - set(seen_posts.filter(pk__in=had).values_list("pk", flat=True))
    led = set(found.leaders) if found else set()
    posts_led = set(found.leader_posts) if found else set()
    return Terms(
        name=parameters.prose(request.POST, "name", longest=32),
        weekdays=days,
        start=start,
        end=end if end > start else end + MINUTES_A_DAY,
        people=[*chosen, *unseen],
        posts=[*posts, *kept],
        days=kind,
        season=(_date_of_year(request, "season_from"), _date_of_year(request, "season_to")),
        marks=parameters.choice(request.POST, "marks", tuple(Marks)),
        leaders=[*(set(chosen) & set(numbers(request, "leaders"))), *(led & set(unseen))],
        leader_posts=[*(set(posts) & set(numbers(request, "leader_posts"))), *(posts_led & kept)],
    )


_DATE_OF_YEAR = re.compile(r"(\d{1,2})[-.月/](\d{1,2})日?", re.ASCII)


def _date_of_year(request: HttpRequest, name: str) -> int:
    """Return a date of each year as month * 100 + day; 0: none is given.

    Raises:
        InputRefused: It is no month and day.
    """
    given = parameters.text(request.POST, name, longest=10)
    found = _DATE_OF_YEAR.fullmatch(given)
    if given and found is None:
        raise InputRefused("季节请写月和日，如 05-01")
    return int(found[1]) * 100 + int(found[2]) if found else 0


def numbers(request: HttpRequest, name: str) -> list[int]:
    """Return the keys that a form's boxes of one name stand for."""
    given = request.POST.getlist(name)[:MOST_PEOPLE]
    return [int(text) for text in given if text.isascii() and text.isdecimal() and len(text) < 16]
