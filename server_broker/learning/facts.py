"""What this room reads of facts: what people answered, the runs that they ended, the packs that they chose."""

from typing import Any

from psycopg.types.json import Jsonb

from protocol import facts
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
from server_broker.learning.tables import ATTEMPTS, CHOICES, LEVEL_RUNS
from server_broker.platform.sql import copy_rows

ATTEMPT = RowKind[tuple[Any, ...]]("attempt")
LEVEL_RUN = RowKind[tuple[Any, ...]]("level run")
CHOICE = RowKind[tuple[Any, ...]]("choice of a pack")


def _attempt(fact: facts.Attempt, identity: Identity, rows: Rows) -> None:
    rows.of(ATTEMPT).append(
        (
            *identity,
            *_run(fact),
            text(fact.question),
            Jsonb(fact.chosen),
            fact.right,
            fact.lives_left,
            *stamp(fact.at, rows),
            *_whose(fact),
        )
    )
    rows.to_date(identity, fact.at)


def _level_ended(fact: facts.LevelEnded, identity: Identity, rows: Rows) -> None:
    rows.of(LEVEL_RUN).append(
        (*identity, *_run(fact), fact.passed, fact.stars, *stamp(fact.at, rows), *_whose(fact)),
    )
    rows.to_date(identity, fact.at)


def _pack_chosen(fact: facts.PackChosen, identity: Identity, rows: Rows) -> None:
    rows.of(CHOICE).append((*identity, *stamp(fact.at, rows), *ref_columns(fact.by), text(fact.pack), fact.chosen))
    rows.to_date(identity, fact.at)


def _run(fact: facts.Attempt | facts.LevelEnded) -> tuple[Any, ...]:
    return fact.run, text(fact.pack), integer(fact.pack_version), text(fact.level)


def _whose(fact: facts.Attempt | facts.LevelEnded) -> tuple[Any, ...]:
    return *ref_columns(fact.by), fact.took_ms, fact.mode


def _put(rows: Rows) -> None:
    if attempts := rows.of(ATTEMPT):
        copy_rows(ATTEMPTS, attempts)
    if level_runs := rows.of(LEVEL_RUN):
        copy_rows(LEVEL_RUNS, level_runs)
    if choices := rows.of(CHOICE):
        copy_rows(CHOICES, choices)


LEARNING = FactRoom(
    {facts.Attempt: _attempt, facts.LevelEnded: _level_ended, facts.PackChosen: _pack_chosen},
    _put,
    stamped=(ATTEMPTS, LEVEL_RUNS, CHOICES),
    refs=tuple(RefColumns(table, "by_epoch", "by_seq") for table in (ATTEMPTS, LEVEL_RUNS, CHOICES)),
)
