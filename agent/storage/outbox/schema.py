"""The tables of the outbox, and how a row proves by itself that it is intact.

A fact lies at ``place = stream number << 40 | seq``, the table's primary key, and a stream number belongs to one
epoch: a second fact of the same ``(epoch, seq)`` can't be stored. Facts carry their epoch and digest, other rows a
seal, so that a row found alone in a damaged file is either proven or refused.
"""

import hashlib

from agent.storage.store import STATE_TABLE, Store

SEQ_BITS = 40
MAX_SEQ = (1 << SEQ_BITS) - 1

# `versions` compares these texts with the file's own, letter by letter: another space here makes every outbox damaged.
TABLES = (
    STATE_TABLE,
    # A number below 2**22 keeps every place below 2**62, inside SQLite's signed 64 bits. ``reissued`` is the seq up to
    # which the stream re-issues facts of older ones. UNIQUE (number, epoch) is there for the foreign key of `facts`.
    """CREATE TABLE streams (
        number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 4194303),
        epoch BLOB NOT NULL UNIQUE CHECK (length(epoch) = 16),
        reissued INTEGER NOT NULL,
        UNIQUE (number, epoch)
    ) STRICT""",
    # 1099511627775 is MAX_SEQ: seq begins at 1. Salt and body are erased together, see `prune`.
    """CREATE TABLE facts (
        place INTEGER PRIMARY KEY CHECK ((place & 1099511627775) > 0),
        epoch BLOB NOT NULL,
        salt BLOB CHECK (length(salt) = 16),
        body BLOB CHECK ((body IS NULL) = (salt IS NULL)),
        digest BLOB NOT NULL CHECK (length(digest) = 32),
        head BLOB NOT NULL CHECK (length(head) = 32),
        stream INTEGER GENERATED ALWAYS AS (place >> 40) VIRTUAL,
        FOREIGN KEY (stream, epoch) REFERENCES streams (number, epoch)
    ) STRICT""",
    # `agent.storage.outbox.progress.Progress`; ``id`` is like a place, with the day instead of the seq.
    """CREATE TABLE marks (
        id INTEGER PRIMARY KEY,
        receipted INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        issued INTEGER NOT NULL,
        seal BLOB NOT NULL
    ) STRICT""",
    # Facts that the county holds unread.
    "CREATE TABLE held (place INTEGER PRIMARY KEY, reason TEXT NOT NULL) STRICT",
)

FACT_VALUES, PROGRESS_VALUES = 6, 5
"""How many values a record of `facts` and of `marks` has. A virtual column is not stored, and a column that a later
release adds stands behind these."""

# `prune` sets salt and body to NULL, which these let through.
GUARDS = (
    "CREATE TRIGGER facts_stay BEFORE DELETE ON facts BEGIN SELECT RAISE(ABORT, 'a fact is never deleted'); END",
    """CREATE TRIGGER facts_keep BEFORE UPDATE OF place, epoch, digest, head ON facts
       BEGIN SELECT RAISE(ABORT, 'a fact is never changed'); END""",
)
"""Added after the tables are filled: salvage deletes and corrects rows before that."""


def place(stream: int, seq: int) -> int:
    """Return where a fact lies."""
    return stream << SEQ_BITS | seq


def stream_of(where: int) -> int:
    """Return the stream number of a place, or of the id of a row of progress."""
    return where >> SEQ_BITS


def seq_of(where: int) -> int:
    """Return the seq of a place."""
    return where & MAX_SEQ


def progress_seal(*, id: int, receipted: int, generation: int, issued: int) -> bytes:
    """Return the 16 bytes that tell an intact row of progress from a damaged one."""
    return hashlib.sha256(f"cunhui mark 1 {id} {receipted} {generation} {issued}".encode()).digest()[:16]


def make_tables(store: Store) -> None:
    """Create the empty tables inside the caller's transaction."""
    for sql in TABLES:
        store.rows(sql)


def guard_facts(store: Store) -> None:
    """Make the file itself refuse that a fact is deleted or changed. Erasing a body stays possible."""
    for sql in GUARDS:
        store.rows(sql)
