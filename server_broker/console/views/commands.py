"""命令: give a command to a station, and read the logs that stations sent."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.audit.log import record
from server_broker.commands.command_queue import CommandRefused, give_command
from server_broker.console.post_only import post_only
from server_broker.console.queries import blobs_of, stations_of
from server_broker.console.reasons import ReasonField, refusal_text
from server_broker.console.words import COMMANDS
from server_broker.media.pictures import open_blob

LOG = "log"
GIVEN_HERE = ("identify", "snapshot", "time_check", "send_logs", "restart_agent")
"""The commands that the form offers. A live view has a page of its own."""


class CommandForm(forms.Form):
    """Which command, and why."""

    order = forms.ChoiceField(choices=[(kind, COMMANDS[kind]) for kind in GIVEN_HERE])
    why = ReasonField()


@post_only("station", "station_id")
@needs(Power.COMMAND_STATION)
def command(request: HttpRequest, station_id: str) -> HttpResponse:
    """Give a command. It is sent within a second if the station is connected."""
    station = get_object_or_404(stations_of(request.user), pk=station_id)
    form = CommandForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"没有下命令：{refusal_text(form, '请选择命令并写明理由（至少 4 个字）')}。")
        return redirect("station", station_id)
    kind = form.cleaned_data["order"]
    try:
        give_command(
            station,
            kind,
            actor=request.user.get_username(),
            reason=form.cleaned_data["why"],
            now=timezone.now(),
        )
    except CommandRefused as refused:
        messages.error(request, f"没有下命令：{refused}。")
    else:
        messages.success(request, f"命令“{COMMANDS[kind]}”已记下，站点在线时立即发出。")
    return redirect("station", station_id)


@require_safe
@needs(Power.COMMAND_STATION)
def station_log(request: HttpRequest, pk: int) -> HttpResponse:
    """Respond with the end of a station's log as plain text. The audit log gets an entry that it was read."""
    logs = blobs_of(request.user).filter(purpose=LOG, completed_at__isnull=False)
    blob = get_object_or_404(logs, pk=pk)
    file = open_blob(blob)
    if file is None:
        return HttpResponse("日志已过保存期。", status=410, content_type="text/plain; charset=utf-8")
    with file:
        response = HttpResponse(file.read(), content_type="text/plain; charset=utf-8")
    record(
        actor=request.user.get_username(),
        action="log.seen",
        subject=blob.sender,
        detail={"sha256": bytes(blob.sha256).hex()},
    )
    # A station chose these bytes. A browser must not take them for a page and run what is in them.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
