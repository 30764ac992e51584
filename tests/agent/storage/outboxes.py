"""Outboxes of the proofs' station: opened, filled, receipted and damaged as tests want them."""

from collections.abc import Callable
from pathlib import Path

from agent.storage.outbox import Outbox
from agent.storage.store import Row
from protocol.receipts import Held, Receipt
from protocol.units import Moment
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import RECORD_KEY, STATION, moment, touch


def open_outbox(path: Path, *, station: str = STATION, now: Callable[[], Moment] = moment) -> Outbox:
    return Outbox.open(path, station=station, record_key=RECORD_KEY, now=now)


def receipt(outbox: Outbox, through: int, *, generation: int = 1, held: tuple[int, ...] = ()) -> Receipt:
    head = outbox.head_at(through)
    assert head
    return Receipt(
        station=STATION,
        epoch=outbox.epoch,
        through=through,
        head=head,
        generation=generation,
        held=[Held(seq=seq, digest=bytes(32), reason="unknown_kind") for seq in held],
    )


def outbox_with(tmp_path: Path, facts: int, *, now: Callable[[], Moment] = moment) -> Outbox:
    """Return an outbox with so many facts: the first opens the stream, the others are touches."""
    outbox = open_outbox(tmp_path / "outbox.db", now=now)
    outbox.commit(*(touch(number) for number in range(1, facts)))
    return outbox


def a_days_facts(path: Path, *, receipted: int = 0, orderly: bool = True) -> bytes:
    """Leave a file with touches 1 to 99 at seq 2 to 100 and some state; return its epoch."""
    outbox = open_outbox(path)
    outbox.put("twin", b"desired" * 1000)
    outbox.commit(*(touch(number) for number in range(1, 50)))
    if receipted:
        outbox.take_receipt(receipt(outbox, receipted))
    for number in range(50, 100):
        outbox.commit(touch(number))
    epoch = outbox.epoch
    if orderly:
        outbox.close()
    else:
        kill(outbox)
    return epoch


def overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def touches(outbox: Outbox) -> set[int]:
    return {n for n in range(1, 300) if touch(n) in [fact for _, fact in facts_of(outbox)]}


def kill(outbox: Outbox) -> None:
    """Let the file go just as it is, as a process that is killed does."""
    outbox._store.abandon()


def query(outbox: Outbox, sql: str, *values: bytes) -> list[Row]:
    """Run SQL on the file of an open outbox, which no other connection may open."""
    with outbox._store.transaction():
        return outbox._store.rows(sql, values)
