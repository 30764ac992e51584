"""Cards that were rolled back or copied, and went on: what only the other one had is never fine in the ledger."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol.birth import MAX_MARKS, Mark, Welcome
from protocol.receipts import Receipt
from server_broker.attendance.models import Touch
from server_broker.fleet.models import Alarm
from server_broker.ingest.models import UnprovenHead
from server_broker.ingest.settlement import Settlement
from server_broker.ledger.ledger import check_ledger, ledger
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def settlement() -> Settlement:
    return Settlement(clock=lambda: NOW)


@pytest.fixture
def card() -> StationDouble:
    """A card with three touches, all of them with the county."""
    double = StationDouble()
    double.enrol()
    return double.add(touch(1), touch(2), touch(3))


def born(settlement: Settlement, double: StationDouble) -> Welcome:
    return next(a.message for a in settlement.settle([double.birth()]) if isinstance(a.message, Welcome))


def sent(settlement: Settlement, double: StationDouble, first: int = 1) -> Receipt:
    [answer] = settlement.settle([double.facts_message(first)])
    assert isinstance(answer.message, Receipt)
    return answer.message


def test_what_was_signed_and_not_sent_is_told_to_the_next_birth(settlement: Settlement, card: StationDouble) -> None:
    sent(settlement, card)
    older = card.clone()
    born(settlement, card.add(touch(4), touch(5)))
    welcome = born(settlement, older)
    assert welcome.signed == [Mark(seq=5, head=card.head(5))]
    assert welcome.through == 3


def test_heads_that_facts_lead_to_are_forgotten(settlement: Settlement, card: StationDouble) -> None:
    born(settlement, card)
    born(settlement, card.add(touch(4), touch(5)))
    sent(settlement, card)
    assert born(settlement, card).signed == []
    assert not UnprovenHead.objects.exists()


def test_an_older_card_that_passed_the_signed_seq_is_not_stored_over_it(
    settlement: Settlement, card: StationDouble
) -> None:
    sent(settlement, card)
    older = card.clone().add(touch(6), touch(7), touch(8))
    born(settlement, card.add(touch(4), touch(5)))
    assert sent(settlement, older, 4).through == 3
    assert Alarm.objects.filter(code="conflicting_fact").exists()
    assert Touch.objects.count() == 3


def test_what_the_older_card_overtook_is_unexplained(settlement: Settlement, card: StationDouble) -> None:
    sent(settlement, card)
    older = card.clone().add(touch(6), touch(7), touch(8))
    born(settlement, card.add(touch(4), touch(5)))
    sent(settlement, older.reopen(matched=3))
    counted = ledger(card.id)
    assert (counted.received, counted.waiting, counted.unexplained) == (10, 0, 2)
    assert counted.issued == counted.received + counted.unexplained


def test_what_an_older_card_did_not_get_to_is_counted_once(settlement: Settlement, card: StationDouble) -> None:
    sent(settlement, card)
    older = card.clone().add(touch(6))
    born(settlement, card.add(touch(4), touch(5)))
    sent(settlement, older.reopen(matched=3))
    counted = ledger(card.id)
    assert (counted.received, counted.unexplained) == (6, 1)


def test_a_copy_that_signed_behind_the_county_and_vanished_is_unexplained(
    settlement: Settlement, card: StationDouble
) -> None:
    copy = card.clone().add(touch(6))
    sent(settlement, card.add(touch(4), touch(5)))
    welcome = born(settlement, copy)
    assert (welcome.through, welcome.signed) == (5, [])
    assert ledger(card.id).unexplained == 1


def test_a_copy_that_signed_behind_the_county_and_told_all_is_explained(
    settlement: Settlement, card: StationDouble
) -> None:
    copy = card.clone().add(touch(6))
    sent(settlement, card.add(touch(4), touch(5)))
    born(settlement, copy)
    sent(settlement, copy.reopen(matched=0))
    assert ledger(card.id).unexplained == 0


@pytest.mark.parametrize("matched", [0, 2, 3])
def test_cards_that_all_told_their_own_line_leave_nothing_open(
    settlement: Settlement, card: StationDouble, matched: int
) -> None:
    """Three copies part at different seqs; each signs for all that it has, and re-issues it in the end."""
    sent(settlement, card)
    second = card.clone().add(*(touch(n) for n in range(20, 40)))
    third = second.clone().add(*(touch(n) for n in range(40, 60)))
    second.add(*(touch(n) for n in range(60, 75)))
    card.add(*(touch(n) for n in range(80, 110)))
    boards = [card, second, third]
    for board in boards:
        born(settlement, board)
    assert ledger(card.id).waiting > 0
    for board in boards:
        sent(settlement, board.reopen(matched=matched))
    assert Touch.objects.count() == 3 + 30 + 20 + 20 + 15
    counted = ledger(card.id)
    assert (counted.waiting, counted.unexplained) == (0, 0)


def test_a_later_head_of_a_connection_takes_the_place_of_the_earlier(
    settlement: Settlement, card: StationDouble
) -> None:
    for number in range(5):
        settlement.settle([card.add(touch(100 + number)).birth(nonce=b"1" * 16)])
    settlement.settle([card.add(touch(200)).birth(nonce=b"2" * 16)])
    assert [mark.seq for mark in born(settlement, card).signed] == [8, 9]


def connected(settlement: Settlement, double: StationDouble, times: int) -> list[Welcome]:
    """Each touch on a connection of its own, whose answer nobody hears."""
    births = [double.add(touch(1000 + n)).birth(nonce=n.to_bytes(16)) for n in range(times)]
    return [a.message for a in settlement.settle(births) if isinstance(a.message, Welcome)]


def test_the_first_heads_are_kept_and_too_many_are_told_of(settlement: Settlement, card: StationDouble) -> None:
    sent(settlement, card)
    older = card.clone()
    born(settlement, card.add(touch(4), touch(5)))
    welcome = connected(settlement, older, MAX_MARKS + 2)[-1]
    assert Mark(seq=5, head=card.head(5)) in welcome.signed
    assert UnprovenHead.objects.count() == MAX_MARKS
    assert Alarm.objects.filter(code="signed_heads_full").exists()


def test_heads_that_contradict_the_county_are_not_pushed_out(settlement: Settlement, card: StationDouble) -> None:
    copy = card.clone().add(touch(6))
    sent(settlement, card.add(touch(4), touch(5)))
    born(settlement, copy)
    for number in range(3):
        connected(settlement, card, MAX_MARKS)
        sent(settlement, card, 6 + number * MAX_MARKS)
    assert check_ledger(card.id, at=NOW).unexplained == 1


@pytest.mark.parametrize("size", [100, 300])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_long_lines_of_three_copies_leave_nothing_open(
    settlement: Settlement, card: StationDouble, size: int, first: int
) -> None:
    sent(settlement, card)
    second = card.clone().add(*(touch(n) for n in range(1000, 1000 + size)))
    third = second.clone().add(*(touch(n) for n in range(2000, 2000 + size)))
    second.add(*(touch(n) for n in range(3000, 3000 + size)))
    card.add(*(touch(n) for n in range(5000, 5000 + 2 * size)))
    boards = [card, second, third]
    for board in boards:
        born(settlement, board)
    for board in boards[first:] + boards[:first]:
        fresh = board.reopen(matched=3)
        for start in range(1, len(fresh.sealed) + 1, 150):
            settlement.settle([fresh.facts_message(start, min(start + 149, len(fresh.sealed)))])
    counted = ledger(card.id)
    assert Touch.objects.count() == 3 + 5 * size
    assert (counted.waiting, counted.unexplained) == (0, 0)
    check_ledger(card.id, at=NOW)
    assert not UnprovenHead.objects.exists()


def test_a_stream_that_ended_before_anything_of_it_came_is_accounted_for(
    settlement: Settlement, card: StationDouble
) -> None:
    """The card was damaged twice before it got through once: each place of each stream is told of."""
    sent(settlement, card)
    born(settlement, card.add(touch(4), touch(5)))
    second = card.reopen(matched=3)
    born(settlement, second)
    sent(settlement, second.reopen(matched=0))
    assert Touch.objects.count() == 5
    counted = ledger(card.id)
    assert (counted.waiting, counted.unexplained) == (0, 0)


def test_two_copies_that_end_an_undelivered_stream_for_each_other_leave_nothing_open(
    settlement: Settlement, card: StationDouble
) -> None:
    sent(settlement, card)
    one = card.add(touch(4), touch(5)).reopen(matched=3)
    other = one.clone().add(touch(7))
    one.add(touch(6))
    born(settlement, one)
    assert born(settlement, other).signed
    for board in (one, other):
        sent(settlement, board.reopen(matched=0))
    assert Touch.objects.count() == 7
    counted = ledger(card.id)
    assert (counted.waiting, counted.unexplained) == (0, 0)


def test_a_stream_whose_card_died_is_not_waited_for_while_a_copy_lives_on(
    settlement: Settlement, card: StationDouble
) -> None:
    sent(settlement, card)
    older = card.clone()
    second = card.add(touch(4)).reopen(matched=3).add(touch(5), touch(6))
    settlement.settle([second.birth(nonce=b"s" * 16)])
    later = Settlement(clock=lambda: NOW + dt.timedelta(minutes=1))
    later.settle([older.add(touch(100)).birth(nonce=b"t" * 16)])
    sent(later, older, 4)
    counted = ledger(card.id)
    assert (counted.waiting, counted.unexplained) == (0, 4)


def test_a_ledger_without_signed_heads_asks_once_for_them(settlement: Settlement, card: StationDouble) -> None:
    sent(settlement, card)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ledger(card.id)
    assert sum("unprovenhead" in query["sql"] for query in queries) == 1
