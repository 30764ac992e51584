"""What a database has, as PostgreSQL's own dump says it."""

import re
import subprocess

from server_broker.platform.home import CountyHome
from server_broker.postgres.debian import bin_folder
from server_broker.postgres.folder import SUPERUSER

_NOT_A_TABLE = re.compile(
    r"(?P<body>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"  # kept as it is: a function's body
    r"|^(?:--[^\n]*|SET [^\n]*|SELECT pg_catalog\.set_config[^\n]*|\\[^\n]*|)\n"
    r"|\bpublic\.| WITH SCHEMA public\b",
    re.MULTILINE | re.DOTALL,
)
"""Comments, the settings of the session that restores, empty lines; and the schema, which the session chooses."""
_CAST_AS_A_WHOLE = re.compile(r"\(ARRAY\[([^]]*)\]\)::text\[\]")
_WORD = re.compile(r"'[^']*'::character varying")
"""PostgreSQL writes ``IN ('a', 'b')`` as a list that it casts, and reads that as a list of what it casts one by one."""


def tables_of(home: CountyHome, database: str) -> str:
    """Return the statements that make an empty database's tables, indexes, constraints, functions and triggers."""
    made = dump(home, database, "--schema-only", "--no-owner", "--no-comments")
    bare = _NOT_A_TABLE.sub(lambda found: found["body"] or "", made)
    return _CAST_AS_A_WHOLE.sub(lambda found: f"ARRAY[{_WORD.sub(r'(\g<0>)::text', found[1])}]", bare)


def dump(home: CountyHome, database: str, *options: str) -> str:
    """Return what ``pg_dump`` writes with these options."""
    program = bin_folder(home.postgres_data) / "pg_dump"
    command = [str(program), "--host", str(home.postgres_socket), "--username", SUPERUSER, *options, database]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
