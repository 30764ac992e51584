"""Fake, simulated and real readers, lamps, contacts, cameras and clocks keep the same promises."""

import json
import os
import queue
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from agent.drivers.simulated_camera import SimulatedCamera
from agent.drivers.simulated_contact import SimulatedContact
from agent.drivers.simulated_indicator import SimulatedIndicator
from agent.drivers.simulated_reader import SimulatedReader
from agent.drivers.system_clock import LinuxClock
from agent.ports import Camera, DeviceError, SystemClock
from tests.agent.camera.camera_contract import check_camera
from tests.agent.drivers.contact_contract import check_contact
from tests.agent.drivers.indicator_contract import check_indicator
from tests.agent.drivers.reader_contract import check_reader
from tests.fakes.clockwork import FakeSystemClock
from tests.fakes.devices import FakeCamera, FakeContact, FakeIndicator, FakeReader, lamp_socket


def present(folder: Path, *lines: str) -> list[bytes]:
    """Lay cards on the simulated reader and return its answers."""
    return say(folder / "touch.sock", *lines)


def say(path: Path, *lines: str) -> list[bytes]:
    """Play a simulated device by its socket and return its answers."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(path))
        file = sock.makefile("rb")
        answers = []
        for line in lines:
            sock.sendall(line.encode() + b"\n")
            answers.append(file.readline())
        return answers


def test_the_fake_reader_keeps_the_contract() -> None:
    reader = FakeReader()
    check_reader(reader, reader.present, uids=("04a1b2c3d4e5f6", "rubbish"))


def test_the_simulated_reader_keeps_the_contract(folder: Path) -> None:
    reader = SimulatedReader(socket=folder / "touch.sock")
    check_reader(reader, partial(present, folder), uids=("04a1b2c3d4e5f6", "rubbish"))


@pytest.fixture
def simulated(folder: Path) -> Iterator[queue.Queue[str]]:
    touched: queue.Queue[str] = queue.Queue()
    reader = SimulatedReader(socket=folder / "touch.sock")
    reader.start(touched=touched.put, ready=lambda _: None)
    yield touched
    reader.stop()


def test_the_simulated_reader_answers_each_line(folder: Path, simulated: queue.Queue[str]) -> None:
    assert present(folder, "04a1b2c3", "04a1b2c4") == [b"ok\n", b"ok\n"]
    assert [simulated.get(timeout=5) for _ in range(2)] == ["04a1b2c3", "04a1b2c4"]


def test_rubbish_and_silence_do_not_stop_the_simulated_reader(folder: Path, simulated: queue.Queue[str]) -> None:
    silent = socket.socket(socket.AF_UNIX)
    silent.connect(str(folder / "touch.sock"))
    rude = socket.socket(socket.AF_UNIX)
    rude.connect(str(folder / "touch.sock"))
    rude.sendall(b"\xff\x00" * 300)
    rude.close()
    assert present(folder, "04a1b2c3") == [b"ok\n"]
    silent.close()


def test_the_fake_lamp_keeps_the_contract() -> None:
    lamp = FakeIndicator()
    check_indicator(lamp, lambda: lamp.shown[-1][0])


def test_the_simulated_lamp_keeps_the_contract(folder: Path) -> None:
    with lamp_socket(folder / "lamp.sock") as witness:
        lamp = SimulatedIndicator(socket=folder / "lamp.sock")
        check_indicator(lamp, lambda: str(json.loads(witness.recv(4096))["colour"]))


def test_a_simulated_lamp_tells_its_witness_of_which_fact_and_when(folder: Path) -> None:
    with lamp_socket(folder / "lamp.sock") as witness:
        lamp = SimulatedIndicator(socket=folder / "lamp.sock")
        lamp.show("green", fact="ab/1")
        lamp.show("red", fact="")
        lights = [json.loads(witness.recv(4096)) for _ in range(2)]
        assert [(light["colour"], light["fact"]) for light in lights] == [("green", "ab/1"), ("red", "")]
        assert lights[0]["mono_ns"] <= lights[1]["mono_ns"]
        lamp.close()


def test_the_fake_contact_keeps_the_contract() -> None:
    contact = FakeContact()
    check_contact(contact, contact.switch)


def switch(path: Path, active: bool) -> None:
    assert say(path, "on" if active else "off") == [b"ok\n"]


def test_the_simulated_contact_keeps_the_contract(folder: Path) -> None:
    check_contact(SimulatedContact(socket=folder / "door.sock"), partial(switch, folder / "door.sock"))


def test_a_simulated_contact_says_what_it_understands(folder: Path) -> None:
    told: list[bool] = []
    contact = SimulatedContact(socket=folder / "door.sock")
    contact.start(changed=told.append)
    assert say(folder / "door.sock", "ajar", "", "on") == [b"on or off\n", b"on or off\n", b"ok\n"]
    contact.stop()
    assert told == [False, True]


def test_a_simulated_lamp_that_nobody_looks_at_is_not_broken(folder: Path) -> None:
    lamp = SimulatedIndicator(socket=folder / "lamp.sock")
    lamp.show("green", fact="ab/1")
    lamp_socket(folder / "lamp.sock").close()
    lamp.show("green", fact="ab/2")
    lamp.close()


def test_a_witness_that_is_stuck_costs_50_ms_and_no_more(folder: Path) -> None:
    with lamp_socket(folder / "lamp.sock"):
        lamp = SimulatedIndicator(socket=folder / "lamp.sock")
        with pytest.raises(DeviceError):
            show_many(lamp)
        lamp.close()


def show_many(lamp: SimulatedIndicator) -> None:
    for number in range(10_000):
        lamp.show("green", fact=f"ab/{number}")


@pytest.mark.parametrize("kind", ["fake", "simulated"])
def test_a_camera_keeps_the_contract_and_its_pictures_differ(kind: str, tmp_path: Path) -> None:
    camera: Camera = FakeCamera() if kind == "fake" else SimulatedCamera(station="test-0001", folder=tmp_path)
    frames = check_camera(camera)
    assert len({frame.data for frame in frames}) == len(frames)


def test_the_simulated_picture_is_640_wide_and_counted(tmp_path: Path) -> None:
    camera = SimulatedCamera(station="test-0001", folder=tmp_path)
    assert camera.capture().width == 640
    camera.capture()
    assert len((tmp_path / "camera.count").read_bytes().splitlines()) == 2


def test_a_picture_that_can_not_be_counted_does_not_exist(tmp_path: Path) -> None:
    camera = SimulatedCamera(station="test-0001", folder=tmp_path / "gone")
    with pytest.raises(DeviceError):
        camera.capture()


@pytest.mark.parametrize("clock", [FakeSystemClock(), LinuxClock()])
def test_a_machines_clocks(clock: SystemClock) -> None:
    assert len(clock.boot_id()) == 16
    assert clock.boot_id() == clock.boot_id()
    first = clock.mono_ms()
    assert 0 < first <= clock.mono_ms()
    assert clock.wall_ms() > 1_700_000_000_000
    assert clock.ntp_synced() in (True, False)


def test_a_picture_that_does_not_fit_on_the_disk_leaves_nothing_behind(folder: Path) -> None:
    spool = folder / "spool"
    spool.mkdir()
    (spool / "old.jpg.new").write_bytes(b"half")
    os.utime(spool / "old.jpg.new", (0, 0))
    command = [
        sys.executable,
        "-m",
        "agent.camera.camera_process",
        "simulated",
        "{}",
        "test-0001",
        str(folder),
        str(spool),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        # Files may not grow beyond this: the kernel answers a write as a full disk does (EFBIG, setrlimit(2)).
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (2_000, 2_000))
        said, _ = child.communicate(b"a.jpg\nb.jpg\n", timeout=30)
    assert [line.split()[0] for line in said.splitlines()] == [b"failed", b"failed"]
    assert list(spool.iterdir()) == []
