"""站点详情: a station's state, its ledger, and its last events, touches and pictures; claim codes and revocation."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from protocol.claim import format_claim_code
from protocol.claim_file import CLAIM_FILE
from server_broker.accounts.powers import Power, may, needs
from server_broker.audit.models import AuditEntry
from server_broker.bundles.spread import WHOLE, station_shelf
from server_broker.console.event_words import with_notes
from server_broker.console.lost_card_words import with_holders
from server_broker.console.polling import live_page
from server_broker.console.post_only import post_only
from server_broker.console.queries import blobs_of, commands_of, stations_of, touches_of
from server_broker.console.reasons import ReasonField, refusal_text
from server_broker.console.seen import note_previewed
from server_broker.console.touch_rows import shown_touches
from server_broker.console.views.commands import LOG, CommandForm
from server_broker.enrolment.claim_files import ca_fingerprint, claim_file
from server_broker.enrolment.claims import ClaimRefused, make_claim, open_claim
from server_broker.enrolment.models import Claim
from server_broker.enrolment.revocation import revoke as revoke_station
from server_broker.fleet.models import Station
from server_broker.ledger.station_page import station_page
from server_broker.media.retention import EXPIRED
from server_broker.settling.dead_stations import declared, first_minute

LAST_TOUCHES = 15
LAST_EVENTS = 30
LAST_SNAPSHOTS = 24
LAST_COMMANDS = 8
LAST_LOGS = 3
CODE_SHOWN_S = 600
"""How long the person who made a claim code can look at it again."""


class RevokeForm(forms.Form):
    """Why a station is revoked. A person types its id again, because a revocation can't be undone."""

    reason = ReasonField()
    confirm = forms.CharField(max_length=64)


@require_safe
@needs(Power.SEE_FLEET)
def station(request: HttpRequest, station_id: str) -> HttpResponse:
    """Show one station. A poll gets only its live part."""
    user, shown = request.user, _get(request, station_id)
    page = station_page(shown, events=LAST_EVENTS, snapshots=LAST_SNAPSHOTS)
    shelf = station_shelf(shown)
    in_service = shown.revoked_at is None and shown.enrolled_at is not None
    context = {
        "section": "fleet",
        "station": shown,
        "ledger": page.ledger,
        "alarms": with_holders(user, page.alarms),
        "events": with_notes(page.events),
        "shelf": shelf,
        "shelf_has": sum(at.state == WHOLE for at in shelf),
        "sees_people": may(user, Power.SEE_PEOPLE),
        "sees_pictures": may(user, Power.SEE_PICTURES),
        "rows": [],
        "snapshots": [],
        "may_revoke": may(user, Power.REVOKE_STATION) and shown.revoked_at is None,
        "may_view_live": may(user, Power.VIEW_LIVE) and in_service,
        "may_set": may(user, Power.SET_STATION),
        "may_claim": may(user, Power.CLAIM_STATION) and shown.revoked_at is None,
        # Of a revoked station too: windows that were over before wait for its record as for any other's.
        "may_declare": may(user, Power.DECLARE_DEAD) and shown.enrolled_at is not None,
        "declared": declared(shown, timezone.now()) if shown.enrolled_at else None,
        "revoked": _revocation(shown),
        # Called by the form alone: a poll does not show it.
        "first_minute": lambda: first_minute(shown, timezone.now()),
        "now": timezone.localtime(),
    }
    # Touches and pictures show people, so a role that sees only machines gets neither.
    if may(user, Power.SEE_PEOPLE):
        touches = touches_of(user).filter(station=shown).select_related("station__village")
        # By the station's own clock, which the index `touch_by_station` has in order.
        rows = shown_touches(user, touches.order_by("-wall", "-id")[:LAST_TOUCHES])
        context["rows"] = rows
    if may(user, Power.SEE_PICTURES):
        context["snapshots"] = page.snapshots
        note_previewed(request, shown.pk, page.snapshots)
    if may(user, Power.COMMAND_STATION):
        logs = blobs_of(user).filter(station=shown, purpose=LOG, completed_at__isnull=False)
        context |= {
            "may_command": in_service,
            "commands": commands_of(user).filter(station=shown)[:LAST_COMMANDS],
            "logs": logs.exclude(evicted_reason=EXPIRED).order_by("-completed_at")[:LAST_LOGS],
            "command_form": CommandForm(),
        }
    return live_page(request, "station", context)


