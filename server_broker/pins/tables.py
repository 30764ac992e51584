"""The tables of this room that other rooms use in SQL."""

from server_broker.fleet.tables import IDENTITY_COLUMNS, STAMP_COLUMNS
from server_broker.platform.tables import Table

NUMBER_ENTRIES = Table(
    "pins_numberentry",
    IDENTITY_COLUMNS
    | STAMP_COLUMNS
    | {"number": "text", "answer": "text", "clocks": "bool", "direction": "text", "counts": "bool"},
)
