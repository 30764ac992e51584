"""Documents that are published to a region, of which a meeting may name some as its papers."""

import datetime as dt

from protocol.bundles import MAX_BUNDLE_BYTES, MAX_CONTENT_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode
from protocol.documents import Documents
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import BundleQuerySet

_BUNDLES = 30
"""So many are looked through, the newest first: their files are read."""
MOST_OFFERED = 60


def papers_offered(bundles: BundleQuerySet, folder: BundleFolder, now: dt.datetime) -> dict[tuple[str, str], str]:
    """Return the titles of the documents on shelves, the newest first, by bundle and document.

    Args:
        bundles: Those that the viewer sees.

    Raises:
        OSError: A file can't be read.
        Refused: A file is not what it was published as.
    """
    found: dict[tuple[str, str], str] = {}
    shown = bundles.lasting(now).newest().filter(kind__in=("disclosure", "library"), station=None)
    for bundle in shown.order_by("-published_at", "-pk")[:_BUNDLES]:
        payload = folder.path(bytes(bundle.sha256)).read_bytes()
        content = decode(payload, BundleDocument, limit=MAX_BUNDLE_BYTES).content
        if not content:  # it has nothing but items
            continue
        for one in decode(content, Documents, limit=MAX_CONTENT_BYTES).documents:
            # Details belong to the document that opens them.
            if not one.part_of and len(found) < MOST_OFFERED:
                found[bundle.bundle, one.id] = one.title
    return found
