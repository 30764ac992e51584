"""Turn facts into the rows that other rooms read, and store them: each room by its own handlers (`fact_rooms`).

Storing runs inside the caller's transaction, with a fixed number of statements for any number of rows.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from protocol.fact_base import StationFact
from protocol.facts import Fact
from server_broker.fleet.fact_rows import FactRoom, Handler, Identity, Rows, add_event
from server_broker.ingest.dating.boots import date_new
from server_broker.ingest.fact_rooms import REF_COLUMNS, ROOMS, STAMPED_TABLES
from server_broker.ingest.models import DatingDue
from server_broker.ingest.reissues import Move
from server_broker.platform.sql import execute
from server_broker.platform.tables import Table


def handlers_of(rooms: Sequence[FactRoom]) -> dict[type[StationFact], tuple[Handler, ...]]:
    """Return the handlers of each kind of fact, in the order of the rooms. Several rooms may read one kind."""
    found: defaultdict[type[StationFact], list[Handler]] = defaultdict(list)
    for room in rooms:
        for kind, handler in room.handlers.items():
            found[kind].append(handler)
    return {kind: tuple(handlers) for kind, handlers in found.items()}


_HANDLERS: Mapping[type[StationFact], tuple[Handler, ...]] = handlers_of(ROOMS)


def derive(fact: Fact, identity: Identity, rows: Rows) -> None:
    """Add the rows of ``fact`` to ``rows``.

    Raises:
        Unstorable: Nothing was added.
    """
    derive_by(_HANDLERS, fact, identity, rows)


def derive_by(
    readers: Mapping[type[StationFact], tuple[Handler, ...]], fact: StationFact, identity: Identity, rows: Rows
) -> None:
    """Add the rows of ``fact`` to ``rows``, by these handlers.

    Raises:
        Unstorable: Nothing was added.
    """
    handlers = readers.get(type(fact), ())
    if len(handlers) == 1:
        handlers[0](fact, identity, rows)
        return
    # A kind without a handler says nothing beyond its kind and its time.
    if not handlers:
        add_event(fact, identity, rows, {})
        return
    # Apart at first: where the second room refuses a fact, nothing of the first may stay.
    apart = Rows(rows.received_at)
    for handler in handlers:
        handler(fact, identity, apart)
    rows.take(apart)


def put_rows(rows: Rows) -> None:
    """Store what was derived from facts, but for the alarms: the caller hands them to `server_broker.fleet.alarms`."""
    for room in ROOMS:
        room.put(rows)
    # Last, because it dates the rows that were stored just now.
    date_new(rows.boots, at=rows.received_at)


def move_rows(moves: Sequence[Move]) -> None:
    """Move the rows of re-issues to the identities of the facts which carried them, as if one move came after another.

    The facts whose identities they had by right have come in their own stream, and their rows go there.
    """
    for piece in _apart(moves):
        _move_together(piece)


def _apart(moves: Sequence[Move]) -> Iterator[list[Move]]:
    """Split moves, in their order, where one begins or ends at a place of an earlier one.

    A statement makes all its moves at once, so that of A to B and C to A it would find A still taken.
    """
    piece: list[Move] = []
    places: set[Identity] = set()
    for move in moves:
        if not places.isdisjoint(move):
            yield piece
            piece, places = [], set()
        piece.append(move)
        places.update(move)
    if piece:
        yield piece


def _move_together(moves: Sequence[Move]) -> None:
    parameters = [
        [old.station for old, _ in moves],
        [old.epoch for old, _ in moves],
        [old.seq for old, _ in moves],
        [new.epoch for _, new in moves],
        [new.seq for _, new in moves],
    ]
    for table in STAMPED_TABLES:
        execute(_move_statement(table, "epoch", "seq"), parameters)
    # A walk may have passed the place where the rows stand now, so there is another one.
    DatingDue.objects.filter(station__in={new.station for _, new in moves}).update(in_walk=False)
    # What points at the moved fact must go on pointing at it.
    for table, epoch, seq in REF_COLUMNS:
        execute(_move_statement(table, epoch, seq), parameters)


def _move_statement(table: Table, epoch: str, seq: str) -> str:
    return f"""UPDATE {table} t SET {epoch} = w.new_epoch, {seq} = w.new_seq
    FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::bytea[], %s::bigint[])
        AS w (station, epoch, seq, new_epoch, new_seq)
    WHERE t.station_id = w.station AND t.{epoch} = w.epoch AND t.{seq} = w.seq"""  # noqa: S608 - our own constants
