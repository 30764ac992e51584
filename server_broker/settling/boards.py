"""The streams of stations in the order in which they follow one another, and which of them one board wrote.

A board that opens a new stream names the one before. A new board at the same station names none: it is a station of its
own to the rules, because nobody knows what the old one still had to tell.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from server_broker.fleet.tables import STATION_EVENTS, STREAMS
from server_broker.ingest.tables import FACTS
from server_broker.platform.sql import query
from server_broker.settlement.times import ALWAYS, Moment
from server_broker.settling.moments import moment, moment_or_never

_OF_THE_STREAM_BEFORE = ("reissued", "facts_lost")
"""Kinds of facts that come first in a stream and are about the one before."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a station."""

    id: int
    epoch: bytes
    through: int
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """A stream's first fact: it names the stream before, which the county has up to ``matched``."""

    previous: bytes
    matched: int
    through: Moment
    """When the county had all of the stream before. What it lacked of it comes first in this one, issued anew or stated
    as lost, and nobody knows how much that is until another fact comes."""


@dataclass
class Board:
    """The streams that one board wrote, in their order."""

    station: str
    place: int
    """0: the station's first board."""
    epochs: list[bytes] = field(default_factory=list)
    """Numbered from 1 on. Of some the county has nothing but the name."""

    @property
    def name(self) -> str:
        """The board as a station of the rules. The first one has the station's own name at any moment."""
        return self.station if not self.place else f"{self.station}/{self.place + 1}"


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of some stations."""

    boards: list[Board]
    of_epoch: dict[tuple[str, bytes], Stream]
    openings: dict[tuple[str, bytes], Opening]
    """By the stream that was opened."""


def streams_of(stations: Iterable[str], known: dt.datetime) -> Streams:
    """Return the streams of these stations by what had come by ``known``, in two queries."""
    ids = sorted(set(stations))
    rows = query(
        f"""SELECT station_id, id, epoch, through, opened_at FROM {STREAMS}
        WHERE station_id = ANY(%s) AND opened_at <= %s""",  # noqa: S608 - our own constant
        [ids, known],
    )
    of_epoch = {
        (station, bytes(epoch)): Stream(number, bytes(epoch), through, opened_at)
        for station, number, epoch, through, opened_at in rows
    }
    opened = query(
        f"""SELECT e.station_id, e.epoch, e.detail->>'previous', (e.detail->>'matched')::bigint, (
            SELECT f.received_at FROM {FACTS} f
            WHERE f.stream_id = s.id AND f.seq > 1 AND NOT f.kind = ANY(%s) AND f.held_reason = ''
              AND NOT EXISTS (SELECT FROM settling_heldread h WHERE h.fact_id = f.id)
            ORDER BY f.seq LIMIT 1)
        FROM {STATION_EVENTS} e LEFT JOIN {STREAMS} s ON s.station_id = e.station_id AND s.epoch = e.epoch
        WHERE e.station_id = ANY(%s) AND e.kind = 'epoch_opened' AND e.detail->>'previous' IS NOT NULL
          AND e.received_at <= %s""",  # noqa: S608 - our own constants
        [list(_OF_THE_STREAM_BEFORE), ids, known],
    )
    openings = {
        (station, bytes(epoch)): Opening(bytes.fromhex(previous), matched, moment_or_never(went_on_at))
        for station, epoch, previous, matched, went_on_at in opened
    }
    return Streams(_boards(of_epoch, openings), of_epoch, openings)


def _boards(of_epoch: Mapping[tuple[str, bytes], Stream], openings: Mapping[tuple[str, bytes], Opening]) -> list[Board]:
    of_station: dict[str, set[bytes]] = defaultdict(set)
    for station, epoch in of_epoch:
        of_station[station].add(epoch)
    for (station, epoch), opening in openings.items():
        of_station[station] |= {epoch, opening.previous}
    found: list[Board] = []
    for station, epochs in sorted(of_station.items()):
        boards: dict[bytes, Board] = {}
        # By their depth, so that a stream stands behind the one that it names; then as they came to the county.
        ordered = sorted(epochs, key=lambda one: _place(station, one, of_epoch, openings))
        for epoch in ordered:
            root = _line(station, epoch, openings)[-1]
            if root not in boards:
                boards[root] = Board(station, len(boards))
            boards[root].epochs.append(epoch)
        found += boards.values()
    return found


def _line(station: str, epoch: bytes, openings: Mapping[tuple[str, bytes], Opening]) -> list[bytes]:
    """Return a stream, the one that it names, and so on."""
    line = [epoch]
    while (opening := openings.get((station, line[-1]))) is not None and opening.previous not in line:
        line.append(opening.previous)
    return line


def _place(
    station: str,
    epoch: bytes,
    of_epoch: Mapping[tuple[str, bytes], Stream],
    openings: Mapping[tuple[str, bytes], Opening],
) -> tuple[int, Moment, bytes]:
    stream = of_epoch.get((station, epoch))
    opened = ALWAYS if stream is None else moment(stream.opened_at)
    return len(_line(station, epoch, openings)), opened, epoch
