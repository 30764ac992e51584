"""Somebody copies a station's SD card for a second board and lets both run: the green lights of both boards count."""

import shutil
from collections.abc import Iterator

import pytest

from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from tests.integration.village import Village, start_agent

_FILES = ("*.pem", "*.json", "outbox.db*")


@pytest.fixture
def clone(village: Village) -> Iterator[DemoStation]:
    """A second board with a copy of the first station's SD card, made after a power cut."""
    station = village.stations[0]
    folder = village.folder / "clone"
    folder.mkdir()
    village.touch(station, times=2)
    station.agent.process.kill9()
    station.agent.stop()
    for pattern in _FILES:
        for file in station.folder.glob(pattern):
            shutil.copy(file, folder / file.name)
    config = station.config.read_text(encoding="utf-8")
    board = DemoStation(station.cast, folder=folder, readers=["simulated"])
    config = config.replace(str(station.folder), str(folder))
    # Without a camera: pictures that it still held when it is taken away would be awaited for ever.
    config = config.replace('[camera]\ndriver = "simulated"', '[camera]\ndriver = "none"')
    board.config.write_text(config, encoding="utf-8")
    village.boards.append(board)
    start_agent(station)
    board.start()
    yield board
    board.stop()


@pytest.mark.small_proof
def test_both_boards_green_lights_are_stored(village: Village, clone: DemoStation) -> None:
    station = village.stations[0]
    for _ in range(4):
        assert village.touch(station)[0].colour == "green"
        assert village.touch(clone)[0].colour == "green"
    village.await_all_stored(timeout_s=60)
    wait_until(
        lambda: bool({"stream_differs", "stream_ahead", "conflicting_fact"} & village.open_alarms(station)),
        what="an alarm",
        timeout_s=20,
        every_s=0.5,
    )
    assert village.county.try_tool("verify", station.cast.id).returncode == 0
