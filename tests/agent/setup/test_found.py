"""What is looked for on a machine: serial ports by lasting names, cameras, whoever answers at the county's address."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.causes import cause
from agent.drivers import pcsc, picamera2_camera, serial_line, v4l2_camera
from agent.drivers.county_ca import fetch_ca
from agent.drivers.keyboards import EvdevKeyboards
from agent.ports import DeviceError
from agent.setup.ports import FoundDevice
from agent.wiring import setting_up
from agent.wiring.setting_up import listening, present_cameras, present_readers
from tests.agent.uplink.pki import Authority
from tests.agent.uplink.web import Web
from tests.fakes.keyboards import keyboard
from tests.fakes.pn532_chip import Pn532Chip
from tests.fakes.serial_port import SerialPort

CA = "-----BEGIN CERTIFICATE-----\n"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = Web(lambda path, *_: (200 if path == "/ca.pem" else 404, {}, CA.encode()), Authority(tmp_path).issue("x"))
    yield made
    made.close()


def test_the_ca_is_fetched_of_whoever_answers(web: Web) -> None:
    assert fetch_ca(web.url) == CA


def test_why_there_is_no_ca_is_said_in_chinese(tmp_path: Path) -> None:
    other = Web(lambda *_: (404, {}, b"<html>"), Authority(tmp_path).issue("x"))
    with socket.create_server(("127.0.0.1", 0)) as plain:
        thread = threading.Thread(target=_answers_plainly, args=(plain,))
        thread.start()
        for url, says in (
            ("https://127.0.0.1:9", "连不上（没有程序在听）"),
            ("https://nobody.invalid", "查不到这个名字"),
            (other.url, "那里是别的网站，不是县平台"),
            (f"https://127.0.0.1:{plain.getsockname()[1]}", "那里有程序回答，但不是县平台（不是 https）"),
        ):
            with pytest.raises(DeviceError) as failed:
                fetch_ca(url, within_s=2)
            assert cause(failed.value) == says
        thread.join(10)
    other.close()


def _answers_plainly(listener: socket.socket) -> None:
    sock, _ = listener.accept()
    with sock:
        sock.recv(100)
        sock.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")


def test_each_serial_port_is_there_once_by_its_lasting_name(tmp_path: Path) -> None:
    for name in ("ttyUSB0", "ttyUSB1", "ttyAMA0"):
        (tmp_path / name).touch()
    by_id = tmp_path / "serial" / "by-id"
    by_id.mkdir(parents=True)
    (by_id / "usb-1a86-if00-port0").symlink_to(tmp_path / "ttyUSB0")
    (tmp_path / "serial0").symlink_to("ttyAMA0")
    (by_id / "usb-gone").symlink_to(tmp_path / "ttyUSB9")
    found = [Path(port).relative_to(tmp_path).as_posix() for port in serial_line.present_ports(tmp_path)]
    assert found == ["serial/by-id/usb-1a86-if00-port0", "serial0", "ttyUSB1"]


def test_what_answers_as_a_pn532_is_one_and_another_port_may_be_a_reader(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip_port, silent = SerialPort(folder), SerialPort(tmp_path)
    chip = Pn532Chip(chip_port)
    monkeypatch.setattr(serial_line, "present_ports", lambda: [str(chip_port.path), str(silent.path)])
    monkeypatch.setattr(setting_up, "_PN532_S", 1.0)
    monkeypatch.setattr(pcsc, "present_readers", lambda: ["ACR122U 00 00", "ACR122U 01 00"])
    monkeypatch.setattr(EvdevKeyboards, "present", lambda _: [keyboard(), keyboard(types=False)])
    try:
        found = present_readers()
    finally:
        chip.stop()
    assert [(one.driver, one.proven) for one in found] == [
        ("pcsc", True), ("pcsc", True), ("pn532", True), ("em4100_serial", False), ("wedge", False),
    ]  # fmt: skip
    assert found[0].settings == {"pcsc_name": "ACR122U 00 00"}
    assert "port" not in found[-1].settings


def test_cameras_on_the_board_come_first_and_usb_ones_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "usb-示例-video-index0").touch()
    (tmp_path / "usb-示例-video-index1").touch()
    monkeypatch.setattr(v4l2_camera.present_cameras, "__defaults__", (tmp_path,))
    infos = [
        {"Model": "imx708", "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a"},
        {"Model": "UVC", "Id": "/base/soc/usb@7e/x"},
    ]
    library = SimpleNamespace(Picamera2=SimpleNamespace(global_camera_info=lambda: infos))
    monkeypatch.setattr(picamera2_camera, "load", lambda: library)
    assert [(one.driver, one.says) for one in present_cameras()] == [
        ("picamera2", "摄像头 imx708"),
        ("v4l2", "USB 摄像头 usb-示例-video-index0"),
    ]


def test_a_device_that_cannot_be_opened_does_not_keep_others_from_being_heard(folder: Path) -> None:
    heard: list[str] = []
    gone = FoundDevice("em4100_serial", {"port": str(folder / "none")}, "")
    with listening([gone], lambda _, read: heard.append(read)):
        pass
    assert heard == []


def test_a_machine_without_ribbon_cameras_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise DeviceError("picamera2 can't be loaded")

    monkeypatch.setattr(picamera2_camera, "load", gone)
    assert picamera2_camera.present_cameras() == []
