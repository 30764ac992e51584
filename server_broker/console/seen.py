"""Record in the audit log who sees which pictures, but not each refresh of a page.

A full picture is recorded when its page is opened or its bytes are sent, and thumbnails when a page that shows them or
their bytes are sent. If the same account sees the same picture again within `AGAIN_AFTER`, there is no new entry. No
browser keeps a picture, so each later look sends a request to the county.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from server_broker.audit.log import Detail, record, recorded
from server_broker.commands.models import StationOrder
from server_broker.media.models import Blob

AGAIN_AFTER = timedelta(minutes=15)


def note_seen(request: HttpRequest, blob: Blob) -> None:
    """Record that the viewer saw a picture in full."""
    if _not_yet(request, "snapshot.seen", blob.sender, [blob]):
        record(request.user.get_username(), "snapshot.seen", blob.sender, _named(blob))


def note_paper_seen(request: HttpRequest, blob: Blob) -> None:
    """Record that the viewer was sent a paper that bears on a request."""
    if _not_yet(request, "paper.seen", blob.sender, [blob]):
        record(request.user.get_username(), "paper.seen", blob.sender, _named(blob))


def note_previewed(request: HttpRequest, station_id: str, blobs: Sequence[Blob]) -> None:
    """Record that the viewer saw thumbnails of a station, with one entry for all that a page shows."""
    new = _not_yet(request, "snapshot.previewed", station_id, blobs)
    if new:
        detail: Detail = {"count": len(new), "pictures": " ".join(str(blob.pk) for blob in new)}
        record(request.user.get_username(), "snapshot.previewed", station_id, detail)


def note_live(request: HttpRequest, command: StationOrder) -> None:
    """Record that the viewer saw frames of a live view, with one entry for the whole live view."""
    actor = request.user.get_username()
    detail: Detail = {"order": command.id.hex}
    if detail not in recorded(actor, "live.seen", command.station_id, since=command.issued_at):
        record(actor, "live.seen", command.station_id, detail)


def _named(blob: Blob) -> Detail:
    return {"pictures": str(blob.pk), "sha256": bytes(blob.sha256).hex()}


def _not_yet(request: HttpRequest, action: str, station_id: str, blobs: Sequence[Blob]) -> list[Blob]:
    """Return the blobs that no recent entry of the account names. Entries name blobs by their keys in the URLs."""
    since = timezone.now() - AGAIN_AFTER
    details = recorded(request.user.get_username(), action, station_id, since=since)
    named = {key for detail in details for key in str(detail.get("pictures", "")).split()}
    return [blob for blob in blobs if str(blob.pk) not in named]
