"""The rows that psql finds in the county's database about commands, facts, pictures and stations. No code of the
product is used."""

from dataclasses import dataclass
from typing import Any

import msgspec

from firmware_scripts.demo.county import DemoCounty

_COMMANDS = """
    select station_id, replace(id::text, '-', ''), "order", outcome, not_after < now() from orders_stationorder"""
_FACTS = """
    select s.station_id, encode(s.epoch, 'hex'), f.seq, encode(f.body, 'hex')
    from ingest_fact f join fleet_stream s on s.id = f.stream_id
    where f.kind in ('command_result', 'blob_announced', 'blob_evicted', 'shut_down', 'reissued')
      and f.body is not null"""
_BLOBS = """select station_id, encode(sha256, 'hex') from media_blob where completed_at is not null"""
_STATIONS = """
    select s.id, s.desired_version, s.reported_version, s.refused_version,
           coalesce(t.online, false), coalesce(encode(t.connection, 'hex'), '')
    from fleet_station s left join fleet_stationstatus t on t.station_id = s.id"""


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command that the county keeps. ``outcome`` is empty before its answer; a command that is past is sent no
    more."""

    station: str
    id: str
    kind: str
    outcome: str
    past: bool = False


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact under the name that it first had. ``said`` is its body, read as plain MessagePack."""

    station: str
    epoch: str
    seq: int
    said: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.said["kind"])


@dataclass(frozen=True, slots=True)
class StationRow:
    """How a station stands with the county. ``connection`` names the connection that is up."""

    id: str
    desired: int
    reported: int
    refused: int
    online: bool
    connection: str


def command_rows(county: DemoCounty) -> list[CommandRow]:
    """Return every command."""
    rows = county.sql(_COMMANDS)
    return [CommandRow(station, id, kind, outcome, past == "t") for station, id, kind, outcome, past in rows]


def fact_rows(county: DemoCounty) -> list[FactRow]:
    """Return the facts about commands, pictures and ends in good order, each once, however often it was sent again."""
    found: dict[tuple[str, str, int], FactRow] = {}
    for station, epoch, seq, body in county.sql(_FACTS):
        fact = first_made(FactRow(station, epoch, int(seq), msgspec.msgpack.decode(bytes.fromhex(body))))
        found[fact.station, fact.epoch, fact.seq] = fact
    return list(found.values())


def first_made(fact: FactRow) -> FactRow:
    """Unwrap a fact that was sent again in a later stream."""
    while fact.kind == "reissued":
        said = fact.said
        fact = FactRow(fact.station, said["epoch"].hex(), said["seq"], msgspec.msgpack.decode(said["body"]))
    return fact


def whole_blobs(county: DemoCounty) -> set[tuple[str, str]]:
    """Return station and hash, in hex, of each blob that is whole."""
    return {(station, sha256) for station, sha256 in county.sql(_BLOBS)}


def station_rows(county: DemoCounty) -> dict[str, StationRow]:
    """Return how each station stands."""
    return {
        id: StationRow(id, int(desired), int(reported), int(refused), online == "t", connection)
        for id, desired, reported, refused, online, connection in county.sql(_STATIONS)
    }
