"""A picture's page, and its bytes. A station may send any bytes, so browsers get them in a sandbox.

The audit log gets an entry about each account that was sent a picture, large or small (`server_broker.console.seen`).
"""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import blobs_of, touches_of
from server_broker.console.seen import note_previewed, note_seen
from server_broker.console.touch_rows import ShownTouch, shown_touches
from server_broker.media.holds import HoldRefused, lift_hold, set_hold
from server_broker.media.models import Blob
from server_broker.media.pictures import open_snapshot, thumbnail


@require_safe
@needs(Power.SEE_PICTURES)
def snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one picture, and the touch that it was taken for."""
    blob = _get(request, pk)
    note_seen(request, blob)
    rows: list[ShownTouch] = []
    if blob.about_seq is not None:
        touches = touches_of(request.user).filter(station=blob.station, epoch=blob.about_epoch, seq=blob.about_seq)
        rows = shown_touches(request.user, touches.select_related("station__village")[:1])
    context = {
        "section": "home",
        "blob": blob,
        "hold": blob.holds.filter(lifted_at=None).first(),
        "may_hold": may(request.user, Power.HOLD_FILES),
        "digest": bytes(blob.sha256).hex(),
        "row": rows[0] if rows else None,
    }
    return render(request, "console/snapshot.html", context)


@require_safe
@needs(Power.SEE_PICTURES)
def snapshot_jpeg(request: HttpRequest, pk: int) -> HttpResponse:
    """Respond with a picture as its station sent it."""
    blob = _get(request, pk)
    file = open_snapshot(blob)
    if file is None:
        raise Http404
    note_seen(request, blob)
    with file:
        return jpeg(file.read())


@require_safe
@needs(Power.SEE_PICTURES)
def snapshot_thumbnail(request: HttpRequest, pk: int) -> HttpResponse:
    """Respond with a thumbnail for a list."""
    blob = _get(request, pk)
    small = thumbnail(blob)
    if small is None:
        raise Http404
    note_previewed(request, blob.sender, [blob])
    return jpeg(small)


@post_only("snapshot", "pk")
@needs(Power.HOLD_FILES)
def hold_snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a picture beyond its time, for the reason that is given."""
    return _hold_changed(request, pk, set_hold, "已依法保留，到期也不删除")


@post_only("snapshot", "pk")
@needs(Power.HOLD_FILES)
def release_snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """End the hold on a picture. If its time is over, the next chore deletes it."""
    return _hold_changed(request, pk, lift_hold, "已取消保留，按期限删除")


def _hold_changed(request: HttpRequest, pk: int, change: Callable[..., object], done: str) -> HttpResponse:
    blob = _get(request, pk)
    reason = parameters.text(request.POST, "reason", longest=400)
    try:
        change(blob, reason=reason, actor=request.user.get_username(), now=timezone.now())
    except HoldRefused as refused:
        messages.error(request, f"没有改动：{refused}")
    else:
        messages.success(request, done)
    return redirect("snapshot", pk=pk)


def jpeg(data: bytes) -> HttpResponse:
    """Respond with a JPEG, in a sandbox. No browser may keep it, so that each look comes here and is recorded."""
    response = HttpResponse(data, content_type="image/jpeg")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def _get(request: HttpRequest, pk: int) -> Blob:
    blobs = blobs_of(request.user).filter(completed_at__isnull=False, viewable=True)
    return get_object_or_404(blobs.select_related("station__village"), pk=pk)
