"""The tables of this room that other rooms use in SQL."""

from server_broker.fleet.tables import IDENTITY_COLUMNS, STAMP_COLUMNS
from server_broker.platform.tables import Table

TOUCHES = Table(
    "attendance_touch",
    IDENTITY_COLUMNS
    | {"card_token": "bytea"}
    | STAMP_COLUMNS
    | {"reader": "text", "answer": "text", "direction": "text", "chosen_direction": "text", "person_number": "text"},
)
