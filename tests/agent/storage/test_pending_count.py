import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.storage.outbox import Outbox
from agent.storage.pending import PendingCount
from protocol.envelope import SENT_FACT_BYTES, SENT_FACTS, Envelope, SealedFact
from protocol.facts import BlobAnnounced, HelpAsked, NumberEntered, Touch, encode_fact
from protocol.heads import SignedHead
from protocol.receipts import Receipt
from protocol.units import Moment

STATION = "test-0001"
AT = Moment(wall=1_764_000_000_000, boot=bytes(16), mono=1000, quality="synced")
TOUCH = Touch(at=AT, card=bytes(16), reader="simulated", answer="recorded")
PICTURE = BlobAnnounced(at=AT, sha256=bytes(32), size=1, media_type="image/jpeg", purpose="touch")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox.open(
        tmp_path / "outbox.db", station=STATION, record_key=Ed25519PrivateKey.generate(), now=lambda: AT
    )
    yield outbox
    outbox.close()


def receipt(outbox: Outbox, through: int, *, generation: int = 1) -> None:
    head = outbox.head_at(through)
    assert head is not None
    outbox.take_receipt(Receipt(station=STATION, epoch=outbox.epoch, through=through, head=head, generation=generation))


def test_two_touches_with_their_pictures_are_two(outbox: Outbox) -> None:
    waiting = PendingCount(outbox)
    assert waiting.count() == 0
    for _ in range(2):
        outbox.commit(TOUCH)
        outbox.commit(PICTURE)
    assert waiting.count() == 2


def test_a_touch_by_number_waits_as_one_by_card_and_a_mistyped_number_does_not(outbox: Outbox) -> None:
    waiting = PendingCount(outbox)
    outbox.commit(NumberEntered(at=AT, person="p1", answer="accepted", clocks=True))
    outbox.commit(NumberEntered(at=AT, person="p1", answer="accepted"), NumberEntered(at=AT, answer="unknown"))
    assert waiting.count() == 1


def test_receipts_bring_it_down_and_a_restored_county_up_again(outbox: Outbox) -> None:
    waiting = PendingCount(outbox)
    outbox.commit(TOUCH, PICTURE, HelpAsked(at=AT, screen="home"), TOUCH)
    assert waiting.count() == 3
    receipt(outbox, 3)
    assert waiting.count() == 2
    receipt(outbox, outbox.through)
    assert waiting.count() == 0
    receipt(outbox, 1, generation=2)
    assert waiting.count() == 3


def test_said_again_in_a_new_stream_they_still_count(outbox: Outbox) -> None:
    waiting = PendingCount(outbox)
    outbox.commit(TOUCH, PICTURE, TOUCH)
    receipt(outbox, 2)
    assert waiting.count() == 1
    outbox.open_epoch("differs", matched=1)
    assert waiting.count() == 2


def test_a_long_backlog_is_counted_in_several_looks(outbox: Outbox) -> None:
    waiting = PendingCount(outbox)
    outbox.commit(*[TOUCH] * 4_500)
    counts = [waiting.count() for _ in range(4)]
    assert counts == sorted(counts)
    assert counts[-1] == 4_500


class LongBacklog:
    """A stream of touches that all wait. Implements `agent.storage.recent.ReadableStream`."""

    epoch, receipted = b"e" * 16, 0

    def __init__(self, through: int) -> None:
        self.through = through
        self._touch = SealedFact(salt=bytes(16), body=encode_fact(TOUCH))

    def envelope_after(self, seq: int, *, max_facts: int = SENT_FACTS, max_bytes: int = SENT_FACT_BYTES) -> Envelope:
        last = min(self.through, seq + max_facts)
        head = SignedHead(epoch=self.epoch, through=last, head=bytes(32), signature=bytes(64))
        return Envelope(station=STATION, first=seq + 1, facts=[self._touch] * (last - seq), head=head)


def test_a_long_backlog_takes_a_byte_for_each_fact() -> None:
    stream = LongBacklog(through=20_000)
    waiting = PendingCount(stream)
    tracemalloc.start()
    try:
        while waiting.count() < stream.through:
            pass
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 3 * stream.through
    stream.receipted = 19_999
    assert waiting.count() == 1
