"""A picture's page and its bytes. Bytes from a station are never trusted to be what they say.

Whoever is sent a picture, large or small, is on record for it (`server_broker.console.seen`).
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
@needs(Power.SEE_PEOPLE)
def snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one picture with what it was taken of."""
    blob = _get(request, pk)
    note_seen(request, blob)
    context = {
        "section": "home",
        "blob": blob,
        "digest": bytes(blob.sha256).hex(),
        "row": _touch_of(request, blob),
    }
    return render(request, "console/snapshot.html", context)


@require_safe
@needs(Power.SEE_PEOPLE)
def snapshot_jpeg(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a picture as it came from its station."""
    blob = _get(request, pk)
    file = open_snapshot(blob)
    if file is None:
        raise Http404
    note_seen(request, blob)
    with file:
        return jpeg(file.read())


@require_safe
@needs(Power.SEE_PEOPLE)
def snapshot_thumbnail(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a small picture, as lists show them."""
    blob = _get(request, pk)
    small = thumbnail(blob)
    if small is None:
        raise Http404
    note_previewed(request, blob.station_id, [blob])
    return jpeg(small)


def jpeg(data: bytes) -> HttpResponse:
    """Answer with the bytes as what they must be, a JPEG, in a sandbox of its own; nobody may keep it."""
    response = HttpResponse(data, content_type="image/jpeg")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def _get(request: HttpRequest, pk: int) -> Blob:
    blobs = blobs_of(request.user).filter(completed_at__isnull=False, viewable=True)
    return get_object_or_404(blobs.select_related("station__village"), pk=pk)


def _touch_of(request: HttpRequest, blob: Blob) -> ShownTouch | None:
    if blob.about_seq is None:
        return None
    touches = touches_of(request.user).filter(station=blob.station, epoch=blob.about_epoch, seq=blob.about_seq)
    rows = shown_touches(request.user, touches.select_related("station__village")[:1])
    return rows[0] if rows else None
