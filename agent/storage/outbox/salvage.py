"""Make a working outbox out of a damaged one: nothing readable is lost, and what is lost is said.

Every proven fact is carried over as it lay; those without a receipt are said again in a new stream, which begins with
`EpochOpened` for reason ``corrupt``; gaps are stated as `FactsLost`.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from agent.storage.errors import Damaged
from agent.storage.outbox.check import STATION_KEY, refuse_foreign
from agent.storage.outbox.damaged_file import DamagedFile
from agent.storage.outbox.disk import Disk
from agent.storage.outbox.files import check_header, make
from agent.storage.outbox.marks import Mark, write_mark
from agent.storage.outbox.placement import follows, take_out_misplaced
from agent.storage.outbox.reissue import as_reissued, reissue
from agent.storage.outbox.scan import Scan, proven_facts, survey
from agent.storage.outbox.schema import guard_facts, make_tables, place, seq_of
from agent.storage.outbox.stream import Appender, StoredFact, insert_fact
from agent.storage.store import Store
from protocol import chain
from protocol.units import Moment

log = logging.getLogger(__name__)


def salvage(path: Path, disk: Disk, *, station: str, now: Callable[[], Moment]) -> Path | None:
    """Replace the damaged file at ``path`` and return where it lies now.

    Raises:
        StorageFull: No room for the new file; the damaged one is untouched.
        StorageFailed: The disk failed, or the file is another station's; it is untouched.
    """
    at = now()
    with closing(DamagedFile(disk, path)) as wreck:
        finds = survey(wreck)
        finds.state |= _state_as_sqlite_reads_it(path, disk)
        refuse_foreign(finds.state.get(STATION_KEY), station=station)
        aside = make(path, disk, lambda store: _fill(store, wreck, finds, station=station, at=at), at=at)
    log.warning("outbox salvaged: stream %d opened, damaged file kept as %s", finds.newest_stream() + 1, aside)
    return aside


def _state_as_sqlite_reads_it(path: Path, disk: Disk) -> dict[str, bytes]:
    """Return the intact state values of the last whole commit, as far as SQLite can still open the file."""
    try:
        check_header(path, disk)
        store = Store(path, vfs=disk.vfs)
    except Damaged:
        return {}
    try:
        return {str(key): value for (key,) in store.rows("SELECT key FROM state") if (value := store.get(str(key)))}
    except Damaged:
        return {}
    finally:
        store.abandon()


def _fill(store: Store, wreck: DamagedFile, finds: Scan, *, station: str, at: Moment) -> None:
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


def _say_again(store: Store, appender: Appender, finds: Scan, *, newest: int, at: Moment) -> None:
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


def _carry_over(store: Store, wreck: DamagedFile, finds: Scan, *, station: str) -> list[StoredFact]:
    """Copy what is proven; return the facts whose place another fact has taken (a commit that failed, written over)."""
    for stream, epoch in finds.epochs.items():
        store.rows("INSERT INTO streams VALUES (?, ?, 0)", (stream, epoch))
    for mark in finds.marks.values():
        if mark.stream in finds.epochs:
            write_mark(store, mark)
    for key, value in ({STATION_KEY: station.encode()} | finds.state).items():
        store.write_state(key, value)
    starts = {stream: chain.first_head(station=station, epoch=epoch) for stream, epoch in finds.epochs.items()}
    doubtful: set[StoredFact] = set()
    for fact in proven_facts(wreck, finds):
        if fact.epoch != finds.epochs[fact.stream] or (not insert_fact(store, fact) and not _stored(store, fact)):
            doubtful.add(replace(fact, epoch=finds.epochs[fact.stream]))
    for stream, start in starts.items():
        doubtful |= set(take_out_misplaced(store, stream, start=start, issued=finds.issued(stream)))
    in_order = sorted(doubtful, key=lambda fact: place(fact.stream, fact.seq))
    return list(_rivals(store, finds, [fact for fact in in_order if fact.intact()], starts=starts))


def _rivals(store: Store, finds: Scan, doubtful: list[StoredFact], *, starts: dict[int, bytes]) -> Iterator[StoredFact]:
    """Put the doubtful facts that the chain proves where room is; yield those whose place another fact has."""
    for fact in doubtful:
        if not follows(store, fact, start=starts[fact.stream]):
            continue
        if not insert_fact(store, fact) and not _stored(store, fact) and fact.seq > finds.receipted(fact.stream):
            yield fact


def _last_proven(store: Store, stream: int) -> int:
    bounds = (place(stream, 0), place(stream + 1, 0))
    rows = store.rows("SELECT place FROM facts WHERE place > ? AND place < ? ORDER BY place DESC LIMIT 1", bounds)
    return seq_of(int(str(rows[0][0]))) if rows else 0


def _stored(store: Store, fact: StoredFact) -> bool:
    """Return whether exactly this fact lies at its place; a copy with another head may be the better one."""
    where = place(fact.stream, fact.seq)
    rows = store.rows("SELECT 1 FROM facts WHERE (place, digest, head) = (?, ?, ?)", (where, fact.digest, fact.head))
    return bool(rows)
