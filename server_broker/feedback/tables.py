"""The tables of this room that other rooms use in SQL."""

from server_broker.fleet.tables import IDENTITY_COLUMNS, STAMP_COLUMNS
from server_broker.platform.tables import Table

_WHOSE_COLUMNS = {"by_epoch": "bytea", "by_seq": "int8"}

FEEDBACKS = Table(
    "feedback_feedback",
    IDENTITY_COLUMNS
    | {"feedback": "bytea", "number": "text", "topic": "text", "matter": "text"}
    | {"about": "text", "item": "text", "text": "text"}
    | STAMP_COLUMNS
    | _WHOSE_COLUMNS,
)
RATINGS = Table(
    "feedback_feedbackrating",
    IDENTITY_COLUMNS | {"feedback": "bytea", "rating": "int2", "note": "text"} | STAMP_COLUMNS | _WHOSE_COLUMNS,
)
