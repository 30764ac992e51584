"""Which document a question is about, in the words that the villager read."""

from collections.abc import Iterator

from protocol.bundles import MAX_BUNDLE_BYTES, MAX_CONTENT_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode
from protocol.documents import Document, Documents
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.feedback.models import Feedback

_VERSIONS = 5
"""So many are looked through, the newest first: a question does not say which one was read."""


def asked_about(row: Feedback, folder: BundleFolder) -> list[str]:
    """Return the titles of the document and of what it is a part of, the outermost first.

    The list is empty if the county has no such document for the station's village. What a station says of another
    village's document is not looked up, because its titles are for that village.

    Raises:
        OSError: A file can't be read.
        Refused: A file is not what it was published as.
    """
    versions = Bundle.objects.filter(bundle=row.about, kind__in=("disclosure", "library"))
    for version in versions.addressed_to(row.station).order_by("-version")[:_VERSIONS]:
        payload = folder.path(bytes(version.sha256)).read_bytes()
        content = decode(payload, BundleDocument, limit=MAX_BUNDLE_BYTES).content
        if not content:  # it has nothing but items
            continue
        documents = {one.id: one for one in decode(content, Documents, limit=MAX_CONTENT_BYTES).documents}
        if row.item in documents:
            return [one.title for one in _upwards(documents, row.item)][::-1]
    return []


def _upwards(documents: dict[str, Document], name: str) -> Iterator[Document]:
    while one := documents.get(name):
        yield one
        name = one.part_of
