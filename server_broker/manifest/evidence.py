"""Write the county's record into files, so that anybody can check it without this program.

A folder holds JSON lines (one JSON object a line, bytes in hex):

- ``county.jsonl``: a line with ``county`` and ``streams`` (``epoch``, ``through``, ``head`` of each), then a line for
  each fact: ``epoch``, ``seq``, ``salt``, ``body``, ``head``, ``signature``, and ``rows`` with ``[table, id, digest]``
  of each row that it vouches for. Contents of rows are not in it, so it has no names of people;
- ``audit.jsonl``: the entries of the audit log;
- ``manifests.jsonl``: ``number``, ``signed`` and ``leaves`` of each manifest;
- ``station-ID.jsonl``: for each station that was asked for, a line with ``station``, ``record_keys``, ``streams`` (with
  the newest signed head) and ``erasures``, then a line for each fact: ``epoch``, ``seq``, ``digest``, ``head``, and
  ``salt`` and ``body`` unless they were erased. An erasure has ``epoch``, ``holding`` and the ``seqs`` of its facts; a
  ``facts_erased`` of the county's stream has its digest.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db.models import Prefetch

from protocol.codec import encode
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import CountyStream, DecidedFact, DecidedRow
from server_broker.fleet.models import Station, Stream
from server_broker.ingest.models import Fact, SignedHeadKept
from server_broker.ingest.record_keys import record_keys
from server_broker.ledger.consistency import consistent_read
from server_broker.manifest.manifests_check import stored_manifests
from server_broker.platform.county_account import rights_of_the_person
from server_broker.retention.models import ErasedFact, Erasure

type Line = dict[str, Any]

_ROWS = Prefetch("rows", DecidedRow.objects.order_by("place").defer("body", "salt"))
COUNTY, AUDIT, MANIFESTS = "county.jsonl", "audit.jsonl", "manifests.jsonl"


def write_evidence(folder: Path, *, stations: Iterable[Station] = ()) -> list[Path]:
    """Write the record as it stands at one moment into a new folder, and return the files.

    Raises:
        FileExistsError: The folder is there already.
        OSError: The disk failed or is full.
    """
    with rights_of_the_person():
        folder.mkdir(mode=0o700, parents=True)
    written = []
    with consistent_read():
        parts = [(COUNTY, county_lines()), (AUDIT, audit_lines()), (MANIFESTS, manifest_lines())]
        parts += [(f"station-{station.pk}.jsonl", station_lines(station)) for station in stations]
        for name, lines in parts:
            path = folder / name
            with rights_of_the_person():
                file = path.open("w", encoding="utf-8")
            with file:
                file.writelines(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
            written.append(path)
    return written


def county_lines() -> Iterator[Line]:
    """Yield the lines of the county's own stream."""
    streams = list(CountyStream.objects.order_by("id"))
    yield {
        "county": streams[0].county if streams else "",
        "streams": [{"epoch": _hex(one.epoch), "through": one.through, "head": _hex(one.head)} for one in streams],
    }
    for stream in streams:
        facts = DecidedFact.objects.filter(stream=stream).order_by("seq").prefetch_related(_ROWS)
        for fact in facts.iterator(chunk_size=500):
            yield {
                "epoch": _hex(stream.epoch),
                "seq": fact.seq,
                "salt": _hex(fact.salt),
                "body": _hex(fact.body),
                "head": _hex(fact.head),
                "signature": _hex(fact.signature),
                "rows": [
                    [row.table, row.row, None if row.digest is None else _hex(row.digest)] for row in fact.rows.all()
                ],
            }


def audit_lines() -> Iterator[Line]:
    """Yield the lines of the audit log."""
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2_000):
        yield {
            "version": entry.version,
            "at": entry.at.isoformat(timespec="microseconds"),
            "actor": entry.actor,
            "source": entry.source,
            "action": entry.action,
            "subject": entry.subject,
            "detail": entry.detail,
            "previous_hash": _hex(entry.previous_hash),
            "hash": _hex(entry.hash),
        }


def manifest_lines() -> Iterator[Line]:
    """Yield the lines of the daily manifests."""
    for manifest in stored_manifests():
        leaves = [encode(leaf).hex() for leaf in manifest.leaves]
        yield {"number": manifest.number, "signed": manifest.signed.hex(), "leaves": leaves}


def station_lines(station: Station) -> Iterator[Line]:
    """Yield the lines of one station's streams."""
    streams = list(station.streams.filter(through__gt=0).order_by("opened_at", "id"))
    yield {
        "station": station.pk,
        "record_keys": [key.hex() for key in record_keys(station)],
        "streams": [_stream_line(stream) for stream in streams],
        "erasures": [line for stream in streams for line in _erasure_lines(stream)],
    }
    for stream in streams:
        for fact in Fact.objects.filter(stream=stream).order_by("seq").iterator(chunk_size=2_000):
            line = {"epoch": _hex(stream.epoch), "seq": fact.seq, "digest": _hex(fact.digest), "head": _hex(fact.head)}
            if fact.salt is not None and fact.body is not None:
                line |= {"salt": _hex(fact.salt), "body": _hex(fact.body)}
            yield line


def _erasure_lines(stream: Stream) -> Iterator[Line]:
    for erasure in Erasure.objects.filter(stream=stream).order_by("pk"):
        seqs = ErasedFact.objects.filter(erasure=erasure).order_by("seq").values_list("seq", flat=True)
        yield {"epoch": _hex(stream.epoch), "holding": erasure.holding, "seqs": list(seqs)}


def _stream_line(stream: Stream) -> Line:
    line: Line = {"epoch": _hex(stream.epoch), "through": stream.through}
    kept = SignedHeadKept.objects.filter(stream=stream).first()
    if kept is not None:
        line["signed"] = {"through": kept.through, "head": _hex(kept.head), "signature": _hex(kept.signature)}
    return line


def _hex(value: bytes | memoryview) -> str:
    return bytes(value).hex()
