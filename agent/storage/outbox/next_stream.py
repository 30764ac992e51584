"""A stream that is being built: in the file already, and not the current one yet.

A new epoch re-issues what the county may lack, which can be a hundred thousand facts. That takes minutes on a slow
card, and in one transaction nobody could touch a card meanwhile. So it is built piece by piece, each piece durable
together with a row of state that says how far it has got. Until the last piece the stream before it stays the current
one, and touches go on there; they are re-issued like all others.
"""

import msgspec

from agent.storage.store import Store

NEXT_KEY = "outbox/next"
NEXT_TITLE = "the stream that is being built"


class NextStream(msgspec.Struct, frozen=True):
    """The number of the stream that is being built, and up to which seq it re-issues the current one."""

    number: int
    done: int


def load_next(store: Store, *, newest: int) -> NextStream | None:
    """Return the stream that is being built, or None.

    Args:
        newest: The highest stream number of the file. What names another one was left behind by a salvage.
    """
    raw = store.get(NEXT_KEY)
    if not raw:
        return None
    try:
        found = msgspec.msgpack.decode(raw, type=NextStream)
    except msgspec.DecodeError:
        return None
    return found if found.number == newest else None


def write_next(store: Store, next_stream: NextStream | None) -> None:
    """Note how far the stream has got, or that none is being built, inside the caller's transaction."""
    store.write_state(NEXT_KEY, msgspec.msgpack.encode(next_stream) if next_stream else b"")
