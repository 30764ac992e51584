"""Erase the bodies of facts that the county has had for long. Seq, digest and head stay, so the chain still verifies.

A receipt counts from the day on which a trusted clock saw it. A fact that the county holds unread is never erased here.
"""

from collections.abc import Sequence

import msgspec

from agent.storage.outbox.progress import MS_PER_DAY, receipted_by
from agent.storage.outbox.schema import MAX_SEQ, place, seq_of
from agent.storage.store import Store

DONE_KEY = "outbox/erased"
"""Names in the state up to which seq each stream is erased. What the county holds unread stays before it too."""
KEEP_DAYS = 90
_BATCH = 500
"""Rows in one transaction: few, so that no touch waits long for it."""

# The inner SELECT is there for LIMIT: SQLite as it is usually built knows none in an UPDATE.
_ERASE = """UPDATE facts SET body = NULL, salt = NULL WHERE place IN (
    SELECT place FROM facts WHERE place BETWEEN ? AND ? AND body IS NOT NULL
    AND place NOT IN (SELECT place FROM held) ORDER BY place LIMIT ?) RETURNING place"""


def erasable(store: Store, *, before_wall_ms: int) -> list[tuple[int, int]]:
    """Return for each stream ``(stream, last seq)`` of the facts receipted before the day of ``before_wall_ms``."""
    day = before_wall_ms // MS_PER_DAY - 1
    streams = [
        (int(str(n)), int(str(r))) for n, r in store.rows("SELECT number, reissued FROM streams ORDER BY number")
    ]
    result = []
    for index, (stream, _) in enumerate(streams):
        through = receipted_by(store, stream, day=day)
        later = streams[index + 1] if index + 1 < len(streams) else None
        # The end of a stream never got a receipt of its own. It was re-issued at the beginning of the next stream, so
        # when that beginning has its receipt, the county has the whole stream.
        if later and receipted_by(store, later[0], day=day) >= later[1] > 0:
            through = MAX_SEQ
        result.append((stream, through))
    return result


def erase_some(store: Store, bounds: Sequence[tuple[int, int]]) -> int:
    """Empty the next bodies of streams up to their bounds, inside the caller's transaction; return how many there were.

    How far each stream is done is kept in the same transaction, so that neither the next piece nor the next day looks
    at the facts before it again.
    """
    done = _load_done(store)
    for stream, through in bounds:
        after = done.get(stream, 0)
        if after >= through:
            continue
        rows = store.rows(_ERASE, (place(stream, after + 1), place(stream, through), _BATCH))
        last = max((seq_of(int(str(where))) for (where,) in rows), default=0)
        done[stream] = last if len(rows) == _BATCH else through
        if rows:
            _write_done(store, done)
            return len(rows)
    return 0


def _load_done(store: Store) -> dict[int, int]:
    raw = store.get(DONE_KEY)
    try:
        return msgspec.msgpack.decode(raw, type=dict[int, int]) if raw else {}
    except msgspec.DecodeError:
        return {}


def _write_done(store: Store, done: dict[int, int]) -> None:
    store.write_state(DONE_KEY, msgspec.msgpack.encode(done))
