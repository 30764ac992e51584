"""The tables of this room that other rooms use in SQL."""

from server_broker.fleet.tables import IDENTITY_COLUMNS, STAMP_COLUMNS
from server_broker.platform.tables import Table

_RUN_COLUMNS = {"run": "bytea", "pack": "text", "pack_version": "int4", "level": "text"}
_WHOSE_COLUMNS = {"by_epoch": "bytea", "by_seq": "int8", "took_ms": "int4", "mode": "text"}

ATTEMPTS = Table(
    "learning_attempt",
    IDENTITY_COLUMNS
    | _RUN_COLUMNS
    # RIGHT is a keyword of SQL (PostgreSQL, appendix C), so this column's name must be quoted.
    | {"question": "text", "chosen": "jsonb", '"right"': "bool", "lives_left": "int2"}
    | STAMP_COLUMNS
    | _WHOSE_COLUMNS,
)
LEVEL_RUNS = Table(
    "learning_levelrun",
    IDENTITY_COLUMNS | _RUN_COLUMNS | {"passed": "bool", "stars": "int2"} | STAMP_COLUMNS | _WHOSE_COLUMNS,
)
CHOICES = Table(
    "learning_packchoice",
    IDENTITY_COLUMNS | STAMP_COLUMNS | {"by_epoch": "bytea", "by_seq": "int8", "pack": "text", "chosen": "bool"},
)
