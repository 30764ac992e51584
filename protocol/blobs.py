"""Blobs: bytes named by their SHA-256, in chunks, resumable by asking what is missing.

A station asks with `BlobQuery`. The county answers with `BlobMissing`, which names the ranges that it lacks. The
station sends them with one chunk in flight, and asks again. If no range is missing, the county has checked the hash and
stored the blob durably, and the station may drop its bytes.
"""

from collections.abc import Mapping
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.refusal import Refused
from protocol.signing import seal, unseal
from protocol.units import MAX_BLOB_BYTES, BlobSize, Sha256, StationId

MAX_CHUNK_BYTES = 32_768
MAX_RANGES = 256
"""If a blob has more gaps, later answers name the others, because an answer must fit one message."""

type Offset = Annotated[int, Meta(ge=0, le=MAX_BLOB_BYTES)]


class BlobQuery(VersionedMessage, frozen=True, kw_only=True):
    """The station asks what the county lacks of a blob."""

    station: StationId
    sha256: Sha256
    size: BlobSize


class Range(Message, frozen=True, kw_only=True, array_like=True):
    """``[start, end)`` in bytes."""

    start: Offset
    end: Offset


class BlobMissing(VersionedMessage, frozen=True, kw_only=True):
    """The first ranges that the county lacks, in order. An empty list says that the blob is whole and safe."""

    station: StationId
    sha256: Sha256
    ranges: Annotated[list[Range], Meta(max_length=MAX_RANGES)]


class BlobChunk(VersionedMessage, frozen=True, kw_only=True):
    """Bytes of a blob from ``offset`` on."""

    station: StationId
    sha256: Sha256
    size: BlobSize
    offset: Offset
    data: Annotated[bytes, Meta(min_length=1, max_length=MAX_CHUNK_BYTES)]


def decode_chunk(raw: bytes) -> BlobChunk:
    """Read a chunk that lies within its blob.

    Raises:
        Refused: As `protocol.codec.decode`; ``malformed`` when it reaches past ``size``.
    """
    chunk = decode(raw, BlobChunk)
    if chunk.offset + len(chunk.data) > chunk.size:
        raise Refused("malformed", f"chunk ends at {chunk.offset + len(chunk.data)} of {chunk.size}")
    return chunk


def seal_missing(key: Ed25519PrivateKey, missing: BlobMissing) -> bytes:
    """Sign and encode the county's answer."""
    return seal(key, "cunhui missing 1", encode(missing))


def unseal_missing(raw: bytes, *, station: str, public_keys: Mapping[bytes, bytes]) -> BlobMissing:
    """Read an answer meant for ``station``.

    Raises:
        Refused: As `protocol.signing.unseal`; ``wrong_station``.
    """
    missing = decode(unseal(raw, "cunhui missing 1", public_keys), BlobMissing)
    if missing.station != station:
        raise Refused("wrong_station", f"an answer for {missing.station}")
    return missing
