"""The name and the columns of a table, so that one Django app's SQL can name another app's table by an import.

Each app whose tables others use exports them in its ``tables.py``. A linter sees the import, and
``tests/server_broker/platform/test_tables.py`` holds each `Table` to its model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LAST_INTEGER: Final = 2**31 - 1
LAST_BIG_INTEGER: Final = 2**63 - 1
"""The largest numbers that PostgreSQL's integer and bigint columns hold. A station may state a larger one."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. It formats as its name: ``f"SELECT seq FROM {FACTS}"``."""

    name: str
    columns: Mapping[str, str]
    """The columns that SQL may use, with PostgreSQL's name of their type. COPY writes them in this order."""

    def __str__(self) -> str:
        """Return the name, as SQL wants it."""
        return self.name

    def copy_statement(self) -> str:
        """Return the statement by which psycopg copies rows of all these columns into the table."""
        return f"COPY {self.name} ({', '.join(self.columns)}) FROM STDIN (FORMAT BINARY)"
