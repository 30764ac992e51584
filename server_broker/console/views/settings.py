"""站点设置: choose a setting for all stations of a region or for one, and see whether a station has taken it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import regions_of
from server_broker.console.queries import stations_of
from server_broker.fleet.models import Station
from server_broker.regions.models import Region, region_chain
from server_broker.twin.setting_specs import SPECS, NotAllowed
from server_broker.twin.station_settings import choose, region_rows, station_rows


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.SET_STATION)
def station_settings(request: HttpRequest, station_id: str) -> HttpResponse:
    """Show a station's settings, or change one of them for this station."""
    station = get_object_or_404(stations_of(request.user).select_related("village"), pk=station_id)
    if request.method == "POST":
        _choose(request, station)
        return redirect("station-settings", station_id)
    around = regions_of(request.user).filter(pk__in=region_chain(station.village_id))
    context = {
        "section": "fleet",
        "station": station,
        "title": station.name,
        "rows": station_rows(station),
        "around": around.order_by("code"),
    }
    return render(request, "console/settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.SET_STATION)
def region_settings(request: HttpRequest, code: str) -> HttpResponse:
    """Show the settings for a region's stations, or change one of them."""
    region = get_object_or_404(regions_of(request.user), pk=code)
    if request.method == "POST":
        _choose(request, region)
        return redirect("region-settings", code)
    around = regions_of(request.user).filter(pk__in=region_chain(code)).exclude(pk=code)
    context = {
        "section": "fleet",
        "station": None,
        "region": region,
        "title": f"{region.name}的站点",
        "count": stations_of(request.user).under(code).count(),
        "rows": region_rows(region),
        "around": around.order_by("code"),
    }
    return render(request, "console/settings.html", context)


def _choose(request: HttpRequest, place: Station | Region) -> None:
    # Cut, because the audit log keeps the value as it was typed. No name or value of a setting is that long.
    name, text = request.POST.get("name", "")[:64], request.POST.get("value", "")[:64]
    try:
        choose(place, name, text, actor=request.user.get_username(), now=timezone.now())
    except NotAllowed as error:
        messages.error(request, f"没有修改：{error}。")
        return
    word = SPECS[name].word if name in SPECS else name
    done = "已改" if text.strip() else "已恢复为上级的设置"
    messages.success(request, f"{word}{done}，站点在线时立即下发。")
