"""The worker: COMMIT, then receipt, then acknowledgement, whatever dies in between."""

import errno
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection

from protocol.blobs import BlobChunk, BlobQuery
from protocol.codec import encode
from protocol.signing import key_id
from protocol.twin import unseal_desired
from server_broker.attendance.models import Touch
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.fact_rows import Rows
from server_broker.fleet.models import Alarm, StationStatus
from server_broker.fleet.silence import SILENCE
from server_broker.ingest import costs, intake, ladder
from server_broker.ingest.messages import Incoming
from server_broker.ingest.models import Fact, IngestLease, Quarantined
from server_broker.ingest.projections import put_rows
from server_broker.ingest.worker import Worker
from server_broker.media.files import MediaFolder
from server_broker.people.models import Person
from server_broker.platform.shards import SHARDS, Share
from server_broker.twin.desired_keeper import DesiredKeeper
from tests.cast import SHILI_VILLAGE, ZHANG
from tests.server_broker.ingest.one_worker import (
    KEY,
    committed_facts,
    computing,
    make_worker,
    outsider,
    refusing,
    source,
    worker,
)
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import NOW, StationDouble, touch

__all__ = ["source", "worker"]

pytestmark = pytest.mark.django_db(transaction=True)


class Crash(BaseException):
    """The process is killed here."""


