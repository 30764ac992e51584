"""Marks of who sent what, for blobs that were completed before `MediaFolder` laid such marks by itself."""

from server_broker.media.files import MediaFolder
from server_broker.media.models import Blob
from server_broker.media.retention import EXPIRED


def mark_senders(folder: MediaFolder) -> int:
    """Mark the sender of each whole blob that the database knows, once for a folder; return how many had no mark.

    After a restore only the mark tells whose the bytes are: then it is too late to lay it. A folder that is done is
    known by a file in it, so that a county which starts again asks the database nothing.
    """
    if folder.senders_are_marked():
        return 0
    whole = Blob.objects.exclude(completed_at=None).exclude(evicted_reason=EXPIRED)
    keys = whole.values_list("station_id", "sha256")
    marked = sum(folder.mark_sender(station, bytes(sha256)) for station, sha256 in keys.iterator())
    folder.note_senders_marked()
    return marked
