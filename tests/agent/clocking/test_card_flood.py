"""A flood of unknown cards becomes one counted alarm; people with known cards get their green in it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.clocking.card_flood import A_MINUTE, AN_HOUR, CardFlood
from agent.clocking.desk import FLOOD_SHOWN_EVERY_MS
from agent.events import CardTouched
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.vitals.alarms import StandingAlarms
from protocol.facts import AlarmCleared, AlarmRaised, Fact, Touch
from protocol.units import FactRef
from tests.agent.bench import STRANGER, ZHANG, Bench, bench
from tests.fakes.clockwork import FakeSystemClock
from tests.fakes.state import MemoryState

MINUTE_S, HOUR_S = 60, 3_600


class Disk(MemoryState):
    """Facts and states in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: list[Fact] = []

    def commit(self, *facts: Fact, state: Mapping[str, bytes] | None = None) -> list[FactRef]:
        self.facts += facts
        self.values |= state or {}
        return [FactRef(epoch=bytes(16), seq=len(self.facts)) for _ in facts]


class Counted:
    """A station's count of unknown cards; `restart` begins it anew with what is on the disk."""

    def __init__(self, system: FakeSystemClock) -> None:
        self.system = system
        self.disk = Disk()
        self.recorded = 0
        self.restart()

    def restart(self) -> None:
        clock = StationClock(system=self.system, build_ms=0)
        alarms = StandingAlarms(clock=clock, fact_writer=FactWriter(self.disk), state=self.disk)
        self.flood = CardFlood(alarms, state=self.disk, mono_ms=self.system.mono_ms)

    def present(self, *, seconds: float, a_second: float, reader: str = "gate") -> None:
        """Present unknown cards at an even pace, with the core's chores between."""
        for _ in range(round(seconds * a_second)):
            if self.flood.takes(reader):
                self.recorded += 1
                self.disk.commit(state=self.flood.row())
            self.quiet(1 / a_second)

    def quiet(self, seconds: float) -> None:
        self.system.pass_ms(round(seconds * 1_000))
        self.flood.tick()

    @property
    def told(self) -> list[str]:
        return [fact.detail for fact in self.disk.facts if isinstance(fact, AlarmRaised)]

    @property
    def cleared(self) -> list[str]:
        return [fact.code for fact in self.disk.facts if isinstance(fact, AlarmCleared)]


@pytest.fixture
def counted(system: FakeSystemClock) -> Counted:
    return Counted(system)


def test_a_flood_ends_with_its_count_and_people_are_recorded_again(counted: Counted) -> None:
    counted.present(seconds=3 * MINUTE_S, a_second=50)
    assert (counted.recorded, len(counted.told), counted.cleared) == (A_MINUTE, 1, [])
    counted.quiet(2 * MINUTE_S)
    assert f"到现在共 {9_000 - A_MINUTE} 次只计数" in counted.told[-1]
    assert counted.cleared == ["cards_flood:gate"]
    counted.present(seconds=MINUTE_S, a_second=1)
    assert counted.recorded == A_MINUTE + MINUTE_S
    assert len(counted.told) == 2


def test_it_states_its_count_every_hour(counted: Counted) -> None:
    counted.present(seconds=2 * HOUR_S + MINUTE_S, a_second=5)
    assert (counted.recorded, len(counted.told)) == (A_MINUTE, 3)


def test_a_machine_at_a_slow_pace_has_its_hour(counted: Counted) -> None:
    counted.present(seconds=HOUR_S, a_second=1)
    assert counted.recorded == AN_HOUR
    assert f"共 {HOUR_S - AN_HOUR} 次" in counted.told[-1]
    assert counted.cleared == ["cards_flood:gate"]
    counted.present(seconds=10, a_second=1)
    assert counted.recorded == AN_HOUR + 10


def test_a_crowd_is_all_recorded_through_restarts_too(counted: Counted) -> None:
    """More people than a village has, in a queue as fast as a queue can be."""
    for _ in range(15):
        counted.present(seconds=2 * MINUTE_S, a_second=1)
        counted.restart()
    assert (counted.recorded, counted.told) == (30 * MINUTE_S, [])


def test_a_flood_at_one_reader_costs_the_other_nothing(counted: Counted) -> None:
    counted.present(seconds=5, a_second=50)
    counted.present(seconds=5, a_second=2, reader="desk")
    assert counted.recorded == A_MINUTE + 10


@pytest.mark.parametrize("a_second", [20, 45, 200])
def test_a_station_that_starts_again_and_again_records_no_more(counted: Counted, a_second: int) -> None:
    for _ in range(20):
        counted.present(seconds=1, a_second=a_second)
        counted.restart()
    assert (counted.recorded, len(counted.told)) == (A_MINUTE, 1)
    for _ in range(3):
        counted.quiet(MINUTE_S)
    assert "到现在至少" in counted.told[-1]
    assert counted.cleared == ["cards_flood:gate"]


def flood(station: Bench, system: FakeSystemClock, *, seconds: float) -> None:
    """Present 50 numbers a second that nobody knows."""
    for number in range(round(seconds * 50)):
        station.desk.card_touched(f"04{number:012x}", "fake")
        system.pass_ms(20)


def alarms(station: Bench) -> list[str]:
    return [alarm.code for alarm in station.of(AlarmRaised)]


def test_a_known_card_is_green_in_it_and_stays_so_for_a_while(station: Bench, system: FakeSystemClock) -> None:
    flood(station, system, seconds=5)
    shown = len(station.indicator.shown)
    station.desk.cards_touched([CardTouched("05aabbccddeeff", "fake"), CardTouched(ZHANG, "fake")])
    flood(station, system, seconds=FLOOD_SHOWN_EVERY_MS / 1_000 - 0.5)
    assert [colour for colour, _ in station.indicator.shown[shown:]] == ["green"]
    assert [touch.answer for touch in station.of(Touch)].count("recorded") == 1
    flood(station, system, seconds=1)
    assert [colour for colour, _ in station.indicator.shown[shown:]] == ["green", "red"]
    assert station.recorded.touches[-1].problem == "cards_flood"


def test_what_is_refused_was_promised_to_nobody(station: Bench, system: FakeSystemClock) -> None:
    flood(station, system, seconds=5)
    system.pass_ms(FLOOD_SHOWN_EVERY_MS)
    station.desk.cards_touched([CardTouched(f"06{number:012x}", "fake") for number in range(3)])
    lights = [fact for colour, fact in station.indicator.shown if colour != "red"]
    assert len(lights) == len(set(lights)) == len(station.of(Touch)) == A_MINUTE
    assert station.indicator.shown[-1] == ("red", "")
    assert alarms(station) == ["cards_flood:fake"]


def test_before_its_first_roster_a_station_keeps_everybody_and_knows_no_flood(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as station:
        for number in range(A_MINUTE):
            station.desk.card_touched(f"04{number:012x}", "fake")
        assert [touch.answer for touch in station.of(Touch)] == ["unknown"] * A_MINUTE
    with bench(tmp_path, system) as station:
        assert station.touch(STRANGER).problem == "cards_flood"
        system.pass_ms(MINUTE_S * 2_000)
        assert station.touch(STRANGER).answer == "unknown"


def test_on_a_full_disk_it_is_told_later(station: Bench, system: FakeSystemClock) -> None:
    flood(station, system, seconds=1)
    station.outbox.fill_disk()
    assert station.touch(STRANGER).problem == "disk_full"
    flood(station, system, seconds=3)
    station.outbox.error = None
    station.fact_writer.flush()
    assert len(station.of(Touch)) == 50
    assert "cards_flood:fake" in alarms(station)
