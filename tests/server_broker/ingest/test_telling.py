"""A county whose own clock is in doubt tells no time, says so to people, and puts right what it said before."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction

from protocol.birth import NOT_TOLD, Birth, Welcome
from protocol.codec import decode, encode
from protocol.facts import ClockCorrected
from protocol.signing import Signed
from server_broker.attendance.models import Touch as TouchRow
from server_broker.attendance.touches import touch_rows
from server_broker.decisions.stream import open_stream
from server_broker.fleet.alarm_codes import (
    COUNTY_CLOCK,
    COUNTY_CLOCK_DOUBTED,
    COUNTY_CLOCK_STEPPED,
    COUNTY_CLOCK_UNCONFIRMED,
)
from server_broker.fleet.models import Alarm, ClockRun
from server_broker.ingest.clock_corrections import take_word_for_earlier
from server_broker.ingest.messages import Incoming
from server_broker.ingest.telling import TOO_LATE_MS
from server_broker.ingest.worker import Worker
from server_broker.manifest.rows_check import check_present_rows
from server_broker.platform.county_clock import UNSYNCHRONISED_FOR_MS, ClockMode, CountyClock
from server_broker.platform.shards import Share
from tests.fakes.clockwork import HOUR_MS
from tests.fakes.county_machine import YEAR_MS, CountyMachine
from tests.server_broker.late_dating import date_all_due
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import BOOT, WALL, StationDouble, moment, touch

pytestmark = pytest.mark.django_db(transaction=True)

BUILD_MS = WALL - 100 * 24 * HOUR_MS


class County:
    """A worker on a machine whose clocks a test moves."""

    def __init__(self, root: Path, *, mode: ClockMode = "ntp") -> None:
        self.machine = CountyMachine(wall_ms=WALL)
        self.machine.ntp = mode == "ntp"
        self.source = RecordingSource()
        self._root, self._mode = root, mode
        self.start()

    def start(self) -> None:
        self.worker = Worker(
            source=self.source,
            key=Ed25519PrivateKey.generate(),
            share=Share(),
            clock=lambda: datetime.fromtimestamp(self.machine.wall / 1000, UTC),
            stop=threading.Event(),
            county_clock=CountyClock(self._root, machine=self.machine, mode=self._mode, build_ms=BUILD_MS),
            mono_ms=self.machine.mono_ms,
        )

    def step(self, *messages: Incoming) -> None:
        self.source.waiting += messages
        self.worker.step(timeout_s=0)
        self.worker.do_chores()
        date_all_due(datetime.fromtimestamp(self.machine.wall / 1000, UTC))

    def welcomes(self) -> list[Welcome]:
        payloads = [payload for topic, payload in self.source.published if topic.endswith("/welcome")]
        return [decode(decode(payload, Signed).payload, Welcome) for payload in payloads]


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    yield County(tmp_path)
    connection.close()


@pytest.fixture
def station() -> StationDouble:
    made = StationDouble()
    made.enrol()
    return made


def birth(station: StationDouble) -> Incoming:
    head = station.signed(len(station.sealed))
    said = Birth(
        station=station.id, head=head, boot=BOOT, nonce=b"n" * 16, software="1", generation=0, question=b"q" * 16
    )
    return station.message("birth", encode(said))


def test_a_clock_that_is_vouched_for_is_told_with_its_run(county: County, station: StationDouble) -> None:
    county.step(birth(station))
    [welcome] = county.welcomes()
    assert (welcome.wall, welcome.nonce) == (WALL, b"q" * 16)
    assert welcome.clock_run == bytes(ClockRun.objects.get().run)


@pytest.mark.parametrize("wall", [0, 1_577_836_800_000, 2_147_483_648_000])
def test_a_clock_below_its_floor_or_far_beyond_it_is_not_told(
    county: County, station: StationDouble, wall: int
) -> None:
    county.step()
    county.machine.reboot(wall_ms=wall)
    county.start()
    county.step(birth(station))
    [welcome] = county.welcomes()
    assert (welcome.wall, welcome.clock_run) == (NOT_TOLD, None)
    alarm = Alarm.objects.get(code=COUNTY_CLOCK)
    assert (alarm.station_id, alarm.severity) == (None, "critical")
    assert "clock --confirm" in alarm.detail
    county.machine.set_wall(WALL + HOUR_MS)
    county.machine.ntp = True
    county.step(birth(station))
    assert county.welcomes()[-1].wall == WALL + HOUR_MS
    alarm.refresh_from_db()
    assert alarm.resolved_at is not None


def test_a_station_that_does_not_know_of_untold_time_is_answered_too_late_for_any(
    county: County, station: StationDouble
) -> None:
    county.machine.reboot(wall_ms=0)
    county.step(station.birth())
    assert county.welcomes() == []
    county.machine.pass_ms(TOO_LATE_MS - 1)
    county.step()
    assert county.welcomes() == []
    county.machine.pass_ms(1)
    county.step()
    [welcome] = county.welcomes()
    assert (welcome.wall, welcome.nonce) == (NOT_TOLD, b"n" * 16)


def test_a_machine_that_has_just_started_is_given_time_before_anybody_is_alarmed(county: County) -> None:
    county.machine.reboot(wall_ms=WALL + HOUR_MS)
    county.start()
    county.step()
    county.machine.pass_ms(UNSYNCHRONISED_FOR_MS - 1)
    county.step()
    assert not Alarm.objects.exists()
    county.machine.pass_ms(1)
    county.step()
    assert "county.toml" in Alarm.objects.get(code=COUNTY_CLOCK).detail


def test_a_clock_by_which_nothing_is_deleted_is_told_of_until_somebody_vouches_for_it(tmp_path: Path) -> None:
    county = County(tmp_path, mode="manual")
    county.machine.reboot(wall_ms=WALL + YEAR_MS)
    county.step()
    county.step()
    alarm = Alarm.objects.get()
    assert (alarm.code, alarm.count, "clock --confirm" in alarm.detail) == (COUNTY_CLOCK_UNCONFIRMED, 1, True)
    county.machine.set_wall(WALL)
    county.step()
    alarm.refresh_from_db()
    assert alarm.resolved_at is not None
    connection.close()


def test_what_a_county_without_ntp_told_wrongly_is_put_right_when_its_clock_is(
    tmp_path: Path, station: StationDouble
) -> None:
    county = County(tmp_path, mode="manual")
    county.machine.set_wall(WALL + YEAR_MS)
    county.step(birth(station))
    [welcome] = county.welcomes()
    assert welcome.wall == WALL + YEAR_MS
    at = moment(1_000, wall=welcome.wall)
    told = ClockCorrected(
        at=at, boot=BOOT, mono=1_000, wall=at.wall, source="county", before="unknown", clock_run=welcome.clock_run
    )
    county.step(station.add(touch(500, quality="unknown"), told).facts_message())
    assert [row.at.year for row in touch_rows(list(TouchRow.objects.all()))] == [2027]
    county.machine.pass_ms(HOUR_MS)
    county.step()
    county.machine.set_wall(WALL + HOUR_MS)
    county.step()
    [row] = touch_rows(list(TouchRow.objects.all()))
    assert (row.at.timestamp() * 1000, row.dated) == (WALL - 500, True)
    assert "已按变动后的时间更正" in Alarm.objects.get(code=COUNTY_CLOCK_STEPPED).detail
    connection.close()


def told_wrongly(root: Path, station: StationDouble) -> County:
    """A county without NTP whose clock is an hour ahead; it has dated a touch, and its machine is off for a night."""
    county = County(root, mode="manual")
    county.machine.set_wall(WALL + HOUR_MS)
    county.step(birth(station))
    [welcome] = county.welcomes()
    at = moment(1_000, wall=welcome.wall)
    told = ClockCorrected(
        at=at, boot=BOOT, mono=1_000, wall=at.wall, source="county", before="unknown", clock_run=welcome.clock_run
    )
    county.step(station.add(touch(500, quality="unknown"), told).facts_message())
    county.machine.pass_ms(HOUR_MS)
    county.step()
    assert is_dated()
    return county


def is_dated() -> bool:
    [row] = touch_rows(list(TouchRow.objects.all()))
    return row.dated


def starts(county: County, *, ahead_ms: int, off_ms: int = 9 * HOUR_MS) -> None:
    """The county's machine starts anew, and its clock is so far ahead of true time."""
    county.machine.reboot(wall_ms=county.machine.wall - HOUR_MS + off_ms + ahead_ms)
    county.start()
    county.step()


