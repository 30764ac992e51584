"""An alarm about a lasting state is raised once, cleared once, and known across restarts."""

from pathlib import Path

from agent.vitals.alarms import StandingAlarms
from protocol.facts import AlarmCleared, AlarmRaised
from tests.agent.bench import Bench, bench
from tests.fakes.clockwork import FakeSystemClock


def alarms(station: Bench) -> StandingAlarms:
    return StandingAlarms(clock=station.clock, fact_writer=station.fact_writer, state=station.outbox)


def said(station: Bench) -> list[str]:
    signs = {AlarmRaised: "+", AlarmCleared: "-"}
    return [signs[type(fact)] + fact.code for fact in station.facts() if isinstance(fact, AlarmRaised | AlarmCleared)]


def test_once_until_it_is_over(station: Bench) -> None:
    made = alarms(station)
    made.clear_alarm("a")
    made.raise_alarm("a", "minor", "坏了")
    made.raise_alarm("a", "minor", "坏了，别的说法")
    made.raise_alarm("b", "minor", "坏了")
    assert made.stands("a")
    made.clear_alarm("a")
    made.clear_alarm("a")
    made.raise_alarm("a", "minor", "又坏了")
    assert said(station) == ["+a", "+b", "-a", "+a"]


def test_another_kind_of_the_same_is_said_again(station: Bench) -> None:
    made = alarms(station)
    for kind in ("x", "x", "y"):
        made.raise_alarm("a", "major", kind, kind=kind)
    assert [fact.detail for fact in station.of(AlarmRaised)] == ["x", "y"]


def test_a_restart_neither_repeats_nor_forgets(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        alarms(station).raise_alarm("a", "minor", "坏了")
    with bench(tmp_path, system) as station:
        made = alarms(station)
        made.raise_alarm("a", "minor", "坏了")
        made.clear_alarm("a")
        assert said(station) == ["+a", "-a"]


def test_on_a_full_disk_what_is_wrong_is_owed(station: Bench) -> None:
    made = alarms(station)
    station.outbox.fill_disk()
    made.raise_alarm("a", "minor", "坏了")
    station.outbox.error = None
    station.fact_writer.flush()
    assert said(station) == ["+a"]


def test_a_list_that_can_not_be_read_is_begun_anew(station: Bench) -> None:
    station.outbox.put("alarms", b"\xc1")
    made = alarms(station)
    assert not made.stands("a")
