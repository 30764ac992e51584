"""必学和选学: what is required of whom and what is offered, making and ending it, and a branch's required packs."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import regions_of
from server_broker.audit.log import MOST_REASON
from server_broker.console import parameters
from server_broker.console.deciding import InputRefused, asked_day
from server_broker.console.post_only import post_only
from server_broker.console.queries import courses_of, people_of
from server_broker.courses.models import Course, CourseKind
from server_broker.courses.requiring import CourseRefused, Decision, end, offer, packs_within, require
from server_broker.learning.models import LearningPack
from server_broker.people.models import PersonType
from server_broker.progress.completion import branches_led_by, members_of, required_of
from server_broker.regions.models import Region

MOST_SHOWN = 200
MOST_CHOICES = 20
"""So many packs a menu can ask for on the form; nobody reads a longer list at a kiosk."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A requirement or a menu, with the words for its packs and people."""

    row: Course
    packs: str
    people: str
    stands: bool

    @classmethod
    def of(cls, row: Course, titles: Mapping[str, str], today: dt.date) -> "_Shown":
        return cls(
            row,
            "、".join(titles.get(pack, pack) for pack in row.packs),
            "、".join(PersonType(one).label for one in row.types) or "所有人",
            row.ended_at is None and (row.until is None or row.until >= today),
        )


@require_safe
@needs(Power.SEE_CONTENT)
def courses(request: HttpRequest) -> HttpResponse:
    """Show what is required and offered in the viewer's regions, and what was, the newest first."""
    return _page(request)


def _page(request: HttpRequest, *, status: int = 200, **typed: Mapping[str, object]) -> HttpResponse:
    """Show the page.

    Args:
        typed: What somebody typed into a form that was refused: ``required_typed`` or ``offered_typed``.
    """
    rows = courses_of(request.user).select_related("region").order_by("-made_at", "-pk")
    today, titles = timezone.localdate(), pack_titles()
    shown = [_Shown.of(row, titles, today) for row in rows[:MOST_SHOWN]]
    may_decide = may(request.user, Power.PUBLISH)
    regions = list(regions_of(request.user).filter(ended=False).order_by("pk")) if may_decide else []
    context = {
        "section": "courses",
        "required": [one for one in shown if one.stands and one.row.kind == CourseKind.REQUIRED],
        "menus": [one for one in shown if one.stands and one.row.kind == CourseKind.MENU],
        "over": [one for one in shown if not one.stands],
        "types": PersonType.choices,
        "may_decide": may_decide,
        "regions": regions,
        "packs": packs_within(regions[0], timezone.now()) if regions else {},
        "most_choices": range(1, MOST_CHOICES + 1),
        "today": today,
        "most_letters": MOST_REASON,
        "may_see_branch": may(request.user, Power.SEE_BRANCH_LEARNING),
        "required_typed": {},
        "offered_typed": {},
        **typed,
    }
    return render(request, "console/courses.html", context, status=status)


def pack_titles() -> dict[str, str]:
    """Return the title of each pack's newest version, in one query."""
    return dict(LearningPack.objects.newest().values_list("pack", "title"))


@post_only("courses")
@needs(Power.PUBLISH)
def course_require(request: HttpRequest) -> HttpResponse:
    """Require a pack of people of a region of the viewer's scope until a day."""
    region = _region(request)
    pack, types = parameters.text(request.POST, "pack"), request.POST.getlist("types")
    typed = {**_typed(request, region), "pack": pack, "until": parameters.text(request.POST, "until")}

    def do(by: Decision) -> Course:
        return require(region, pack, until=asked_day(request.POST, "until"), types=types, by=by)

    return _done(request, do, "必学已记录", required_typed=typed)


@post_only("courses")
@needs(Power.PUBLISH)
def course_offer(request: HttpRequest) -> HttpResponse:
    """Offer people of a region of the viewer's scope packs of which they choose."""
    region = _region(request)
    title = parameters.prose(request.POST, "title")
    packs = list(dict.fromkeys(parameters.plain(one, longest=64) for one in request.POST.getlist("packs")))
    given = request.POST.get("choose", "")
    choose = int(given) if given in {str(number) for number in range(1, MOST_CHOICES + 1)} else 0
    types = request.POST.getlist("types")
    typed = {**_typed(request, region), "title": title, "packs": packs, "choose": choose}

    def do(by: Decision) -> Course:
        return offer(region, title, choose=choose, packs=packs, types=types, by=by)

    return _done(request, do, "选学菜单已记录", offered_typed=typed)


@post_only("courses")
@needs(Power.PUBLISH)
def course_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a requirement or a menu of the viewer's regions."""
    row = get_object_or_404(courses_of(request.user).select_related("region"), pk=pk)
    return _done(request, lambda by: end(row, by=by), "已结束，站点连上以后不再显示")


def _region(request: HttpRequest) -> Region:
    return get_object_or_404(regions_of(request.user).filter(ended=False), pk=parameters.text(request.POST, "region"))


def _typed(request: HttpRequest, region: Region) -> dict[str, object]:
    reason = parameters.prose(request.POST, "reason", longest=MOST_REASON + 1)
    return {"region": region.code, "types": request.POST.getlist("types"), "reason": reason}


def _done(
    request: HttpRequest, do: Callable[[Decision], object], done: str, **typed: Mapping[str, object]
) -> HttpResponse:
    reason = parameters.prose(request.POST, "reason", longest=MOST_REASON + 1)
    try:
        do(Decision(account_of(request).username, reason, timezone.now()))
    except (CourseRefused, InputRefused) as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        if typed:
            return _page(request, status=422, **typed)
    else:
        messages.success(request, f"{done}。")
    return redirect("courses")


@require_safe
@needs(Power.SEE_BRANCH_LEARNING)
def branch_learning(request: HttpRequest) -> HttpResponse:
    """Show the secretary of a branch which required packs its people have completed, and when, and nothing else."""
    person, now = account_of(request).person, timezone.now()
    branches = [] if person is None else branches_led_by(person, now)
    seen = set(people_of(request.user).values_list("pk", flat=True)) if branches else set()
    members = [one for one in members_of(branches, now) if one.pk in seen] if branches else []
    required, titles = required_of(members, now), pack_titles()
    context = {
        "section": "courses",
        "leads": bool(branches),
        "members": [(one, [(titles.get(each.pack, each.pack), each) for each in required[one.pk]]) for one in members],
    }
    return render(request, "console/branch_learning.html", context)
