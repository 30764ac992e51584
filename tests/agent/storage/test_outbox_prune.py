"""Bodies are erased 90 days after their receipt and never before; the chain stays."""

from pathlib import Path

import pytest

from tests.agent.storage.days import Days
from tests.agent.storage.outboxes import open_outbox, outbox_with, query, receipt
from tests.proofs.power_cut.workload import touch


@pytest.fixture
def days() -> Days:
    return Days()


def test_nothing_goes_before_ninety_days(tmp_path: Path, days: Days) -> None:
    outbox = outbox_with(tmp_path, 10, now=days)
    outbox.take_receipt(receipt(outbox, 8))
    outbox.commit(touch(10))
    days.day = 89
    assert outbox.prune(before_wall_ms=days.wall_ms) == 0
    days.day = 92
    assert outbox.prune(before_wall_ms=days.wall_ms) == 8
    assert outbox.prune(before_wall_ms=days.wall_ms) == 0
    outbox.close()


def test_a_later_receipt_waits_its_own_time(tmp_path: Path, days: Days) -> None:
    outbox = outbox_with(tmp_path, 10, now=days)
    outbox.take_receipt(receipt(outbox, 3))
    outbox.commit(touch(10))
    days.day = 50
    outbox.take_receipt(receipt(outbox, 8))
    outbox.commit(touch(11))
    days.day = 100
    assert outbox.prune(before_wall_ms=days.wall_ms) == 3
    days.day = 142
    assert outbox.prune(before_wall_ms=days.wall_ms) == 5
    outbox.close()


def test_what_has_no_receipt_or_is_held_stays(tmp_path: Path, days: Days) -> None:
    outbox = outbox_with(tmp_path, 10, now=days)
    outbox.take_receipt(receipt(outbox, 6, held=(4,)))
    outbox.commit(touch(10))
    days.day = 500
    assert outbox.prune(before_wall_ms=days.wall_ms) == 5
    kept = query(outbox, "SELECT place & 0xff FROM facts WHERE body IS NOT NULL ORDER BY place")
    assert [seq for (seq,) in kept] == [4, 7, 8, 9, 10, 11]
    outbox.close()


def test_a_clock_that_is_not_trusted_dates_no_receipt_and_erases_nothing(tmp_path: Path, days: Days) -> None:
    outbox = outbox_with(tmp_path, 10, now=days)
    days.trusted = False
    outbox.take_receipt(receipt(outbox, 8))
    outbox.commit(touch(10))
    days.day = 500
    assert outbox.prune(before_wall_ms=days.wall_ms) == 0
    days.trusted = True
    assert outbox.prune(before_wall_ms=days.wall_ms) == 0
    outbox.close()


def test_the_chain_and_the_rest_stay_and_erased_facts_are_not_sent(tmp_path: Path, days: Days) -> None:
    outbox = outbox_with(tmp_path, 10, now=days)
    outbox.take_receipt(receipt(outbox, 8))
    outbox.commit(touch(10))
    heads = [outbox.head_at(seq) for seq in range(12)]
    days.day = 100
    outbox.prune(before_wall_ms=days.wall_ms)
    outbox.close()
    again = open_outbox(tmp_path / "outbox.db", now=days)
    assert [again.head_at(seq) for seq in range(12)] == heads
    assert again.envelope_after(5) is None
    assert again.envelope_after(8)
    again.close()


def test_an_old_stream_goes_when_what_says_it_again_has_its_receipt(tmp_path: Path, days: Days) -> None:
    outbox = outbox_with(tmp_path, 10, now=days)
    outbox.open_epoch("differs", matched=0)
    outbox.take_receipt(receipt(outbox, outbox.through))
    outbox.commit(touch(10))
    days.day = 92
    assert outbox.prune(before_wall_ms=days.wall_ms) == 10 + 11
    outbox.close()
