"""Compare the rows of some thousand facts with what the database has under their identities."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import product
from typing import Any

from protocol.units import Moment
from server_broker.attendance.tables import TOUCHES
from server_broker.derived.dating import Clocks
from server_broker.derived.directions import Directions
from server_broker.derived.findings import CHANGED, GONE, INVENTED, Finding, Place
from server_broker.derived.projections import PROJECTIONS, Projection, first_other, is_received_too_early
from server_broker.fleet.tables import STATION_EVENTS
from server_broker.learning.tables import ATTEMPTS, LEVEL_RUNS
from server_broker.meetings.tables import MEETING_STEPS, VOTE_COUNTS, VOUCHES
from server_broker.pins.accepting import NewPin
from server_broker.pins.cleaning import ENTRIES_KEPT
from server_broker.pins.models import PinClaim
from server_broker.pins.tables import NUMBER_ENTRIES
from server_broker.platform.sql import query
from server_broker.requests.facts import number_entered_at
from server_broker.requests.tables import AGREEMENTS, REQUESTS, WITHDRAWALS

_EPOCH_BYTES = 16
NO_EVENT = frozenset({"touch", "attempt", "level_ended", "blob_announced"})
"""Kinds of facts that make no event of their station."""
_ANONYMOUS = {"by_epoch": None, "by_seq": None, "took_ms": None, "mode": "level"}
_BY_PERSON = (REQUESTS, WITHDRAWALS, AGREEMENTS, MEETING_STEPS, VOTE_COUNTS, VOUCHES)
"""Rows that have the number of whoever did it, if it was one."""
_BY_NUMBER, _ENTRIES = (next(one for one in PROJECTIONS if one.table is table) for table in (TOUCHES, NUMBER_ENTRIES))


class Chunk:
    """What must stand under some seqs of an epoch, and what does. `load_chunks` makes them."""

    def __init__(
        self,
        station: str,
        epoch: bytes,
        first: int,
        last: int,
        *,
        stored: Mapping[Projection, Mapping[int, Mapping[str, Any]]],
        claims: Mapping[int, PinClaim],
        now: datetime,
    ) -> None:
        self.station, self.epoch, self.first, self.last, self.now = station, epoch, first, last, now
        self.received: dict[int, datetime] = {}
        self.said: dict[int, Moment] = {}
        self.erased: dict[int, str] = {}
        """The kinds of facts without content; empty where a re-issue carried it and nobody knows."""
        self.expected: dict[Projection, defaultdict[int, list[dict[str, Any]]]] = {
            projection: defaultdict(list) for projection in PROJECTIONS
        }
        self.stored = stored
        self.pins: list[NewPin] = []
        """The PINs that people set there."""
        self.claims = claims
        """What the county has of them, by seq."""

    def take(self, projection: Projection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows that a handler made. Several for one identity are versions of one row: one of them must stand."""
        expected = self.expected[projection]
        for row in rows:
            expected[row[2]].append(projection.expected(row))

    def named(self, seq: int) -> set[Place]:
        """Return the places that the rows of a fact may name: an epoch and a seq that stand beside each other."""
        found: set[Place] = set()
        beside: list[Any] = [rows[seq] for rows in self.stored.values() if seq in rows]
        for one in beside:
            values = list(one.values()) if isinstance(one, dict) else one
            beside += [value for value in values if isinstance(value, dict | list)]
            epochs = {epoch for value in values if (epoch := _epoch(value)) is not None}
            seqs = {value for value in values if isinstance(value, int)}
            found |= {Place(epoch, number) for epoch, number in product(epochs, seqs)}
        return found

    def finding(self, projection: Projection, seq: int, said: str) -> Finding:
        """Return a finding about one row."""
        return Finding(projection.word, projection.table.name, self.station, Place(self.epoch, seq), said)


def load_chunks(station: str, epochs: Collection[bytes], first: int, last: int, *, now: datetime) -> list[Chunk]:
    """Return for each epoch what stands under these seqs: with a statement a table, however many epochs there are.

    A stolen station can name as many epochs as it states facts.
    """
    stored = {projection: projection.stored(station, epochs, first, last) for projection in PROJECTIONS}
    claims: defaultdict[bytes, dict[int, PinClaim]] = defaultdict(dict)
    for claim in PinClaim.objects.filter(station=station, epoch__in=epochs, seq__gte=first, seq__lte=last):
        claims[bytes(claim.epoch)][claim.seq] = claim
    return [
        Chunk(
            station,
            epoch,
            first,
            last,
            stored={projection: rows[epoch] for projection, rows in stored.items()},
            claims=claims[epoch],
            now=now,
        )
        for epoch in epochs
    ]


def _epoch(value: Any) -> bytes | None:
    """Return the epoch that a value of a row or of its JSON is, if it is one."""
    if isinstance(value, str) and len(value) == 2 * _EPOCH_BYTES:
        with suppress(ValueError):
            return bytes.fromhex(value)
    return bytes(value) if isinstance(value, bytes | memoryview) and len(value) == _EPOCH_BYTES else None


