"""The county can't store pictures for a while, and then has no database for half a minute: in the end no picture and
no fact is missing."""

import threading
import time

from firmware_scripts.demo.observer import whole_pictures
from firmware_scripts.demo.processes import wait_until
from tests.integration.village import Village

AWAY_S = 30.0
PACE_S = 0.5


def pictures_taken(village: Village) -> int:
    return sum(station.pictures_taken() for station in village.stations)


def test_half_a_minute_without_a_database_and_before_that_no_room_for_pictures(village: Village) -> None:
    awaited = pictures_taken(village) - whole_pictures(village.county)
    with village.media_disk.full():
        for station in village.stations:
            village.touch(station)
        village.await_all_stored()
        wait_until(lambda: "media_folder" in village.open_alarms(), what="the alarm", timeout_s=20, every_s=0.3)
        assert "media" in village.doctor()["磁盘"]["state"]
    ingest = village.county.part_pid("ingest")
    with village.held("postgres"):
        began = time.monotonic()
        lights = []
        while time.monotonic() - began < AWAY_S:
            for station in village.stations:
                lights += village.touch(station)
            threading.Event().wait(PACE_S)
        assert not village.doctor()["数据库"]["well"]
    assert {light.colour for light in lights} == {"green"}
    assert len(lights) > AWAY_S
    village.await_all_stored(timeout_s=30)
    assert village.county.part_pid("ingest") == ingest, "the worker waited instead of dying"
    assert village.county.unexplained() == 0
    wait_until(
        lambda: pictures_taken(village) - whole_pictures(village.county) <= awaited,
        what="the pictures",
        timeout_s=40,
        every_s=0.5,
    )