def _revocation(station: Station) -> AuditEntry | None:
    """Return the entry that says who revoked a station, and why; None if it is not revoked."""
    if station.revoked_at is None:
        return None
    # A second revocation is an entry too, and does nothing.
    return AuditEntry.objects.filter(action="station.revoked", subject=station.pk).order_by("id").first()


def _get(request: HttpRequest, station_id: str) -> Station:
    return get_object_or_404(stations_of(request.user).select_related("village", "status"), pk=station_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.CLAIM_STATION)
def claim(request: HttpRequest, station_id: str) -> HttpResponse:
    """Make a claim code, and redirect to a page that shows it. Loading this page again makes no further code.

    The county stores only the code's hash. For `CODE_SHOWN_S` this process keeps the code in memory for the session
    that made it.
    """
    shown = _get(request, station_id)
    if request.method == "POST":
        try:
            code = make_claim(shown, actor=request.user.get_username(), now=timezone.now())
        except ClaimRefused as refused:
            messages.error(request, f"没有生成：{refused}。")
            return redirect("station", station_id)
        cache.set(_code_place(request, shown), code, CODE_SHOWN_S)
        return redirect("station-claim", station_id)
    code, opened = _kept_code(request, shown)
    context = {"section": "fleet", "station": shown, "code": format_claim_code(code) if opened else ""}
    if opened:
        context["fingerprint"] = ca_fingerprint(settings.HOME)
    return render(request, "console/claim.html", context)


@require_safe
@needs(Power.CLAIM_STATION)
def claim_download(request: HttpRequest, station_id: str) -> HttpResponse:
    """Give ``claim.toml`` for the code that this session has just made; without one, show the page that says so."""
    code, opened = _kept_code(request, _get(request, station_id))
    if opened is None:
        return redirect("station-claim", station_id)
    response = HttpResponse(claim_file(settings.HOME, opened, code), content_type="application/toml")
    response["Content-Disposition"] = f'attachment; filename="{CLAIM_FILE}"'
    response["Cache-Control"] = "no-store"
    return response


def _kept_code(request: HttpRequest, shown: Station) -> tuple[str, Claim | None]:
    """Return the code that this session made and its claim; None if it was used, or replaced by a newer one, since."""
    code: str = cache.get(_code_place(request, shown), "")
    return code, open_claim(code, now=timezone.now()) if code else None


def _code_place(request: HttpRequest, shown: Station) -> str:
    return f"claim:{request.session.session_key}:{shown.pk}"


@post_only("station", "station_id")
@needs(Power.REVOKE_STATION)
def revoke(request: HttpRequest, station_id: str) -> HttpResponse:
    """Revoke a station for good, with a reason, if the person has typed its id again."""
    shown = _get(request, station_id)
    form = RevokeForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"没有吊销：{refusal_text(form, '请写明理由（至少 4 个字）')}。")
    elif form.cleaned_data["confirm"].strip() != shown.pk:
        messages.error(request, "没有吊销：输入的站点编号不一致。")
    else:
        actor, reason = request.user.get_username(), form.cleaned_data["reason"]
        outcome = revoke_station(settings.HOME, shown.pk, actor=actor, reason=reason, now=timezone.now())
        if outcome.complete:
            messages.success(request, f"{outcome.said()}。这个编号不能再接入。")
        else:
            messages.error(request, f"吊销没有全部完成：{outcome.said()}。")
    return redirect("station", station_id)
