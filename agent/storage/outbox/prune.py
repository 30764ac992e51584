"""Erase the bodies of facts that the county has had for long. Seq, digest and head stay, so the chain still verifies.

A receipt counts from the day on which a trusted clock saw it. A fact that the county holds unread is never erased here.
"""

from agent.storage.outbox.progress import MS_PER_DAY, receipted_by
from agent.storage.outbox.schema import MAX_SEQ, place
from agent.storage.store import Store

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


def erase(store: Store, stream: int, *, through: int) -> int:
    """Empty the bodies of a stream up to ``through`` and return how many there were, in small transactions."""
    erased = 0
    while True:
        with store.transaction():
            rows = store.rows(_ERASE, (place(stream, 0), place(stream, through), _BATCH))
        erased += len(rows)
        if len(rows) < _BATCH:
            return erased
