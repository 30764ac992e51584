"""An envelope that the database refuses whole is kept unread and receipted: its stream goes on, and nothing is lost."""

import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.codec import encode
from protocol.facts import AlarmRaised
from server_broker.attendance.models import Touch
from server_broker.fleet.models import Alarm
from server_broker.ingest.models import Fact, Quarantined
from server_broker.ingest.reread import reread_held
from server_broker.ingest.worker import Worker
from tests.server_broker.ingest.one_worker import (
    committed_facts,
    make_worker,
    refusing,
    source,
    worker,
)
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import StationDouble, moment, touch

__all__ = ["source", "worker"]

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED = "22023"


@pytest.mark.parametrize("table", ["ingest_signedheadkept", "fleet_stationstatus", "fleet_alarm"])
def test_what_the_database_refuses_beside_the_facts_stops_no_stream(
    station: StationDouble, source: RecordingSource, worker: Worker, table: str
) -> None:
    alarm = AlarmRaised(at=moment(), code="example", severity="minor", detail="")
    source.waiting.append(station.add(touch(1), alarm).facts_message())
    with refusing(table, REFUSED):
        worker.step(timeout_s=0)
        source.waiting.append(station.add(touch(3)).facts_message(3))
        worker.step(timeout_s=0)
    first, second = source.receipts()
    assert (first.through, [(held.seq, held.reason) for held in first.held]) == (
        2,
        [(1, "refused_by_database"), (2, "refused_by_database")],
    )
    assert (second.through, second.head) == (3, station.head(3))
    assert len(source.acknowledged) == 2
    assert Quarantined.objects.count() == 0
    reread_held(station.id)
    assert (Touch.objects.count(), Fact.objects.exclude(held_reason="").count()) == (2, 0)


def test_a_person_is_told_of_what_was_kept_unread(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    source.waiting.append(station.add(touch()).facts_message())
    with refusing("ingest_signedheadkept", REFUSED):
        worker.step(timeout_s=0)
    assert Alarm.objects.get().code == "held:refused_by_database"


def test_an_envelope_over_which_the_program_itself_fails_is_kept_unread(
    station: StationDouble, source: RecordingSource, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr("server_broker.ingest.intake.derive", fails)
    source.waiting.append(station.add(touch()).facts_message())
    worker.step(timeout_s=0)
    assert [(held.seq, held.reason) for held in source.receipts()[0].held] == [(1, "unsettled")]
    monkeypatch.undo()
    reread_held(station.id)
    assert Touch.objects.count() == 1


def test_what_nobody_signed_stays_held_for_that(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    forged = encode(station.add(touch()).envelope(key=Ed25519PrivateKey.generate()))
    source.waiting.append(station.message("facts", forged))
    with refusing("fleet_stationstatus", REFUSED):
        worker.step(timeout_s=0)
    assert [held.reason for held in source.receipts()[0].held] == ["bad_signature"]
    assert reread_held(station.id).read == 0


@pytest.mark.parametrize("sqlstate", ["53100", "40001", "57P01"])
def test_what_passes_is_waited_for_in_the_last_resort_too(
    station: StationDouble, source: RecordingSource, sqlstate: str
) -> None:
    """What is not stored is neither receipted nor acknowledged, and not put aside."""
    stop, published = threading.Event(), threading.Event()
    source.waiting.append(station.add(touch()).facts_message())
    source.before_publish = lambda topic: published.set() if topic.endswith("/receipt") else None
    thread = threading.Thread(target=make_worker(source, stop).run)
    refuses_read_ones = f"NEW.held_reason = '' THEN RAISE EXCEPTION 'no' USING ERRCODE = '{REFUSED}'; ELSIF true"
    with refusing("ingest_fact", sqlstate, refuses_read_ones):
        thread.start()
        assert not published.wait(1.0)
        assert (source.acknowledged, committed_facts()) == ([], 0)
    assert published.wait(15)
    stop.set()
    thread.join(10)
    assert (committed_facts(), Quarantined.objects.count(), len(source.acknowledged)) == (1, 0, 1)


@pytest.mark.parametrize("sqlstate", ["53100", "40001"])
def test_what_passes_holds_nothing(station: StationDouble, source: RecordingSource, sqlstate: str) -> None:
    stop, published = threading.Event(), threading.Event()
    source.waiting.append(station.add(touch()).facts_message())
    source.before_publish = lambda topic: published.set() if topic.endswith("/receipt") else None
    thread = threading.Thread(target=make_worker(source, stop).run)
    with refusing("ingest_signedheadkept", sqlstate):
        thread.start()
        assert not published.wait(1.0)
        assert source.acknowledged == []
    assert published.wait(15)
    stop.set()
    thread.join(10)
    assert (source.receipts()[0].held, Touch.objects.count()) == ([], 1)
