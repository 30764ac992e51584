"""The daily manifest: one signed root over all that the county has recorded until the end of a day.

Its leaves are the heads of all stations' streams, of the county's own stream, of the audit log, and a digest of what
each dated table got. A station is sent the signed root with the path from its own leaf to it (`KeptHead`, some 600
bytes), so that a county that rewrites a past day is caught by what one station kept.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.merkle import HASH_BYTES, MAX_PATH, merkle_paths, merkle_root, root_of_path
from protocol.refusal import Refused
from protocol.signing import Signed, key_id, seal, unseal
from protocol.units import DayText, Epoch, Sha256, ShortText, StationId, Through, WallMs

MAX_LEAVES = 2**20

type LeafKind = Literal["county", "audit", "table", "stream"]


class Leaf(Message, frozen=True, kw_only=True, array_like=True):
    """``[kind, name, epoch, count, digest]``.

    - ``county``, ``stream``: a stream of ``name`` (the county's id, a station) with the head ``digest`` after ``count``
      facts of ``epoch``;
    - ``audit``: ``count`` entries, the last one with the hash ``digest``;
    - ``table``: ``count`` rows of the table ``name`` since the manifest before, with ``digest`` over them.
    """

    kind: LeafKind
    name: ShortText
    epoch: Annotated[bytes, Meta(max_length=16)]
    count: Through
    digest: Sha256


class ManifestRoot(VersionedMessage, frozen=True, kw_only=True, array_like=True):
    """``[v, county, number, day, at, leaves, root]``: what the county signs. Numbers go up by one without a gap."""

    county: StationId
    number: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    day: DayText
    at: WallMs
    leaves: Annotated[int, Meta(ge=1, le=MAX_LEAVES)]
    root: Sha256


class KeptHead(VersionedMessage, frozen=True, kw_only=True, array_like=True):
    """``[v, signed, index, epoch, count, digest, path]``: the signed root, and the way to it from the station's leaf.

    ``epoch``, ``count`` and ``digest`` are those of leaf ``index``; its kind and its name the station knows. ``path``
    has the hashes of the Merkle path, one after another.
    """

    signed: Annotated[bytes, Meta(max_length=300)]
    index: Annotated[int, Meta(ge=0, lt=MAX_LEAVES)]
    epoch: Epoch
    count: Through
    digest: Sha256
    path: Annotated[bytes, Meta(max_length=MAX_PATH * HASH_BYTES)]

    def leaf(self, station: str) -> Leaf:
        """Return the leaf that the path begins at."""
        return Leaf(kind="stream", name=station, epoch=self.epoch, count=self.count, digest=self.digest)


MAX_KEPT = 60
MAX_KEPT_HEADS_BYTES = 2**17
"""Largest `KeptHeads` that is read. With 2,000 streams in the county and the longest names, each head has 585 bytes."""


class KeptHeads(VersionedMessage, frozen=True, kw_only=True):
    """What a station keeps of the manifests that it was sent: the last `MAX_KEPT`, rising in number."""

    station: StationId
    heads: Annotated[list[KeptHead], Meta(max_length=MAX_KEPT)]


def seal_root(key: Ed25519PrivateKey, root: ManifestRoot) -> bytes:
    """Sign and encode a manifest's root with the county's record key."""
    return seal(key, "cunhui manifest 1", encode(root))


def unseal_root(raw: bytes, public_key: bytes) -> ManifestRoot:
    """Read a signed root and check that ``public_key`` has signed it.

    Raises:
        Refused: As `protocol.signing.unseal`.
    """
    return decode(unseal(raw, "cunhui manifest 1", {key_id(public_key): public_key}), ManifestRoot)


def read_root(raw: bytes) -> ManifestRoot:
    """Read a root without checking who signed it: a station does not know the county's record key.

    Raises:
        Refused: ``malformed``, ``too_large`` or ``unknown_version``.
    """
    return decode(decode(raw, Signed).payload, ManifestRoot)


def root_over(leaves: Sequence[Leaf]) -> bytes:
    """Return the root over ``leaves`` in their order."""
    return merkle_root([encode(leaf) for leaf in leaves])


def read_leaves(raw: bytes, *, limit: int) -> list[Leaf]:
    """Read the leaves of a manifest from one MessagePack list.

    Raises:
        Refused: ``malformed`` or ``too_large``.
    """
    return decode(raw, list[Leaf], limit=limit)


def kept_heads(signed: bytes, leaves: Sequence[Leaf]) -> Iterator[tuple[str, KeptHead]]:
    """Yield the station and what it is sent for each leaf that is a station's stream."""
    paths = merkle_paths([encode(leaf) for leaf in leaves])
    for index, (own, path) in enumerate(zip(leaves, paths, strict=True)):
        if own.kind == "stream":
            kept = KeptHead(
                signed=signed, index=index, epoch=own.epoch, count=own.count, digest=own.digest, path=b"".join(path)
            )
            yield own.name, kept


def check_kept_head(kept: KeptHead, *, station: str) -> ManifestRoot:
    """Return the root to which a station's own leaf leads. Who signed it is not checked.

    Raises:
        Refused: ``malformed`` (also if the path leads to another root) or ``unknown_version``.
    """
    root = read_root(kept.signed)
    if len(kept.path) % HASH_BYTES:
        raise Refused("malformed", "the path has a part of a hash")
    path = [kept.path[at : at + HASH_BYTES] for at in range(0, len(kept.path), HASH_BYTES)]
    if root_of_path(encode(kept.leaf(station)), index=kept.index, count=root.leaves, path=path) != root.root:
        raise Refused("malformed", "the path leads to another root")
    return root
