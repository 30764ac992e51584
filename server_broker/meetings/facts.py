"""What this room reads of facts: the steps of meetings, votes, and who says that another person is here."""

from typing import Any

from protocol import facts
from protocol.fact_base import StationFact
from protocol.units import FactRef
from server_broker.fleet.fact_rows import (
    FactRoom,
    Identity,
    RefColumns,
    RowKind,
    Rows,
    integer,
    ref_columns,
    stamp,
    text,
)
from server_broker.meetings.tables import MEETING_STEPS, VOTE_COUNTS, VOUCHES
from server_broker.platform.sql import copy_rows
from server_broker.requests.facts import numbers_entered

STEP = RowKind[tuple[Any, ...]]("meeting step")
VOTES = RowKind[tuple[Any, ...]]("vote count")
VOUCHED = RowKind[tuple[Any, ...]]("vouch")
_TABLES = ((MEETING_STEPS, STEP), (VOTE_COUNTS, VOTES), (VOUCHES, VOUCHED))


def _add(
    kind: RowKind[tuple[Any, ...]],
    fact: StationFact,
    by: FactRef | None,
    identity: Identity,
    rows: Rows,
    said: tuple[Any, ...],
) -> None:
    rows.of(kind).append((*identity, *stamp(fact.at, rows), *ref_columns(by), *said))
    rows.to_date(identity, fact.at)


def _step(fact: facts.MeetingStepped, identity: Identity, rows: Rows) -> None:
    said = (text(fact.meeting), fact.step, text(fact.item), text(fact.note))
    _add(STEP, fact, fact.by, identity, rows, said)


def _votes(fact: facts.VotesCounted, identity: Identity, rows: Rows) -> None:
    counted = ([integer(count) for count in fact.votes], integer(fact.present), integer(fact.abstained))
    _add(VOTES, fact, fact.by, identity, rows, (text(fact.meeting), text(fact.question), *counted))


def _vouched(fact: facts.PersonVouched, identity: Identity, rows: Rows) -> None:
    _add(VOUCHED, fact, fact.by, identity, rows, (text(fact.person), fact.purpose or "", text(fact.note)))


def _put(rows: Rows) -> None:
    for table, kind in _TABLES:
        if found := rows.of(kind):
            columns = list(table.columns)
            station, epoch, seq = (columns.index(name) for name in ("station_id", "by_epoch", "by_seq"))
            refs = [(row[station], row[epoch], row[seq]) for row in found]
            numbers = numbers_entered(ref for ref in refs if ref[1] is not None)
            copy_rows(table, ((*row, numbers.get(ref, "")) for row, ref in zip(found, refs, strict=True)))


MEETING_FACTS = FactRoom(
    {facts.MeetingStepped: _step, facts.VotesCounted: _votes, facts.PersonVouched: _vouched},
    _put,
    stamped=tuple(table for table, _ in _TABLES),
    refs=tuple(RefColumns(table, "by_epoch", "by_seq") for table, _ in _TABLES),
)
