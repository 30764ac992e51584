"""Erase bodies that the county has had for long. Seq, digest and head stay, so the chain still verifies.

A receipt counts from the day on which a trusted clock saw it; what is held by the county unread is never erased here.
"""

from agent.storage.outbox.progress import MS_PER_DAY, receipted_by
from agent.storage.outbox.schema import place
from agent.storage.store import Store

KEEP_DAYS = 90
_BATCH = 500


def erasable(store: Store, *, before_wall_ms: int) -> list[tuple[int, int]]:
    """Return ``(stream, last seq)`` of what was receipted before the day of ``before_wall_ms``."""
    day = before_wall_ms // MS_PER_DAY - 1
    streams = [
        (int(str(n)), int(str(r))) for n, r in store.rows("SELECT number, reissued FROM streams ORDER BY number")
    ]
    result = []
    for index, (stream, _) in enumerate(streams):
        through = receipted_by(store, stream, day=day)
        later = streams[index + 1] if index + 1 < len(streams) else None
        if later and receipted_by(store, later[0], day=day) >= later[1] > 0:
            through = (1 << 40) - 1
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


_ERASE = """UPDATE facts SET body = NULL, salt = NULL WHERE place IN (
    SELECT place FROM facts WHERE place BETWEEN ? AND ? AND body IS NOT NULL
    AND place NOT IN (SELECT place FROM held) ORDER BY place LIMIT ?) RETURNING place"""
