"""A station's outbox file is damaged while its agent is down: the agent salvages it and states which facts are lost."""

import os
from pathlib import Path

import pytest

from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from tests.integration.village import Village, start_agent


def epochs(village: Village, station: DemoStation) -> set[str]:
    rows = village.county.sql(f"select encode(epoch, 'hex') from fleet_stream where station_id = '{station.cast.id}'")
    return {epoch for (epoch,) in rows}


def flip_bytes_in_the_middle(file: Path) -> None:
    with file.open("r+b") as outbox:
        middle = file.stat().st_size // 2
        outbox.seek(middle)
        outbox.write(os.urandom(6_000))


def cut_off_the_end(file: Path) -> None:
    with file.open("r+b") as outbox:
        outbox.truncate(file.stat().st_size * 2 // 3 + 1)


@pytest.mark.small_proof
def test_damage_is_salvaged_and_the_loss_is_stated(village: Village) -> None:
    damages = {village.stations[0]: flip_bytes_in_the_middle, village.stations[1]: cut_off_the_end}
    before = {station: epochs(village, station) for station in damages}
    other_names = village.lit() - village.stored()
    with village.held("mosquitto"):
        for station, damage in damages.items():
            village.touch(station, times=25)
            station.agent.stop()
            damage(station.sd_card / "outbox.db")
            start_agent(station)
            # Amber where the list of people lay in the damaged part: the touch is a fact all the same.
            assert "red" not in {light.colour for light in village.touch(station, times=3)}
    village.await_all_stored()
    for station in damages:
        assert_all_said(village, station, before=before[station])
        lost = {fact for fact in village.lit() - village.stored() - other_names if fact[0] == station.cast.id}
        assert lost <= village.stated_lost()
        assert village.ledger(station)["lost"] >= len(lost)


def assert_all_said(village: Village, station: DemoStation, *, before: set[str]) -> None:
    assert list(station.sd_card.glob("outbox.db.bad-*"))
    wait_until(lambda: village.waiting(station) == 0, what="the last receipts", timeout_s=20, every_s=0.3)
    assert len(epochs(village, station) - before) == 1
    stated = {fact for fact in village.stated_lost() if fact[0] == station.cast.id}
    assert village.ledger(station)["unexplained"] == 0
    alarms = village.open_alarms(station)
    assert "epoch_opened" in alarms
    assert ("facts_lost" in alarms) == bool(stated)
    assert village.county.try_tool("verify", station.cast.id).returncode == 0
