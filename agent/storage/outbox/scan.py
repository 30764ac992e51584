"""Read a damaged file once: which streams it had, how far they had come, and which rows are proven."""

from collections import Counter
from collections.abc import Iterator
from copy import replace

from msgspec import Struct, field

from agent.storage.outbox.damaged_file import DamagedFile
from agent.storage.outbox.pages import leaf_rows
from agent.storage.outbox.progress import Progress, read_progress
from agent.storage.outbox.schema import FACT_VALUES, PROGRESS_VALUES, place
from agent.storage.outbox.stream import StoredFact, stored_fact
from agent.storage.store import Row, state_seal

_REACH = 64
"""How far beyond the last known fact a damaged row still counts as a fact: a seq further away is damage itself."""


class Scan(Struct):
    """What one pass over the pages found."""

    votes: Counter[tuple[int, bytes]] = field(default_factory=Counter)
    """How often each stream number was read with each epoch. A damaged number or epoch is read once, not often."""
    epochs: dict[int, bytes] = field(default_factory=dict)
    """By stream number, the epoch that most votes name."""
    seen: dict[tuple[int, bytes], int] = field(default_factory=dict)
    """By stream and epoch, the highest seq of any fact row, proven or not."""
    progress: dict[int, Progress] = field(default_factory=dict)
    """By the row's id, the progress that goes furthest."""
    state: dict[str, bytes] = field(default_factory=dict)

    def count_votes(self) -> None:
        """Give each stream number one epoch and each epoch one number, the best attested first."""
        for (stream, epoch), _ in self.votes.most_common():
            if stream not in self.epochs and epoch not in self.epochs.values():
                self.epochs[stream] = epoch

    def newest_stream(self) -> int:
        """Return the highest stream number that is known; 0 when none is."""
        return max([*self.epochs, *(progress.stream for progress in self.progress.values())], default=0)

    def receipted(self, stream: int) -> int:
        """Return up to which seq the county is known to have a stream."""
        progress = self.progress.get(place(stream, 0))
        return progress.receipted if progress else 0

    def issued(self, stream: int) -> int:
        """Return up to which seq a stream was committed, as the rows of progress say."""
        return max((progress.issued for progress in self.progress.values() if progress.stream == stream), default=0)

    def through(self, stream: int, *, proven: int) -> int:
        """Return the last seq of a stream as far as it is known.

        A row whose body is damaged still shows that there was a fact, unless its seq is out of reach.

        Args:
            proven: Last seq of a fact that is proven.
        """
        known = max(proven, self.issued(stream))
        seen = self.seen.get((stream, self.epochs.get(stream, b"")), 0)
        return seen if known < seen <= known + _REACH else known


def scan_file(damaged: DamagedFile) -> Scan:
    """Look at every page once."""
    scan = Scan()
    for rowid, row in _rows(damaged):
        fact = stored_fact((rowid, *row[1:FACT_VALUES]))
        if fact is not None:
            named = (fact.stream, fact.epoch)
            if fact.intact():
                scan.votes[named] += 1
            scan.seen[named] = max(fact.seq, scan.seen.get(named, 0))
            continue
        # Nothing says of which table another row is; its shape and its seal do. The next release may have added
        # columns, which stand at the end.
        match row:
            # In a record, SQLite stores NULL for the column that is the rowid.
            case (None, bytes(epoch), int(), *_) if len(epoch) == 16 and 0 < rowid < 1 << 22:
                scan.votes[rowid, epoch] += 1
            case (str(key), bytes(value), bytes(seal), *_) if seal == state_seal(key, value):
                # Images come the newest first, so the first value of a key is the one that counts.
                scan.state.setdefault(key, value)
            case (None, int(), int(), int(), bytes(), *_):
                progress = read_progress((rowid, *row[1:PROGRESS_VALUES]))
                if progress is not None:
                    before = scan.progress.get(rowid)
                    scan.progress[rowid] = _later(before, progress) if before else progress
    scan.count_votes()
    return scan


def proven_facts(damaged: DamagedFile, scan: Scan) -> Iterator[StoredFact]:
    """Yield every fact of a known stream whose body, unless erased, has its digest; repeats included.

    The digest proves neither where the fact lies nor under which epoch: see `placement`.
    """
    for rowid, row in _rows(damaged):
        fact = stored_fact((rowid, *row[1:FACT_VALUES]))
        if fact is not None and fact.stream in scan.epochs and (fact.body is None or fact.intact()):
            yield fact


def _rows(damaged: DamagedFile) -> Iterator[tuple[int, Row]]:
    for number, page in damaged.images():
        yield from leaf_rows(page, number=number, pages=damaged.page)


def _later(one: Progress, other: Progress) -> Progress:
    """Return the newer state of the same row.

    The generation decides first, because a new one may lower ``receipted``. ``issued`` only grows.
    """
    newer = max(one, other, key=lambda progress: (progress.generation, progress.receipted))
    return replace(newer, issued=max(one.issued, other.issued))
