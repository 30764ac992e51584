"""The doctor examines a station that runs: all is well.

When the county's broker is gone, the doctor says what to tell the county.
"""

import json
import socket
import subprocess
import sys
from typing import Any

from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from tests.integration.village import Village


def doctor(station: DemoStation) -> dict[str, Any]:
    command = [sys.executable, "-m", "agent.cli", "doctor", "--config", str(station.config), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if report["well"] else 1)
    return report


def codes(station: DemoStation) -> set[int]:
    return {one["code"] for one in doctor(station)["findings"] if one["well"] is False}


def test_a_station_that_is_well_and_one_whose_broker_is_gone(village: Village) -> None:
    station = village.bench.stations[0]
    wait_until(lambda: codes(station) == {44}, what="a station without a screen", timeout_s=60)
    with socket.socket(socket.AF_UNIX) as kiosk:
        kiosk.connect(str(station.kiosk_socket))
        wait_until(lambda: doctor(station)["well"], what="a station that is well", timeout_s=60)
        with village.held("mosquitto"):
            wait_until(lambda: codes(station) == {26, 27}, what="the broker's loss is seen", timeout_s=60)
            village.touch(station)
        wait_until(lambda: codes(station) == set(), what="the station is well again", timeout_s=90)
