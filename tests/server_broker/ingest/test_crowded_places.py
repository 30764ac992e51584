"""Of different facts that come again as one place's only so many are read; the others are kept, held and told."""

import pytest
from django.db import connection

from protocol.facts import Fact as Said
from protocol.facts import Reissued, encode_fact
from protocol.receipts import Receipt
from server_broker.attendance.models import Touch
from server_broker.derived.walk import walk
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.held import to_review
from server_broker.ingest.models import Fact, Reissue
from server_broker.ingest.reasons import reason_word
from server_broker.ingest.reissues import CROWDED, MOST_AT_A_PLACE
from server_broker.ingest.reread import reread_held
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db

LOST = b"e" * 16
"""The epoch of a stream that the county never saw."""


def reissued(fact: Said, *, seq: int = 1) -> Reissued:
    return Reissued(at=moment(), epoch=LOST, seq=seq, salt=bytes(16), body=encode_fact(fact))


def take(station: StationDouble, *facts: Said, careful: bool = False) -> Receipt:
    """Have the county take facts that the station states next, and return the receipt."""
    first = len(station.sealed) + 1
    message = station.add(*facts).facts_message(first)
    [answer] = BatchProcessor(clock=lambda: NOW).process_batch([message], careful=careful)
    assert isinstance(answer.message, Receipt)
    return answer.message


def fill(station: StationDouble) -> None:
    """Have the station state as many different facts as one place's as are read."""
    assert take(station, *(reissued(touch(n)) for n in range(1, MOST_AT_A_PLACE + 1))).held == []


@pytest.mark.parametrize("careful", [False, True])
def test_more_than_that_are_held_and_nothing_is_lost(station: StationDouble, careful: bool) -> None:
    receipt = take(station, *(reissued(touch(n)) for n in range(1, MOST_AT_A_PLACE + 4)), careful=careful)
    beyond = [MOST_AT_A_PLACE + n for n in (1, 2, 3)]
    assert receipt.through == MOST_AT_A_PLACE + 3
    assert [(held.seq, held.reason) for held in receipt.held] == [(seq, CROWDED) for seq in beyond]
    assert Reissue.objects.count() == Touch.objects.count() == MOST_AT_A_PLACE
    assert [fact.seq for fact in to_review().order_by("seq")] == beyond
    assert reason_word(CROWDED) in Alarm.objects.get(code=f"held:{CROWDED}").detail


def test_the_next_batch_counts_on(station: StationDouble) -> None:
    fill(station)
    assert [held.reason for held in take(station, reissued(touch(99))).held] == [CROWDED]


def test_layers_count_too_whatever_they_carry(station: StationDouble) -> None:
    take(station, touch(1))
    fill(station)
    known = station.reissued(1)
    # Nothing new at its core. But its outer layer would be one more fact of the place.
    assert [held.reason for held in take(station, reissued(known)).held] == [CROWDED]
    within = reissued(touch(99))
    for seq in range(2, MOST_AT_A_PLACE // 4):
        within = reissued(within, seq=seq)
    assert [held.reason for held in take(station, within).held] == [CROWDED]


def test_what_came_already_and_other_places_are_as_free_as_ever(station: StationDouble) -> None:
    fill(station)
    assert take(station, *(reissued(touch(n)) for n in range(1, 9))).held == []
    assert take(station, *(reissued(touch(100 + n), seq=n) for n in range(2, 99))).held == []
    assert Touch.objects.count() == MOST_AT_A_PLACE + 97


def test_what_carries_a_held_one_in_the_same_batch_is_held_too(station: StationDouble) -> None:
    fill(station)
    later = station.add(reissued(touch(99))).reopen(matched=MOST_AT_A_PLACE)
    messages = [station.facts_message(MOST_AT_A_PLACE + 1), later.facts_message()]
    answers = BatchProcessor(clock=lambda: NOW).process_batch(messages)
    held = [[one.reason for one in answer.message.held] for answer in answers if isinstance(answer.message, Receipt)]
    assert held == [[CROWDED], [CROWDED]]
    assert not Touch.objects.filter(mono_ms=99).exists()


def test_they_stay_held_when_they_are_read_again_and_prove_well(station: StationDouble) -> None:
    fill(station)
    take(station, reissued(touch(99)), touch(100))
    assert dict(reread_held(station.id).still_held) == {CROWDED: 1}
    assert Reissue.objects.count() == MOST_AT_A_PLACE
    finding, counts = walk(station.id, now=NOW)
    assert (finding, counts.held, counts.readable) == (None, 1, 0)


def test_whoever_calls_another_one_that_is_found(station: StationDouble) -> None:
    fill(station)
    take(station, touch(100))
    hidden = Fact.objects.get(seq=5)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ingest_fact SET held_reason = %s WHERE id = %s", [CROWDED, hidden.pk])
        cursor.execute("DELETE FROM attendance_touch WHERE mono_ms = 5")
        cursor.execute("DELETE FROM ingest_reissue WHERE carrier_seq = 5")
    finding, _ = walk(station.id, now=NOW)
    assert finding is not None
    assert finding.place is not None
    assert finding.place.seq == 5
