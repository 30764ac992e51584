"""The direction that people chose for a touch, by the facts that say so. Of several, the last that came stands."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from protocol.facts import DirectionChosen, decode_fact
from protocol.refusal import Refused
from protocol.units import Moment
from server_broker.attendance.facts import CHOSEN_WITHIN_MS
from server_broker.derived.findings import Place
from server_broker.derived.reissues import Reissues
from server_broker.fleet.tables import STREAMS
from server_broker.ingest.tables import FACTS
from server_broker.platform.sql import query


class _Chosen(NamedTuple):
    received_at: datetime
    stream: int
    seq: int
    direction: str
    boot: bytes
    mono: int
    is_sure: bool
    """Whether the touch that it names has one identity alone."""


class Directions:
    """The directions that were chosen at one station, by the touches for which they were."""

    def __init__(self, station: str, reissues: Reissues) -> None:
        self._of: defaultdict[Place, list[_Chosen]] = defaultdict(list)
        found = query(
            f"""SELECT s.id, s.epoch, f.seq, f.digest, f.body, f.received_at
            FROM {FACTS} f JOIN {STREAMS} s ON s.id = f.stream_id
            WHERE s.station_id = %s AND f.kind = 'direction_chosen' AND f.held_reason = ''
            AND f.body IS NOT NULL""",  # noqa: S608 - our own constants
            [station],
        )
        for stream, epoch, seq, digest, body, received_at in found:
            if reissues.is_carried(Place(bytes(epoch), seq), bytes(digest)):
                continue
            try:
                fact = decode_fact(bytes(body))
            except Refused:
                continue  # the walk over the stream names it
            if isinstance(fact, DirectionChosen):
                self._add(reissues, received_at, stream, seq, fact)
        for received_at, carrier, fact in reissues.directions:
            self._add(reissues, received_at, carrier.stream, carrier.seq, fact)

    def _add(self, reissues: Reissues, received_at: datetime, stream: int, seq: int, fact: DirectionChosen) -> None:
        names = reissues.names_of(Place(fact.touch.epoch, fact.touch.seq))
        for name in names:
            chosen = _Chosen(received_at, stream, seq, fact.direction, fact.at.boot, fact.at.mono, len(names) == 1)
            self._of[name].append(chosen)

    def of_touch(self, place: Place, received_at: datetime, at: Moment) -> set[str]:
        """Return what may stand in a touch's row: nearly always one word.

        Args:
            received_at: When the row was made. A direction that came earlier changed nothing, unless held facts were
                read again later.
            at: When the touch was. A direction that was chosen long after it changes nothing.
        """
        chosen = [
            one
            for one in self._of.get(place, ())
            if one.boot == at.boot and abs(one.mono - at.mono) <= CHOSEN_WITHIN_MS
        ]
        if not chosen:
            return {""}
        last = max(chosen)
        if all(one.is_sure and one.stream == last.stream for one in chosen):
            # In the order of their stream, because held ones may have been read later.
            last = max(chosen, key=lambda one: one.seq)
            return {last.direction} if received_at <= last.received_at else {"", last.direction}
        return {"", *(one.direction for one in chosen)}
