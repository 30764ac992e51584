"""Open pictures that may be shown, whole or small. Nothing is decoded in this process."""

from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from server_broker.media.files import MediaFolder
from server_broker.media.models import Blob
from server_broker.media.opening import DECODER

KEPT_THUMBNAILS = 512
"""Number of thumbnails kept in memory, about 6 kB each."""


class _NotMade(Exception):
    """The decoder made no thumbnail. Nothing is kept, so the next look tries again."""


def open_snapshot(blob: Blob) -> BinaryIO | None:
    """Return the picture's bytes for an ``image/jpeg`` response, or None if there is nothing to show.

    The caller must check that the viewer may see this station's pictures.
    """
    return open_blob(blob) if blob.viewable else None


def thumbnail(blob: Blob) -> bytes | None:
    """Return a small JPEG of the picture, or None if there is nothing to show.

    A thumbnail may be in memory although its picture was deleted. So each call opens the picture first.
    """
    file = open_snapshot(blob)
    if file is None:
        return None
    file.close()
    try:
        return _thumbnail(MediaFolder(settings.HOME.media).path(bytes(blob.sha256)))
    except _NotMade:
        return None


@lru_cache(maxsize=KEPT_THUMBNAILS)
def _thumbnail(path: Path) -> bytes:
    """Have the thumbnail made. The cache is never stale, because a file's path is its hash."""
    made = DECODER.thumbnail(path)
    if made is None:
        raise _NotMade
    return made


def open_blob(blob: Blob) -> BinaryIO | None:
    """Return a whole blob's bytes, or None if they have not arrived or were deleted."""
    if blob.completed_at is None:
        return None
    try:
        return MediaFolder(settings.HOME.media).path(bytes(blob.sha256)).open("rb")
    except FileNotFoundError:
        return None
