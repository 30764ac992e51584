"""Put on record who sees which pictures, without a row for each refresh of a page.

A full picture is recorded when its page is opened or its bytes are sent, small pictures when a page that shows them is
sent or their bytes are. A look at the same picture by the same account within `AGAIN_AFTER` is the same
look; no browser keeps a picture, so a later one asks the county again.
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
    """Record that a picture was seen in full."""
    if _not_yet(request, "snapshot.seen", blob.station_id, [blob]):
        detail: Detail = {"pictures": str(blob.pk), "sha256": bytes(blob.sha256).hex()}
        record(request.user.get_username(), "snapshot.seen", blob.station_id, detail)


def note_previewed(request: HttpRequest, station_id: str, blobs: Sequence[Blob]) -> None:
    """Record that small pictures of a station were seen: one entry for all that a page shows."""
    news = _not_yet(request, "snapshot.previewed", station_id, blobs)
    if news:
        detail: Detail = {"count": len(news), "pictures": " ".join(str(blob.pk) for blob in news)}
        record(request.user.get_username(), "snapshot.previewed", station_id, detail)


def note_live(request: HttpRequest, command: StationOrder) -> None:
    """Record that frames of a live view were seen: one entry for a command."""
    actor = request.user.get_username()
    detail: Detail = {"order": command.id.hex}
    if detail not in recorded(actor, "live.seen", command.station_id, since=command.issued_at):
        record(actor, "live.seen", command.station_id, detail)


def _not_yet(request: HttpRequest, action: str, station_id: str, blobs: Sequence[Blob]) -> list[Blob]:
    """Return those that the account's entries of late do not name by number, as in ``/snapshots/NUMBER/``."""
    since = timezone.now() - AGAIN_AFTER
    details = recorded(request.user.get_username(), action, station_id, since=since)
    named = {number for detail in details for number in str(detail.get("pictures", "")).split()}
    return [blob for blob in blobs if str(blob.pk) not in named]