def starts_in_1970(county: County, *, then_set_to: int) -> None:
    """The county's machine starts anew without a battery for its clock, and a person sets it."""
    county.machine.reboot(wall_ms=0)
    county.start()
    county.step()
    county.machine.set_wall(then_set_to)
    county.step()


def test_what_was_told_before_a_start_goes_to_review_if_the_clock_began_wrong(
    tmp_path: Path, station: StationDouble
) -> None:
    county = told_wrongly(tmp_path, station)
    starts(county, ahead_ms=HOUR_MS)
    assert is_dated(), "nobody knows yet that the clock is wrong"
    county.machine.set_wall(county.machine.wall - HOUR_MS)
    county.step()
    assert not is_dated()
    assert [run.doubted_by for run in ClockRun.objects.order_by("id")] == [county.machine.boot.hex(), "", ""]
    alarm = Alarm.objects.get(code=COUNTY_CLOCK_DOUBTED)
    assert (alarm.station_id, alarm.resolved_at, "clock --earlier right" in alarm.detail) == (None, None, True)
    now = datetime.fromtimestamp(county.machine.wall / 1000, UTC)
    assert take_word_for_earlier("right", boot=county.machine.boot, actor="cli:yunwei", at=now) == 1
    date_all_due(now)
    assert is_dated()
    alarm.refresh_from_db()
    assert alarm.resolved_at == now
    county.machine.ntp = True
    county.step()
    assert is_dated(), "no machine overrules a person"
    with transaction.atomic():
        assert check_present_rows()[1] == []
    assert take_word_for_earlier("wrong", boot=county.machine.boot, actor="cli:yunwei", at=now) == 1
    date_all_due(now)
    assert not is_dated()
    connection.close()


