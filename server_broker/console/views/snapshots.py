"""A picture's page and its bytes. Bytes from a station are never trusted to be what they say."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.audit.log import record
from server_broker.console.queries import blobs_of, touches_of
from server_broker.console.touch_rows import ShownTouch, shown_touches
from server_broker.media.models import Blob
from server_broker.media.pictures import open_snapshot


@require_safe
@needs(Power.SEE_PEOPLE)
def snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one picture with what it was taken of. That it was looked at goes into the audit log."""
    blob = _get(request, pk)
    record(
        actor=request.user.get_username(),
        action="snapshot.seen",
        subject=blob.station_id,
        detail={"sha256": bytes(blob.sha256).hex()},
    )
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
    """Send the bytes as what they must be, a JPEG, in a sandbox of their own."""
    blob = _get(request, pk)
    file = open_snapshot(blob)
    if file is None:
        raise Http404
    with file:
        response = HttpResponse(file.read(), content_type="image/jpeg")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
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
