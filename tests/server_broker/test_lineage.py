"""Cards that were rolled back or copied, and went on: what only the other one had is never fine in the ledger."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol.birth import MAX_MARKS, Mark, Welcome
from protocol.receipts import Receipt
from server_broker.attendance.models import Touch
from server_broker.fleet.ledger import ledger
from server_broker.fleet.models import Alarm
from server_broker.ingest.models import UnprovenHead
from server_broker.ingest.settlement import Settlement
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


def test_no_more_heads_are_kept_than_a_welcome_carries(settlement: Settlement, card: StationDouble) -> None:
    for number in range(MAX_MARKS + 5):
        settlement.settle([card.add(touch(100 + number)).birth()])
    seqs = [mark.seq for mark in born(settlement, card).signed]
    assert seqs == list(range(9, MAX_MARKS + 9))
    assert UnprovenHead.objects.count() == MAX_MARKS


def test_a_ledger_without_signed_heads_asks_once_for_them(settlement: Settlement, card: StationDouble) -> None:
    sent(settlement, card)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ledger(card.id)
    assert sum("unprovenhead" in query["sql"] for query in queries) == 1
