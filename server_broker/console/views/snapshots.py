"""A picture's page, and its bytes. A station may send any bytes, so browsers get them in a sandbox.

The audit log gets an entry about each account that was sent a picture, large or small (`server_broker.console.seen`).
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.console.queries import blobs_of, touches_of
from server_broker.console.seen import note_previewed, note_seen
from server_broker.console.touch_rows import ShownTouch, shown_touches
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
    note_previewed(request, blob.station_id, [blob])
    return jpeg(small)


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
