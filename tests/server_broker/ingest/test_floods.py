"""A station that sends beyond its share is named by an alarm at once, and the alarm ends when it is calm."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from server_broker.fleet.alarm_codes import STATION_FLOODS
from server_broker.fleet.models import Alarm
from server_broker.ingest.floods import CALM_S, DEAR_S, LOOK_S, MANY_LET_GO, FloodWatch
from tests.server_broker.station_double import StationDouble

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> FloodWatch:
    StationDouble().enrol()
    return FloodWatch(clock)


def told_of() -> list[str]:
    return list(Alarm.objects.filter(code=STATION_FLOODS, resolved_at=None).values_list("station_id", flat=True))


def test_one_that_sends_too_many_is_named_and_its_connection_ends(watch: FloodWatch, clock: Clock) -> None:
    assert watch.is_due()
    assert watch.look({"shili-01": MANY_LET_GO}, now=NOW) == ["shili-01"]
    assert told_of() == ["shili-01"]
    assert not watch.is_due()
    clock.now += LOOK_S
    assert watch.is_due()


def test_one_that_is_dear_is_named_and_stays_connected(watch: FloodWatch) -> None:
    watch.charged("shili-01", DEAR_S)
    assert watch.look({}, now=NOW) == []
    assert told_of() == ["shili-01"]


def test_a_few_messages_too_many_are_no_flood(watch: FloodWatch) -> None:
    watch.charged("shili-01", DEAR_S / 2)
    assert watch.look({"shili-01": MANY_LET_GO - 1}, now=NOW) == []
    assert told_of() == []


def test_the_alarm_ends_when_it_is_calm(watch: FloodWatch, clock: Clock) -> None:
    watch.look({"shili-01": MANY_LET_GO}, now=NOW)
    clock.now += CALM_S
    watch.look({}, now=NOW)
    assert told_of() == ["shili-01"]
    clock.now += 1
    watch.look({}, now=NOW)
    assert told_of() == []


def test_the_next_worker_ends_the_alarm_of_the_one_before(watch: FloodWatch, clock: Clock) -> None:
    watch.look({"shili-01": MANY_LET_GO}, now=NOW)
    next_one = FloodWatch(clock)
    next_one.look({}, now=NOW)
    clock.now += CALM_S + 1
    next_one.look({}, now=NOW)
    assert told_of() == []


def test_a_topic_that_names_no_station_fails_nothing(watch: FloodWatch) -> None:
    assert watch.look({"nobody": MANY_LET_GO, "": MANY_LET_GO}, now=NOW) == []