def first_finding(chunk: Chunk, clocks: Clocks, directions: Directions) -> Finding | None:
    """Return the first row that is not as it should be."""
    clocks.load({moment.boot for moment in chunk.said.values()})
    for projection in PROJECTIONS:
        expected, stored = chunk.expected[projection], chunk.stored[projection]
        lacking = [seq for seq in expected if seq not in stored and not _is_over(chunk, projection, expected[seq][0])]
        if projection.table is STATION_EVENTS:
            lacking += [
                seq for seq, kind in chunk.erased.items() if seq not in stored and kind and kind not in NO_EVENT
            ]
        for seq in sorted({*stored, *lacking}):
            if seq not in stored:
                return chunk.finding(projection, seq, GONE)
            if said := _said_of(chunk, projection, seq, clocks, directions):
                return chunk.finding(projection, seq, said)
    return None


def _is_over(chunk: Chunk, projection: Projection, row: Mapping[str, Any]) -> bool:
    """Tell whether a chore may have deleted the row at the end of its time."""
    if projection.table is not NUMBER_ENTRIES or row["clocks"]:
        return False
    return bool(row["received_at"] < chunk.now - ENTRIES_KEPT)


def _said_of(chunk: Chunk, projection: Projection, seq: int, clocks: Clocks, directions: Directions) -> str:
    """Return in Chinese what is wrong with a row; empty: nothing."""
    stored, versions = chunk.stored[projection][seq], chunk.expected[projection].get(seq)
    if versions is None:
        return _said_without_content(chunk, projection, seq, stored)
    column = ""
    for expected in versions:
        column = _column_at_fault(chunk, projection, seq, expected, directions)
        if not column:
            break
    column = column or ("received_at" if is_received_too_early(stored, chunk.received[seq]) else "")
    moment = chunk.said[seq]
    column = column or clocks.column_at_fault(
        moment.boot,
        moment.mono,
        wall=versions[0]["wall"],
        said=moment.quality,
        quality=stored["quality"],
        replaced=stored["said_quality"],
        corrected=stored["corrected_wall"],
    )
    return CHANGED.format(column) if column else ""


def _said_without_content(chunk: Chunk, projection: Projection, seq: int, stored: Mapping[str, Any]) -> str:
    """Judge a row of whose fact no content is left, or that has no fact."""
    kind = chunk.erased.get(seq)
    if kind is None:
        return INVENTED
    if projection.table is STATION_EVENTS:
        if kind in NO_EVENT:
            return INVENTED
        if kind and stored["kind"] != kind:
            return CHANGED.format("kind")
        return "" if stored["detail"] == {} else "内容已到期清除，这里却有"
    # These rows end in a chore of their own, so they may stand a little longer.
    may_stand = not kind or kind in projection.erased_kinds
    return "" if may_stand and projection.erased_kinds and not stored.get("clocks") else INVENTED


def _column_at_fault(
    chunk: Chunk, projection: Projection, seq: int, expected: dict[str, Any], directions: Directions
) -> str:
    stored = chunk.stored[projection][seq]
    if projection.table is TOUCHES:
        said = chunk.said[seq]
        chosen = directions.of_touch(Place(chunk.epoch, seq), stored["received_at"], said)
        if stored["chosen_direction"] not in chosen:
            return "chosen_direction"
        expected = expected | {"chosen_direction": stored["chosen_direction"]}
        if expected["person_number"] and not _counts(chunk, seq):
            # Whoever may not speak for the person: the touch is nobody's.
            expected |= {"answer": "unknown", "person_number": ""}
    elif projection.table is NUMBER_ENTRIES and (touch := chunk.stored[_BY_NUMBER].get(seq)) is not None:
        expected = expected | {"counts": bool(touch["person_number"])}
    elif projection.table in _BY_PERSON and stored["by_epoch"] is not None:
        ref = (chunk.station, bytes(stored["by_epoch"]), stored["by_seq"])
        # After some time the entry is gone, and then nothing tells the number any more.
        if (number := number_entered_at(ref)) is not None:
            expected = expected | {"person_number": number}
    elif projection.table in (ATTEMPTS, LEVEL_RUNS) and _is_of_earlier_release(stored):
        expected = expected | _ANONYMOUS
    return first_other(expected, stored)


def _counts(chunk: Chunk, seq: int) -> bool:
    entry = chunk.stored[_ENTRIES].get(seq)
    return entry is None or bool(entry["counts"])


def _is_of_earlier_release(answer: Mapping[str, Any]) -> bool:
    """Tell whether the county kept an answer before it knew who gives them; it did not keep what it did not know."""
    if any(answer[name] != value for name, value in _ANONYMOUS.items()):
        return False
    [(applied,)] = query("SELECT applied FROM django_migrations WHERE app = 'learning' AND name = '0004_whose'", [])
    return bool(answer["received_at"] < applied)
