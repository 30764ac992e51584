"""Make a working outbox out of a damaged one: nothing readable is lost, and what is lost is said.

Every proven fact is carried over as it lay; those without a receipt are said again in a new stream, which begins with
`EpochOpened` for reason ``corrupt``; gaps are stated as `FactsLost`.
"""

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from agent.outbox.check import STATION_KEY, refuse_foreign
from agent.outbox.disk import Disk
from agent.outbox.files import make
from agent.outbox.marks import Mark, write_mark
from agent.outbox.reissue import as_reissued, reissue
from agent.outbox.schema import MAX_SEQ, guard_facts, make_tables, place, seq_of
from agent.outbox.stream import Appender, StoredFact, insert_fact, read_facts
from agent.outbox.survey import Survey, proven_facts, survey
from agent.outbox.wreck import Wreck
from agent.store import Store
from protocol import chain
from protocol.units import Moment

log = logging.getLogger(__name__)


def salvage(path: Path, disk: Disk, *, station: str, now: Callable[[], Moment]) -> Path | None:
    """Replace the damaged file at ``path`` and return where it lies now.

    Raises:
        OutboxFull: No room for the new file; the damaged one is untouched.
        OutboxBroken: The disk failed, or the file is another station's; it is untouched.
    """
    at = now()
    with closing(Wreck(disk, path)) as wreck:
        finds = survey(wreck)
        refuse_foreign(finds.state.get(STATION_KEY), station=station)
        aside = make(path, disk, lambda store: _fill(store, wreck, finds, station=station, at=at), at=at)
    log.warning("outbox salvaged: stream %d opened, damaged file kept as %s", finds.newest_stream() + 1, aside)
    return aside


def _fill(store: Store, wreck: Wreck, finds: Survey, *, station: str, at: Moment) -> None:
    old = finds.newest_stream()
    epoch = finds.epochs.get(old)
    with store.transaction():
        make_tables(store)
        rivals = _carry_over(store, wreck, finds, station=station)
        matched = finds.receipted(old) if epoch else 0
        appender = Appender.begin(
            store, station=station, number=old + 1, reason="corrupt", previous=epoch, matched=matched, at=at
        )
        _say_again(store, appender, finds, newest=old, at=at)
        for fact in rivals:
            appender.add_fact(as_reissued(fact, at=at))
        appender.finish_reissue()
        generation = max((mark.generation for mark in finds.marks.values()), default=0)
        write_mark(store, Mark(stream=old + 1, day=0, generation=generation, issued=appender.tip.through))
        guard_facts(store)


def _say_again(store: Store, appender: Appender, finds: Survey, *, newest: int, at: Moment) -> None:
    """Re-issue what has no receipt. Where that has gaps, what the stream before still has may fill them."""
    whole = False
    for stream in sorted(finds.epochs, reverse=True):
        if whole:
            return
        whole = reissue(
            store,
            appender,
            stream=stream,
            epoch=finds.epochs[stream],
            after=finds.receipted(stream),
            through=finds.through(stream, proven=_last_proven(store, stream)),
            at=at,
            state_lost=stream == newest,
        )


def _carry_over(store: Store, wreck: Wreck, finds: Survey, *, station: str) -> list[StoredFact]:
    """Copy what is proven; return the facts whose place another fact has taken (a commit that failed, written over)."""
    for stream, epoch in finds.epochs.items():
        store.rows("INSERT INTO streams VALUES (?, ?, 0)", (stream, epoch))
    for mark in finds.marks.values():
        if mark.stream in finds.epochs:
            write_mark(store, mark)
    for key, value in ({STATION_KEY: station.encode()} | finds.state).items():
        store.write_state(key, value)
    rivals: dict[bytes, StoredFact] = {}
    for fact in proven_facts(wreck, finds):
        if not insert_fact(store, fact) and fact.body is not None and not _stored(store, fact):
            rivals[fact.digest] = fact
    for stream in finds.epochs:
        _drop_misplaced(store, stream, issued=finds.issued(stream))
    return [
        fact for fact in rivals.values() if fact.seq > finds.receipted(fact.stream) and _follows_stored(store, fact)
    ]


def _follows_stored(store: Store, fact: StoredFact) -> bool:
    """Return whether the chain leads from the stored fact before to this one; true where there is none before."""
    before = list(read_facts(store, fact.stream, first=fact.seq - 1, last=fact.seq - 1))
    return not before or chain.next_head(before[0].head, seq=fact.seq, digest=fact.digest) == fact.head


def _last_proven(store: Store, stream: int) -> int:
    bounds = (place(stream, 0), place(stream + 1, 0))
    rows = store.rows("SELECT place FROM facts WHERE place > ? AND place < ? ORDER BY place DESC LIMIT 1", bounds)
    return seq_of(int(str(rows[0][0]))) if rows else 0


def _stored(store: Store, fact: StoredFact) -> bool:
    return bool(
        store.rows("SELECT 1 FROM facts WHERE place = ? AND digest = ?", (place(fact.stream, fact.seq), fact.digest))
    )


def _drop_misplaced(store: Store, stream: int, *, issued: int) -> None:
    """Take out the rows whose seq is not to be believed."""
    for before, fact, after in _neighbours(read_facts(store, stream, first=1, last=MAX_SEQ)):
        lonely = before is None and after is None and fact.seq > max(1, issued)
        if lonely or (before and after and not _chains(before, fact, after)):
            store.rows("DELETE FROM facts WHERE place = ?", (place(stream, fact.seq),))


def _neighbours(
    facts: Iterable[StoredFact],
) -> Iterator[tuple[StoredFact | None, StoredFact, StoredFact | None]]:
    """Yield each fact with the one of the seq before and the one of the seq after, where there are such."""
    for (before, fact), (_, after) in pairwise(pairwise(itertools.chain([None], facts, [None]))):
        if fact:
            yield (
                before if before and before.seq + 1 == fact.seq else None,
                fact,
                after if after and after.seq == fact.seq + 1 else None,
            )


def _chains(before: StoredFact, fact: StoredFact, after: StoredFact) -> bool:
    """Return whether digest and seq lead from the one before to it, from it to the one after, or through it."""
    computed = chain.next_head(before.head, seq=fact.seq, digest=fact.digest)
    heads = (computed, fact.head)
    return computed == fact.head or any(
        chain.next_head(h, seq=after.seq, digest=after.digest) == after.head for h in heads
    )