def test_a_receipt_is_published_after_commit_and_acknowledged_after_that(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    seen: list[object] = []
    source.before_publish = lambda topic: seen.append(committed_facts()) if topic.endswith("/receipt") else None
    source.waiting.append(station.add(touch(), touch()).facts_message())
    worker.step(timeout_s=0)
    assert seen == [2]
    assert source.log[:2] == ["publish", "acknowledge"]


def test_a_crash_between_commit_and_receipt_costs_a_redelivery_only(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    def crash(topic: str) -> None:
        raise Crash

    source.before_publish = crash
    message = station.add(touch()).facts_message()
    source.waiting.append(message)
    with pytest.raises(Crash):
        worker.step(timeout_s=0)
    assert (committed_facts(), source.published, source.acknowledged) == (1, [], [])
    connection.close()
    again = RecordingSource()
    again.waiting.append(message)
    make_worker(again).step(timeout_s=0)
    assert [receipt.through for receipt in again.receipts()] == [1]
    assert (Fact.objects.count(), Touch.objects.count()) == (1, 1)


def test_a_crash_before_commit_leaves_nothing_and_acknowledges_nothing(
    station: StationDouble, source: RecordingSource, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.waiting.append(station.add(touch()).facts_message())
    monkeypatch.setattr("server_broker.ingest.batch.Intake._receipts", lambda *_: dying_now())
    with pytest.raises(Crash):
        worker.step(timeout_s=0)
    assert (committed_facts(), source.published, source.acknowledged) == (0, [], [])


def dying_now() -> object:
    raise Crash


def test_a_connection_that_dies_is_opened_again_with_the_lease(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    source.waiting.append(station.add(touch()).facts_message())
    worker.step(timeout_s=0)
    with outsider("postgres") as link:
        name = connection.settings_dict["NAME"]
        link.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    source.waiting.append(station.add(touch()).facts_message(2))
    worker.step(timeout_s=0)
    assert [receipt.through for receipt in source.receipts()] == [1, 2]
    assert IngestLease.objects.count() == SHARDS


def test_while_the_database_is_away_nothing_is_acknowledged_and_then_all_of_it(
    station: StationDouble, source: RecordingSource
) -> None:
    stop = threading.Event()
    name = connection.settings_dict["NAME"]
    source.waiting.append(station.add(touch(), touch()).facts_message())
    published = threading.Event()
    source.before_publish = lambda topic: published.set() if topic.endswith("/receipt") else None
    connection.close()
    thread = threading.Thread(target=make_worker(source, stop).run)
    with outsider("postgres") as link:
        link.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            thread.start()
            assert not published.wait(1.5)
            assert (source.published, source.acknowledged) == ([], [])
        finally:
            link.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert published.wait(15)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert committed_facts() == 2
    assert len(source.acknowledged) == 1


def test_a_full_disk_is_waited_for(station: StationDouble, source: RecordingSource) -> None:
    stop = threading.Event()
    source.waiting.append(station.add(touch()).facts_message())
    published = threading.Event()
    source.before_publish = lambda topic: published.set() if topic.endswith("/receipt") else None
    thread = threading.Thread(target=make_worker(source, stop).run)
    with refusing("ingest_fact", "53100"):
        thread.start()
        assert not published.wait(1.0)
        assert source.acknowledged == []
    assert published.wait(15)
    stop.set()
    thread.join(10)
    assert committed_facts() == 1
    assert Quarantined.objects.count() == 0


def test_a_row_that_the_database_refuses_is_held_and_its_neighbours_stored(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    other = StationDouble(id="shili-02")
    other.enrol()
    source.waiting.append(station.add(touch(1), touch(2, reader="bad"), touch(3)).facts_message())
    source.waiting.append(other.add(touch(4)).facts_message())
    with refusing("attendance_touch", "22023", "NEW.reader = 'bad'"):
        worker.step(timeout_s=0)
    first, second = source.receipts()
    assert [(held.seq, held.reason) for held in first.held] == [(2, "refused_by_database")]
    assert (first.through, second.through, second.held) == (3, 1, [])
    assert sorted(Touch.objects.values_list("mono_ms", flat=True)) == [1, 3, 4]
    assert len(source.acknowledged) == 2


def test_the_few_of_many_facts_that_the_database_refuses_are_found_by_halves(
    station: StationDouble, source: RecordingSource, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def counted(rows: Rows) -> None:
        tries.append(rows)
        put_rows(rows)

    monkeypatch.setattr(intake, "put_rows", counted)
    readers = ["bad" if seq in (100, 101) else "good" for seq in range(1, 201)]
    source.waiting.append(station.add(*(touch(seq, reader=one) for seq, one in enumerate(readers, 1))).facts_message())
    with refusing("attendance_touch", "22023", "NEW.reader = 'bad'"):
        worker.step(timeout_s=0)
    [receipt] = source.receipts()
    assert [(held.seq, held.reason) for held in receipt.held] == [
        (100, "refused_by_database"),
        (101, "refused_by_database"),
    ]
    assert Touch.objects.count() == 198
    # Two ways down from 200 to 1, and the tries of the batch itself.
    assert len(tries) <= 2 * 2 * 8 + 3


def test_of_a_station_whose_messages_fail_one_is_processed_in_each_step(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    other = StationDouble(id="shili-02")
    other.enrol()
    source.waiting.append(other.add(touch()).facts_message())
    source.waiting.extend(station.add(touch(number, reader="bad")).facts_message(number) for number in range(1, 5))
    done = []
    with refusing("attendance_touch", "22023", "NEW.reader = 'bad'"):
        for _ in range(7):
            worker.step(timeout_s=0)
            done.append(len(source.acknowledged))
    assert done == [1, 1, 2, 3, 4, 5, 5]
    assert [receipt.through for receipt in source.receipts()] == [1, 1, 2, 3, 4]


def test_a_message_that_takes_too_long_to_be_stored_carefully_is_held(
    station: StationDouble, source: RecordingSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "CAREFUL_S", 0.3)
    stop = threading.Event()
    source.before_publish = lambda _: stop.set()
    readers = ["bad" if seq > 4 else "good" for seq in range(1, 9)]
    source.waiting.append(station.add(*(touch(seq, reader=one) for seq, one in enumerate(readers, 1))).facts_message())
    with computing("attendance_touch", 0.15), refusing("attendance_touch", "22023", "NEW.reader = 'bad'"):
        thread = threading.Thread(target=make_worker(source, stop).run)
        thread.start()
        thread.join(60)
    [receipt] = source.receipts()
    assert [(held.seq, held.reason) for held in receipt.held] == [(seq, "unsettled") for seq in range(1, 9)]
    assert receipt.through == 8


def test_a_message_that_cannot_be_processed_at_all_is_set_aside(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    other = StationDouble(id="shili-02")
    other.enrol()
    source.waiting.append(station.add(touch()).facts_message())
    source.waiting.append(other.add(touch()).facts_message())
    its_stream = f"NEW.stream_id IN (SELECT id FROM fleet_stream WHERE station_id = '{station.id}')"
    with refusing("ingest_fact", "22023", its_stream):
        worker.step(timeout_s=0)
    assert [receipt.station for receipt in source.receipts()] == [other.id]
    assert Quarantined.objects.get().station_id == station.id
    assert len(source.acknowledged) == 2
    assert Alarm.objects.filter(code="quarantined:unsettled").count() == 1


def test_one_bad_message_of_many_costs_a_few_more_transactions(
    source: RecordingSource, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    stations = [StationDouble(id=f"shili-{number:02}") for number in range(64)]
    for station in stations:
        station.enrol()
        source.waiting.append(station.add(touch()).facts_message())
    with refusing("attendance_touch", "22023", "NEW.station_id = 'shili-40'"):
        worker.step(timeout_s=0)
        # 64 messages are halved six times until one is alone.
        assert sum("halves" in record.message for record in caplog.records) == 6
        assert sum(not receipt.held for receipt in source.receipts()) == 63
        caplog.clear()
        source.waiting.extend(station.add(touch(2)).facts_message(2) for station in stations)
        worker.step(timeout_s=0)
    # The station whose message failed is apart now, so its neighbours' batch goes through at once.
    assert [record for record in caplog.records if "halves" in record.message] == []
    assert len(source.acknowledged) == 128


def test_one_whose_messages_fail_slowly_pays_for_it(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    other = StationDouble(id="shili-02")
    other.enrol()
    source.waiting.append(other.add(touch()).facts_message())
    worker.step(timeout_s=0)  # what a batch takes here
    slowly = f"NEW.station_id = '{station.id}' AND pg_sleep(0.8) IS NOT NULL"
    with refusing("attendance_touch", "22023", slowly):
        for number in range(1, 5):
            source.waiting.append(station.add(touch(number)).facts_message(number))
            worker.step(timeout_s=0)
    # Seven tries of eight tenths of a second: four with savepoints, which store the message, and before three of them
    # one that fails. What any batch takes on a busy machine is not charged.
    assert source.charged[station.id] > 5 * 0.8


def test_no_station_waits_for_one_whose_messages_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "LIMIT_S", 0.3)
    stop = threading.Event()

    class Until15(RecordingSource):
        def acknowledge(self, messages: Sequence[Incoming]) -> None:
            super().acknowledge(messages)
            if len(self.acknowledged) == 15:
                stop.set()

    source = Until15()
    stations = [StationDouble(id=f"shili-{number:02}") for number in range(12)]
    for station in stations:
        station.enrol()
        source.waiting.append(station.add(touch()).facts_message())
    dear = stations[5]
    source.waiting.extend(dear.add(touch(number)).facts_message(number) for number in range(2, 5))
    with computing("attendance_touch", 0.35, f"NEW.station_id = '{dear.id}'"):
        thread = threading.Thread(target=make_worker(source, stop).run)
        thread.start()
        thread.join(60)
    assert stop.is_set()
    receipts = source.receipts()
    assert [receipt.station == dear.id for receipt in receipts] == [False] * 11 + [True] * 4
    assert [receipt.through for receipt in receipts[-4:]] == [1, 2, 3, 4]
    # Two of its four messages took too long together, and so did two.
    assert source.at_once == {dear.id: 1}
    assert committed_facts() == 15


def test_a_station_that_sends_beyond_its_share_is_named_and_its_connection_ends(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    source.beyond = {station.id: 5_000}
    worker.step(timeout_s=0)
    assert source.ended == [station.id]
    assert Alarm.objects.get().code == "station_floods"


def test_a_full_media_folder_costs_pictures_and_no_facts(
    station: StationDouble, source: RecordingSource, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    chunk = BlobChunk(station=station.id, sha256=b"s" * 32, size=10, offset=0, data=b"x")
    with monkeypatch.context() as patched:
        patched.setattr(MediaFolder, "write", full)
        source.waiting.append(station.message("blob", encode(chunk)))
        source.waiting.append(station.add(touch()).facts_message())
        worker.step(timeout_s=0)
    assert [receipt.through for receipt in source.receipts()] == [1]
    assert len(source.acknowledged) == 2
    assert Alarm.objects.get().code == "media_folder"
    # A question about a picture proves nothing about the folder; a piece that is written ends the alarm.
    asked = BlobQuery(station=station.id, sha256=chunk.sha256, size=chunk.size)
    source.waiting.append(station.message("asked", encode(asked)))
    worker.step(timeout_s=0)
    assert Alarm.objects.get().resolved_at is None
    source.waiting.append(station.message("blob", encode(chunk)))
    worker.step(timeout_s=0)
    assert Alarm.objects.get().resolved_at is not None


def test_a_second_worker_waits_for_the_lease(station: StationDouble, source: RecordingSource, worker: Worker) -> None:
    worker.step(timeout_s=0)
    stop = threading.Event()
    second = RecordingSource()
    second.waiting.append(station.add(touch()).facts_message())
    thread = threading.Thread(target=make_worker(second, stop).run)
    thread.start()
    thread.join(0.8)
    assert second.acknowledged == []
    published = threading.Event()
    second.before_publish = lambda topic: published.set() if topic.endswith("/receipt") else None
    connection.close()
    assert published.wait(15)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def step_until_published(worker: Worker, source: RecordingSource, building: DesiredKeeper) -> None:
    """PostgreSQL tells of a NOTIFY soon after its COMMIT, not with it."""
    deadline = time.monotonic() + 10
    while not source.published:
        assert time.monotonic() < deadline
        building.go_on(NOW, wait_s=0)
        worker.step(timeout_s=0)
        worker.do_chores()


def test_a_change_in_the_console_reaches_the_station_at_once(
    station: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    building = DesiredKeeper()
    step_until_published(worker, source, building)
    source.published.clear()
    with outsider() as link:
        link.execute(
            "INSERT INTO people_person (number, name, village_id) VALUES (%s, %s, %s)",
            [ZHANG.number, ZHANG.name, SHILI_VILLAGE],
        )
        link.execute("SELECT pg_notify('cunhui_desired', %s)", [station.id])
    public = KEY.public_key().public_bytes_raw()
    desired = None
    # What tells of the enrolment may come only now, and then the first one is sent once more.
    while desired is None or desired.version == 1:
        source.published.clear()
        step_until_published(worker, source, building)
        topic, payload = source.published[-1]
        assert topic.endswith("/desired")
        desired = unseal_desired(payload, station=station.id, public_keys={key_id(public): public})
    assert (desired.version, [person.name for person in desired.people]) == (2, [ZHANG.name])
    assert Person.objects.count() == 1
    source.published.clear()
    desired_changed([station.id])
    step_until_published(worker, source, building)
    assert len(source.published) == 1, "it is sent again until the station reports it"


def test_a_worker_that_has_listened_long_enough_says_who_is_silent(
    station: StationDouble, source: RecordingSource
) -> None:
    passed = [timedelta()]
    worker = Worker(
        source=source,
        key=KEY,
        share=Share(),
        clock=lambda: NOW + passed[0],
        stop=threading.Event(),
        mono_ms=lambda: passed[0] // timedelta(milliseconds=1),
    )
    try:
        source.waiting.append(station.birth())
        worker.step(timeout_s=0)
        assert StationStatus.objects.get().online
        while passed[0] <= SILENCE:
            passed[0] += timedelta(minutes=1)
            worker.step(timeout_s=0)
            worker.do_chores()
        assert not StationStatus.objects.get().online
    finally:
        connection.close()
