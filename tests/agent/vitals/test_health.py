"""Alarms about the machine: raised at one limit, over at another, known across restarts; why it last started."""

import os
from pathlib import Path

import pytest

from agent.events import MachineSeen
from agent.vitals.health import CALM_MS
from agent.vitals.last_update import reverted_update
from protocol.facts import AlarmCleared, AlarmRaised
from protocol.health import BootReason, Machine, ResetCause
from tests.agent.bench import Bench, bench
from tests.fakes.clockwork import FakeSystemClock

MINUTE_MS = 60_000


def look(station: Bench, system: FakeSystemClock, machine: Machine, *, after_ms: int = MINUTE_MS) -> None:
    system.pass_ms(after_ms)
    station.health.on_machine_seen(MachineSeen(state=machine))


def said(station: Bench) -> list[str]:
    """Return the alarms as the facts tell of them, in order."""
    return [
        f"+{fact.code}" if isinstance(fact, AlarmRaised) else f"-{fact.code}"
        for fact in station.facts()
        if isinstance(fact, AlarmRaised | AlarmCleared)
    ]


def test_heat_about_the_limit_is_one_alarm(station: Bench, system: FakeSystemClock) -> None:
    for celsius in (79, 80, 79, 81, 75, 80, 71):
        look(station, system, Machine(temperature_c=celsius))
    assert said(station) == ["+too_hot"]
    assert [fact.detail for fact in station.of(AlarmRaised)] == ["处理器 80 °C"]
    look(station, system, Machine(temperature_c=70))
    assert said(station) == ["+too_hot", "-too_hot"]


def test_a_sensor_that_falls_silent_ends_no_alarm(station: Bench, system: FakeSystemClock) -> None:
    for machine in (Machine(temperature_c=85, undervoltage="now"), Machine()):
        look(station, system, machine, after_ms=2 * CALM_MS)
    assert said(station) == ["+too_hot", "+undervoltage"]


def test_low_voltage_is_over_after_an_hour_without(station: Bench, system: FakeSystemClock) -> None:
    look(station, system, Machine(undervoltage="now"))
    for _ in range(59):
        look(station, system, Machine(undervoltage="earlier"))
    assert said(station) == ["+undervoltage"]
    look(station, system, Machine(undervoltage="earlier"))
    assert said(station) == ["+undervoltage", "-undervoltage"]


def test_a_dip_between_two_looks_counts_once(station: Bench, system: FakeSystemClock) -> None:
    for seen in ("no", "earlier", "earlier"):
        look(station, system, Machine(undervoltage=seen))
    assert said(station) == ["+undervoltage"]


def test_what_was_low_before_the_first_look_is_no_alarm(station: Bench, system: FakeSystemClock) -> None:
    look(station, system, Machine(undervoltage="earlier"))
    assert said(station) == []


