"""Two machines that use one station's identity are named, and one machine that starts or connects often is not."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from protocol.birth import Birth
from protocol.codec import encode
from server_broker.fleet.alarm_codes import TWO_MACHINES
from server_broker.fleet.alarms import close_over
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.stream_tables import SenderRow
from server_broker.ingest.twins import BOOTS_KEPT, NONCES_KEPT, WITHIN_S, TwinWatch
from tests.server_broker.station_double import StationDouble

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


class Heard:
    """A watch that hears births of one station. Each is written as its boot's letter and its connection's number."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.watch = TwinWatch(self.clock)
        self.sender = SenderRow("shili-01", shard=0, record_key=bytes(32), revoked=False, desired_version=0)

    def __call__(self, births: str, *, after_s: float = 1.0) -> bool:
        """Hear some births one by one; return whether two machines are named at the last of them."""
        calls = []
        for one in births.split():
            self.clock.now += after_s
            calls = self.watch.calls([(self.sender, birth_of(StationDouble(), one))])
        return bool(calls)

    def replace_board(self) -> None:
        self.sender = replace(self.sender, record_key=bytes(31) + b"n")


def birth_of(station: StationDouble, one: str) -> Birth:
    boot, nonce = one[:1].encode() * 16, one.encode().ljust(16)
    return Birth(station=station.id, head=station.signed(0), boot=boot, nonce=nonce, software="1")


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_two_that_throw_each_other_off_are_named(heard: Heard) -> None:
    assert heard("A1 B2 A3 B4")
    assert heard("A5")


def test_three_are_named_too(heard: Heard) -> None:
    assert heard("A1 B2 C3 A4 B5 C6")


def test_they_may_take_turns_of_some_minutes(heard: Heard) -> None:
    assert heard("A1 B2 A3 B4", after_s=900)


def test_one_machine_that_connects_and_starts_again_and_again_is_not_named(heard: Heard) -> None:
    assert not heard("A1 A2 A3 B4 B5 C6 D7 D8 E9 F0")


def test_births_that_the_broker_repeats_are_no_second_machine(heard: Heard) -> None:
    assert not heard("A1 B2 A1 B2 A1 B2")


def test_births_that_are_repeated_after_some_connections_are_none_either(heard: Heard) -> None:
    for births in ("A1 A2 B3", "A1 A2 B3", "B4", "C5"):
        assert not heard(births)


def test_one_return_is_not_enough(heard: Heard) -> None:
    assert not heard("A1 B2 A3")
    assert not heard("A4 C5 D6")


def test_one_machine_that_is_left_prolongs_nothing(heard: Heard) -> None:
    assert heard("A1 B2 A3 B4")
    assert not heard("B5")
    assert not heard("C6")


def test_a_new_board_is_not_taken_for_one_of_the_two(heard: Heard) -> None:
    """Births of the machines before it may still wait, and are read after it was taken in."""
    assert heard("A1 B2 A3 B4")
    heard.replace_board()
    for birth in ("A5", "N6", "N7", "O8"):
        assert not heard(birth)


def test_what_is_long_past_counts_no_more(heard: Heard) -> None:
    assert heard("A1 B2 A3 B4")
    heard.clock.now += WITHIN_S
    assert not heard("A5")


def test_little_is_remembered(heard: Heard) -> None:
    """A station may make up boots, but only `BOOTS_KEPT` of them are kept."""
    letters = "ABCDEFGHIJ"
    heard(" ".join(f"{letter}1" for letter in letters))
    [kept] = heard.watch._heard.values()
    assert len(kept.boots) == BOOTS_KEPT
    assert len(kept.nonces) == NONCES_KEPT


@pytest.mark.django_db
def test_the_alarm_comes_with_the_births_and_ends_when_one_machine_is_left() -> None:
    station = StationDouble()
    station.enrol()
    processor = BatchProcessor(clock=lambda: NOW)
    for one in ("A1", "B2", "A3", "B4"):
        processor.process_batch([station.message("birth", encode(birth_of(station, one)))])
    [alarm] = Alarm.objects.filter(code=TWO_MACHINES)
    assert (alarm.station_id, alarm.severity) == (station.id, "critical")
    close_over(NOW + timedelta(hours=2))
    alarm.refresh_from_db()
    assert alarm.resolved_at is not None
