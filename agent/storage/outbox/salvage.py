"""Make a working outbox out of a damaged one: nothing readable is lost, and each loss is stated.

Every proven fact is carried over to the same place. The facts without a receipt are also re-issued in a new stream,
which begins with `EpochOpened` for the reason ``corrupt``; gaps among them are stated as `FactsLost`.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import replace
from functools import partial
from pathlib import Path

from agent.storage.errors import Damaged
from agent.storage.outbox.check import STATION_KEY, refuse_foreign
from agent.storage.outbox.damaged_file import DamagedFile
from agent.storage.outbox.disk import Disk
from agent.storage.outbox.files import check_header, make
from agent.storage.outbox.next_stream import NEXT_KEY
from agent.storage.outbox.placement import follows, take_out_misplaced
from agent.storage.outbox.progress import Progress, write_progress
from agent.storage.outbox.prune import DONE_KEY
from agent.storage.outbox.reissue import as_reissued, reissue
from agent.storage.outbox.scan import Scan, proven_facts, scan_file
from agent.storage.outbox.schema import guard_facts, make_tables, place, seq_of
from agent.storage.outbox.stream import Appender, StoredFact, insert_fact
from agent.storage.outbox.versions import mark_file, refuse_later
from agent.storage.store import Store
from protocol import chain
from protocol.units import Moment

log = logging.getLogger(__name__)

_PIECE = 2_000
"""Facts in one transaction of the new file."""


def salvage(
    path: Path, disk: Disk, *, station: str, now: Callable[[], Moment], working: Callable[[], None] = lambda: None
) -> Path | None:
    """Replace the damaged file at ``path`` and return where it lies now.

    Args:
        working: Called again and again until this returns.

    Raises:
        StorageFull: No room for the new file; the damaged one is untouched.
        StorageFailed: The disk failed, or the file is another station's or a later release's; it is untouched.
    """
    at = now()
    with closing(DamagedFile(disk, path, working=working)) as damaged:
        refuse_later(damaged.page(1))
        scan = scan_file(damaged)
        # SQLite knows which of several values of a key was committed last. The scan fills in what it can't read.
        scan.state |= _state_as_sqlite_reads_it(path, disk, working)
        refuse_foreign(scan.state.get(STATION_KEY), station=station)
        fill = partial(_fill, damaged=damaged, scan=scan, station=station, at=at)
        aside = make(path, disk, fill, at=at, working=working)
    log.warning("outbox salvaged: stream %d opened, damaged file kept as %s", scan.newest_stream() + 1, aside)
    return aside


def _state_as_sqlite_reads_it(path: Path, disk: Disk, working: Callable[[], None]) -> dict[str, bytes]:
    """Return the intact state values of the last whole commit, as far as SQLite can still open the file."""
    try:
        check_header(path, disk)
        store = Store(path, vfs=disk.vfs, working=working)
    except Damaged:
        return {}
    try:
        return {str(key): value for (key,) in store.rows("SELECT key FROM state") if (value := store.get(str(key)))}
    except Damaged:
        return {}
    finally:
        store.abandon()


def _fill(store: Store, *, damaged: DamagedFile, scan: Scan, station: str, at: Moment) -> None:
    """Fill the new file: the facts of the damaged one, and the stream that goes on from them.

    It counts only when it is complete, so it is committed now and then: a log with all of it takes minutes to write.
    """
    old = scan.newest_stream()
    epoch = scan.epochs.get(old)
    with store.transaction():
        make_tables(store)
        mark_file(store)
        displaced = _carry_over(store, damaged, scan, station=station)
        matched = scan.receipted(old) if epoch else 0
        appender = Appender.begin(
            store, station=station, number=old + 1, reason="corrupt", previous=epoch, matched=matched, at=at
        )
        appender.flushed = store.commit_so_far
        _reissue_unreceipted(store, appender, scan, at=at)
        for fact in displaced:
            appender.add_fact(as_reissued(fact, at=at))
        appender.finish_reissue()
        generation = max((progress.generation for progress in scan.progress.values()), default=0)
        write_progress(store, Progress(stream=old + 1, day=0, generation=generation, issued=appender.tip.through))
        # Last, because `take_out_misplaced` deletes and corrects facts.
        guard_facts(store)


def _reissue_unreceipted(store: Store, appender: Appender, scan: Scan, *, at: Moment) -> None:
    """Re-issue the facts that have no receipt, of the newest stream first.

    A stream may itself be the re-issue of the one before. So when it has gaps, the one before is re-issued too, until
    a stream is whole. Only gaps of the newest stream are stated: it holds the older one's facts too, and would state
    the same loss twice. A stream without a row of progress may have been in building, with only a part of the older
    one's facts. It counts as having gaps, and those of the older stream are stated as well.
    """
    whole, state_lost = False, True
    for stream in sorted(scan.epochs, reverse=True):
        if whole:
            return
        is_built = place(stream, 0) in scan.progress
        bounds = (place(stream, 0), place(stream + 1, 0))
        last = "SELECT place FROM facts WHERE place > ? AND place < ? ORDER BY place DESC LIMIT 1"
        # Asked of the new file: by now it has all that is proven, and the damaged one can't be asked.
        proven = next((seq_of(int(str(where))) for (where,) in store.rows(last, bounds)), 0)
        is_whole = reissue(
            store,
            appender,
            stream=stream,
            epoch=scan.epochs[stream],
            after=scan.receipted(stream),
            through=scan.through(stream, proven=proven),
            at=at,
            state_lost=state_lost,
        )
        whole, state_lost = is_whole and is_built, state_lost and not is_built


def _carry_over(store: Store, damaged: DamagedFile, scan: Scan, *, station: str) -> list[StoredFact]:
    """Copy the proven facts and values, and return the proven facts whose place another fact has.

    Two facts have one place when a commit failed after it was written, and the next commit took its place.
    """
    for stream, epoch in scan.epochs.items():
        # How far the stream re-issued an older one is not carried over. With 0, `prune` keeps the older one longer.
        store.rows("INSERT INTO streams (number, epoch, reissued) VALUES (?, ?, 0)", (stream, epoch))
    for progress in scan.progress.values():
        if progress.stream in scan.epochs:
            write_progress(store, progress)
    for key, value in ({STATION_KEY: station.encode()} | scan.state).items():
        # These two are about the file as it was. Without them what they save is done again.
        if key not in (NEXT_KEY, DONE_KEY):
            store.write_state(key, value)
    starts = {stream: chain.first_head(station=station, epoch=epoch) for stream, epoch in scan.epochs.items()}
    doubtful: set[StoredFact] = set()
    for number, fact in enumerate(proven_facts(damaged, scan), 1):
        if number % _PIECE == 0:
            store.commit_so_far()
        # With a damaged epoch the row can't be inserted as it is; the chain decides about it below.
        if fact.epoch != scan.epochs[fact.stream] or (not insert_fact(store, fact) and not _stored(store, fact)):
            doubtful.add(replace(fact, epoch=scan.epochs[fact.stream]))
    for stream, start in starts.items():
        doubtful |= set(take_out_misplaced(store, stream, start=start, issued=scan.issued(stream)))
    in_order = sorted(doubtful, key=lambda fact: place(fact.stream, fact.seq))
    return list(_place_by_chain(store, scan, [fact for fact in in_order if fact.intact()], starts=starts))


def _place_by_chain(
    store: Store, scan: Scan, doubtful: list[StoredFact], *, starts: dict[int, bytes]
) -> Iterator[StoredFact]:
    """Insert the doubtful facts that the chain proves; yield those without a receipt whose place another fact has."""
    # In order of seq, because each fact that finds its place may prove the next one.
    for fact in doubtful:
        if not follows(store, fact, start=starts[fact.stream]):
            continue
        if not insert_fact(store, fact) and not _stored(store, fact) and fact.seq > scan.receipted(fact.stream):
            yield fact


def _stored(store: Store, fact: StoredFact) -> bool:
    """Return whether exactly this fact lies at its place; a copy with another head may be the better one."""
    where = place(fact.stream, fact.seq)
    rows = store.rows("SELECT 1 FROM facts WHERE (place, digest, head) = (?, ?, ?)", (where, fact.digest, fact.head))
    return bool(rows)
