"""Documents that one person has handed over and another one publishes."""

import secrets
from dataclasses import replace
from datetime import datetime

import msgspec

from protocol.codec import decode
from protocol.documents import Documents
from server_broker.audit.log import Detail
from server_broker.bundles.documents import DocumentsDraft, DocumentsKind, check_before_publishing, publish_documents
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, BundleQuerySet, WrittenDocuments
from server_broker.bundles.written import NOT_AS_HANDED_OVER, check_replaced, hand_over, handed_over, publish_written
from server_broker.regions.models import Region, subtree_prefix

KINDS: dict[str, DocumentsKind] = {"disclosure": "disclosure", "library": "library"}


def new_id(kind: DocumentsKind) -> str:
    """Return the id of a bundle that is no next version of another one."""
    return f"{kind}-{secrets.token_hex(6)}"


def write_documents(
    draft: DocumentsDraft, *, region: Region, actor: str, at: datetime, written_by: str = "", note: Detail | None = None
) -> WrittenDocuments:
    """Keep documents for a second person. No station gets them.

    Args:
        written_by: Who wrote them, if it is somebody else who hands them over.
        note: What the audit log is to say beside.

    Raises:
        NotPublished: They could not be published.
    """
    checked = check_before_publishing(replace(draft, regions=[subtree_prefix(region.code)]), author=actor, at=at)
    pictures = msgspec.msgpack.encode(dict(sorted(draft.pictures.items())))
    row = WrittenDocuments(
        kind=draft.kind,
        title=checked.title,
        becomes=draft.id,
        replaces=_newest_version(draft.id),
        content=checked.content,
        pictures=pictures,
        sha256=handed_over(checked.content, pictures),
        region=region,
        not_before=draft.not_before,
        not_after=draft.not_after,
        written_by=written_by,
    )
    return hand_over(row, actor=actor, at=at, note=note)


def draft_of(row: WrittenDocuments) -> DocumentsDraft:
    """Return what was handed over, as it would be published today: the region by its present code.

    Raises:
        NotPublished: It is not what was handed over.
    """
    content, pictures = bytes(row.content), bytes(row.pictures)
    if handed_over(content, pictures) != bytes(row.sha256):
        raise NotPublished(NOT_AS_HANDED_OVER)
    return DocumentsDraft(
        id=row.becomes,
        kind=KINDS[row.kind],
        documents=decode(content, Documents, limit=len(content)).documents,
        regions=[subtree_prefix(row.region.code)],
        not_before=row.not_before,
        not_after=row.not_after,
        pictures=msgspec.msgpack.decode(pictures, type=dict[str, bytes]),
    )


def publish_written_documents(
    row: WrittenDocuments, *, own: BundleQuerySet, folder: BundleFolder, actor: str, at: datetime
) -> Bundle:
    """Publish what another person has handed over.

    Args:
        own: The bundles that the actor may replace.

    Raises:
        NotPublished: It no longer waits, it is not what was handed over, or what it replaces is not as it was then.
        OwnAffair: The actor wrote it.
        OSError: The disk takes nothing. Nothing was published.
    """

    def publish(locked: WrittenDocuments) -> Bundle:
        check_replaced(locked, newest=_newest_version(locked.becomes), own=own.lasting(at))
        return publish_documents(draft_of(locked), folder=folder, author=actor, at=at)[0]

    return publish_written(row, publish, actor=actor, at=at)


def _newest_version(bundle: str) -> int:
    newest = Bundle.objects.filter(bundle=bundle).order_by("-version").values_list("version", flat=True).first()
    return newest or 0
