"""What is asked of the emulated Pi and its system, and all answers that must not count."""

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_scripts.pi3.__main__ import TOUCHES, make_plan
from firmware_scripts.pi3.board import PINS
from firmware_scripts.pi3.monitor import Monitor, MonitorGone, MonitorRefused, word_in
from firmware_scripts.pi3.pins import GPLEV0, Edge, PinWatch, edges
from firmware_scripts.pi3.station import Looked, looked
from firmware_scripts.pi3.stranger import admitted

GREETING: dict[str, object] = {"QMP": {"version": {}, "capabilities": []}}
EVENT = {"event": "RTC_CHANGE", "data": {}}
LIMIT_S = 10


@contextmanager
def emulator(path: Path, *answers: object) -> Iterator[list[dict[str, object]]]:
    """Play QEMU: greet, take the capabilities, answer each command with the next answers, then end."""
    heard: list[dict[str, object]] = []

    def play() -> None:
        line, _ = listener.accept()
        with line, line.makefile("rwb") as lines:
            lines.write(json.dumps(GREETING).encode() + b"\n")
            for answer in ({"return": {}}, *answers):
                lines.flush()
                heard.append(json.loads(lines.readline()))
                for said in answer if isinstance(answer, list) else [answer]:
                    lines.write(json.dumps(said).encode() + b"\n")

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=play)
        thread.start()
        yield heard
        thread.join(LIMIT_S)


def said(word: int) -> dict[str, str]:
    return {"return": f"{GPLEV0:016x}: {word:#010x}\r\n"}


def test_a_word_of_memory() -> None:
    assert word_in("000000003f200034: 0x00020000\r\n") == 1 << 17


@pytest.mark.parametrize(
    "answer",
    ["", "0x00020000", "000000003f200034:", "3f200034: 0x2", "Cannot access memory\r\n", "3f200034: 0x000200zz"],
)
def test_what_is_no_word(answer: str) -> None:
    with pytest.raises(MonitorRefused):
        word_in(answer)


def test_the_monitor_skips_events(tmp_path: Path) -> None:
    with emulator(tmp_path / "m", [EVENT, {"return": 1}]) as heard:
        monitor = Monitor(tmp_path / "m")
        assert monitor.execute("set_link", name="village", up=False) == 1
        monitor.close()
    assert heard[1] == {"execute": "set_link", "arguments": {"name": "village", "up": False}}


def test_the_monitor_says_what_was_refused_and_that_the_emulator_ended(tmp_path: Path) -> None:
    with emulator(tmp_path / "m", {"error": {"class": "DeviceNotFound", "desc": "Device 'x' not found"}}):
        monitor = Monitor(tmp_path / "m")
        with pytest.raises(MonitorRefused, match="'x' not found"):
            monitor.execute("set_link", name="x", up=False)
        with pytest.raises(MonitorGone):
            monitor.execute("set_link", name="village", up=False)
        monitor.close()


def test_edges_are_of_the_pins_that_are_looked_at() -> None:
    assert edges(0, 1 << 17 | 1 << 4, pins=PINS, at_s=1) == [Edge("green", True, 1)]
    assert edges(1 << 17, 1 << 22, pins=PINS, at_s=2) == [Edge("green", False, 2), Edge("red", True, 2)]


def test_the_pins_are_looked_at_until_the_emulator_ends(tmp_path: Path) -> None:
    with emulator(tmp_path / "m", said(1 << 17), said(1 << 17), said(0)):
        monitor = Monitor(tmp_path / "m")
        watch = PinWatch(monitor, PINS)
        off = watch.wait(lambda edge: not edge.high, timeout_s=LIMIT_S)
        assert off is not None
        assert [(edge.pin, edge.high) for edge in watch.seen()] == [("green", True), ("green", False)]
        assert watch.wait(lambda edge: edge.pin == "red", timeout_s=0.01) is None
        watch.stop()
        monitor.close()


@pytest.mark.parametrize("seed", range(30))
def test_the_link_is_back_before_the_emulator_is_killed(seed: int) -> None:
    plan = make_plan(seed)
    assert 1 < plan.cut_at < plan.cut_at + 8 < plan.kill_at < TOUCHES
    assert plan == make_plan(seed)


SHOWN = """\
Boot=0f2a
MainPID=412
NRestarts=1
ExecMainStartTimestampMonotonic=60000000
ActiveEnterTimestampMonotonic=72500000
Name=cunhui-agent
VmRSS=    52340 kB
"""


def test_what_systemd_and_the_kernel_say_of_the_agent() -> None:
    assert looked(SHOWN) == Looked(boot="0f2a", resident_kib=52_340, restarts=1, start_s=12.5, ready_s=72.5)


def test_no_agent_is_no_figure() -> None:
    with pytest.raises(KeyError):
        looked(SHOWN.rpartition("VmRSS")[0])


@pytest.mark.parametrize("asks", [True, False])
def test_a_stranger_is_admitted_only_where_nobody_asks_for_a_certificate(tmp_path: Path, asks: bool) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=sample", "-days", "1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "ca.pem"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    if asks:
        context.load_verify_locations(tmp_path / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            try:
                with context.wrap_socket(line, server_side=True) as stranger:
                    stranger.recv(64)
                    stranger.sendall(b"\x20\x03\x00\x00\x00")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        assert admitted(port=listener.getsockname()[1], ca=tmp_path / "ca.pem") is not asks
        thread.join(LIMIT_S)
