"""The patrol of the ledgers goes its round whatever comes in, and no station keeps it from the others."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DataError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from protocol.facts import AlarmRaised, EpochOpened, FactsLost
from server_broker.fleet.alarm_codes import LEDGER_TOO_LARGE, UNEXPLAINED_FACTS
from server_broker.fleet.models import Alarm, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact
from server_broker.ledger import patrol as patrol_room
from server_broker.ledger.ledger import check_ledger, ledger
from server_broker.ledger.patrol import SELDOM_S, LedgerPatrol
from tests.cast import SHILI
from tests.server_broker.station_double import NOW, StationDouble, booted, moment, touch

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


class Clock:
    """Monotonic time that a test turns on; looking at it takes none."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def enrolled(name: str) -> StationDouble:
    double = StationDouble(id=name)
    double.enrol()
    BatchProcessor(clock=lambda: NOW).process_batch([double.birth(), double.add(booted(), touch()).facts_message()])
    return double


@pytest.fixture
def station() -> StationDouble:
    return enrolled(SHILI)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> list[str]:
    """The ledgers that are counted, in order; each takes a tenth of a second."""
    seen: list[str] = []

    def check(station_id: str, **_: object) -> None:
        seen.append(station_id)
        clock.s += 0.1

    monkeypatch.setattr(patrol_room, "check_ledger", check)
    return seen


def test_what_is_unexplained_is_told_under_steady_traffic(station: StationDouble, clock: Clock) -> None:
    """Facts of another station come in before each look of the patrol."""
    busy = enrolled("shili-02")
    Fact.objects.filter(stream__station=station.id, seq=1).delete()
    patrol = LedgerPatrol(monotonic_s=clock)
    processor = BatchProcessor(clock=lambda: NOW + len(busy.sealed) * SECOND)
    for _ in range(5):
        busy.add(touch(100 + len(busy.sealed)))
        processor.process_batch([busy.vitals(), busy.facts_message(len(busy.sealed))])
        patrol.go_on(NOW + len(busy.sealed) * SECOND)
    alarm = Alarm.objects.get(code=UNEXPLAINED_FACTS)
    assert (alarm.station_id, alarm.count) == (station.id, 5)


def test_what_a_station_said_of_missing_facts_ends_when_they_have_come(station: StationDouble, clock: Clock) -> None:
    """As stations of before say after a restore; nobody else would ever end it."""
    said = AlarmRaised(at=moment(), code="county_lost_facts", severity="major", detail="县里只有到第 1 条的记录")
    processor = BatchProcessor(clock=lambda: NOW)
    station.add(said, touch(5))
    processor.process_batch([station.birth(), station.facts_message(3, 3)])
    patrol = LedgerPatrol(monotonic_s=clock)
    patrol.go_on(NOW)
    assert Alarm.objects.get().resolved_at is None, "the touch has yet to come"
    processor.process_batch([station.facts_message(4)])
    patrol.go_on(NOW)
    assert Alarm.objects.get().resolved_at == NOW


def test_a_look_ends_with_its_share_of_the_second_and_the_next_goes_on_from_there(
    looked_at: list[str], clock: Clock
) -> None:
    names = [f"shili-{number:02}" for number in range(1, 8)]
    for name in names:
        enrolled(name)
    patrol = LedgerPatrol(monotonic_s=clock)
    patrol.go_on(NOW)
    assert looked_at == names[:3]
    patrol.go_on(NOW)
    patrol.go_on(NOW)
    assert looked_at == names, "a round ends where it began"
    patrol.go_on(NOW)
    assert looked_at[7:] == names[:3]


def test_revoked_stations_come_last_and_once_a_day(looked_at: list[str], clock: Clock) -> None:
    for name in (SHILI, "shili-02"):
        enrolled(name)
    Station.objects.filter(pk=SHILI).update(revoked_at=NOW)
    patrol = LedgerPatrol(monotonic_s=clock)
    for _ in range(3):
        patrol.go_on(NOW)
    assert looked_at == ["shili-02", SHILI, "shili-02", "shili-02"]
    patrol.go_on(NOW + 2 * DAY)
    assert looked_at[4:] == ["shili-02"], "a clock that somebody sets is no day gone by"
    clock.s += SELDOM_S
    patrol.go_on(NOW - 2 * DAY)
    assert looked_at[5:] == ["shili-02", SHILI]


