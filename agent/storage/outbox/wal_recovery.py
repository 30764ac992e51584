"""Bring back commits that stand in the write-ahead log beyond where SQLite stopped reading it.

SQLite takes the first frame with a wrong checksum for the end of the log. Usually a power cut tore the last commit.
But when a bit of an earlier commit went bad, all later ones would silently be gone, and the lamp was green for them. A
fact in those frames proves itself by its digest, and by the chain that leads to it from the last fact that SQLite has.
"""

from contextlib import closing
from copy import replace
from pathlib import Path

from agent.storage.errors import Damaged
from agent.storage.outbox.damaged_file import WalFrames
from agent.storage.outbox.disk import Disk, wal_of
from agent.storage.outbox.pages import leaf_rows
from agent.storage.outbox.progress import Progress, read_progress, write_progress
from agent.storage.outbox.schema import FACT_VALUES, PROGRESS_VALUES, place
from agent.storage.outbox.stream import StoredFact, Tip, insert_fact, stored_fact
from agent.storage.store import Row, Store
from protocol import chain


class WalRemainder:
    """What the log's frames hold beyond the tip that SQLite sees."""

    def __init__(self, tip: Tip) -> None:
        self._tip = tip
        self._facts: dict[int, list[StoredFact]] = {}
        self._issued: set[tuple[int, int]] = set()

    def look(self, rowid: int, row: Row) -> None:
        """Take a row of the log."""
        if progress := read_progress((rowid, *row[1:PROGRESS_VALUES])):
            self._issued.add((progress.stream, progress.issued))
        elif len(row) >= FACT_VALUES and rowid > place(self._tip.number, self._tip.through):
            fact = stored_fact((rowid, *row[1:FACT_VALUES]))
            if fact and fact.intact():
                # The chain decides whether the fact is of this stream; a damaged epoch must not cost it.
                self._facts.setdefault(rowid, []).append(replace(fact, epoch=self._tip.epoch))

    def continuation(self) -> list[StoredFact]:
        """Return the facts that follow the tip without a gap, by the chain."""
        found: list[StoredFact] = []
        head, seq = self._tip.head, self._tip.through + 1
        while fitting := [fact for fact in self._facts.get(place(self._tip.number, seq), []) if _follows(fact, head)]:
            # A commit that failed may have left a fact at this seq before another one was committed there. The one
            # that counts has a successor, or was written last.
            fact = next((fact for fact in reversed(fitting) if self._goes_on(fact)), fitting[-1])
            found.append(fact)
            head, seq = fact.head, seq + 1
        return found

    def _goes_on(self, fact: StoredFact) -> bool:
        return any(_follows(after, fact.head) for after in self._facts.get(place(fact.stream, fact.seq + 1), []))

    def lacks(self, through: int) -> bool:
        """Return whether the log tells of commits after ``through`` of the tip's stream.

        Each commit writes how far its stream was issued. Whether the very last commit was torn by a power cut or
        damaged later can't be told. The lamp may have been green for it, so it counts.

        A stream that was only just begun does not count: the facts that it re-issued are still in the tip's stream.
        """
        later = [issued for stream, issued in self._issued if stream > self._tip.number]
        return len(later) > 1 or any(stream == self._tip.number and n > through for stream, n in self._issued)


def recover_wal(store: Store, path: Path, disk: Disk, *, tip: Tip, progress: Progress) -> tuple[Tip, Progress]:
    """Put back the facts that the log holds beyond ``tip``, if any, and return the new tip.

    Raises:
        Damaged: The log tells of commits that can't be put back.
        StorageFull: No room to write them; the log still has them.
        StorageFailed: The disk failed.
    """
    remainder = _look_beyond(path, disk, tip)
    facts = remainder.continuation()
    through = facts[-1].seq if facts else tip.through
    if remainder.lacks(through):
        raise Damaged(f"the log tells of commits after seq {through} and does not have them whole")
    if not facts:
        return tip, progress
    progress = Progress(progress.stream, 0, progress.receipted, progress.generation, through)
    with store.transaction():
        for fact in facts:
            insert_fact(store, fact)
        write_progress(store, progress)
    return Tip(tip.number, tip.epoch, through, facts[-1].head), progress


def _look_beyond(path: Path, disk: Disk, tip: Tip) -> WalRemainder:
    """Look at every frame of the log's present run up to its last commit.

    Frames after that belong to a commit that was never complete.
    """
    remainder = WalRemainder(tip)
    with closing(WalFrames(disk, wal_of(path))) as frames:
        run = [index for index in range(frames.count) if frames.current(index)]
        while run and not frames.commits(run[-1]):
            run.pop()
        newest = {frames.number(index): index for index in run}
        # Every image is read, not only the newest of a page: a later one may be the damaged one.
        for index in run:
            for rowid, row in leaf_rows(
                frames.page(index),
                number=frames.number(index),
                pages=lambda number: frames.page(newest[number]) if number in newest else None,
            ):
                remainder.look(rowid, row)
    return remainder


def _follows(fact: StoredFact, head: bytes) -> bool:
    return chain.next_head(head, seq=fact.seq, digest=fact.digest) == fact.head
