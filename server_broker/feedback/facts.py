"""What this room reads of facts: questions of villagers, and how they rate the answers."""

from typing import Any

from protocol import facts
from protocol.feedback import receipt_number
from server_broker.feedback.tables import FEEDBACKS, RATINGS
from server_broker.fleet.fact_rows import FactRoom, Identity, RefColumns, RowKind, Rows, ref_columns, stamp, text
from server_broker.platform.sql import copy_rows

GIVEN = RowKind[tuple[Any, ...]]("feedback")
RATED = RowKind[tuple[Any, ...]]("feedback rating")


def _given(fact: facts.FeedbackGiven, identity: Identity, rows: Rows) -> None:
    said = (fact.topic, fact.matter, fact.about, fact.item, fact.text)
    rows.of(GIVEN).append(
        (
            *identity,
            fact.feedback,
            receipt_number(fact.feedback),
            *map(text, said),
            *stamp(fact.at, rows),
            *ref_columns(fact.by),
        )
    )
    rows.to_date(identity, fact.at)


def _rated(fact: facts.FeedbackRated, identity: Identity, rows: Rows) -> None:
    rows.of(RATED).append(
        (*identity, fact.feedback, fact.rating, text(fact.note), *stamp(fact.at, rows), *ref_columns(fact.by))
    )
    rows.to_date(identity, fact.at)


def _put(rows: Rows) -> None:
    if given := rows.of(GIVEN):
        copy_rows(FEEDBACKS, given)
    if rated := rows.of(RATED):
        copy_rows(RATINGS, rated)


FEEDBACK = FactRoom(
    {facts.FeedbackGiven: _given, facts.FeedbackRated: _rated},
    _put,
    stamped=(FEEDBACKS, RATINGS),
    refs=(RefColumns(FEEDBACKS, "by_epoch", "by_seq"), RefColumns(RATINGS, "by_epoch", "by_seq")),
)