def test_an_update_that_was_taken_back_is_told_until_a_later_one_is_well(
    station: Bench, system: FakeSystemClock, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    assert reverted_update(file) is None
    file.write_text(
        '{"refused": {"2": "not well: 41"}, "reverted": {"new": "2", "former": "1", "why": "not well: 41"}}'
    )
    station.reverted = reverted_update(file)
    for _ in range(2):
        look(station, system, Machine())
    assert [fact.detail for fact in station.of(AlarmRaised)] == ["升级到 2 后站点不正常，已换回 1"]
    for damaged in ('{"refused": {}, "reverted": null}', "{", '{"reverted": 1}', "[]"):
        file.write_text(damaged)
        assert reverted_update(file) is None
    station.reverted = None
    look(station, system, Machine())
    assert said(station) == ["+update_reverted", "-update_reverted"]


def test_a_short_disk(station: Bench, system: FakeSystemClock) -> None:
    for mib in (300, 199, 250, 399, 400):
        station.free_kib = mib * 1024
        look(station, system, Machine(disk_kib=15_000_000))
    assert said(station) == ["+disk_short", "-disk_short"]
    assert [fact.detail for fact in station.of(AlarmRaised)] == ["只剩 199 MB"]


def test_a_small_disk_is_not_short_for_being_small(station: Bench, system: FakeSystemClock) -> None:
    station.free_kib = 50 * 1024
    look(station, system, Machine(disk_kib=100 * 1024))
    assert said(station) == []


@pytest.mark.parametrize(
    ("worn", "well"),
    [
        (Machine(card="emmc", card_worn_percent=100), Machine(card="emmc", card_worn_percent=10, card_end="normal")),
        (Machine(card="emmc", card_end="warning"), Machine(card="sd")),
        (Machine(card="emmc", card_end="urgent", card_worn_percent=30), Machine(card="emmc", card_worn_percent=90)),
    ],
)
def test_a_worn_card_is_over_with_another_card(
    station: Bench, system: FakeSystemClock, worn: Machine, well: Machine
) -> None:
    for machine in (worn, Machine(), well):
        look(station, system, machine)
    assert said(station) == ["+card_worn", "-card_worn"]


def test_after_a_restart_what_stands_is_not_raised_again_and_what_is_over_is_said(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as station:
        look(station, system, Machine(temperature_c=90))
    with bench(tmp_path, system) as station:
        look(station, system, Machine(temperature_c=88))
        assert said(station) == ["+too_hot"]
        look(station, system, Machine(temperature_c=50))
        assert said(station) == ["+too_hot", "-too_hot"]


def test_a_full_disk_owes_the_alarm(station: Bench, system: FakeSystemClock) -> None:
    station.outbox.fill_disk()
    look(station, system, Machine(temperature_c=90, undervoltage="now"))
    station.outbox.error = None
    station.fact_writer.flush()
    assert said(station) == ["+too_hot", "+undervoltage"]


def run(
    folder: Path,
    system: FakeSystemClock,
    *,
    ends: bool,
    low: bool = False,
    reset: ResetCause | None = None,
) -> BootReason | None:
    """Run a station for a while and return why it says its machine started."""
    with bench(folder, system) as station:
        station.lifecycle.started(last_fact=station.recent[-1][1].at if len(station.recent) > 1 else None)
        look(station, system, Machine(reset=reset))
        reason = station.health.current().boot_reason
        if low:
            look(station, system, Machine(undervoltage="now"))
        if ends:
            station.lifecycle.stopped()
    return reason


def test_why_the_machine_started(tmp_path: Path, system: FakeSystemClock) -> None:
    assert run(tmp_path, system, ends=True) is None
    system.reboot(os.urandom(16))
    assert run(tmp_path, system, ends=False, reset="watchdog") == "ordered"
    system.reboot(os.urandom(16))
    assert run(tmp_path, system, ends=False, low=True) == "abrupt"
    system.reboot(os.urandom(16))
    assert run(tmp_path, system, ends=False) == "undervoltage"
    system.reboot(os.urandom(16))
    assert run(tmp_path, system, ends=False, reset="watchdog") == "watchdog"


def test_a_restart_of_the_agent_alone_changes_nothing(tmp_path: Path, system: FakeSystemClock) -> None:
    run(tmp_path, system, ends=True)
    system.reboot(os.urandom(16))
    assert run(tmp_path, system, ends=False) == "ordered"
    assert run(tmp_path, system, ends=False) == "ordered"


@pytest.mark.parametrize("key", ["last_boot", "low_voltage"])
def test_rubbish_in_the_stations_memory_costs_the_reason_alone(
    tmp_path: Path, system: FakeSystemClock, key: str
) -> None:
    run(tmp_path, system, ends=False, low=True)
    with bench(tmp_path, system) as station:
        station.outbox.put(key, b"\xc1rubbish")
    system.reboot(os.urandom(16))
    assert run(tmp_path, system, ends=False) in ("abrupt", "undervoltage")
