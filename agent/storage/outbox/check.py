"""Check an opened file before any of its facts is believed or sent."""

from agent.storage.errors import Damaged, OfAnotherStation
from agent.storage.outbox.progress import Progress, load_progress
from agent.storage.outbox.stream import Tip, load_tip, read_facts
from agent.storage.outbox.versions import check_schema
from agent.storage.store import Store
from protocol import chain

STATION_KEY = "outbox/station"


def checked(store: Store, *, station: str) -> tuple[Tip, Progress]:
    """Return where the newest stream stands, after checking everything that the outbox will rely on.

    Every page is read; the stream is this station's; and digest and chain prove each fact without a receipt. Facts
    that the county has are checked later, when they are needed.

    Raises:
        Damaged: Something does not hold.
        OfAnotherStation: The file is another station's.
        StorageFailed: A release wrote it that this one can't follow.
    """
    check_schema(store)
    store.check_pages()
    # Before the chain: another station's file can't pass it, and would be taken for a damaged one.
    refuse_foreign(store.get(STATION_KEY), station=station)
    tip = load_tip(store, station=station)
    progress = load_progress(store, tip.number)
    if progress is None or progress.issued != tip.through or progress.receipted > tip.through:
        raise Damaged(f"the progress of stream {tip.number} does not fit its facts")
    _check_beginning(store, tip, station=station)
    _check_chain(store, tip, station=station, after=progress.receipted)
    return tip, progress


def refuse_foreign(owner: bytes | None, *, station: str) -> None:
    """Refuse a file that a person copied here from another station: only that station may tell its facts.

    Raises:
        OfAnotherStation: ``owner`` is known and is not ``station``.
    """
    if owner is not None and owner != station.encode():
        other = owner.decode(errors="replace")
        raise OfAnotherStation(
            f"the outbox belongs to station {other!r}, this is {station!r}",
            says=f"记录文件是站点 {other} 的，本站是 {station}",
        )


def _check_beginning(store: Store, tip: Tip, *, station: str) -> None:
    """Check the first fact, which binds the stream to its epoch and its station."""
    start = chain.first_head(station=station, epoch=tip.epoch)
    for fact in read_facts(store, tip.number, first=1, last=1):
        if fact.epoch == tip.epoch and chain.next_head(start, seq=1, digest=fact.digest) == fact.head:
            return
    raise Damaged(f"stream {tip.number} does not begin as it should")


def _check_chain(store: Store, tip: Tip, *, station: str, after: int) -> None:
    """Compute the chain from ``after`` to the tip, and compare it with the heads that the facts carry."""
    head = chain.first_head(station=station, epoch=tip.epoch)
    if after:
        before = next(read_facts(store, tip.number, first=after, last=after), None)
        if before is None:
            raise Damaged(f"stream {tip.number} has no seq {after}")
        head = before.head
    expected = after + 1
    for fact in read_facts(store, tip.number, first=after + 1, last=tip.through):
        head = chain.next_head(head, seq=fact.seq, digest=fact.digest)
        if fact.seq != expected or fact.epoch != tip.epoch or fact.head != head or not fact.intact():
            raise Damaged(f"seq {expected} of stream {tip.number} is not what was committed")
        expected += 1
    if expected != tip.through + 1:
        raise Damaged(f"stream {tip.number} has no seq {expected}")
