"""Delete pictures after 90 days, and incomplete ones that got no piece for 90 days.

The rows of announced pictures stay, because the ledger still has to account for them.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from server_broker.media.files import MediaFolder
from server_broker.media.models import Blob

RETENTION = timedelta(days=90)
EXPIRED = "expired"


def drop_expired(now: datetime) -> int:
    """Delete the bytes of blobs that were completed more than `RETENTION` before ``now``; return how many.

    Bytes that a younger blob of another station shares stay until that one expires.
    """
    folder = MediaFolder(settings.HOME.media)
    due = Blob.objects.filter(completed_at__lt=now - RETENTION).exclude(evicted_reason=EXPIRED)
    dropped = 0
    for blob in due.iterator():
        dropped += 1
        with transaction.atomic():
            Blob.objects.filter(pk=blob.pk).update(viewable=False, evicted_reason=EXPIRED)
            # Other stations may have sent the same bytes, which are stored once for all of them.
            alive = Blob.objects.filter(sha256=blob.sha256).exclude(completed_at=None).exclude(evicted_reason=EXPIRED)
            folder.drop(blob.station_id, bytes(blob.sha256), last=not alive.exists())
    return dropped


def drop_abandoned(now: datetime) -> int:
    """Delete blobs in pieces that got no piece for `RETENTION`, and return how many.

    Rows that no fact announced and that have no pieces are deleted too. If a station
    sends such a blob again later, it is received from the start.
    """
    folder = MediaFolder(settings.HOME.media)
    dropped = folder.forget_older(now - RETENTION)
    for blob in Blob.objects.filter(announced_at=None, completed_at=None).iterator():
        with transaction.atomic():
            row = Blob.objects.select_for_update().filter(pk=blob.pk, announced_at=None, completed_at=None)
            if row.exists() and not folder.has_pieces(blob.station_id, bytes(blob.sha256)):
                row.delete()
    return dropped
