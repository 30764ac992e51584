"""区划: names, codes, mergers and splits of regions, from a day on. Only who sees the whole county may change them."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import regions_of, sees_county
from server_broker.attendance.region_changes import merge_region, recode_region, rename_region, split_region
from server_broker.attendance.timelines import region_lines
from server_broker.console import parameters
from server_broker.console.deciding import InputRefused, Proposal, asked_day, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of, stations_of
from server_broker.regions.models import Region

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
        title, do, looked = _ACTS[act](request, region)
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect("regions")
    proposal = Proposal(
        title=f"{region.name}：{title}",
        do=do,
        done=f"{region.name}：{title}，已记录。",
        back=reverse("regions"),
        section="people",
        look=lambda: region_lines(looked, with_contents=True),
    )
    return decide_on(request, proposal)


type _Act = tuple[str, Callable[[str], object], list[Region]]


def _rename(request: HttpRequest, region: Region) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    name = parameters.text(request.POST, "name", longest=64)
    return (
        f"{since} 起叫“{name}”",
        lambda why: rename_region(region, name, since=since, actor=actor, reason=why),
        [region],
    )


def _recode(request: HttpRequest, region: Region) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    new = parameters.text(request.POST, "code", longest=12)
    parts = list(Region.objects.all().under(region.code))
    return (
        f"{since} 起代码为 {new}",
        lambda why: recode_region(region, new, since=since, actor=actor, reason=why),
        parts,
    )


def _merge(request: HttpRequest, region: Region) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    into = regions_of(request.user).filter(pk=request.POST.get("into", "")).first()
    if into is None:
        raise InputRefused("请选并入哪个村")
    return (
        f"{since} 起并入 {into.name}",
        lambda why: merge_region(region, into, since=since, actor=actor, reason=why),
        [region, into],
    )


def _split(request: HttpRequest, region: Region) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    new = parameters.text(request.POST, "code", longest=12)
    name = parameters.text(request.POST, "name", longest=64)
    numbers = parameters.text(request.POST, "people", longest=40 * MOST_GOING).replace("，", ",").split(",")
    wanted = {number.strip() for number in numbers} - {""}
    people = dict(people_of(request.user).filter(number__in=wanted).values_list("number", "pk"))
    if missing := sorted(wanted - people.keys()):
        raise InputRefused(f"没有编号为 {missing[0][:32]} 的人员")
    names = {one.strip() for one in parameters.text(request.POST, "stations", longest=3300).split(",")} - {""}
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

    return f"{since} 起分出 {name}，带走 {len(people)} 人", do, [region]


_ACTS: dict[str, Callable[[HttpRequest, Region], _Act]] = {
    "rename": _rename,
    "recode": _recode,
    "merge": _merge,
    "split": _split,
}
