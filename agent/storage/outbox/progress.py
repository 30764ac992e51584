"""How far a stream has come: the last seq that was receipted, and the last that was issued. The next commit writes it.

Progress is kept in memory until then. When a power cut takes the newest, the county is sent some facts again and
nothing else happens. How far the stream was issued lies on another page than the facts, so that a damaged file still
tells how many facts it held.
"""

from copy import replace

from msgspec import Struct

from agent.storage.outbox.schema import place, progress_seal, stream_of
from agent.storage.store import Row, Store, Value
from protocol.units import DATED_QUALITIES, Moment

MS_PER_DAY = 86_400_000
_SELECT = "SELECT id, receipted, generation, issued, seal FROM marks WHERE id BETWEEN ? AND ?"
_INSERT = "INSERT OR REPLACE INTO marks (id, receipted, generation, issued, seal) VALUES (?, ?, ?, ?, ?)"


class Progress(Struct, frozen=True):
    """A row of the table ``marks``: a stream as it stands now (day 0), or as it stood at the end of a day."""

    stream: int
    day: int
    """Days since 1970 in UTC; 0 for now."""
    receipted: int = 0
    """The county has every fact up to this seq."""
    generation: int = 0
    """The county's generation at its newest receipt."""
    issued: int = 0
    """Last seq that was committed."""


def read_progress(row: Row) -> Progress | None:
    """Read ``id, receipted, generation, issued, seal``; None when it is not intact."""
    match row:
        case (int(id), int(receipted), int(generation), int(issued), bytes(seal)):
            if seal == progress_seal(id=id, receipted=receipted, generation=generation, issued=issued):
                return Progress(stream_of(id), id - place(stream_of(id), 0), receipted, generation, issued)
    return None


def load_progress(store: Store, stream: int) -> Progress | None:
    """Return how a stream stands now, or None when the row is missing or damaged."""
    rows = store.rows(_SELECT, (place(stream, 0), place(stream, 0)))
    return read_progress(rows[0]) if rows else None


def receipted_by(store: Store, stream: int, *, day: int) -> int:
    """Return up to which seq the county had receipted a stream by the end of ``day``; 0 when not known."""
    # From day 1, because day 0 is the row for now.
    rows = store.rows(_SELECT, (place(stream, 1), place(stream, max(0, day))))
    known = [read_progress(row) for row in rows]
    return max((progress.receipted for progress in known if progress), default=0)


def write_progress(store: Store, progress: Progress) -> None:
    """Write a row inside the caller's transaction."""
    id = place(progress.stream, progress.day)
    seal = progress_seal(id=id, receipted=progress.receipted, generation=progress.generation, issued=progress.issued)
    values: tuple[Value, ...] = (id, progress.receipted, progress.generation, progress.issued, seal)
    store.rows(_INSERT, values)


class ReceiptBook:
    """The receipts of the current stream, ahead of the file until `write`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._held: dict[int, str] = {}
        self._held_on_disk: set[int] = set()
        self._lowered = False
        self.dirty = False

    @property
    def stream(self) -> int:
        """The number of the stream that this is about."""
        return self._progress.stream

    @property
    def receipted(self) -> int:
        """The county has every fact up to this seq."""
        return self._progress.receipted

    @property
    def generation(self) -> int:
        """The county's generation at the newest receipt."""
        return self._progress.generation

    def take(self, *, through: int, generation: int, held: dict[int, str]) -> None:
        """Note a receipt. One of an older generation is ignored; only one of a newer may lower `receipted`.

        Args:
            held: By seq, why the county keeps a fact unread.
        """
        if generation < self._progress.generation:
            return
        risen = generation > self._progress.generation
        # An older receipt of the same generation may come late and lowers nothing. A newer generation is a county that
        # was restored from a backup: it may have lost facts that it had receipted.
        receipted = through if risen else max(through, self.receipted)
        news = {seq: reason for seq, reason in held.items() if seq not in self._held_on_disk}
        self._lowered = self._lowered or receipted < self.receipted
        self._held |= news
        self.dirty = self.dirty or risen or bool(news) or receipted != self.receipted
        self._progress = replace(self._progress, receipted=receipted, generation=generation)

    def write(self, store: Store, *, issued: int, now: Moment) -> None:
        """Write progress and held facts inside the caller's transaction."""
        stream = self._progress.stream
        self._progress = replace(self._progress, issued=issued)
        if self._lowered:
            # The rows of days tell `prune` what may be erased. A county that lost facts must be able to get them again.
            store.rows("DELETE FROM marks WHERE id > ? AND id < ?", (place(stream, 0), place(stream + 1, 0)))
        write_progress(store, self._progress)
        # Only a trusted clock dates a receipt: with a wrong date, bodies could be erased years too early.
        if self.receipted and now.quality in DATED_QUALITIES:
            write_progress(store, replace(self._progress, day=max(1, now.wall // MS_PER_DAY)))
        for seq, reason in self._held.items():
            store.rows("INSERT OR REPLACE INTO held (place, reason) VALUES (?, ?)", (place(stream, seq), reason))

    def written(self) -> None:
        """Note that the transaction of `write` is durable."""
        self._held_on_disk |= self._held.keys()
        self._held = {}
        self._lowered = False
        self.dirty = False
