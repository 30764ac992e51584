"""Delete blobs at the end of their time, and give up what does not come: pieces after 90 days, and what is nowhere.

How long a blob of each purpose is kept, the caller says (`server_broker.retention.keepings`). The rows of blobs stay,
because the ledger still has to account for them, and their hash tells what it was that was deleted.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from server_broker.media.files import MediaFolder
from server_broker.media.holds import without_holds
from server_broker.media.models import Blob

ABANDONED = timedelta(days=90)
EXPIRED = "expired"
GONE = "gone"
"""The county's word for a blob that it lacks, or lost with a restored backup, and that its station has no more."""
GONE_AFTER = timedelta(days=1)
"""A station that says so much later that no file waits has none of those that it announced before."""


def drop_expired(now: datetime, *, kept: Mapping[str, timedelta], otherwise: timedelta) -> int:
    """Delete the bytes of blobs whose time is over at ``now`` and that nobody holds; return how many.

    Bytes that a younger blob of another sender shares stay until that one expires.

    Args:
        kept: How long after it was completed, by purpose.
        otherwise: For a purpose that is not named there.
    """
    folder = MediaFolder(settings.HOME.media)
    oldest = min([*kept.values(), otherwise])
    due = without_holds(Blob.objects.filter(completed_at__lt=now - oldest).exclude(evicted_reason=EXPIRED))
    dropped = 0
    for pk, purpose, completed_at in due.values_list("pk", "purpose", "completed_at").iterator():
        assert completed_at is not None  # by the filter
        if completed_at < now - kept.get(purpose, otherwise):
            dropped += _drop(folder, pk)
    return dropped


def _drop(folder: MediaFolder, pk: int) -> bool:
    with transaction.atomic():
        # Asked again under the lock: somebody may have held it since.
        blob = without_holds(Blob.objects.select_for_update(no_key=True, of=("self",)).filter(pk=pk)).first()
        if blob is None or blob.evicted_reason == EXPIRED:
            return False
        Blob.objects.filter(pk=pk).update(viewable=False, evicted_reason=EXPIRED)
        # Others may have sent the same bytes, which are stored once for all of them.
        alive = Blob.objects.filter(sha256=blob.sha256).exclude(completed_at=None).exclude(evicted_reason=EXPIRED)
        of_this_sender = alive.filter(station=blob.station_id).exists()
        if not of_this_sender:
            folder.drop(blob.sender, bytes(blob.sha256), last=not alive.exists())
        return True


def drop_abandoned(now: datetime) -> int:
    """Delete blobs in pieces that got no piece for `ABANDONED`, and return how many.

    Rows that no fact announced and that have no pieces are deleted too. If a station sends such a blob again later, it
    is received from the start.
    """
    folder = MediaFolder(settings.HOME.media)
    dropped = folder.forget_older(now - ABANDONED)
    unannounced = Blob.objects.filter(origin=Blob.Origin.STATION, announced_at=None, completed_at=None)
    for blob in unannounced.iterator():
        with transaction.atomic():
            row = Blob.objects.select_for_update().filter(pk=blob.pk, announced_at=None, completed_at=None)
            if row.exists() and not folder.has_pieces(blob.sender, bytes(blob.sha256)):
                row.delete()
    return dropped


def give_up_gone() -> int:
    """Await no longer the announced blobs that their stations don't have any more; return how many.

    A county that comes back from a backup may lack pictures that it had before, and whose stations let them go when it
    had them. If one comes all the same, it counts as any other (`server_broker.media.intake`).
    """
    awaited = Blob.objects.filter(completed_at=None, evicted_reason="", announced_at__isnull=False)
    said_none = awaited.filter(
        station__status__blobs_waiting=0, station__status__health_at__gt=F("announced_at") + GONE_AFTER
    )
    return Blob.objects.filter(pk__in=said_none.values("pk"), completed_at=None).update(evicted_reason=GONE)
