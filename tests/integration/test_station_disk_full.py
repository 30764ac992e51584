"""The station's SD card is full: the lamp is red, nothing is half-written, the kiosk says why, and all is well when
there is room."""

import socket
from pathlib import Path

from firmware_scripts.demo.lamp_log import Light
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from protocol.kiosk import TouchShown, decode_from_agent
from tests.integration.village import Village, start_agent

_TOUCHES_AT_MOST = 200
"""The write-ahead log still takes some touches, in the room that it has already."""


def touch_until_red(village: Village, station: DemoStation) -> Light:
    for _ in range(_TOUCHES_AT_MOST):
        (light,) = village.touch(station)
        if light.colour == "red":
            return light
    raise AssertionError("a full disk takes everything")


def shown_on_the_kiosk(village: Village, station: DemoStation) -> TouchShown:
    with socket.socket(socket.AF_UNIX) as kiosk:
        kiosk.settimeout(5)
        kiosk.connect(str(station.kiosk_socket))
        lines = kiosk.makefile("rb")
        lines.readline()
        village.touch(station)
        while True:
            shown = decode_from_agent(lines.readline())
            if isinstance(shown, TouchShown):
                return shown


def half_written(card: Path) -> list[Path]:
    return [path for pattern in ("*.part", "*.new", "*.jpg") for path in card.rglob(pattern)]


def test_red_until_there_is_room(village: Village) -> None:
    station = village.stations[2]
    station.agent.stop()
    start_agent(station)
    village.touch(station)
    starts = station.agent.starts
    with village.card.full():
        assert touch_until_red(village, station).fact == ""
        shown = shown_on_the_kiosk(village, station)
        assert (shown.colour, shown.answer, shown.problem) == ("red", "not_recorded", "disk_full")
    assert village.touch(station)[0].colour == "green"
    assert station.agent.starts == starts, "the agent goes on through all of it"
    village.await_all_stored()
    wait_until(
        lambda: "disk_full" in village.open_alarms(station), what="the county to hear of it", timeout_s=20, every_s=0.3
    )
    wait_until(lambda: half_written(village.card.path) == [], what="nothing half-written", timeout_s=40, every_s=0.5)


def test_a_start_with_a_full_disk(village: Village) -> None:
    """Somebody pulls the plug because the lamp is red: the station comes up, and is red again, not dead."""
    station = village.stations[2]
    village.touch(station)
    with village.card.full():
        touch_until_red(village, station)
        station.agent.process.kill9()
        lights = len(station.lights())
        wait_until(lambda: station.touch("rubbish") is True, what="the agent to be back", timeout_s=20, every_s=0.2)
        wait_until(lambda: len(station.lights()) > lights, what="red for rubbish", timeout_s=5)
        touch_until_red(village, station)
        shown = shown_on_the_kiosk(village, station)
        assert (shown.colour, shown.problem) == ("red", "disk_full")
    assert village.touch(station)[0].colour == "green"
