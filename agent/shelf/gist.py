"""What the agent has in memory of a bundle's content: enough to offer it, and nothing that only its reader needs.

The gist is made once, when the bundle comes into force, and kept in the shelf's state. So a start reads one small file,
whatever lies on the shelf.
"""

from typing import Annotated

from msgspec import Meta, structs

from protocol.bundle_contents import Notices, read_content
from protocol.bundles import Bundle
from protocol.codec import Message, decode, encode
from protocol.documents import MAX_DOCUMENTS, Documents
from protocol.packs import PackHead, read_head
from protocol.plain_text import one_line
from protocol.refusal import Refused
from protocol.units import WallMs

MAX_GIST_BYTES = 65_536
MAX_HEADS_BYTES = 2 * MAX_GIST_BYTES
"""200 documents with the longest titles and sources."""
_WITHOUT_A_READER = frozenset({"answers", "poll"})
"""Kinds whose content no part of this version reads. They are kept for the one that does."""


class NoticeLine(Message, frozen=True, kw_only=True, array_like=True):
    """A notice as the home screen shows it."""

    line: str
    not_before: WallMs
    not_after: WallMs
    urgent: bool
    id: str = ""
    """By which its text is found; empty in a gist of an earlier release."""
    kind: str = ""


class NoticeLines(Message, frozen=True, kw_only=True):
    """The gist of a ``notices`` bundle."""

    lines: Annotated[list[NoticeLine], Meta(max_length=100)]


class DocumentHead(Message, frozen=True, kw_only=True, array_like=True):
    """A document that stands on the shelf, as the list of documents shows it."""

    id: str
    title: str
    kind: str
    period: str
    published: str
    source: str
    sample: bool


class DocumentHeads(Message, frozen=True, kw_only=True):
    """The gist of a ``disclosure`` or ``library`` bundle."""

    heads: Annotated[list[DocumentHead], Meta(max_length=MAX_DOCUMENTS)]


def gist_of(bundle: Bundle) -> bytes:
    """Check a bundle's content by its kind, and return its gist.

    Raises:
        Refused: The content is not what its kind says.
    """
    if bundle.kind in _WITHOUT_A_READER:
        return b""
    if bundle.kind == "questions":
        head = read_head(bundle.content)
        if (head.id, head.version) != (bundle.id, bundle.version):
            raise Refused("malformed", f"bundle {bundle.id} {bundle.version} holds pack {head.id} {head.version}")
        return encode(structs.replace(head, types=bundle.audience.types))
    content = read_content(bundle)
    if isinstance(content, Notices):
        lines = [
            NoticeLine(
                line=line,
                not_before=one.not_before,
                not_after=one.not_after,
                urgent=one.urgent,
                id=one.id,
                kind=one.kind,
            )
            for one in content.notices
            if (line := one_line(one.line))
        ]
        return encode(NoticeLines(lines=lines))
    if isinstance(content, Documents):
        return encode(DocumentHeads(heads=heads_of(content)))
    return b""


def heads_of(documents: Documents) -> list[DocumentHead]:
    """Return the heads of those that are part of no other."""
    return [
        DocumentHead(
            id=one.id,
            title=one.title,
            kind=one.kind,
            period=one.period,
            published=one.published,
            source=one.source,
            sample=one.sample,
        )
        for one in documents.documents
        if not one.part_of
    ]


def head_in(gist: bytes) -> PackHead:
    """Read the gist of a ``questions`` bundle.

    Raises:
        Refused: ``malformed``.
    """
    return decode(gist, PackHead, limit=MAX_GIST_BYTES)


def lines_in(gist: bytes) -> list[NoticeLine]:
    """Read the gist of a ``notices`` bundle.

    Raises:
        Refused: ``malformed``.
    """
    return decode(gist, NoticeLines, limit=MAX_GIST_BYTES).lines


def heads_in(gist: bytes) -> list[DocumentHead]:
    """Read the gist of a ``disclosure`` or ``library`` bundle.

    Raises:
        Refused: ``malformed``; also for an empty one, which a release without documents made.
    """
    return decode(gist, DocumentHeads, limit=MAX_HEADS_BYTES).heads
