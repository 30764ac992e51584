"""When facts are sent once more: soon if receipts come soon, late if they come late, never while they are under way."""

import pytest

from agent.uplink.fact_sender import LONGEST_TIMEOUT_MS, SHORTEST_TIMEOUT_MS, RetransmitTimer
from tests.agent.uplink.bench import UplinkBench


def sends(bench: UplinkBench) -> int:
    return bench.leaves().count("facts")


def quick_county() -> UplinkBench:
    """A bench whose county has receipted four times at once."""
    bench = UplinkBench()
    bench.connect()
    for screen in "abcd":
        bench.commit(screen)
        bench.play()
    return bench


def test_a_receipt_that_a_quick_county_does_not_give_is_missed_soon() -> None:
    bench = quick_county()
    bench.book.silent.add("facts")
    before = sends(bench)
    bench.commit("lost")
    bench.wait(SHORTEST_TIMEOUT_MS - 1)
    assert sends(bench) == before + 1
    bench.book.silent.clear()
    bench.wait(1)
    bench.play()
    assert sends(bench) == before + 2
    assert bench.outbox.receipted == bench.outbox.through


def test_the_second_time_takes_twice_as_long_and_then_a_birth_asks() -> None:
    bench = quick_county()
    bench.book.silent.add("facts")
    births = len(bench.book.births)
    bench.commit("lost")
    bench.wait(3 * SHORTEST_TIMEOUT_MS - 1)
    assert len(bench.book.births) == births
    bench.wait(5_001)
    assert len(bench.book.births) == births + 1


def test_nothing_is_sent_on_top_of_what_the_broker_does_not_have_yet() -> None:
    bench = quick_county()
    bench.silent_broker = True
    before = sends(bench)
    bench.commit("under way")
    bench.wait(80_000)
    assert sends(bench) == before + 1
    bench.silent_broker = False
    bench.play()
    assert bench.outbox.receipted == bench.outbox.through
    assert len(bench.link.attempts) == 1


def test_a_new_connection_knows_nothing_and_is_patient() -> None:
    bench = quick_county()
    bench.drop()
    bench.wait(5_000)
    bench.connect()
    bench.book.silent.add("facts")
    before = sends(bench)
    bench.commit("lost")
    bench.wait(LONGEST_TIMEOUT_MS - 1)
    assert sends(bench) == before + 1
    bench.wait(1)
    assert sends(bench) == before + 2


@pytest.mark.parametrize(
    ("receipts_ms", "least", "most"), [(50, 3_000, 3_000), (2_000, 3_000, 6_000), (9_000, 9_001, 20_000)]
)
def test_the_wait_suits_the_receipts(receipts_ms: int, least: int, most: int) -> None:
    timer = RetransmitTimer()
    for _ in range(50):
        timer.took(receipts_ms)
    assert least <= timer.ms <= most


def test_missing_doubles_up_to_the_most_and_a_receipt_brings_it_back() -> None:
    timer = RetransmitTimer()
    assert timer.ms == LONGEST_TIMEOUT_MS
    timer.took(10)
    waits = []
    for _ in range(4):
        waits.append(timer.ms)
        timer.missed()
    assert waits == [3_000, 6_000, 12_000, 20_000]
    timer.took(10)
    assert timer.ms == SHORTEST_TIMEOUT_MS


def test_a_receipt_after_a_repetition_teaches_nothing() -> None:
    bench = quick_county()
    bench.book.silent.add("facts")
    bench.commit("lost")
    bench.wait(SHORTEST_TIMEOUT_MS + 10)
    bench.book.silent.clear()
    bench.say("receipt", bench.book.receipt("demo-0001", bench.outbox.epoch))
    bench.book.silent.add("facts")
    before = sends(bench)
    bench.commit("lost too")
    bench.wait(2 * SHORTEST_TIMEOUT_MS - 1)
    assert sends(bench) == before + 1, "the doubled wait stands until a receipt that is certain"
