"""The tables of this room that other rooms use in SQL."""

from server_broker.fleet.tables import IDENTITY_COLUMNS, STAMP_COLUMNS
from server_broker.platform.tables import Table

_BY_COLUMNS = {"request": "bytea", "by_epoch": "bytea", "by_seq": "int8"}

REQUESTS = Table(
    "requests_request",
    IDENTITY_COLUMNS
    | STAMP_COLUMNS
    | _BY_COLUMNS
    | {"number": "text", "kind": "text", "code": "text", "begin_at": "timestamptz", "end_at": "timestamptz"}
    | {"substitute": "text", "about_epoch": "bytea", "about_seq": "int8", "note": "text", "person_number": "text"},
)
WITHDRAWALS = Table("requests_withdrawal", IDENTITY_COLUMNS | STAMP_COLUMNS | _BY_COLUMNS | {"person_number": "text"})
AGREEMENTS = Table(
    "requests_agreement", IDENTITY_COLUMNS | STAMP_COLUMNS | _BY_COLUMNS | {"agrees": "bool", "person_number": "text"}
)
