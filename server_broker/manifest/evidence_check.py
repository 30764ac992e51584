"""Check a folder of evidence (`server_broker.manifest.evidence`) without the county's database."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from protocol import chain
from protocol.codec import decode, encode
from protocol.decisions import Row, rows_of
from protocol.heads import SignedHead, verify_head
from protocol.manifest import Leaf
from protocol.refusal import Refused
from protocol.system_errors import os_cause
from server_broker.audit.models import AuditEntry
from server_broker.manifest.county_check import check_audit
from server_broker.manifest.evidence import AUDIT, COUNTY, MANIFESTS
from server_broker.manifest.evidence_erasures import Erasures, told_in
from server_broker.manifest.manifests_check import ManifestRecord, check_signed
from server_broker.manifest.problems import Problem, Verdict
from server_broker.manifest.replay import Decided, FactRecord, StreamRecord, replay, restorations
from server_broker.manifest.taken_in_check import check_taken_in


class Hex(bytes):
    """Bytes that stand in a line as hex."""


class _StreamLine(msgspec.Struct, frozen=True):
    epoch: Hex
    through: int
    head: Hex


class _CountyLine(msgspec.Struct, frozen=True):
    county: str
    streams: list[_StreamLine]


class _FactLine(msgspec.Struct, frozen=True):
    epoch: Hex
    seq: int
    salt: Hex
    body: Hex
    head: Hex
    signature: Hex
    rows: list[tuple[str, str, Hex | None]]


class _AuditLine(msgspec.Struct, frozen=True):
    version: int
    at: dt.datetime
    actor: str
    source: str
    action: str
    subject: str
    detail: dict[str, Any]
    previous_hash: Hex
    hash: Hex


class _ManifestLine(msgspec.Struct, frozen=True):
    number: int
    signed: Hex
    leaves: list[Hex]


class _SignedLine(msgspec.Struct, frozen=True):
    through: int
    head: Hex
    signature: Hex


class _StationStreamLine(msgspec.Struct, frozen=True):
    epoch: Hex
    through: int
    signed: _SignedLine | None = None


class _ErasureLine(msgspec.Struct, frozen=True):
    epoch: Hex
    holding: str
    seqs: Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]], msgspec.Meta(min_length=1)]


class _StationLine(msgspec.Struct, frozen=True):
    station: str
    record_keys: list[Hex]
    streams: list[_StationStreamLine]
    erasures: list[_ErasureLine] = []


class _StationFactLine(msgspec.Struct, frozen=True):
    epoch: Hex
    seq: int
    digest: Hex
    head: Hex
    salt: Hex | None = None
    body: Hex | None = None


class Unreadable(Exception):
    """A file has a line that is not one of its kind. The message is Chinese."""


def _from_hex(kind: type, value: object) -> object:
    if kind is not Hex or not isinstance(value, str):
        raise ValueError("hex is expected")
    return Hex(bytes.fromhex(value))


def _read[T](raw: bytes, kind: type[T], *, name: str, number: int) -> T:
    try:
        return msgspec.convert(msgspec.json.decode(raw), kind, dec_hook=_from_hex)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Unreadable(f"{name} 第 {number} 行读不出来") from error


type Files = Mapping[str, Sequence[bytes]]
"""The lines of each file by its name."""


def _lines(files: Files, name: str) -> Iterator[tuple[int, bytes]]:
    return iter(enumerate(files[name], 1))


def check_evidence(folder: Path) -> Verdict:
    """Check all that lies in a folder of evidence.

    Raises:
        Unreadable: A file is missing or has a damaged line.
    """
    names = [COUNTY, AUDIT, MANIFESTS, *(path.name for path in sorted(folder.glob("station-*.jsonl")))]
    try:
        return check_files({name: (folder / name).read_bytes().splitlines() for name in names})
    except OSError as error:
        raise Unreadable(f"读不到 {Path(str(error.filename)).name}：{os_cause(error)}") from error


def check_files(files: Files) -> Verdict:
    """Check the lines of all files, given by name.

    Raises:
        Unreadable: A line is damaged.
    """
    verdict, found = Verdict(), Decided()
    streams = streams_in(files)
    problem = replay(streams, found) or _rows(files, found)
    _note(verdict, problem)
    verdict.problems += check_taken_in(found)
    verdict.facts = len(found.facts)
    verdict.notices += restorations(found)
    heads: _Heads = {}
    told = told_in(found)
    for name in sorted(name for name in files if name.startswith("station-")):
        erasures = Erasures(told)
        station_heads, problem = check_station_file(files, name, erasures)
        heads |= station_heads
        _note(verdict, problem)
        if counts := erasures.counts():
            said = "，".join(f"{holding} {count} 条" for holding, count in sorted(counts.items()))
            verdict.notices.append(f"{name}：有内容已到期清除，类别是县里说的：{said}")
    if not verdict.good:
        return verdict
    hashes: list[bytes] = []
    verdict.entries, problem = check_audit(_audit(files, hashes), found)
    _note(verdict, problem)
    manifests = manifests_in(files)
    roots, problem = check_signed(manifests, found)
    _note(verdict, problem)
    verdict.manifests = len(roots)
    stations = {station for station, _, _ in heads}
    for manifest in manifests[: len(roots)]:
        if said := _first_other(manifest, found, hashes, heads, stations):
            verdict.problems.append(Problem("manifest", str(manifest.number), said))
            break
    return verdict


def _note(verdict: Verdict, problem: Problem | None) -> None:
    if problem is not None:
        verdict.problems.append(problem)


def streams_in(files: Files) -> list[StreamRecord]:
    """Return the epochs of the county's stream.

    Raises:
        Unreadable: A line is damaged.
    """
    lines = _lines(files, COUNTY)
    number, first = next(lines, (1, b""))
    header = _read(first, _CountyLine, name=COUNTY, number=number)
    facts: dict[bytes, list[FactRecord]] = {bytes(stream.epoch): [] for stream in header.streams}
    for number, raw in lines:
        line = _read(raw, _FactLine, name=COUNTY, number=number)
        if bytes(line.epoch) not in facts:
            raise Unreadable(f"{COUNTY} 第 {number} 行属于没有列出的一段")
        record = FactRecord(line.seq, bytes(line.salt), bytes(line.body), bytes(line.head), bytes(line.signature))
        facts[bytes(line.epoch)].append(record)
    return [
        StreamRecord(header.county, bytes(one.epoch), one.through, bytes(one.head), facts[bytes(one.epoch)])
        for one in header.streams
    ]


def _rows(files: Files, found: Decided) -> Problem | None:
    said = {(epoch, seq): fact.rows for epoch, seq, fact in found.facts}
    lines = _lines(files, COUNTY)
    next(lines)
    for number, raw in lines:
        line = _read(raw, _FactLine, name=COUNTY, number=number)
        rows = [
            Row(table=table, id=key, digest=None if digest is None else bytes(digest))
            for table, key, digest in line.rows
        ]
        if rows_of(rows) != said[bytes(line.epoch), line.seq]:
            return Problem("stream", str(line.seq), "它写过的行被增减或改动过")
    return None


def _audit(files: Files, hashes: list[bytes]) -> Iterator[AuditEntry]:
    for number, raw in _lines(files, AUDIT):
        line = _read(raw, _AuditLine, name=AUDIT, number=number)
        hashes.append(bytes(line.hash))
        yield AuditEntry(id=number, **{name: getattr(line, name) for name in line.__struct_fields__})


def manifests_in(files: Files) -> list[ManifestRecord]:
    """Return the manifests.

    Raises:
        Unreadable: A line is damaged.
    """
    found = []
    for number, raw in _lines(files, MANIFESTS):
        line = _read(raw, _ManifestLine, name=MANIFESTS, number=number)
        try:
            leaves = [decode(bytes(leaf), Leaf) for leaf in line.leaves]
        except Refused as error:
            raise Unreadable(f"{MANIFESTS} 第 {number} 行读不出来") from error
        if [encode(leaf) for leaf in leaves] != [bytes(leaf) for leaf in line.leaves]:
            raise Unreadable(f"{MANIFESTS} 第 {number} 行的写法不对")
        found.append(ManifestRecord(line.number, bytes(line.signed), leaves))
    return found


type _Heads = dict[tuple[str, bytes, int], bytes]


def _first_other(
    manifest: ManifestRecord, found: Decided, hashes: list[bytes], heads: _Heads, stations: set[str]
) -> str:
    for leaf in manifest.leaves:
        match leaf.kind:
            case "county" if found.heads.get((leaf.epoch, leaf.count)) != leaf.digest:
                return f"县记录链前 {leaf.count} 条被改过"
            case "audit" if hashes[leaf.count - 1 : leaf.count] != [leaf.digest]:
                return f"审计记录前 {leaf.count} 条被改过"
            case "stream" if leaf.name in stations and heads.get((leaf.name, leaf.epoch, leaf.count)) != leaf.digest:
                return f"站点 {leaf.name} 的记录前 {leaf.count} 条被改过"
    return ""


def check_station_file(files: Files, name: str, erasures: Erasures) -> tuple[_Heads, Problem | None]:
    """Replay a station's streams. Return its heads and the first problem.

    Args:
        erasures: Filled with those that the file names.
    """
    lines = _lines(files, name)
    number, first = next(lines, (1, b""))
    header = _read(first, _StationLine, name=name, number=number)
    heads: _Heads = {}
    for erasure in header.erasures:
        erasures.name(bytes(erasure.epoch), erasure.holding, erasure.seqs)
    at = {
        bytes(stream.epoch): (0, chain.first_head(station=header.station, epoch=bytes(stream.epoch)))
        for stream in header.streams
    }
    for number, raw in lines:
        fact = _read(raw, _StationFactLine, name=name, number=number)
        epoch = bytes(fact.epoch)
        if epoch not in at:
            raise Unreadable(f"{name} 第 {number} 行属于没有列出的一段")
        seq, head = at[epoch]
        seq += 1
        if fact.seq != seq:
            return heads, _station_bad(header.station, seq, "不见了，或次序不对")
        if said := _of_content(fact, erasures):
            return heads, _station_bad(header.station, seq, said)
        head = chain.next_head(head, seq=seq, digest=bytes(fact.digest))
        if head != bytes(fact.head):
            return heads, _station_bad(header.station, seq, "接不上链")
        at[epoch] = seq, head
        heads[header.station, epoch, seq] = head
    for stream in header.streams:
        last = at[bytes(stream.epoch)][0]
        if said := _end(header, stream, heads, last):
            return heads, _station_bad(header.station, min(last, stream.through) + (last != stream.through), said)
    if (untold := erasures.first_untold()) is not None:
        return heads, _station_bad(header.station, *untold)
    return heads, None


def _of_content(fact: _StationFactLine, erasures: Erasures) -> str:
    """Return in Chinese what is wrong with a fact's content, or with its being gone."""
    epoch, digest = bytes(fact.epoch), bytes(fact.digest)
    if fact.salt is not None and fact.body is not None:
        if chain.fact_digest(salt=bytes(fact.salt), body=bytes(fact.body)) != digest:
            return "内容被改过"
    elif fact.salt is not None or fact.body is not None:
        return "内容少了一半"
    # Its digest is left, and the chain needs no more; but a rule must have erased it.
    return erasures.problem_of(epoch, fact.seq, digest, is_blank=fact.body is None)


def _end(header: _StationLine, stream: _StationStreamLine, heads: _Heads, last: int) -> str:
    if last != stream.through:
        return "不见了，或是多出来的"
    signed = stream.signed
    if signed is None:
        return "没有站点签过名的末端" if last else ""
    if signed.through > last:
        return f"以后的不见了：站点签过 {signed.through} 条"
    if heads.get((header.station, bytes(stream.epoch), signed.through)) != bytes(signed.head):
        return "到不了站点签过的末端"
    head = SignedHead(
        epoch=bytes(stream.epoch), through=signed.through, head=bytes(signed.head), signature=bytes(signed.signature)
    )
    for key in header.record_keys:
        try:
            verify_head(bytes(key), station=header.station, signed=head)
        except Refused:
            continue
        return ""
    return "末端的签名不是站点的"


def _station_bad(station: str, seq: int, said: str) -> Problem:
    return Problem("station", f"{station} 第 {seq} 条", said)
