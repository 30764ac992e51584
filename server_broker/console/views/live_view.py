"""实时查看: look into a station's room for a leased time.

Only the account that gave the command sees the frames. The kiosk tells the village who looks.
"""

import uuid
from functools import cache, partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from protocol.commands import LiveTerms
from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, needs
from server_broker.broker import county_client
from server_broker.commands.command_queue import CommandRefused, give_command, lease_ends, live_command, seconds_left
from server_broker.commands.models import StationOrder
from server_broker.console.polling import is_poll, live_page
from server_broker.console.post_only import post_only
from server_broker.console.queries import commands_of, stations_of
from server_broker.console.reasons import ReasonField, refusal_text
from server_broker.console.seen import note_live
from server_broker.console.views.snapshots import jpeg
from server_broker.fleet.models import Station
from server_broker.live.hub import LiveHub, TooManyViews
from server_broker.live.mqtt import MqttFrames

SECONDS = ((60, "1 分钟"), (120, "2 分钟"), (300, "5 分钟"), (600, "10 分钟"))
PACES = ((6, "每 10 秒一帧"), (20, "每 3 秒一帧"), (60, "每秒一帧"))
MEGABYTES = ((1, "1 MB"), (2, "2 MB"), (5, "5 MB"), (20, "20 MB"))


class LiveForm(forms.Form):
    """How long, how often and how much a person wants to see, and why."""

    seconds = forms.TypedChoiceField(choices=SECONDS, coerce=int, initial=120)
    pace = forms.TypedChoiceField(choices=PACES, coerce=int, initial=20)
    megabytes = forms.TypedChoiceField(choices=MEGABYTES, coerce=int, initial=2)
    why = ReasonField()


@cache
def hub() -> LiveHub:
    """Return this process's hub. The county's web server is a single process, so one hub serves all its viewers."""
    return LiveHub(lambda heard: MqttFrames(partial(county_client, settings.HOME), heard))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.VIEW_LIVE)
def live_view(request: HttpRequest, station_id: str) -> HttpResponse:
    """Begin a live view, or show the frames of the viewer's own one. A poll gets only the frame."""
    station = get_object_or_404(stations_of(request.user).select_related("status", "village"), pk=station_id)
    if request.method == "POST":
        _begin(request, station)
        return redirect("station-live", station_id)
    context = _context(request, station)
    response = live_page(request, "live", context)
    if context["command"] is None and is_poll(request):
        # The live view is over. The button that ends it stands outside the live part, so the whole page must be loaded.
        response["HX-Refresh"] = "true"
    return response


def _begin(request: HttpRequest, station: Station) -> None:
    form = LiveForm(request.POST)
    if not form.is_valid():
        otherwise = "请写明理由（至少 4 个字），其余从列出的几项中选择"
        messages.error(request, f"没有开始：{refusal_text(form, otherwise)}。")
        return
    wanted = form.cleaned_data
    terms = LiveTerms(
        seconds=wanted["seconds"],
        frames_a_minute=wanted["pace"],
        kib=wanted["megabytes"] * 1000,
        viewer=viewer_name(request.user),
    )
    try:
        give_command(
            station,
            "live_view",
            actor=request.user.get_username(),
            reason=wanted["why"],
            now=timezone.now(),
            terms=terms,
        )
    except CommandRefused as refused:
        messages.error(request, f"没有开始：{refused}。")


def viewer_name(user: Any) -> str:
    """Return the viewer as the kiosk names it to the village: a region and a role, never a person's name."""
    if not isinstance(user, User) or user.region is None:
        return "县里"
    return f"{user.region.name} {user.role_word}"[:64]


def _context(request: HttpRequest, station: Station) -> dict[str, Any]:
    """Return what the page shows: the running live view with its last frame, or the outcome of the last one."""
    now = timezone.now()
    command = live_command(station, issuer=request.user.get_username(), now=now)
    context: dict[str, Any] = {"section": "fleet", "station": station, "command": command, "form": LiveForm()}
    if command is None:
        last = commands_of(request.user).filter(station=station, order="live_view").order_by("-issued_at").first()
        return {**context, "last": last}
    # Each poll calls this, because the lease's end moves when the command is sent.
    try:
        hub().watch(station.pk, command.id.bytes, until=lease_ends(command), now=now)
    except TooManyViews:
        return {**context, "full": True}
    return {**context, "shot": hub().latest(station.pk, command.id.bytes), "left": seconds_left(command, now=now)}


@require_safe
@needs(Power.VIEW_LIVE)
def live_frame(request: HttpRequest, station_id: str, command_id: uuid.UUID) -> HttpResponse:
    """Respond with the last frame. The audit log gets one entry for the whole live view."""
    command = _own_command(request, station_id, command_id)
    shot = hub().latest(station_id, command.id.bytes)
    if shot is None:
        raise Http404
    note_live(request, command)
    return jpeg(shot.jpeg)


@post_only("station-live", "station_id")
@needs(Power.VIEW_LIVE)
def live_end(request: HttpRequest, station_id: str, command_id: uuid.UUID) -> HttpResponse:
    """Command the station to end the live view now."""
    command = _own_command(request, station_id, command_id)
    hub().forget(station_id)
    try:
        give_command(
            command.station,
            "end_live_view",
            actor=request.user.get_username(),
            reason=command.reason,
            now=timezone.now(),
        )
    except CommandRefused as refused:
        messages.error(request, f"没有发出结束命令：{refused}。到时间会自动结束。")
    else:
        messages.success(request, "已要求站点结束查看。")
    return redirect("station", station_id)


def _own_command(request: HttpRequest, station_id: str, command_id: uuid.UUID) -> StationOrder:
    """Return the viewer's own live view. Another account's is 404, because the kiosk has named only its own viewer."""
    mine = commands_of(request.user).filter(issuer=request.user.get_username(), order="live_view")
    return get_object_or_404(mine.select_related("station"), pk=command_id, station=station_id)
