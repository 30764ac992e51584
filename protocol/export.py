"""The export file: facts and blobs that the county lacks, carried by hand if no line reaches the county.

The file begins with ``MAGIC``. Then come parts: one letter, the length as 4 bytes big-endian, one MessagePack value.
The first is `ExportHeader` (``h``). Envelopes (``e``) and pieces of blobs (``b``) follow, exactly as they would travel.
The last is `ExportEnd` (``z``) with length, hash and signature over everything before it, so that a reader notices if
the file was cut off. If the record key is not at hand (a dead board's outbox), every signature is `UNSIGNED`, and only
the chain vouches for the facts.

Nothing here opens a file: the caller passes in how to read and write.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol import chain, signing
from protocol.blobs import BlobChunk, decode_chunk
from protocol.codec import MAX_MESSAGE_BYTES, Message, VersionedMessage, decode, encode
from protocol.envelope import Envelope, decode_envelope
from protocol.heads import SignedHead
from protocol.refusal import Refused
from protocol.units import Head, Moment, PublicKey, Sha256, ShortText, Signature, StationId, Through

MAGIC = b"cunhui export 1\n"
MAX_EXPORT_BYTES = 2**30
UNSIGNED = bytes(64)
"""Stands in place of each signature in a file that was made without the record key."""

_PREFIX_BYTES = 5

type PartKind = Literal[b"h", b"e", b"b", b"z"]


class ExportedStream(Message, frozen=True, kw_only=True):
    """The file has facts ``after + 1`` … ``head.through`` of ``head.epoch``; ``before`` is the chain's value at
    ``after``."""

    after: Through
    before: Head
    head: SignedHead


class ExportHeader(VersionedMessage, frozen=True, kw_only=True):
    """Whose facts these are, and which. ``record_key`` is absent in a file made without it."""

    station: StationId
    record_key: PublicKey | None
    at: Moment
    software: ShortText
    streams: Annotated[list[ExportedStream], Meta(min_length=1, max_length=16)]


class ExportEnd(VersionedMessage, frozen=True, kw_only=True):
    """``length`` bytes with hash ``sha256`` stand before this part."""

    length: Annotated[int, Meta(ge=1, le=MAX_EXPORT_BYTES)]
    sha256: Sha256
    signature: Signature


def _signed_bytes(station: str, end: ExportEnd) -> bytes:
    return station.encode() + b"\x00" + end.length.to_bytes(8, "big") + end.sha256


class ExportWriter:
    """Writes the parts in order. A reader refuses the file until `end` has written its last part."""

    def __init__(self, write: Callable[[bytes], object], header: ExportHeader) -> None:
        """Begin a file with ``header``; ``write`` takes the bytes, in order."""
        self._write = write
        self._station = header.station
        self._hash = hashlib.sha256()
        self._length = 0
        self._put(MAGIC)
        self._part(b"h", encode(header))

    def envelope(self, envelope: Envelope) -> None:
        """Add facts."""
        self._part(b"e", encode(envelope))

    def chunk(self, chunk: BlobChunk) -> None:
        """Add a piece of a blob."""
        self._part(b"b", encode(chunk))

    def end(self, key: Ed25519PrivateKey | None) -> None:
        """Complete the file. It is signed if there is a record key."""
        end = ExportEnd(length=self._length, sha256=self._hash.digest(), signature=UNSIGNED)
        signature = signing.sign(key, "cunhui export 1", _signed_bytes(self._station, end)) if key else UNSIGNED
        self._part(b"z", encode(ExportEnd(length=end.length, sha256=end.sha256, signature=signature)))

    def _part(self, kind: PartKind, payload: bytes) -> None:
        self._put(kind + len(payload).to_bytes(4, "big") + payload)

    def _put(self, data: bytes) -> None:
        self._hash.update(data)
        self._length += len(data)
        self._write(data)


@dataclass(slots=True)
class _Position:
    """How far the facts of one stream were read, and where they must lead."""

    seq: int
    value: bytes
    end: SignedHead

    def take(self, envelope: Envelope) -> None:
        if envelope.first != self.seq + 1:
            raise Refused("malformed", f"facts from seq {envelope.first} follow seq {self.seq}")
        for self.seq, fact in enumerate(envelope.facts, envelope.first):
            self.value = chain.next_head(self.value, seq=self.seq, digest=fact.digest())
        if self.value != envelope.head.head:
            raise Refused("chain_mismatch", f"facts up to seq {self.seq} do not lead to their head")

    def finish(self) -> None:
        if (self.seq, self.value) != (self.end.through, self.end.head):
            raise Refused("malformed", f"facts end at seq {self.seq}, the header says {self.end.through}")


class ExportReader:
    """Reads a file once, in bounded memory. The file is known to be whole only after `parts` has come to its end."""

    header: ExportHeader
    end: ExportEnd | None = None
    """Set once the whole file has been read and is, bit for bit, what was written."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        """Read the header.

        Args:
            read: Returns the next bytes, fewer than asked for only at the end of the file.

        Raises:
            Refused: ``malformed``, ``too_large`` or ``unknown_version``.
        """
        self._read = read
        self._hash = hashlib.sha256()
        self._length = 0
        if self._take(len(MAGIC)) != MAGIC:
            raise Refused("malformed", "not an export file")
        kind, payload = self._next()
        if kind != b"h":
            raise Refused("malformed", "no header")
        self.header = decode(payload, ExportHeader)
        self._streams = {
            stream.head.epoch: _Position(stream.after, stream.before, stream.head) for stream in self.header.streams
        }

    @property
    def signed(self) -> bool:
        """Whether the header says that a record key signed the file; `verify` checks it."""
        return self.header.record_key is not None

    def parts(self) -> Iterator[Envelope | BlobChunk]:
        """Yield what is in the file.

        Raises:
            Refused: ``malformed`` (also when the file ends early or goes on after its end), ``too_large``,
                ``wrong_station``, ``chain_mismatch``, ``bad_signature`` (its bytes do not have its hash), and as the
                readers of envelopes and chunks.
        """
        while True:
            # The end states length and hash of everything before itself.
            before = self._length, self._hash.digest()
            kind, payload = self._next()
            if kind == b"z":
                self._finish(payload, *before)
                return
            yield self._part(kind, payload)

    def verify(self, public_key: bytes) -> None:
        """Check that ``public_key`` signed the file that was read.

        Raises:
            Refused: ``bad_signature``.
        """
        if self.end is None:
            raise ValueError("not read to its end")
        signing.verify(public_key, "cunhui export 1", _signed_bytes(self.header.station, self.end), self.end.signature)

    def _part(self, kind: bytes, payload: bytes) -> Envelope | BlobChunk:
        part: Envelope | BlobChunk
        match kind:
            case b"e":
                part = decode_envelope(payload)
            case b"b":
                part = decode_chunk(payload)
            case _:
                raise Refused("malformed", "a part of an unknown kind")
        if part.station != self.header.station:
            raise Refused("wrong_station", f"a part of station {part.station}")
        if isinstance(part, Envelope):
            if part.head.epoch not in self._streams:
                raise Refused("malformed", "facts of a stream that the header does not name")
            self._streams[part.head.epoch].take(part)
        return part

    def _finish(self, raw: bytes, length: int, digest: bytes) -> None:
        end = decode(raw, ExportEnd)
        # The end must be encoded in the one way that the writer uses. Otherwise somebody could add bytes to this part,
        # which hash and signature do not cover.
        if end.length != length or self._read(1) or encode(end) != raw:
            raise Refused("malformed", "the end is not that of these bytes")
        if end.sha256 != digest:
            raise Refused("bad_signature", "its bytes do not have the hash that it states")
        for position in self._streams.values():
            position.finish()
        self.end = end

    def _next(self) -> tuple[bytes, bytes]:
        prefix = self._take(_PREFIX_BYTES)
        size = int.from_bytes(prefix[1:], "big")
        if size > MAX_MESSAGE_BYTES:
            raise Refused("too_large", f"a part of {size} bytes")
        return prefix[:1], self._take(size)

    def _take(self, size: int) -> bytes:
        data = self._read(size)
        if len(data) != size:
            raise Refused("malformed", "the file ends early")
        self._length += size
        if self._length > MAX_EXPORT_BYTES:
            raise Refused("too_large", f"more than {MAX_EXPORT_BYTES} bytes")
        self._hash.update(data)
        return data
