"""A station that sends beyond its share is named by an alarm at once, and the alarm ends when it is calm."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from server_broker.broker.refusals import DENIED_OFTEN, ENDED_OFTEN, BrokerRefusals
from server_broker.fleet.alarm_codes import STATION_FLOODS
from server_broker.fleet.alarms import close_over
from server_broker.fleet.models import Alarm
from server_broker.ingest.floods import BEYOND_A_SECOND, DEAR_S, LOOK_S, MANY_BEYOND, MANY_LET_GO, FloodWatch
from tests.server_broker.station_double import StationDouble

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


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
    assert watch.look({"shili-01": MANY_LET_GO}, {}, now=NOW) == ["shili-01"]
    assert told_of() == ["shili-01"]
    assert not watch.is_due()
    clock.now += LOOK_S
    assert watch.is_due()


def test_one_that_is_dear_is_named_and_stays_connected(watch: FloodWatch) -> None:
    watch.cost_dear("shili-01", DEAR_S)
    assert watch.look({}, {}, now=NOW) == []
    assert told_of() == ["shili-01"]


def test_one_that_was_dear_once_is_told_of_once(watch: FloodWatch, clock: Clock) -> None:
    watch.cost_dear("shili-01", DEAR_S)
    for _ in range(3):
        watch.look({}, {}, now=NOW)
        clock.now += LOOK_S
    assert Alarm.objects.get(code=STATION_FLOODS).count == 1


def test_one_that_says_a_latest_value_without_end_is_named_within_a_minute(watch: FloodWatch, clock: Clock) -> None:
    for _ in range(12):
        assert watch.look({"shili-01": round(3 * LOOK_S)}, {}, now=NOW) == []
        clock.now += LOOK_S
    assert told_of() == ["shili-01"]


def test_what_is_said_again_all_night_is_no_flood(watch: FloodWatch, clock: Clock) -> None:
    for _ in range(1_000):
        watch.look({"shili-01": 2}, {}, now=NOW)
        clock.now += LOOK_S
    assert told_of() == []


def test_who_is_quiet_again_is_soon_named_no_more(watch: FloodWatch, clock: Clock) -> None:
    for _ in range(100):
        watch.look({"shili-01": MANY_BEYOND}, {}, now=NOW)
        clock.now += LOOK_S
    clock.now += 2 * MANY_BEYOND / BEYOND_A_SECOND
    watch.look({}, {}, now=NOW)
    close_over(NOW + 11 * MINUTE)
    watch.look({}, {}, now=NOW + 11 * MINUTE)
    assert told_of() == []


def test_a_few_messages_too_many_are_no_flood(watch: FloodWatch) -> None:
    watch.cost_dear("shili-01", DEAR_S / 2)
    assert watch.look({"shili-01": MANY_BEYOND - 1}, {}, now=NOW) == []
    assert told_of() == []


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (BrokerRefusals(denied=DENIED_OFTEN), f"消息服务拒收 {DENIED_OFTEN} 次"),
        (BrokerRefusals(cut=1), "因独占消息服务被断开 1 次"),
        (BrokerRefusals(ended=ENDED_OFTEN), f"断线重连 {ENDED_OFTEN} 次"),
    ],
)
def test_one_that_the_broker_refused_much_is_named(watch: FloodWatch, refused: BrokerRefusals, said: str) -> None:
    assert watch.look({}, {"shili-01": refused}, now=NOW) == []
    assert said in Alarm.objects.get(station_id="shili-01", code=STATION_FLOODS).detail


def test_a_few_refusals_and_a_bad_line_are_no_flood(watch: FloodWatch) -> None:
    watch.look({}, {"shili-01": BrokerRefusals(denied=DENIED_OFTEN - 1, ended=ENDED_OFTEN - 1)}, now=NOW)
    assert told_of() == []


def test_what_came_together_while_nobody_looked_for_a_night_is_no_flood(watch: FloodWatch, clock: Clock) -> None:
    """The database was away. Each station asked for the time again and again, and the broker told of each line."""
    watch.look({}, {}, now=NOW)
    clock.now += 8 * 3600
    refused = BrokerRefusals(denied=DENIED_OFTEN + 50, ended=ENDED_OFTEN + 50)
    assert watch.look({"shili-01": MANY_LET_GO + 50}, {"shili-01": refused}, now=NOW) == []
    assert told_of() == []


def test_one_that_flooded_all_the_while_is_named_then_too(watch: FloodWatch, clock: Clock) -> None:
    watch.look({}, {}, now=NOW)
    clock.now += 12 * LOOK_S
    assert watch.look({"shili-01": 12 * MANY_LET_GO}, {}, now=NOW) == ["shili-01"]
    assert f"最近 60 秒内超出份额的消息 {12 * MANY_LET_GO} 条未收" in Alarm.objects.get().detail


def test_the_alarm_ends_when_it_is_calm(watch: FloodWatch) -> None:
    watch.look({"shili-01": MANY_LET_GO}, {}, now=NOW)
    watch.look({"shili-01": MANY_LET_GO}, {}, now=NOW + MINUTE)
    close_over(NOW + 10 * MINUTE)
    assert told_of() == ["shili-01"]
    close_over(NOW + 12 * MINUTE)
    assert told_of() == []


def test_a_topic_that_names_no_station_fails_nothing(watch: FloodWatch) -> None:
    assert watch.look({"nobody": MANY_LET_GO, "": MANY_LET_GO}, {"nobody": BrokerRefusals(cut=1)}, now=NOW) == []
