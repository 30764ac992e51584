"""The county's database is away for half a minute: people see green, and afterwards the county has it all."""

import threading
import time

from tests.integration.village import Village

AWAY_S = 30.0
PACE_S = 0.5


def test_half_a_minute_without_a_database(village: Village) -> None:
    for station in village.stations:
        village.touch(station)
    village.await_all_stored()
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
