"""Cards that were rolled back or copied, and went on: what only the other one had is never fine in the ledger."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol.birth import MAX_HEADS, HeadAtSeq, Welcome
from protocol.receipts import Receipt
from server_broker.attendance.models import Touch
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import UnprovenHead
from server_broker.ledger.ledger import check_ledger, ledger
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def card() -> StationDouble:
    """A card with three touches, all of them with the county."""
    double = StationDouble()
    double.enrol()
    return double.add(touch(1), touch(2), touch(3))


def born(processor: BatchProcessor, double: StationDouble) -> Welcome:
    return next(a.message for a in processor.process_batch([double.birth()]) if isinstance(a.message, Welcome))


def sent(processor: BatchProcessor, double: StationDouble, first: int = 1) -> Receipt:
    [answer] = processor.process_batch([double.facts_message(first)])
    assert isinstance(answer.message, Receipt)
    return answer.message


def test_what_was_signed_and_not_sent_is_told_to_the_next_birth(processor: BatchProcessor, card: StationDouble) -> None:
    sent(processor, card)
    older = card.clone()
    born(processor, card.add(touch(4), touch(5)))
    welcome = born(processor, older)
    assert welcome.signed == [HeadAtSeq(seq=5, head=card.head(5))]
    assert welcome.through == 3


def test_heads_that_facts_lead_to_are_forgotten(processor: BatchProcessor, card: StationDouble) -> None:
    born(processor, card)
    born(processor, card.add(touch(4), touch(5)))
    sent(processor, card)
    assert born(processor, card).signed == []
    assert not UnprovenHead.objects.exists()


def test_an_older_card_that_passed_the_signed_seq_is_not_stored_over_it(
    processor: BatchProcessor, card: StationDouble
) -> None:
    sent(processor, card)
    older = card.clone().add(touch(6), touch(7), touch(8))
    born(processor, card.add(touch(4), touch(5)))
    assert sent(processor, older, 4).through == 3
    assert Alarm.objects.filter(code="conflicting_fact").exists()
    assert Touch.objects.count() == 3


def test_what_the_older_card_overtook_is_unexplained(processor: BatchProcessor, card: StationDouble) -> None:
    sent(processor, card)
    older = card.clone().add(touch(6), touch(7), touch(8))
    born(processor, card.add(touch(4), touch(5)))
    sent(processor, older.reopen(matched=3))
    counted = ledger(card.id)
    assert (counted.received, counted.waiting, counted.unexplained) == (10, 0, 2)
    assert counted.issued == counted.received + counted.unexplained


def test_what_an_older_card_did_not_get_to_is_counted_once(processor: BatchProcessor, card: StationDouble) -> None:
    sent(processor, card)
    older = card.clone().add(touch(6))
    born(processor, card.add(touch(4), touch(5)))
    sent(processor, older.reopen(matched=3))
    counted = ledger(card.id)
    assert (counted.received, counted.unexplained) == (6, 1)


def test_a_copy_that_signed_behind_the_county_and_vanished_is_unexplained(
    processor: BatchProcessor, card: StationDouble
) -> None:
    copy = card.clone().add(touch(6))
    sent(processor, card.add(touch(4), touch(5)))
    welcome = born(processor, copy)
    assert (welcome.through, welcome.signed) == (5, [])
    assert ledger(card.id).unexplained == 1


def test_a_copy_that_signed_behind_the_county_and_told_all_is_explained(
    processor: BatchProcessor, card: StationDouble
) -> None:
    copy = card.clone().add(touch(6))
    sent(processor, card.add(touch(4), touch(5)))
    born(processor, copy)
    sent(processor, copy.reopen(matched=0))
    assert ledger(card.id).unexplained == 0


@pytest.mark.parametrize("matched", [0, 2, 3])
def test_cards_that_all_told_their_own_line_leave_nothing_open(
    processor: BatchProcessor, card: StationDouble, matched: int
) -> None:
    """Three copies part at different seqs; each signs for all that it has, and re-issues it in the end."""
    sent(processor, card)
    second = card.clone().add(*(touch(n) for n in range(20, 40)))
    third = second.clone().add(*(touch(n) for n in range(40, 60)))
    second.add(*(touch(n) for n in range(60, 75)))
    card.add(*(touch(n) for n in range(80, 110)))
    boards = [card, second, third]
    for board in boards:
        born(processor, board)
    assert ledger(card.id).waiting > 0
    for board in boards:
        sent(processor, board.reopen(matched=matched))
    assert Touch.objects.count() == 3 + 30 + 20 + 20 + 15
    counted = ledger(card.id)
    assert (counted.waiting, counted.unexplained) == (0, 0)


def test_a_later_head_of_a_connection_takes_the_place_of_the_earlier(
    processor: BatchProcessor, card: StationDouble
) -> None:
    for number in range(5):
        processor.process_batch([card.add(touch(100 + number)).birth(nonce=b"1" * 16)])
    processor.process_batch([card.add(touch(200)).birth(nonce=b"2" * 16)])
    assert [mark.seq for mark in born(processor, card).signed] == [8, 9]


def connected(processor: BatchProcessor, double: StationDouble, times: int) -> list[Welcome]:
    """Each touch on a connection of its own, whose answer nobody hears."""
    births = [double.add(touch(1000 + n)).birth(nonce=n.to_bytes(16)) for n in range(times)]
    return [a.message for a in processor.process_batch(births) if isinstance(a.message, Welcome)]


def test_the_first_heads_are_kept_and_too_many_are_told_of(processor: BatchProcessor, card: StationDouble) -> None:
    sent(processor, card)
    older = card.clone()
    born(processor, card.add(touch(4), touch(5)))
    welcome = connected(processor, older, MAX_HEADS + 2)[-1]
    assert HeadAtSeq(seq=5, head=card.head(5)) in welcome.signed
    assert UnprovenHead.objects.count() == MAX_HEADS
    assert Alarm.objects.filter(code="signed_heads_full").exists()


def test_heads_that_contradict_the_county_are_not_pushed_out(processor: BatchProcessor, card: StationDouble) -> None:
    copy = card.clone().add(touch(6))
    sent(processor, card.add(touch(4), touch(5)))
    born(processor, copy)
    for number in range(3):
        connected(processor, card, MAX_HEADS)
        sent(processor, card, 6 + number * MAX_HEADS)
    assert check_ledger(card.id, at=NOW).unexplained == 1


def test_heads_that_contradict_the_county_have_an_end(processor: BatchProcessor, card: StationDouble) -> None:
    """A copy may sign as many as it likes below what the county has; a few convict it."""
    copy = card.clone()
    sent(processor, card.add(*(touch(10 + number) for number in range(MAX_HEADS + 6))))
    connected(processor, copy, MAX_HEADS + 6)
    assert UnprovenHead.objects.count() == MAX_HEADS


@pytest.mark.parametrize("size", [100, 300])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_long_lines_of_three_copies_leave_nothing_open(
    processor: BatchProcessor, card: StationDouble, size: int, first: int
) -> None:
    sent(processor, card)
    second = card.clone().add(*(touch(n) for n in range(1000, 1000 + size)))
    third = second.clone().add(*(touch(n) for n in range(2000, 2000 + size)))
    second.add(*(touch(n) for n in range(3000, 3000 + size)))
    card.add(*(touch(n) for n in range(5000, 5000 + 2 * size)))
    boards = [card, second, third]
    for board in boards:
        born(processor, board)
    for board in boards[first:] + boards[:first]:
        fresh = board.reopen(matched=3)
        for start in range(1, len(fresh.sealed) + 1, 150):
            processor.process_batch([fresh.facts_message(start, min(start + 149, len(fresh.sealed)))])
    counted = ledger(card.id)
    assert Touch.objects.count() == 3 + 5 * size
    assert (counted.waiting, counted.unexplained) == (0, 0)
    check_ledger(card.id, at=NOW)
    assert not UnprovenHead.objects.exists()


def test_a_stream_that_ended_before_anything_of_it_came_is_accounted_for(
    processor: BatchProcessor, card: StationDouble
) -> None:
    """The card was damaged twice before it got through once: each place of each stream is told of."""
    sent(processor, card)
    born(processor, card.add(touch(4), touch(5)))
    second = card.reopen(matched=3)
    born(processor, second)
    sent(processor, second.reopen(matched=0))
    assert Touch.objects.count() == 5
    counted = ledger(card.id)
    assert (counted.waiting, counted.unexplained) == (0, 0)


def test_two_copies_that_end_an_undelivered_stream_for_each_other_leave_nothing_open(
    processor: BatchProcessor, card: StationDouble
) -> None:
    sent(processor, card)
    one = card.add(touch(4), touch(5)).reopen(matched=3)
    other = one.clone().add(touch(7))
    one.add(touch(6))
    born(processor, one)
    assert born(processor, other).signed
    for board in (one, other):
        sent(processor, board.reopen(matched=0))
    assert Touch.objects.count() == 7
    counted = ledger(card.id)
    assert (counted.waiting, counted.unexplained) == (0, 0)


def test_a_stream_whose_card_died_is_not_waited_for_while_a_copy_lives_on(
    processor: BatchProcessor, card: StationDouble
) -> None:
    sent(processor, card)
    older = card.clone()
    second = card.add(touch(4)).reopen(matched=3).add(touch(5), touch(6))
    processor.process_batch([second.birth(nonce=b"s" * 16)])
    later = BatchProcessor(clock=lambda: NOW + dt.timedelta(minutes=1))
    later.process_batch([older.add(touch(100)).birth(nonce=b"t" * 16)])
    sent(later, older, 4)
    counted = ledger(card.id)
    assert (counted.waiting, counted.unexplained) == (0, 4)


def test_a_ledger_without_signed_heads_asks_once_for_them(processor: BatchProcessor, card: StationDouble) -> None:
    sent(processor, card)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ledger(card.id)
    assert sum("unprovenhead" in query["sql"] for query in queries) == 1
