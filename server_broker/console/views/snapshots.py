"""A picture's page, and its bytes. A station may send any bytes, so browsers get them in a sandbox.

The audit log gets an entry about each account that was sent a picture, large or small (`server_broker.console.seen`).
"""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair, is_own_affair
from server_broker.accounts.powers import Power, may, needs
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import touch_rows
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import blobs_of, touches_of
from server_broker.console.seen import note_previewed, note_seen
from server_broker.console.touch_rows import shown_touches
from server_broker.media.holds import NOT_YOURS, HoldRefused, lift_hold, may_lift, set_hold
from server_broker.media.models import Blob, LegalHold
from server_broker.media.pictures import open_snapshot, thumbnail


@require_safe
@needs(Power.SEE_PICTURES)
def snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one picture, and the touch that it was taken for."""
    blob = _get(request, pk)
    note_seen(request, blob)
    rows = shown_touches(request.user, _touches(request, blob))
    hold = blob.holds.filter(lifted_at=None).select_related("set_within").first()
    context = {
        "section": "fleet",
        "blob": blob,
        "hold": hold,
        "may_hold": may(request.user, Power.HOLD_FILES),
        "why_not": _why_not(request, blob, hold),
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
    reason = parameters.prose(request.POST, "reason", longest=400)
    try:
        change(blob, reason=reason, by=request.user, of=_people(request, blob), now=timezone.now())
    except (HoldRefused, OwnAffair) as refused:
        messages.error(request, f"没有改动：{refused}")
    else:
        messages.success(request, done)
    return redirect("snapshot", pk=pk)


def _touches(request: HttpRequest, blob: Blob) -> list[Touch]:
    """Return the touch that a picture was taken for, as a list of one or none."""
    if blob.about_seq is None:
        return []
    touches = touches_of(request.user).filter(station=blob.station, epoch=blob.about_epoch, seq=blob.about_seq)
    return list(touches.select_related("station__village")[:1])


def _people(request: HttpRequest, blob: Blob) -> set[int]:
    return {row.person.pk for row in touch_rows(_touches(request, blob)) if row.person is not None}


def _why_not(request: HttpRequest, blob: Blob, hold: LegalHold | None) -> str:
    """Return why this viewer may not set or lift a hold here; an empty text if they may."""
    assert isinstance(request.user, User)  # by `needs`
    if is_own_affair(request.user.get_username(), _people(request, blob)):
        return "这是您自己打卡的图片，保留不保留要由另一个人来定。"
    return "" if hold is None or may_lift(hold, request.user) else f"{NOT_YOURS}。"


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
