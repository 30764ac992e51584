"""The export file: read only when it is whole, unaltered and true to itself."""

import io
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import chain, export
from protocol.blobs import BlobChunk
from protocol.envelope import Envelope, SealedFact
from protocol.export import MAGIC, UNSIGNED, ExportedStream, ExportHeader, ExportReader, ExportWriter
from protocol.heads import SignedHead, sign_head
from protocol.refusal import Refused
from tests.golden.vectors import AT, EPOCH, HASH, STATION, STATION_KEY, STATION_PUBLIC, export_vectors

WHOLE = bytes.fromhex(export_vectors()["hex"])


def read(raw: bytes) -> ExportReader:
    reader = ExportReader(io.BytesIO(raw).read)
    for _ in reader.parts():
        pass
    return reader


def reason(raw: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(raw).verify(STATION_PUBLIC)
    return refused.value.reason


def envelope(first: int, count: int, head: SignedHead, *, station: str = STATION) -> Envelope:
    facts = [SealedFact(salt=bytes([first + n]) * 16, body=b"\x80") for n in range(count)]
    return Envelope(station=station, first=first, facts=facts, head=head)


def signed(through: int) -> SignedHead:
    value = chain.first_head(station=STATION, epoch=EPOCH)
    for seq in range(1, through + 1):
        value = chain.next_head(value, seq=seq, digest=SealedFact(salt=bytes([seq]) * 16, body=b"\x80").digest())
    return sign_head(STATION_KEY, station=STATION, epoch=EPOCH, through=through, head=value)


def written(fill: Callable[[ExportWriter], None], *, key: Ed25519PrivateKey | None = STATION_KEY) -> bytes:
    """A file whose header says seq 1 … 4."""
    start = chain.first_head(station=STATION, epoch=EPOCH)
    stream = ExportedStream(after=0, before=start, head=signed(4))
    public = key.public_key().public_bytes_raw() if key else None
    pieces: list[bytes] = []
    header = ExportHeader(station=STATION, record_key=public, at=AT, software="test", streams=[stream])
    writer = ExportWriter(pieces.append, header)
    fill(writer)
    writer.end(key)
    return b"".join(pieces)


def two_envelopes(writer: ExportWriter) -> None:
    writer.envelope(envelope(1, 2, signed(2)))
    writer.envelope(envelope(3, 2, signed(4)))


def test_a_whole_file_is_read_and_verified() -> None:
    read(WHOLE).verify(STATION_PUBLIC)
    read(written(two_envelopes)).verify(STATION_PUBLIC)


def test_cut_off_anywhere_it_is_refused() -> None:
    assert {reason(WHOLE[:size]) for size in range(len(WHOLE))} == {"malformed"}


def test_altered_anywhere_it_is_refused() -> None:
    for at in range(len(WHOLE)):
        altered = bytearray(WHOLE)
        altered[at] ^= 1
        reason(bytes(altered))


def test_what_follows_the_end_is_refused() -> None:
    assert reason(WHOLE + b"x") == "malformed"


def test_by_another_key_it_is_refused() -> None:
    other = Ed25519PrivateKey.generate()
    assert reason(written(two_envelopes, key=other)) == "bad_signature"


def test_without_a_key_it_says_so_and_no_key_verifies_it() -> None:
    raw = written(two_envelopes, key=None)
    reader = read(raw)
    assert (reader.signed, reader.end and reader.end.signature) == (False, UNSIGNED)
    assert reason(raw) == "bad_signature"


def test_anothers_facts_are_refused() -> None:
    assert reason(written(lambda writer: writer.envelope(envelope(1, 4, signed(4), station="demo-0002")))) == (
        "wrong_station"
    )


def test_a_gap_a_shortage_and_another_line_are_refused() -> None:
    assert reason(written(lambda writer: writer.envelope(envelope(2, 3, signed(4))))) == "malformed"
    assert reason(written(lambda writer: writer.envelope(envelope(1, 2, signed(2))))) == "malformed"
    wrong = sign_head(STATION_KEY, station=STATION, epoch=EPOCH, through=4, head=HASH)
    assert reason(written(lambda writer: writer.envelope(envelope(1, 4, wrong)))) == "chain_mismatch"


def test_a_stream_that_the_header_does_not_name_is_refused() -> None:
    other = sign_head(STATION_KEY, station=STATION, epoch=bytes(16), through=1, head=HASH)
    assert reason(written(lambda writer: writer.envelope(envelope(1, 1, other)))) == "malformed"


def test_a_huge_part_is_refused_before_it_is_read() -> None:
    assert reason(MAGIC + b"h" + b"\xff\xff\xff\xff") == "too_large"


def test_an_endless_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    piece = BlobChunk(station=STATION, sha256=HASH, size=2**25, offset=0, data=bytes(32_768))
    beginning = io.BytesIO(written(lambda writer: writer.chunk(piece)))
    reader = ExportReader(beginning.read)
    monkeypatch.setattr(export, "MAX_EXPORT_BYTES", 10_000)  # the header fits, the chunk does not
    with pytest.raises(Refused, match="too_large"):
        next(reader.parts())
