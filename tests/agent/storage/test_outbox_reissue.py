"""A new epoch re-issues what the county may lack, each fact with the identity under which it was committed."""

import tracemalloc
from pathlib import Path

import pytest

from agent.storage.outbox import Outbox
from protocol.envelope import SealedFact
from protocol.facts import MAX_BODY_BYTES, AlarmRaised, EpochOpened, FactsLost, Reissued, decode_fact
from protocol.reissues import MAX_LAYERS, unwrap
from protocol.units import FactRef
from tests.agent.storage.outboxes import kill, open_outbox, outbox_with, query
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import moment, touch


def sealed_facts(outbox: Outbox) -> list[SealedFact]:
    envelope = outbox.envelope_after(0, max_facts=500, max_bytes=1 << 20)
    assert envelope
    return envelope.facts


def raw_facts(outbox: Outbox) -> list[object]:
    return [decode_fact(fact.body) for fact in sealed_facts(outbox)]


def test_what_follows_the_match_is_said_again_byte_for_byte(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 6)
    before = outbox.envelope_after(0)
    assert before
    old = outbox.epoch
    outbox.open_epoch("ahead", matched=4)
    opened, *again = raw_facts(outbox)
    assert opened == EpochOpened(at=moment(), reason="ahead", previous=old, matched=4)
    assert again == [
        Reissued(at=moment(), epoch=old, seq=seq, salt=fact.salt, body=fact.body)
        for seq, fact in enumerate(before.facts[4:], 5)
    ]
    assert (outbox.through, outbox.receipted, outbox.waiting) == (3, 0, 3)
    outbox.close()


def test_a_fact_said_again_keeps_every_place_where_it_stood(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 2)
    first = FactRef(epoch=outbox.epoch, seq=2)
    outbox.open_epoch("differs", matched=1)
    second = FactRef(epoch=outbox.epoch, seq=2)
    outbox.open_epoch("differs", matched=0)
    layers, fact = unwrap(decode_fact(sealed_facts(outbox)[-1].body))
    assert [(layer.epoch, layer.seq) for layer in layers] == [(second.epoch, second.seq), (first.epoch, first.seq)]
    assert fact == touch(1)
    outbox.close()


@pytest.mark.parametrize("detail", ["", "长" * 400])
def test_a_fact_said_again_often_leaves_out_the_youngest_places(tmp_path: Path, detail: str) -> None:
    """A county takes 16 layers and 8 KiB; a large alarm gets there by size."""
    outbox = outbox_with(tmp_path, 1)
    alarm = AlarmRaised(at=moment(), code="x", severity="minor", detail=detail)
    (first,) = outbox.commit(alarm)
    for _ in range(MAX_LAYERS + 4):
        outbox.open_epoch("differs", matched=0)
    bodies = [fact.body for fact in sealed_facts(outbox)]
    assert all(len(body) <= MAX_BODY_BYTES for body in bodies)
    said = [unwrap(decode_fact(body)) for body in bodies]
    [layers] = [layers for layers, fact in said if fact == alarm]
    assert (layers[-1].epoch, layers[-1].seq) == (first.epoch, first.seq)
    assert len(layers) == MAX_LAYERS
    outbox.close()


def test_a_fact_said_again_twice_keeps_its_first_name(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 4)
    first = outbox.epoch
    names = [ref for ref, fact in facts_of(outbox) if fact in [touch(n) for n in (1, 2, 3)]]
    for _ in range(3):
        outbox.open_epoch("differs", matched=0)
    found = facts_of(outbox)
    assert [ref for ref, fact in found if fact in [touch(n) for n in (1, 2, 3)]] == names
    assert not any(isinstance(fact, Reissued) for _, fact in found)
    assert [ref for ref, fact in found if isinstance(fact, EpochOpened) and fact.reason == "first"] == [
        FactRef(epoch=first, seq=1)
    ]
    assert sum(isinstance(fact, EpochOpened) for _, fact in found) == 4
    outbox.close()


def test_the_new_stream_outlives_the_process_and_goes_on(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 4)
    outbox.open_epoch("differs", matched=2)
    epoch, head = outbox.epoch, outbox.head
    kill(outbox)
    again = open_outbox(tmp_path / "outbox.db")
    assert (again.epoch, again.head) == (epoch, head)
    assert again.commit(touch(9)) == [FactRef(epoch=epoch, seq=4)]
    again.close()


def test_a_match_beyond_the_stream_says_nothing_again(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 4)
    outbox.open_epoch("ahead", matched=99)
    assert raw_facts(outbox)[1:] == []
    outbox.close()


def test_what_was_damaged_or_erased_is_stated_as_lost(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 10)
    query(outbox, "UPDATE facts SET body = NULL, salt = NULL WHERE (place & 0xff) BETWEEN 4 AND 5")
    query(outbox, "UPDATE facts SET body = x'00' WHERE (place & 0xff) = 10")
    old = outbox.epoch
    outbox.open_epoch("differs", matched=2)
    lost = [(fact.epoch, fact.first, fact.last) for fact in raw_facts(outbox) if isinstance(fact, FactsLost)]
    assert lost == [(old, 4, 5), (old, 10, 10)]
    assert [ref.seq for ref, fact in facts_of(outbox) if fact == touch(2)] == [3]
    outbox.close()


def test_a_large_stream_is_said_again_in_little_memory(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 2)
    for start in range(0, 20_000, 1000):
        outbox.commit(*(touch(number) for number in range(start, start + 1000)))
    tracemalloc.start()
    outbox.open_epoch("differs", matched=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outbox.through == 1 + 20_002
    assert peak < 4 * 2**20
    outbox.close()


def test_what_a_restored_county_lacks_of_an_earlier_stream_is_said_again_on_request(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 30)
    old, heads = outbox.epoch, [outbox.head_at(seq) for seq in range(31)]
    assert outbox.earlier_streams() == []
    outbox.open_epoch("differs", matched=20)
    (earlier,) = outbox.earlier_streams()
    assert (earlier.epoch, earlier.matched) == (old, 20)
    assert [at.seq for at in earlier.heads] == [20, 19, 17, 13, 5, 1]
    assert [at.head for at in earlier.heads] == [heads[at.seq] for at in earlier.heads]
    outbox.reissue_earlier(earlier, after=13)
    said = [ref.seq for ref, _ in facts_of(outbox) if ref.epoch == old]
    assert said == [*range(21, 31), *range(14, 21)]
    outbox.close()


def test_a_stream_of_which_nothing_was_matched_is_not_asked_about(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 5)
    outbox.open_epoch("differs", matched=0)
    assert outbox.earlier_streams() == []
    outbox.close()
