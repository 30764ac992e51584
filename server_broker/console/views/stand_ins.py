"""代用站点: which station a village without one of its own names instead, from a day to a day."""

import datetime as dt

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import regions_of
from server_broker.attendance.timelines import Line, lines_of
from server_broker.console.deciding import InputRefused, Proposal, asked_day, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import stations_of
from server_broker.regions.models import Region
from server_broker.settling.models import StandIn
from server_broker.settling.region_terms import is_village
from server_broker.settling.stand_ins import Days, end_stand_in, living_station, name_stand_in


@require_safe
@needs(Power.SEE_PEOPLE)
def stand_in(request: HttpRequest, code: str) -> HttpResponse:
    """Show which stations stood in for a village of the viewer's scope, and name one or end it."""
    village = _village(request, code)
    now, today = timezone.now(), timezone.localdate()
    lines = _lines(village)
    stations = stations_of(request.user).filter(revoked_at=None, enrolled_at__isnull=False).exclude(village=village)
    may_name = may(request.user, Power.NAME_STAND_IN) and not village.ended
    context = {
        "section": "terms",
        "village": village,
        "lines": lines,
        "living": living_station(village, Days(today, None), now),
        "may_name": may_name,
        "stations": stations.select_related("village").order_by("village_id", "pk") if may_name else (),
        "stands": StandIn.objects.known().filter(subject=village, station__isnull=False).at(now).exists(),
        "tomorrow": today + dt.timedelta(days=1),
    }
    return render(request, "console/stand_in.html", context)


def _village(request: HttpRequest, code: str) -> Region:
    village = get_object_or_404(regions_of(request.user), pk=code)
    if not is_village(village):
        raise Http404
    return village


def _lines(village: Region) -> list[Line]:
    rows = StandIn.objects.known().filter(subject=village, station__isnull=False).select_related("station__village")
    return lines_of(
        "代用站点",
        lambda row: f"{row.station.village.name} {row.station_id}",
        list(rows.order_by(F("valid_from").asc(nulls_first=True))),
    )


@post_only("stand-in", "code")
@needs(Power.NAME_STAND_IN)
def stand_in_set(request: HttpRequest, code: str) -> HttpResponse:
    """Name a station that stands in for a village of the viewer's scope, or end it."""
    village = _village(request, code)
    try:
        proposal = _ended(request, village) if request.POST.get("act") == "end" else _named(request, village)
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect("stand-in", code)
    return decide_on(request, proposal)


def _named(request: HttpRequest, village: Region) -> Proposal:
    station = (
        stations_of(request.user).filter(pk=request.POST.get("station", "")[:32]).select_related("village").first()
    )
    if station is None:
        raise InputRefused("请选代用的站点")
    first = asked_day(request.POST, "first")
    last = asked_day(request.POST, "last") if request.POST.get("last") else None
    days = Days(first, last)
    until = "另行通知" if last is None else str(last)
    return Proposal(
        title=f"{village.name} {first} 到{until}，由 {station.village.name} 站点代用",
        do=lambda why: name_stand_in(village, station, days, why, by=account_of(request), now=timezone.now()),
        done=f"{village.name} 的代用站点已记录。",
        back=reverse("stand-in", args=[village.code]),
        section="terms",
        look=lambda: _lines(village),
        notes=lambda: [
            f"这些天里，{village.name} 的人在 {station.village.name} 的站点打卡，就和在本村打卡一样；"
            "这个站点停了，才算站点停用。已经过去的班不变。"
        ],
    )


def _ended(request: HttpRequest, village: Region) -> Proposal:
    since = asked_day(request.POST, "since")
    return Proposal(
        title=f"{village.name} {since} 起不再由别村站点代用",
        do=lambda why: end_stand_in(village, since, why, by=account_of(request), now=timezone.now()),
        done=f"{village.name} 的代用站点已结束。",
        back=reverse("stand-in", args=[village.code]),
        section="terms",
        look=lambda: _lines(village),
        notes=lambda: [f"从那天起，{village.name} 没有站点：缺的卡记“停”，不算缺勤。已经过去的班不变。"],
    )
