"""Bundles: documents of the county for the people of some places, signed, carried to stations and kept there.

A bundle is named by the SHA-256 of its own bytes, and the county's signature lies beside them. So a new signing key
renames nothing, and no station fetches again what it has. The items of a bundle (pictures, sound, papers) are files of
their own under their own hashes, so that a picture survives a new version of the bundle that shows it.
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.finding import MAX_FIND_ENTRIES, FindEntry
from protocol.refusal import Refused
from protocol.signing import verify_beside
from protocol.units import FileName, RegionPrefix, Sha256, ShortText, WallMs

MAX_ITEMS = 5_000
MAX_CONTENT_BYTES = 2 * 2**20
MAX_BUNDLE_BYTES = 4 * 2**20
"""Content, and 5,000 items with names of their full length."""
MAX_ITEM_BYTES = 64 * 2**20

type BundleKind = Literal[
    "questions",
    "disclosure",
    "notices",
    "library",
    "roster",
    "month",
    "answers",
    "progress",
    "clips",
    "poll",
    "heads",
    "duty",
    "meetings",
    "courses",
]
"""What a bundle's content is (`protocol.bundle_contents`). questions: a learning pack. disclosure: what must be shown
to the village. notices: lines for the home screen. library: documents to read. roster: people of the village who may
sign in by number. month, progress: one person's touches, one person's learning. answers: replies to questions of
villagers. clips: sound of spoken lines. poll: a question to vote on. heads: the manifests in which this station's
stream is witnessed. duty: who is on duty in the village, by date. meetings: meetings of the village, with those who
are expected. courses: which packs are required of whom, and which may be chosen."""


class Item(Message, frozen=True, kw_only=True, array_like=True):
    """``[name, sha256, size, media_type]``: a file that belongs to the bundle."""

    name: FileName
    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=MAX_ITEM_BYTES)]
    media_type: ShortText


class Audience(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Whom a bundle is for. Both lists empty: everybody everywhere in the county."""

    regions: Annotated[list[RegionPrefix], Meta(max_length=64)] = []
    """Beginnings of region codes: a station whose village's code begins with one of them may have the bundle."""
    types: Annotated[list[ShortText], Meta(max_length=16)] = []
    """Types of people (`protocol.twin.Person.type`) to whom it is shown; empty: to all. Read for ``questions``
    alone: whoever has not shown who they are sees no pack that is for some types."""

    def has_region(self, code: str) -> bool:
        """Tell whether the place with this 12-digit code is addressed."""
        return not self.regions or any(code.startswith(prefix) for prefix in self.regions)


class Bundle(VersionedMessage, frozen=True, kw_only=True):
    """One version of one bundle."""

    id: FileName
    kind: BundleKind
    version: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    title: ShortText
    audience: Audience = Audience()
    not_before: WallMs = 0
    not_after: WallMs
    """From then on it is neither shown nor kept. Every bundle has an end, so that none stays by neglect."""
    items: Annotated[list[Item], Meta(max_length=MAX_ITEMS)] = []
    content: Annotated[bytes, Meta(max_length=MAX_CONTENT_BYTES)] = b""
    """MessagePack of the kind's type in `protocol.bundle_contents`."""
    find: Annotated[list[FindEntry], Meta(max_length=MAX_FIND_ENTRIES)] | UnsetType = UNSET
    """What people can find in it. Unset rather than empty, so that a bundle without it keeps its bytes and its name."""

    def __post_init__(self) -> None:
        """Refuse the same item twice, and a time that ends before it begins."""
        if len({item.name for item in self.items}) < len(self.items):
            raise ValueError("Expected each item once")
        if self.not_after <= self.not_before:
            raise ValueError("Expected `not_after` later than `not_before`")


def bundle_hash(payload: bytes) -> bytes:
    """Return the name of an encoded `Bundle` or `protocol.shelf_index.ShelfIndex`: the SHA-256 of its bytes."""
    return hashlib.sha256(payload).digest()


def encode_bundle(bundle: Bundle) -> bytes:
    """Return the bytes that are hashed, signed and fetched.

    Raises:
        Refused: ``too_large``: no reader would take it.
    """
    payload = encode(bundle)
    if len(payload) > MAX_BUNDLE_BYTES:
        raise Refused("too_large", f"a bundle of {len(payload)} bytes, at most {MAX_BUNDLE_BYTES} are read")
    return payload


def open_bundle(payload: bytes, beside: bytes, *, sha256: bytes, public_keys: Mapping[bytes, bytes]) -> Bundle:
    """Read a bundle that was fetched as ``sha256``.

    Whether its audience, version and time fit is the reader's to judge, because only the reader knows its own.

    Args:
        beside: The signature that lies beside it.

    Raises:
        Refused: ``too_large``, ``wrong_hash``, as `protocol.signing.verify_beside`, ``malformed``, or
            ``unknown_value`` for a kind of a later version.
    """
    if len(payload) > MAX_BUNDLE_BYTES:
        raise Refused("too_large", f"a bundle of {len(payload)} bytes")
    if bundle_hash(payload) != sha256:
        raise Refused("wrong_hash", f"not the bytes of {sha256.hex()[:16]}")
    verify_beside(payload, beside, "cunhui bundle 1", public_keys)
    return decode(payload, Bundle, limit=MAX_BUNDLE_BYTES)
