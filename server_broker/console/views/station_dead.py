"""A station's page: declare it dead from a minute on, or take that back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from server_broker.accounts.powers import Power, account_of, needs
from server_broker.attendance.timelines import Line, lines_of
from server_broker.console.deciding import InputRefused, Proposal, asked_moment, decide_on
from server_broker.console.moments import moment_words
from server_broker.console.post_only import post_only
from server_broker.console.queries import stations_of
from server_broker.fleet.models import Station
from server_broker.settling.dead_stations import declare_dead, first_minute, still_waiting, take_back, waiting_for
from server_broker.settling.models import DeadStation


@post_only("station", "station_id")
@needs(Power.DECLARE_DEAD)
def station_dead(request: HttpRequest, station_id: str) -> HttpResponse:
    """Declare a station of the viewer's scope dead from a minute on, or take that back."""
    station = get_object_or_404(stations_of(request.user).select_related("village"), pk=station_id)
    try:
        proposal = _back(request, station) if request.POST.get("act") == "back" else _dead(request, station)
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect("station", station_id)
    return decide_on(request, proposal)


def _dead(request: HttpRequest, station: Station) -> Proposal:
    since = asked_moment(request.POST, "since")
    if since is None:
        raise InputRefused("请写明从什么时候起报停")

    still = []

    def do(why: str) -> None:
        declare_dead(station, since, why, by=account_of(request), now=timezone.now())
        # While the declaration stands: only the rules say what waits on.
        still.append(still_waiting(station, since, timezone.now()))

    def notes() -> list[str]:
        waiting = waiting_for(station, since)
        return [
            "从那时起不再等这个站点的记录。它停着的时候缺的卡记“停”，不记缺卡、旷工；那以前的班，仍然等它已经记下、还没传来的记录。",
            f"现在有 {waiting} 个班写着“未”（数据未到），在等这个站点，会重新结算。{_still(station, still[-1])}"
            if waiting
            else "现在没有班在等它。",
            "这台机器以后又传来更晚的记录，报停就自动失效，按传来的记录结算。",
        ]

    return Proposal(
        title=f"{station.name} 从 {moment_words(since)} 起报停",
        do=do,
        done=f"{station.name} 已报停。",
        back=reverse("station", args=[station.pk]),
        section="fleet",
        look=lambda: _lines(station),
        notes=notes,
    )


def _still(station: Station, count: int) -> str:
    """Return how many windows wait all the same, and from when on the declaration would spare them that."""
    if not count:
        return ""
    said = f"其中 {count} 个班在那时以前就过完了，仍然等它的记录，这个月定不了稿"
    first = first_minute(station, timezone.now())
    if first is None or first.has_gap:
        return f"{said}。"
    return f"{said}；从 {timezone.localtime(first.since):%m-%d %H:%M} 起登记就不用等。"


def _back(request: HttpRequest, station: Station) -> Proposal:
    return Proposal(
        title=f"{station.name} 撤回报停",
        do=lambda why: take_back(station, why, by=account_of(request), now=timezone.now()),
        done=f"{station.name} 的报停已撤回。",
        back=reverse("station", args=[station.pk]),
        section="fleet",
        look=lambda: _lines(station),
        notes=lambda: ["撤回以后，重新等这个站点的记录；没传来的，那些班写“未”（数据未到）。"],
    )


def _lines(station: Station) -> list[Line]:
    rows = DeadStation.objects.known().filter(subject=station, dead=True).order_by("valid_from")
    return lines_of("站点报停", lambda row: station.name, list(rows))
