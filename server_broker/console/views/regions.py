"""区划: names, codes, mergers and splits of regions, from a day on. Only who sees the whole county may change them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import regions_of, sees_county
from server_broker.attendance.models import DutyWindow
from server_broker.attendance.region_changes import merge_region, recode_region, rename_region, split_region
from server_broker.attendance.timelines import Line, region_lines, registration_lines, window_lines
from server_broker.console import parameters
from server_broker.console.deciding import KEPT, InputRefused, Proposal, asked_day, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of, stations_of
from server_broker.regions.models import TOWNSHIP_DIGITS, Region, parent_code

PAGE_SIZE = 100
MOST_GOING = 500


@require_safe
@needs(Power.SEE_PEOPLE)
def regions(request: HttpRequest) -> HttpResponse:
    """List the regions of the viewer's scope, with what they were before."""
    page = parameters.page_of(request, regions_of(request.user).order_by("code"), size=PAGE_SIZE)
    may_edit = may(request.user, Power.EDIT_PEOPLE) and sees_county(request.user)
    context = {
        "section": "people",
        "page": page,
        "lines": region_lines(list(page)),
        "may_edit": may_edit,
        "today": timezone.localdate(),
        "regions": regions_of(request.user).filter(ended=False) if may_edit else (),
    }
    return render(request, "console/regions.html", context)


@post_only("regions")
@needs(Power.EDIT_PEOPLE)
def region_change(request: HttpRequest, code: str) -> HttpResponse:
    """Rename, recode, merge or split a region from a day on."""
    region = get_object_or_404(regions_of(request.user).filter(ended=False), pk=code)
    if not sees_county(request.user):
        raise PermissionDenied
    act = parameters.choice(request.POST, "act", ("", *_ACTS))
    try:
        if not act:
            raise InputRefused("请选要办的事")
        asked = _ACTS[act](request, region)
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect("regions")
    proposal = Proposal(
        title=f"{region.name}：{asked.title}",
        do=asked.do,
        done=f"{region.name}：{asked.title}，已记录。",
        back=reverse("regions"),
        section="people",
        look=asked.look,
        undo=asked.undo,
        notes=asked.notes,
    )
    return decide_on(request, proposal)


@dataclass(frozen=True, slots=True)
class _Act:
    """What is asked for a region: a title, who does it, what it may touch, how it is undone, and what else to know."""

    title: str
    do: Callable[[str], object]
    look: Callable[[], list[Line]]
    undo: str = ""
    notes: Callable[[], list[str]] = list


def _rename(request: HttpRequest, region: Region) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    name = parameters.text(request.POST, "name", longest=64)
    return _Act(
        f"{since} 起叫“{name}”",
        lambda why: rename_region(region, name, since=since, actor=actor, reason=why),
        lambda: region_lines([region], with_contents=True),
        notes=lambda: _of_that_name(name, region.code, but=region),
    )


def _recode(request: HttpRequest, region: Region) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    new = parameters.text(request.POST, "code", longest=12)
    parts = list(Region.objects.all().under(region.code))
    return _Act(
        f"{since} 起代码为 {new}",
        lambda why: recode_region(region, new, since=since, actor=actor, reason=why),
        lambda: region_lines(parts, with_contents=True),
    )


def _merge(request: HttpRequest, region: Region) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    into = regions_of(request.user).filter(pk=request.POST.get("into", "")).first()
    if into is None:
        raise InputRefused("请选并入哪个村")
    return _Act(
        f"{since} 起并入 {into.name}",
        lambda why: merge_region(region, into, since=since, actor=actor, reason=why),
        lambda: region_lines([region, into], with_contents=True),
        undo=f"{KEPT}并村不能撤回：{region.name} 不能恢复，它的代码 {region.code} 不能再用。要分开，只能用新代码分村。",
    )


def _split(request: HttpRequest, region: Region) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    new = parameters.text(request.POST, "code", longest=12)
    name = parameters.text(request.POST, "name", longest=64)
    wanted = _listed(request, "people", longest=40 * MOST_GOING)
    people = dict(people_of(request.user).filter(number__in=wanted).values_list("number", "pk"))
    if missing := sorted(wanted - people.keys()):
        raise InputRefused(f"没有编号为 {missing[0][:32]} 的人员")
    names = _listed(request, "stations", longest=3300)
    stations = set(stations_of(request.user).filter(pk__in=names).values_list("pk", flat=True))
    if missing := sorted(names - stations):
        raise InputRefused(f"没有站点 {missing[0][:32]}")

    def do(reason: str) -> None:
        split_region(
            region,
            new,
            name,
            since=since,
            people=list(people.values()),
            stations=sorted(stations),
            actor=actor,
            reason=reason,
        )

    going = list(people.values())
    named = list(DutyWindow.ever.filter(records__people__overlap=going, village=region).distinct().order_by("pk"))

    def look() -> list[Line]:
        made = Region.objects.filter(code=new)
        return [
            *region_lines([region, *made], with_contents=True),
            *registration_lines(going),
            *(line for one in named for line in window_lines(one, seen=people_of(request.user))),
        ]

    return _Act(
        f"{since} 起分出 {name}（{new}），带走 {len(people)} 人",
        do,
        look,
        undo=f"{KEPT}分村不能撤回：代码 {new} 以后不能给别的村。要合起来，只能再并村。",
        notes=lambda: _of_that_name(name, new),
    )


def _listed(request: HttpRequest, name: str, *, longest: int) -> set[str]:
    """Return what a field lists, whichever comma parts it."""
    return set(re.split(r"[,，、;；\s]+", parameters.text(request.POST, name, longest=longest))) - {""}


def _of_that_name(name: str, code: str, *, but: Region | None = None) -> list[str]:
    """Return a warning if another village of the same township has the name already."""
    township = Region.objects.filter(pk=parent_code(code) or "").first()
    same = Region.objects.filter(name=name, ended=False, code__startswith=code[:TOWNSHIP_DIGITS])
    same = same.exclude(pk=but.pk if but else "")
    if township is None or not same.exists():
        return []
    return [f"{township.name} 已经有一个“{name}”（{same[0].code}）。两个村同名，看的人分不清，请核对。"]


_ACTS: dict[str, Callable[[HttpRequest, Region], _Act]] = {
    "rename": _rename,
    "recode": _recode,
    "merge": _merge,
    "split": _split,
}
