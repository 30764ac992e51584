"""The shelf index: which bundles one station should have, in one signed document that `Desired` names.

What changes often (a person's progress, a month) changes this index and never the desired state.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from protocol.bundles import MAX_BUNDLE_BYTES, BundleKind, bundle_hash
from protocol.codec import Message, VersionedMessage, decode
from protocol.refusal import Refused
from protocol.signing import verify_beside
from protocol.units import FileName, Sha256, StationId, WallMs

MAX_ENTRIES = 200
MAX_INDEX_BYTES = 65_536
STICK_FOLDER = "cunhui-shelf"
"""Folder of a USB stick that carries an index and what it names. The county writes it, and the station reads it."""

type Access = Literal["public", "station"]
"""Who may fetch a bundle and its items. public: whoever knows the hash. station: a station by a signed request
(`protocol.fetch`), because the content is about people."""


class IndexEntry(Message, frozen=True, kw_only=True, array_like=True):
    """``[id, kind, version, sha256, size, not_after, access, night]``: a bundle that the station should have."""

    id: FileName
    kind: BundleKind
    version: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=MAX_BUNDLE_BYTES)]
    """Of the bundle's own bytes, without its items."""
    not_after: WallMs
    access: Access = "public"
    night: bool = False
    """It is fetched only in the night window of the settings."""


class ShelfIndex(VersionedMessage, frozen=True, kw_only=True):
    """All bundles of one station. A bundle that is not in it is withdrawn."""

    station: StationId
    version: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    bundles: Annotated[list[IndexEntry], Meta(max_length=MAX_ENTRIES)] = []

    def __post_init__(self) -> None:
        """Refuse the same bundle twice."""
        if len({entry.id for entry in self.bundles}) < len(self.bundles):
            raise ValueError("Expected each bundle once")


def open_index(
    payload: bytes, beside: bytes, *, station: str, sha256: bytes | None, public_keys: Mapping[bytes, bytes]
) -> ShelfIndex:
    """Read the index of ``station``. Entries of kinds of a later version are left out.

    Args:
        beside: The signature that lies beside it.
        sha256: The hash under which `Desired` names it; None for one from a USB stick, which only its signature vouches
            for.

    Raises:
        Refused: ``too_large``, ``wrong_hash``, as `protocol.signing.verify_beside`, ``malformed``, ``wrong_station``.
    """
    if len(payload) > MAX_INDEX_BYTES:
        raise Refused("too_large", f"an index of {len(payload)} bytes")
    if sha256 is not None and bundle_hash(payload) != sha256:
        raise Refused("wrong_hash", f"not the bytes of {sha256.hex()[:16]}")
    verify_beside(payload, beside, "cunhui index 1", public_keys)
    index = decode(payload, ShelfIndex, limit=MAX_INDEX_BYTES)
    if index.station != station:
        raise Refused("wrong_station", f"an index for {index.station}")
    return index
