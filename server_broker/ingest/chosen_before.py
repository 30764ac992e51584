"""The directions that people chose for touches of a station, by the touches that they name.

A direction that comes while its touch is held changes nothing. It is applied once the touch is read. A station may have
chosen very many, so they are loaded before any stream is locked, and with a lock only what has come since.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from protocol.facts import DirectionChosen, decode_fact
from protocol.refusal import Refused
from server_broker.attendance.facts import DIRECTION, choose_directions
from server_broker.fleet.fact_rows import Identity, Rows
from server_broker.fleet.tables import STREAMS
from server_broker.ingest import stream_tables
from server_broker.ingest.projections import derive
from server_broker.ingest.tables import FACTS
from server_broker.platform.sql import query


class Chosen(NamedTuple):
    """A direction, and the fact that says so: its stream's row, its seq there, and that stream's epoch."""

    stream: int
    seq: int
    epoch: bytes
    fact: DirectionChosen

    @property
    def touch(self) -> tuple[bytes, int]:
        """The epoch and seq by which it names its touch."""
        return self.fact.touch.epoch, self.fact.touch.seq


class ChosenBefore:
    """Knows a station's directions. Of several for one touch the last stands, in the order of streams and seqs."""

    def __init__(self, station: str) -> None:
        self._station = station
        self._of: defaultdict[tuple[bytes, int], list[Chosen]] = defaultdict(list)
        self._seen: dict[int, int] = {}
        """Up to which seq each stream was looked at."""

    def look(self) -> None:
        """Load what has come since the last time."""
        streams = query(f"SELECT id, epoch, through FROM {STREAMS} WHERE station_id = %s", [self._station])  # noqa: S608
        grown = {
            stream: (bytes(epoch), through) for stream, epoch, through in streams if through > self._seen.get(stream, 0)
        }
        if not grown:
            return
        found = query(
            f"""SELECT f.stream_id, f.seq, f.body FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])
                AS w (stream, seen, through)
            JOIN {FACTS} f ON f.stream_id = w.stream AND f.seq > w.seen AND f.seq <= w.through
            WHERE f.kind = 'direction_chosen' AND f.held_reason = '' AND f.body IS NOT NULL""",  # noqa: S608
            [
                list(grown),
                [self._seen.get(stream, 0) for stream in grown],
                [through for _, through in grown.values()],
            ],
        )
        for stream, seq, body in found:
            try:
                fact = decode_fact(bytes(body))
            except Refused:
                continue  # it was read once, so a later release reads it again
            if isinstance(fact, DirectionChosen):
                self.add(Chosen(stream, seq, grown[stream][0], fact))
        self._seen |= {stream: through for stream, (_, through) in grown.items()}

    def add(self, one: Chosen) -> None:
        """Add one that was held until now."""
        self._of[one.touch].append(one)

    def choose_again(self, touches: Collection[tuple[bytes, int]], also: Collection[Chosen], *, now: datetime) -> None:
        """Apply those that name these touches, and some that are read just now, inside the caller's transaction."""
        self.look()
        wanted = {*touches, *(one.touch for one in also)}
        known = [one for touch in wanted for one in self._of.get(touch, ())]
        chosen = sorted({*known, *also}, key=lambda one: one[:2])
        if not chosen:
            return
        rows = Rows(now)
        origins = stream_tables.load_origins({Identity(self._station, *one.touch) for one in chosen})
        for one in chosen:
            own = Identity(self._station, one.epoch, one.seq)
            derive(origins.redirected(one.fact, self._station, streams=[one.epoch]), own, rows)
        choose_directions(rows.of(DIRECTION))
