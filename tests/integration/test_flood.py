"""A thief with a card emulator: thousands of touches as fast as the reader takes them, and rubbish among them."""

import os
import socket
import threading
import time
from pathlib import Path

from firmware_scripts.demo.lamp_log import Light
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from tests.integration.village import Village

_HANDS = 4
_EACH = 1_500
_RUBBISH = ("", "00000000", "08a1b2c3", "04a1b2", "ffffffffffffff", "04" * 40, "卡", "'; drop table", "\x00\x01")
_MOST_KIB = 90 * 1024
_AT_LEAST = 900


def present(station: DemoStation, uids: list[str]) -> None:
    """Write as fast as the socket takes it, and read the answers at the same time."""
    with socket.socket(socket.AF_UNIX) as reader:
        reader.settimeout(30)
        reader.connect(str(station.touch_socket))
        writer = threading.Thread(target=reader.sendall, args=("".join(f"{uid}\n" for uid in uids).encode(),))
        writer.start()
        answers = reader.makefile("rb")
        for _ in uids:
            assert answers.readline() == b"ok\n"
        writer.join()


def most_kib_so_far(station: DemoStation) -> int:
    status = Path(f"/proc/{station.agent.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def colours(lights: list[Light]) -> set[str]:
    return {light.colour for light in lights}


def test_every_green_of_a_flood_is_stored_and_memory_stays_bounded(village: Village) -> None:
    station = village.stations[1]
    village.touch(station)
    village.await_all_stored()
    before, starts, stored = len(station.lights()), station.agent.starts, len(village.stored())
    log = station.folder / "agent.log"
    said_before = len(log.read_bytes())
    uids = [village.next_person(station).uid for _ in range(_HANDS * _EACH)]
    shares = [[*uids[hand::_HANDS], *_RUBBISH] for hand in range(_HANDS)]
    hands = [threading.Thread(target=present, args=(station, share)) for share in shares]
    began = time.monotonic()
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    rate = _HANDS * _EACH / (time.monotonic() - began)
    assert rate > 1_000, "the flood itself was too slow to show anything"
    wait_until(lambda: village.touch(station)[0].colour == "green", what="the station to take touches", timeout_s=20)
    lights = station.lights()[before:]
    # The lamp's witness may be too slow for some lights; the agent's log has what was refused, the rubbish at least.
    assert "green" in colours(lights) <= {"green", "red"}
    wait_until(lambda: b"refused" in log.read_bytes()[said_before:], what="a word of what was refused", timeout_s=20)
    assert most_kib_so_far(station) < _MOST_KIB
    assert station.agent.starts == starts
    village.await_all_stored()
    # What the agent takes in at once it records, whether the witness saw its light or not.
    assert len(village.stored()) - stored >= _AT_LEAST


def test_what_is_no_card_is_red_one_by_one(village: Village) -> None:
    station = village.stations[1]
    before = len(station.lights())
    for number, uid in enumerate([*_RUBBISH, os.urandom(3).hex()], start=1):
        assert station.touch(uid) is True
        wait_until(lambda: len(station.lights()) == before + number, what=f"red for {uid!r}", timeout_s=5)  # noqa: B023
    assert colours(station.lights()[before:]) == {"red"}
    assert village.touch(station)[0].colour == "green"
