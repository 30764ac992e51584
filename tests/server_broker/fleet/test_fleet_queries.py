"""A station's page, its ledger, and alarms that open once."""

from datetime import timedelta

import pytest

from server_broker.accounts.models import User
from server_broker.audit.models import AuditEntry
from server_broker.fleet.alarm_codes import HELP_ASKED, UNEXPLAINED_FACTS
from server_broker.fleet.alarms import AlarmCall, AlarmOver, acknowledge, raise_alarm, resolve, take_alarms
from server_broker.fleet.generation import generation, raise_generation
from server_broker.fleet.models import Alarm, CountyState, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact
from server_broker.ledger.ledger import check_ledger
from server_broker.ledger.station_page import station_page
from tests.cast import SHILI
from tests.server_broker.station_double import NOW, StationDouble, booted, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> StationDouble:
    double = StationDouble()
    double.enrol()
    BatchProcessor(clock=lambda: NOW).process_batch([double.birth(), double.add(booted(), touch()).facts_message()])
    return double


def call(code: str = "disk_low", *, station: str | None = SHILI, minutes: int = 0) -> None:
    at = NOW + timedelta(minutes=minutes)
    raise_alarm(station=station, code=code, severity="minor", detail="磁盘\x00将满", at=at)


def test_a_station_never_heard_of_has_a_page_too() -> None:
    silent = StationDouble(id="shili-09").enrol()
    page = station_page(silent)
    assert page.ledger is not None
    assert (page.ledger.issued, page.events, page.alarms, page.snapshots) == (0, [], [], [])


def test_the_page_has_ledger_events_and_alarms(station: StationDouble) -> None:
    call()
    page = station_page(Station.objects.get(pk=station.id))
    assert page.ledger is not None
    assert (page.ledger.received, page.ledger.unexplained) == (2, 0)
    assert [event.kind for event in page.events] == ["booted"]
    assert [alarm.code for alarm in page.alarms] == ["disk_low"]


def test_a_ledger_that_takes_too_long_leaves_the_rest_of_the_page(station: StationDouble) -> None:
    """A copy of its card signed another second fact, and there is no time to look for a line that leads to it."""
    copy = StationDouble(id=station.id, key=station.key, epoch=station.epoch, sealed=station.sealed[:1])
    BatchProcessor(clock=lambda: NOW).process_batch([copy.add(touch(9)).birth()])
    page = station_page(Station.objects.get(pk=station.id), ledger_s=-1)
    assert page.ledger is None
    assert [event.kind for event in page.events] == ["booted"]


def test_one_open_row_counts_up_until_it_is_resolved(station: StationDouble) -> None:
    call()
    call(minutes=1)
    alarm = Alarm.objects.get()
    assert (alarm.count, alarm.opened_at, alarm.last_at) == (2, NOW, NOW + timedelta(minutes=1))
    assert alarm.detail == "磁盘�将满"
    acknowledge(alarm, by=User.objects.create(username="officer"), at=NOW)
    call(minutes=2)
    alarm.refresh_from_db()
    assert (alarm.acknowledged_at, alarm.count) == (NOW, 3)
    assert resolve(station=station.id, code="disk_low", at=NOW)
    assert not resolve(station=station.id, code="disk_low", at=NOW)
    call(minutes=3)
    assert Alarm.objects.filter(code="disk_low").count() == 2


@pytest.mark.parametrize("code", ["disk_low", HELP_ASKED])
def test_of_two_who_acknowledge_at_once_the_first_counts_and_is_audited(station: StationDouble, code: str) -> None:
    call(code)
    # Both have read the alarm before either acknowledges it.
    seen = [(Alarm.objects.get(code=code), User.objects.create(username=name)) for name in ("first", "second")]
    assert [acknowledge(alarm, by=by, at=NOW) for alarm, by in seen] == [True, False]
    audited = AuditEntry.objects.filter(action="alarm.acknowledged").values_list("actor", "subject")
    assert list(audited) == [("first", station.id)]


def test_an_alarm_of_the_county_itself_opens_once_too() -> None:
    call(station=None)
    call(station=None)
    assert Alarm.objects.get().count == 2


def test_an_unexplained_fact_is_an_alarm_until_it_is_explained(station: StationDouble) -> None:
    fact = Fact.objects.get(seq=2)
    kept = Fact(**{field.attname: getattr(fact, field.attname) for field in Fact._meta.concrete_fields})
    fact.delete()
    assert check_ledger(station.id, at=NOW).unexplained == 1
    assert Alarm.objects.get(code=UNEXPLAINED_FACTS).resolved_at is None
    kept.save(force_insert=True)
    assert check_ledger(station.id, at=NOW).unexplained == 0
    assert Alarm.objects.get(code=UNEXPLAINED_FACTS).resolved_at == NOW


def test_a_second_restore_from_the_same_dump_gives_a_new_generation() -> None:
    before = generation()
    first = raise_generation(now=NOW)
    CountyState.objects.update(generation=before)
    assert raise_generation(now=NOW) > first > before


def test_alarms_open_and_close_in_the_order_in_which_stations_say(station: StationDouble) -> None:
    failed = AlarmCall(station.id, "camera_failed", "minor", origin="station")
    over = AlarmOver(station.id, "camera_failed")
    other = AlarmCall(station.id, "disk_low", "minor", origin="station")

    def states() -> list[tuple[str, bool]]:
        rows = Alarm.objects.order_by("pk").values_list("code", "resolved_at")
        return [(code, resolved is not None) for code, resolved in rows]

    take_alarms([over], at=NOW)
    assert states() == []
    take_alarms([failed, other], at=NOW)
    take_alarms([over], at=NOW)
    assert states() == [("camera_failed", True), ("disk_low", False)]
    take_alarms([failed, over, failed], at=NOW)
    assert states() == [("camera_failed", True), ("disk_low", False), ("camera_failed", True), ("camera_failed", False)]
    take_alarms([over, failed, over, failed, over], at=NOW)
    assert [resolved for code, resolved in states() if code == "camera_failed"] == [True] * 3
    assert Alarm.objects.get(code="camera_failed", count=3).resolved_at == NOW
