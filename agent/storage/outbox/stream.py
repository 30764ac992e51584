"""One stream of facts: where it stands, and how it is continued inside a transaction."""

import os
from collections.abc import Callable, Iterator

from msgspec import Struct

from agent.storage.errors import Damaged
from agent.storage.outbox.next_stream import load_next
from agent.storage.outbox.schema import place, seq_of, stream_of
from agent.storage.store import Row, Store
from protocol import chain
from protocol.facts import EpochOpened, EpochReason, Fact, encode_fact
from protocol.units import Moment

_BATCH = 500
"""Facts in memory at a time: a re-issue may have a hundred thousand of them."""


class Tip(Struct, frozen=True):
    """Where a stream stands: its last seq (0: none yet) and the chain's value there."""

    number: int
    epoch: bytes
    through: int
    head: bytes


class StoredFact(Struct, frozen=True):
    """A fact as it lies in the file; an erased one has neither salt nor body."""

    stream: int
    seq: int
    epoch: bytes
    salt: bytes | None
    body: bytes | None
    digest: bytes
    head: bytes

    def intact(self) -> bool:
        """Return whether the body is there, with the bytes that were committed."""
        if self.salt is None or self.body is None:
            return False
        return chain.fact_digest(salt=self.salt, body=self.body) == self.digest


def stored_fact(row: Row) -> StoredFact | None:
    """Read ``place, epoch, salt, body, digest, head``; None when it has another shape."""
    match row:
        case (
            int(where),
            bytes(epoch),
            bytes() | None as salt,
            bytes() | None as body,
            bytes(digest),
            bytes(head),
        ) if len(epoch) == 16 and len(digest) == len(head) == 32:
            return StoredFact(stream_of(where), seq_of(where), epoch, salt, body, digest, head)
    return None


def read_facts(store: Store, stream: int, *, first: int, last: int) -> Iterator[StoredFact]:
    """Yield those of the facts ``first`` to ``last`` of a stream that exist, a bounded number in memory at a time.

    Raises:
        Damaged: A row is no fact.
    """
    following, end = place(stream, first), place(stream, last)
    while rows := store.rows(_SELECT, (following, end, _BATCH)):
        for row in rows:
            fact = stored_fact(row)
            if fact is None:
                raise Damaged(f"a row of stream {stream} is no fact")
            yield fact
            # From the last place, not from a count: rows may be missing, and the caller may delete what it was given.
            following = place(stream, fact.seq + 1)


_SELECT = "SELECT place, epoch, salt, body, digest, head FROM facts WHERE place BETWEEN ? AND ? ORDER BY place LIMIT ?"
_INSERT = "INSERT INTO facts (place, epoch, salt, body, digest, head) VALUES (?, ?, ?, ?, ?, ?)"


def insert_fact(store: Store, fact: StoredFact) -> bool:
    """Store a fact exactly as it lay in another file; return whether its place was free."""
    where = place(fact.stream, fact.seq)
    # A conflict is no error: salvage meets each fact several times, and the first copy stays.
    row = (where, fact.epoch, fact.salt, fact.body, fact.digest, fact.head)
    return bool(store.rows(f"{_INSERT} ON CONFLICT DO NOTHING RETURNING place", row))


def load_tip(store: Store, *, station: str) -> Tip:
    """Return where the newest stream of the file stands.

    Raises:
        Damaged: There is no stream.
    """
    # Stream numbers only grow, so the highest is the current stream, unless it is still being built.
    streams = store.rows("SELECT number, epoch FROM streams ORDER BY number DESC LIMIT 2")
    if streams and load_next(store, newest=int(str(streams[0][0]))):
        streams = streams[1:]
    if not streams:
        raise Damaged("no stream")
    match streams[0]:
        case (int(number), bytes(epoch)):
            return _tip_of(store, number, epoch, station=station)
        case _:
            raise Damaged("a stream without number or epoch")


def _tip_of(store: Store, number: int, epoch: bytes, *, station: str) -> Tip:
    bounds = (place(number, 0), place(number + 1, 0))
    last = store.rows("SELECT place, head FROM facts WHERE place > ? AND place < ? ORDER BY place DESC LIMIT 1", bounds)
    match last:
        case [(int(where), bytes(head))]:
            return Tip(number, epoch, seq_of(where), head)
        case _:
            return Tip(number, epoch, 0, chain.first_head(station=station, epoch=epoch))


class Appender:
    """Appends facts to a stream, inside the caller's transaction. ``tip`` is ahead of the file until `flush`."""

    def __init__(self, store: Store, tip: Tip) -> None:
        self._store = store
        self._rows: list[Row] = []
        self.tip = tip
        self.flushed: Callable[[], None] = lambda: None
        """Called when facts were written, and before the next ones are."""

    @classmethod
    def begin(
        cls,
        store: Store,
        *,
        station: str,
        number: int,
        reason: EpochReason,
        previous: bytes | None,
        matched: int,
        at: Moment,
    ) -> "Appender":
        """Begin a new stream with its `EpochOpened`."""
        epoch = os.urandom(16)
        store.rows("INSERT INTO streams (number, epoch, reissued) VALUES (?, ?, 0)", (number, epoch))
        appender = cls(store, Tip(number, epoch, 0, chain.first_head(station=station, epoch=epoch)))
        appender.add(encode_fact(EpochOpened(at=at, reason=reason, previous=previous, matched=matched)))
        return appender

    @classmethod
    def resume(cls, store: Store, *, station: str, number: int) -> "Appender":
        """Go on with a stream that is being built.

        Raises:
            Damaged: There is no such stream.
        """
        match store.rows("SELECT epoch FROM streams WHERE number = ?", (number,)):
            case [(bytes(epoch),)]:
                return cls(store, _tip_of(store, number, epoch, station=station))
            case _:
                raise Damaged(f"stream {number} is being built and is not there")

    def add(self, body: bytes) -> int:
        """Put one encoded fact after the last and return its seq."""
        salt = os.urandom(16)
        digest = chain.fact_digest(salt=salt, body=body)
        seq = self.tip.through + 1
        head = chain.next_head(self.tip.head, seq=seq, digest=digest)
        self._rows.append((place(self.tip.number, seq), self.tip.epoch, salt, body, digest, head))
        self.tip = Tip(self.tip.number, self.tip.epoch, seq, head)
        if len(self._rows) >= _BATCH:
            self.flush()
        return seq

    def add_fact(self, fact: Fact) -> int:
        """Encode a fact and put it after the last; return its seq."""
        return self.add(encode_fact(fact))

    def flush(self) -> None:
        """Write the facts that `add` took."""
        if self._rows:
            self._store.write_rows(_INSERT, self._rows)
            self._rows = []
            self.flushed()

    def finish_reissue(self) -> None:
        """Write the facts that `add` took, and note for `prune` that up to here the stream re-issues an older one."""
        self.flush()
        self._store.rows("UPDATE streams SET reissued = ? WHERE number = ?", (self.tip.through, self.tip.number))
