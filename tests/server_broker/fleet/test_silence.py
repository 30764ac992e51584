"""在线 is said only of whom the county can hear; the silent are told of, and a restart of the county raises no herd."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from server_broker.console.words import state_of
from server_broker.fleet.alarm_codes import STATION_SILENT
from server_broker.fleet.models import Alarm, Station, StationStatus
from server_broker.fleet.silence import SAVING_SILENCE, SILENCE
from server_broker.ingest.messages import Incoming
from server_broker.ingest.worker import Worker
from server_broker.platform.county_clock import CountyClock
from server_broker.platform.shards import Share
from tests.cast import SHILI
from tests.fakes.clockwork import HOUR_MS
from tests.fakes.county_machine import YEAR_MS, CountyMachine
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)
NOW_MS = round(NOW.timestamp() * 1000)


class Intake:
    """A worker on a machine whose clocks a test moves, and what it hears."""

    def __init__(self, root: Path) -> None:
        self.machine = CountyMachine(wall_ms=NOW_MS)
        self.machine.ntp = True
        self._root = root
        self.source = RecordingSource()
        self.worker = self._begin()

    def _begin(self) -> Worker:
        key = Ed25519PrivateKey.generate()
        self.source.connect()
        return Worker(
            source=self.source,
            key=key,
            share=Share(0, 2),
            clock=lambda: datetime.fromtimestamp(self.machine.wall / 1000, UTC),
            stop=threading.Event(),
            county_clock=CountyClock(
                self._root, machine=self.machine, mode="manual", build_ms=NOW_MS - 100 * 24 * HOUR_MS
            ),
            mono_ms=self.machine.mono_ms,
        )

    def hear(self, *messages: Incoming) -> None:
        """Let messages come."""
        self.source.waiting += messages
        self.step()

    def set_clock(self, by_ms: int) -> None:
        """Somebody sets the machine's clock; the worker goes on."""
        self.machine.set_wall(self.machine.wall + by_ms)
        self.step()

    def step(self) -> None:
        self.worker.step(timeout_s=0)
        self.worker.do_chores()

    def wait(self, duration: timedelta) -> None:
        """Let time pass, as far as the worker is concerned: it looks once a minute."""
        for _ in range(duration // MINUTE):
            self.machine.pass_ms(60_000)
            self.step()

    def restart(self) -> None:
        """End the worker's life and begin another one."""
        self.source.disconnect()
        self.worker = self._begin()
        self.step()


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    intake = Intake(tmp_path)
    intake.step()
    yield intake
    connection.close()


@pytest.fixture
def station(intake: Intake) -> StationDouble:
    """A station that is connected."""
    return heard(intake, SHILI)


def heard(intake: Intake, name: str) -> StationDouble:
    double = StationDouble(id=name)
    double.enrol()
    intake.source.waiting.append(double.birth())
    intake.step()
    return double


def word(station: StationDouble) -> str:
    return state_of(Station.objects.get(pk=station.id)).word


def silent() -> set[str]:
    return set(Alarm.objects.filter(code=STATION_SILENT, resolved_at=None).values_list("station_id", flat=True))


def test_after_a_restart_nobody_is_online_before_he_was_heard(intake: Intake, station: StationDouble) -> None:
    other = heard(intake, "shili-02")
    assert (word(station), word(other)) == ("在线", "在线")
    intake.restart()
    assert (word(station), word(other)) == ("待确认", "待确认")
    intake.source.waiting.append(other.vitals())
    intake.step()
    assert (word(station), word(other)) == ("待确认", "在线")
    intake.wait(SILENCE)
    intake.source.waiting.append(other.vitals())
    intake.wait(MINUTE)
    assert (word(station), word(other)) == ("离线", "在线")


def test_while_the_broker_is_away_nobody_is_online_and_nobody_silent(intake: Intake, station: StationDouble) -> None:
    intake.source.disconnect()
    intake.step()
    assert word(station) == "待确认"
    intake.wait(timedelta(hours=5))
    assert (word(station), silent()) == ("待确认", set())
    intake.source.connect()
    intake.wait(SILENCE - MINUTE)
    assert (word(station), silent()) == ("待确认", set())
    intake.wait(2 * MINUTE)
    assert (word(station), silent()) == ("离线", {station.id})


def test_who_comes_back_in_time_is_never_told_of(intake: Intake, station: StationDouble) -> None:
    intake.wait(timedelta(minutes=14))
    intake.restart()
    intake.wait(timedelta(minutes=14))
    intake.source.waiting.append(station.birth(nonce=b"2" * 16))
    intake.wait(timedelta(minutes=30))
    assert (word(station), silent()) == ("在线", set())
    assert not Alarm.objects.exists()


def test_a_silent_station_is_one_alarm_until_it_is_back(intake: Intake, station: StationDouble) -> None:
    intake.source.waiting.append(station.gone())
    intake.step()
    assert word(station) == "离线"
    intake.wait(SILENCE)
    assert silent() == set()
    intake.wait(timedelta(hours=3))
    alarm = Alarm.objects.get()
    assert (alarm.code, alarm.count, alarm.origin) == (STATION_SILENT, 1, "county")
    assert "2026-11-24 09:00" in alarm.detail
    intake.source.waiting.append(station.birth(nonce=b"2" * 16))
    intake.wait(MINUTE)
    assert silent() == set()


def test_who_never_came_is_told_of_and_who_may_not_come_is_not(intake: Intake) -> None:
    for name in (SHILI, "shili-02", "shili-03"):
        StationDouble(id=name).enrol()
    Station.objects.filter(pk="shili-02").update(revoked_at=NOW)
    Station.objects.filter(pk="shili-03").update(enrolled_at=None)
    intake.wait(2 * SILENCE)
    assert silent() == {SHILI}
    assert "接入之后" in Alarm.objects.get().detail


def test_another_shards_stations_are_another_workers(intake: Intake, station: StationDouble) -> None:
    Station.objects.update(shard=1)
    intake.restart()
    intake.wait(2 * SILENCE)
    assert (word(station), silent()) == ("在线", set())
    assert StationStatus.objects.get().doubted_at is None


def test_a_station_is_found_silent_also_after_a_clock_that_was_a_year_ahead(
    intake: Intake, station: StationDouble
) -> None:
    other = heard(intake, "shili-02")
    intake.set_clock(YEAR_MS)
    intake.hear(station.vitals(), other.vitals())
    intake.set_clock(-YEAR_MS)
    assert (word(station), word(other)) == ("待确认", "待确认")
    intake.hear(other.vitals())
    intake.wait(SILENCE - MINUTE)
    intake.hear(other.vitals())
    assert (word(station), word(other), silent()) == ("待确认", "在线", set())
    intake.wait(2 * MINUTE)
    assert (word(station), word(other), silent()) == ("离线", "在线", {station.id})


def test_a_clock_that_is_put_forward_takes_nobody_offline(intake: Intake, station: StationDouble) -> None:
    intake.wait(SILENCE - MINUTE)
    intake.hear(station.vitals())
    intake.wait(5 * MINUTE)
    assert word(station) == "在线"
    intake.set_clock(HOUR_MS)
    assert (word(station), silent()) == ("待确认", set())
    intake.hear(station.vitals())
    intake.wait(SILENCE)
    assert (word(station), silent()) == ("在线", set())


def test_a_machine_that_slept_has_not_listened(intake: Intake, station: StationDouble) -> None:
    intake.wait(SILENCE - MINUTE)
    intake.hear(station.vitals())
    intake.machine.pass_ms(8 * HOUR_MS)
    intake.step()
    assert (word(station), silent()) == ("在线", set())
    intake.wait(SILENCE + MINUTE)
    assert (word(station), silent()) == ("离线", {station.id})


@pytest.mark.parametrize(
    ("saving", "silence"), [([], SILENCE), (["blobs"], SILENCE), (["blobs", "vitals"], SAVING_SILENCE)]
)
def test_who_saves_data_is_given_the_time_that_its_vitals_take(
    intake: Intake, station: StationDouble, saving: list[str], silence: timedelta
) -> None:
    intake.wait(SAVING_SILENCE)
    intake.hear(station.birth(nonce=b"2" * 16), station.vitals(saving=saving))
    intake.wait(silence)
    assert (word(station), silent()) == ("在线", set())
    intake.wait(MINUTE)
    assert (word(station), silent()) == ("离线", {station.id})