def test_stations_that_never_came_have_no_ledger(looked_at: list[str], clock: Clock) -> None:
    station = StationDouble().enrol()
    Station.objects.update(enrolled_at=None)
    LedgerPatrol(monotonic_s=clock).go_on(NOW)
    assert looked_at == []
    assert ledger(station.pk).issued == 0


@pytest.mark.parametrize("error", [DataError("refused"), KeyError("a bug")])
def test_a_ledger_that_cannot_be_counted_is_passed_over(
    station: StationDouble, looked_at: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    enrolled("shili-02")
    monkeypatch.setattr(patrol_room, "check_ledger", raising(error, for_station=station.id, before=looked_at))
    LedgerPatrol(monotonic_s=clock).go_on(NOW)
    assert looked_at == [SHILI, "shili-02"]


def test_a_database_that_is_away_costs_no_station_its_turn(
    station: StationDouble, looked_at: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    patrol = LedgerPatrol(monotonic_s=clock)
    with monkeypatch.context() as away:
        away.setattr(patrol_room, "check_ledger", raising(OperationalError("away"), for_station=station.id, before=[]))
        with pytest.raises(OperationalError):
            patrol.go_on(NOW)
    patrol.go_on(NOW)
    assert looked_at == [station.id]


def raising(error: Exception, *, for_station: str, before: list[str]) -> Callable[..., None]:
    def check(station_id: str, **_: object) -> None:
        before.append(station_id)
        if station_id == for_station:
            raise error

    return check


def test_a_ledger_that_takes_too_long_is_told_and_left_for_a_day(station: StationDouble, clock: Clock) -> None:
    """A copy of its card signed another second fact, and there is no time to look for a line that leads to it."""
    copy = StationDouble(id=station.id, key=station.key, epoch=station.epoch, sealed=station.sealed[:1])
    BatchProcessor(clock=lambda: NOW).process_batch([copy.add(touch(9)).birth()])
    other = enrolled("shili-02")
    Fact.objects.filter(stream__station=other.id, seq=1).delete()
    patrol = LedgerPatrol(monotonic_s=clock, ledger_s=-1)
    patrol.go_on(NOW)
    assert Alarm.objects.get(code=LEDGER_TOO_LARGE).station_id == station.id
    assert Alarm.objects.get(code=UNEXPLAINED_FACTS).station_id == other.id
    patrol.go_on(NOW)
    assert Alarm.objects.get(code=LEDGER_TOO_LARGE).count == 1
    clock.s += SELDOM_S
    patrol.go_on(NOW)
    assert Alarm.objects.get(code=LEDGER_TOO_LARGE).count == 2
    check_ledger(station.id, at=NOW)
    assert Alarm.objects.get(code=LEDGER_TOO_LARGE).resolved_at == NOW


def test_a_ledger_takes_as_many_statements_for_any_number_of_streams(station: StationDouble) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            ledger(station.id)
        return len(seen)

    few = statements()
    for number in range(20):
        opened = StationDouble(id=station.id, key=station.key)
        previous = EpochOpened(at=moment(), reason="corrupt", previous=number.to_bytes(16), matched=3)
        opened.add(previous, FactsLost(at=moment(), epoch=number.to_bytes(16), first=2, last=3))
        BatchProcessor(clock=lambda: NOW).process_batch([opened.facts_message()])
    assert statements() == few
    counted = ledger(station.id)
    assert (counted.issued, counted.received, counted.lost, counted.unexplained) == (102, 42, 40, 20)


def test_what_no_station_can_have_signed_is_named_and_not_added_up(station: StationDouble) -> None:
    opened = StationDouble(id=station.id, key=station.key)
    most = 2**53 - 1
    lost = FactsLost(at=moment(), epoch=b"x" * 16, first=1, last=most)
    opened.add(EpochOpened(at=moment(), reason="corrupt", previous=b"y" * 16, matched=most), lost)
    BatchProcessor(clock=lambda: NOW).process_batch([opened.facts_message()])
    counted = check_ledger(station.id, at=NOW)
    assert (counted.issued, counted.received, counted.lost, counted.unexplained) == (4, 4, 0, 0)
    assert counted.disbelieved == 2
    assert "没有站点签过这么多" in Alarm.objects.get(code="facts_lost").detail
