"""Mark the senders of blobs that early versions stored, when `MediaFolder` did not mark them itself."""

from server_broker.media.files import MediaFolder
from server_broker.media.models import Blob
from server_broker.media.retention import EXPIRED


def mark_senders(folder: MediaFolder) -> int:
    """Mark the sender of each whole blob that the database knows, once for a folder; return how many had no mark.

    After a restore of the database only the marks tell who sent a blob, so they must be made before. A file in the
    folder notes that this is done, so that later starts need not query the database.
    """
    if folder.senders_are_marked():
        return 0
    # Early versions knew no other origin.
    whole = Blob.objects.exclude(station=None).exclude(completed_at=None).exclude(evicted_reason=EXPIRED)
    keys = whole.values_list("station_id", "sha256")
    marked = sum(folder.mark_sender(station, bytes(sha256)) for station, sha256 in keys.iterator())
    folder.note_senders_marked()
    return marked
