"""Open pictures that may be shown, whole or small."""

import io
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from PIL import Image

from server_broker.media.files import MediaFolder
from server_broker.media.models import Blob

THUMBNAIL = (240, 180)
"""Most width and height of a thumbnail, in pixels."""
KEPT_THUMBNAILS = 512
"""Number of thumbnails kept in memory, about 6 kB each."""


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
    return _thumbnail(MediaFolder(settings.HOME.media).path(bytes(blob.sha256)))


@lru_cache(maxsize=KEPT_THUMBNAILS)
def _thumbnail(path: Path) -> bytes:
    """Make the thumbnail. The cache is never stale, because a file's path is its hash, so its content never changes."""
    with Image.open(path, formats=["JPEG"]) as picture:
        # The JPEG is then decoded at a half, a quarter or an eighth of its size, which is much faster.
        picture.draft("RGB", THUMBNAIL)
        picture.thumbnail(THUMBNAIL)
        out = io.BytesIO()
        picture.convert("RGB").save(out, "JPEG", quality=70)
    return out.getvalue()


def open_blob(blob: Blob) -> BinaryIO | None:
    """Return a whole blob's bytes, or None if they have not arrived or were deleted."""
    if blob.completed_at is None:
        return None
    try:
        return MediaFolder(settings.HOME.media).path(bytes(blob.sha256)).open("rb")
    except FileNotFoundError:
        return None
