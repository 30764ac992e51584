"""Held facts that are read later stand under the same identities as if they had been read at once."""

import pytest

from protocol.codec import encode
from protocol.facts import AlarmRaised
from protocol.receipts import Receipt
from server_broker.attendance.models import Touch
from server_broker.fleet.models import Alarm
from server_broker.ingest import reread
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming
from server_broker.ingest.reread import reread_held
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[1, 200], autouse=True)
def at_a_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts that are read alone and facts that are read together."""
    monkeypatch.setattr(reread, "FACTS_A_TIME", request.param)


def process(*messages: Incoming) -> list[Receipt]:
    answers = BatchProcessor(clock=lambda: NOW).process_batch(messages)
    return [answer.message for answer in answers if isinstance(answer.message, Receipt)]


def send_unsigned(station: StationDouble, first: int, last: int) -> None:
    """Send facts under a signature that does not verify: they are held."""
    forged = station.envelope(first, last, key=StationDouble().key)
    [receipt] = process(station.message("facts", encode(forged)))
    assert [held.seq for held in receipt.held] == list(range(first, last + 1))


def vouch(station: StationDouble) -> None:
    """Send one fact more, well signed: the chain over what was held leads there."""
    station.add(touch(99))
    process(station.facts_message(len(station.sealed)))


def identities() -> dict[int, tuple[bytes, int]]:
    rows = Touch.objects.exclude(mono_ms=99)
    return {row.mono_ms: (bytes(row.epoch), row.seq) for row in rows}


def test_a_re_issue_stands_under_its_first_identity(station: StationDouble) -> None:
    fresh = station.add(touch(1), touch(2)).reopen(matched=0)
    send_unsigned(fresh, 1, 3)
    assert identities() == {}
    vouch(fresh)
    assert reread_held(station.id).read == 3
    assert identities() == {1: (station.epoch, 1), 2: (station.epoch, 2)}
    process(station.facts_message())
    assert identities() == {1: (station.epoch, 1), 2: (station.epoch, 2)}, "each counts once"


def test_a_re_issue_of_what_is_read_already_adds_nothing(station: StationDouble) -> None:
    fresh = station.add(touch(1), touch(2)).reopen(matched=0)
    send_unsigned(fresh, 1, 3)
    process(station.facts_message())
    vouch(fresh)
    assert reread_held(station.id).read == 3
    assert identities() == {1: (station.epoch, 1), 2: (station.epoch, 2)}


def test_a_clone_s_re_issue_gives_way_to_the_fact_whose_identity_it_took(station: StationDouble) -> None:
    """One clone re-issued its seq 1 before the other's own came; that one was held, and is read now."""
    fresh = station.clone().add(touch(2)).reopen(matched=0)
    process(fresh.facts_message())
    assert identities() == {2: (station.epoch, 1)}
    send_unsigned(station.add(touch(1)), 1, 1)
    vouch(station)
    assert reread_held(station.id).read == 1
    assert identities() == {1: (station.epoch, 1), 2: (fresh.epoch, 2)}


def test_what_a_held_alarm_said_is_told_when_it_is_read(station: StationDouble) -> None:
    send_unsigned(station.add(AlarmRaised(at=moment(), code="disk_low", severity="minor", detail="磁盘将满")), 1, 1)
    assert not Alarm.objects.filter(code="disk_low").exists()
    vouch(station)
    reread_held(station.id)
    assert Alarm.objects.filter(code="disk_low").count() == 1


def test_two_streams_that_say_the_same_again_in_one_batch_count_once(station: StationDouble) -> None:
    station.add(touch(1), touch(2))
    receipts = process(station.reopen(matched=0).facts_message(), station.reopen(matched=0).facts_message())
    assert [receipt.held for receipt in receipts] == [[], []]
    assert identities() == {1: (station.epoch, 1), 2: (station.epoch, 2)}