def test_a_hand_that_ended_a_doubt_and_is_doubted_itself_ends_none(tmp_path: Path, station: StationDouble) -> None:
    county = told_wrongly(tmp_path, station)
    starts(county, ahead_ms=HOUR_MS)
    county.machine.set_wall(county.machine.wall - HOUR_MS)
    county.step()
    assert not is_dated()
    county.machine.set_wall(county.machine.wall + HOUR_MS)
    county.step()
    assert is_dated(), "a person says that the clock began right"
    starts(county, ahead_ms=HOUR_MS)
    county.machine.set_wall(county.machine.wall - HOUR_MS)
    county.step()
    assert not is_dated(), "of that person's two words nobody knows which was wrong"
    connection.close()


def test_a_doubted_hand_that_moved_a_clock_which_told_nothing_ends_the_suspicion(
    tmp_path: Path, station: StationDouble
) -> None:
    county = told_wrongly(tmp_path, station)
    right = county.machine.wall + 8 * HOUR_MS
    starts_in_1970(county, then_set_to=right)
    county.machine.reboot(wall_ms=right + 10 * HOUR_MS)
    county.start()
    county.step()
    county.machine.set_wall(county.machine.wall - HOUR_MS)
    county.step()
    boot = county.machine.boot.hex()
    assert [run.doubted_by for run in ClockRun.objects.order_by("id")] == ["", "", boot, "", ""]
    connection.close()


def test_a_time_that_is_yet_to_come_was_told_wrongly(tmp_path: Path, station: StationDouble) -> None:
    county = told_wrongly(tmp_path, station)
    starts(county, ahead_ms=0, off_ms=60_000)
    assert not is_dated()
    connection.close()


def test_what_is_no_sign_of_an_earlier_error_puts_nothing_in_doubt(tmp_path: Path, station: StationDouble) -> None:
    county = told_wrongly(tmp_path, station)
    starts(county, ahead_ms=0)
    county.machine.set_wall(county.machine.wall + YEAR_MS)
    county.step()
    assert not is_dated(), "as if the clock had begun a year slow"
    county.machine.set_wall(county.machine.wall - YEAR_MS)
    county.step()
    assert is_dated(), "that judgement was wrong"
    right = county.machine.wall + 9 * HOUR_MS
    starts_in_1970(county, then_set_to=right)
    assert is_dated(), "1970 was told to nobody"
    assert not Alarm.objects.filter(code=COUNTY_CLOCK_DOUBTED, resolved_at=None).exists()
    connection.close()


def test_what_is_held_of_a_run_is_on_the_county_s_record_and_another_value_is_named(county: County) -> None:
    county.step()
    county.machine.set_wall(WALL + YEAR_MS)
    county.step()
    assert ClockRun.objects.count() == 2
    with transaction.atomic():
        assert check_present_rows()[1] == []
    for change in ("ahead_ms = 3600000", "vouched = 3", "doubted_by = 'person'"):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE fleet_clockrun SET {change}")
            [problem] = check_present_rows()[1]
            transaction.set_rollback(True)
        assert "（fleet_clockrun）：和最后一次决定不符" in problem.sentence()
    connection.close()


def test_without_the_record_key_no_run_is_held_and_facts_come_in_all_the_same(
    county: County, station: StationDouble
) -> None:
    open_stream(settings.HOME)
    key = settings.HOME.trust / "record.key"
    away = key.rename(key.with_name("record.key.away"))
    county.step(station.add(touch(500)).facts_message())
    assert (TouchRow.objects.count(), ClockRun.objects.count()) == (1, 0)
    away.rename(key)
    county.step()
    assert ClockRun.objects.count() == 1
    connection.close()
