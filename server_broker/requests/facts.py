"""What this room reads of facts: what people ask for, what they take back, and to what they agree."""

from collections.abc import Iterable
from typing import Any

from protocol import facts
from protocol.facts_requests import request_number
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.fact_rows import (
    FactRoom,
    Identity,
    RefColumns,
    RowKind,
    Rows,
    ref_columns,
    stamp,
    text,
    wall_time,
)
from server_broker.pins.tables import NUMBER_ENTRIES
from server_broker.platform.sql import copy_rows, query
from server_broker.requests.tables import AGREEMENTS, REQUESTS, WITHDRAWALS

REQUEST = RowKind[tuple[Any, ...]]("request")
WITHDRAWAL = RowKind[tuple[Any, ...]]("withdrawal")
AGREEMENT = RowKind[tuple[Any, ...]]("agreement")


def _request_made(fact: facts.RequestMade, identity: Identity, rows: Rows) -> None:
    row = (
        *identity,
        *stamp(fact.at, rows),
        fact.request,
        *ref_columns(fact.by),
        request_number(fact.request),
        fact.request_kind,
        fact.code or "",
        None if fact.begin is None else wall_time(fact.begin),
        None if fact.end is None else wall_time(fact.end),
        text(fact.substitute),
        *ref_columns(fact.about),
        text(fact.note),
    )
    rows.of(REQUEST).append(row)
    rows.to_date(identity, fact.at)


def _request_withdrawn(fact: facts.RequestWithdrawn, identity: Identity, rows: Rows) -> None:
    rows.of(WITHDRAWAL).append((*identity, *stamp(fact.at, rows), fact.request, *ref_columns(fact.by)))
    rows.to_date(identity, fact.at)


def _agreed(fact: facts.Agreed, identity: Identity, rows: Rows) -> None:
    rows.of(AGREEMENT).append((*identity, *stamp(fact.at, rows), fact.request, *ref_columns(fact.by), fact.agrees))
    rows.to_date(identity, fact.at)


def _put(rows: Rows) -> None:
    for table, kind in ((REQUESTS, REQUEST), (WITHDRAWALS, WITHDRAWAL), (AGREEMENTS, AGREEMENT)):
        found = rows.of(kind)
        if found:
            columns = list(table.columns)
            epoch, seq = columns.index("by_epoch"), columns.index("by_seq")
            numbers = numbers_entered((row[0], row[epoch], row[seq]) for row in found)
            copy_rows(table, ((*row, numbers.get((row[0], row[epoch], row[seq]), "")) for row in found))


def number_entered_at(ref: tuple[str, bytes, int]) -> str | None:
    """Return the number that was entered there; empty if it counts for nobody or it was a card. None: not known."""
    entries = query(f"SELECT 1 FROM {NUMBER_ENTRIES} WHERE (station_id, epoch, seq) = (%s, %s, %s)", ref)  # noqa: S608
    touches = query(f"SELECT 1 FROM {TOUCHES} WHERE (station_id, epoch, seq) = (%s, %s, %s)", ref)  # noqa: S608
    return numbers_entered([ref]).get(ref, "") if entries or touches else None


def numbers_entered(refs: Iterable[tuple[str, bytes, int]]) -> dict[tuple[str, bytes, int], str]:
    """Return the numbers that people entered, by station, epoch and seq. A number that counts for nobody is none."""
    wanted = sorted(set(refs))
    if not wanted:
        return {}
    found = query(
        f"""SELECT e.station_id, e.epoch, e.seq, e.number FROM {NUMBER_ENTRIES} e
        JOIN unnest(%s::text[], %s::bytea[], %s::bigint[]) w (station, epoch, seq)
        ON (e.station_id, e.epoch, e.seq) = (w.station, w.epoch, w.seq)
        WHERE e.counts AND e.answer = 'accepted'""",  # noqa: S608 - our own constant
        [list(column) for column in zip(*wanted, strict=True)],
    )
    return {(station, bytes(epoch), seq): number for station, epoch, seq, number in found}


REQUEST_FACTS = FactRoom(
    {facts.RequestMade: _request_made, facts.RequestWithdrawn: _request_withdrawn, facts.Agreed: _agreed},
    _put,
    stamped=(REQUESTS, WITHDRAWALS, AGREEMENTS),
    refs=(
        RefColumns(REQUESTS, "by_epoch", "by_seq"),
        RefColumns(REQUESTS, "about_epoch", "about_seq"),
        RefColumns(WITHDRAWALS, "by_epoch", "by_seq"),
        RefColumns(AGREEMENTS, "by_epoch", "by_seq"),
    ),
)
