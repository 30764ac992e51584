"""The agent as a process: it is started, touched and killed, its disk is full, and it always says what is wrong."""

import json
import os
import pty
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from agent.cli import EXIT_BAD_CONFIG, EXIT_FAILED, EXIT_NOT_ENROLLED
from protocol.facts import AlarmRaised, BlobAnnounced, Booted, ContactChanged, ShutDown, Touch
from protocol.kiosk import Home, TouchShown, decode_from_agent
from tests.agent.bench import CROWD, crowd
from tests.agent.station.station_process import LIMIT_S, UID, StationProcess, await_true
from tests.fakes.enrolled import make_enrolled


def run_cli(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agent.cli", *arguments], input=typed, capture_output=True, text=True, timeout=LIMIT_S
    )


def test_without_enrolment_it_says_what_to_do(folder: Path) -> None:
    station = make_enrolled(folder)
    (folder / "enrolled.json").unlink()
    done = run_cli("run", "--config", str(station.config))
    assert done.returncode == EXIT_NOT_ENROLLED
    assert "enrol" in done.stderr
    assert "还没有接入" in done.stderr


INPUTS = """
[[input]]
driver = "simulated"
kind = "door"
name = "大门"
socket = "door.sock"
[[input]]
driver = "gpio"
kind = "door"
name = "后门"
pin = 24
"""


def test_a_door_that_opens_is_a_fact_and_a_picture_and_one_that_is_not_there_an_alarm(process: StationProcess) -> None:
    with process.enrolled.config.open("a", encoding="utf-8") as file:
        file.write(INPUTS)
    process.start()
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(str(process.folder / "door.sock"))
        door.sendall(b"on\n")
        assert door.recv(16) == b"ok\n"
    await_true(lambda: process.captures() == 1, "the picture is taken")
    assert process.touch()["colour"] == "amber"
    assert process.end(signal.SIGTERM) == 0
    facts = process.facts()
    doors = [(fact.input, fact.active) for fact in facts if isinstance(fact, ContactChanged)]
    assert doors == [("大门", False), ("大门", True)]
    assert "input_failed:后门" in [fact.code for fact in facts if isinstance(fact, AlarmRaised)]


def test_a_bad_configuration_and_a_damaged_identity_are_named(folder: Path) -> None:
    station = make_enrolled(folder)
    (folder / "enrolled.json").write_text("{")
    done = run_cli("run", "--config", str(station.config))
    assert (done.returncode, "身份文件" in done.stderr) == (EXIT_FAILED, True)
    done = run_cli("run", "--config", str(folder / "none.toml"))
    assert (done.returncode, "读不到" in done.stderr) == (EXIT_BAD_CONFIG, True)
    assert "Traceback" not in done.stderr


def test_enrolment_without_a_county_says_so(folder: Path) -> None:
    station = make_enrolled(folder)
    for claim, words in (("12", "13位"), ("0000000000000", "连不上")):
        done = run_cli("enrol", "--config", str(station.config), typed=f"{claim}\n")
        assert done.returncode == EXIT_FAILED
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_the_claim_code_is_no_word_of_the_command(folder: Path) -> None:
    """Every account of the machine can read the arguments of a running program (proc(5), cmdline)."""
    station, file = make_enrolled(folder), folder / "code"
    file.write_text("0000000000000\nwhatever follows\n")
    done = run_cli("enrol", "--config", str(station.config), "--claim", "0000000000000")
    assert (done.returncode, "连不上" in done.stderr, "按提示输入" in done.stderr) == (EXIT_BAD_CONFIG, False, True)
    done = run_cli("enrol", "--config", str(station.config), "--claim-file", str(file), typed="12\n")
    assert (done.returncode, "连不上" in done.stderr) == (EXIT_FAILED, True)
    done = run_cli("enrol", "--config", str(station.config), "--claim-file", str(folder / "none"))
    assert (done.returncode, "读不到接入码" in done.stderr) == (EXIT_FAILED, True)
    assert "Traceback" not in done.stderr


def test_a_person_at_a_terminal_is_asked_for_the_code(folder: Path) -> None:
    station = make_enrolled(folder)
    person, terminal = pty.openpty()
    command = [sys.executable, "-m", "agent.cli", "enrol", "--config", str(station.config)]
    with subprocess.Popen(command, stdin=terminal, stderr=subprocess.PIPE) as asking:
        assert asking.stderr is not None
        prompt = "请输入 13 位接入码，然后按回车：".encode()
        assert asking.stderr.read(len(prompt)) == prompt
        os.write(person, b"0000 0000 0000 0\n")
        assert "连不上" in asking.stderr.read().decode()
    os.close(terminal)
    os.close(person)


def test_a_day_in_the_life(process: StationProcess) -> None:
    process.start()
    first = process.touch()
    epoch, _, seq = first["fact"].partition("/")
    assert (first["colour"], len(epoch), int(seq)) == ("amber", 32, 3)
    assert [process.touch(uid)["colour"] for uid in ("08a1b2c3", "rubbish")] == ["red", "red"]
    with socket.socket(socket.AF_UNIX) as kiosk:
        kiosk.settimeout(5)
        kiosk.connect(str(process.folder / "kiosk.sock"))
        lines = kiosk.makefile("rb")
        home = decode_from_agent(lines.readline())
        assert isinstance(home, Home)
        assert home.simulated == ["reader", "indicator", "camera"]
        process.touch("04b1b2c3d4e5f6")
        while not isinstance(shown := decode_from_agent(lines.readline()), TouchShown):
            pass
        assert shown.answer == "unknown"
    await_true(lambda: process.captures() == 2 and process.spooled() == 0, "both pictures are in the record")
    assert process.end(signal.SIGTERM) == 0
    kinds = [type(fact) for fact in process.facts()]
    assert kinds[1] is Booted
    assert kinds[-1] is ShutDown
    assert kinds.count(BlobAnnounced) == kinds.count(Touch) == 2


def test_killed_again_and_again_it_keeps_every_light_and_every_picture(process: StationProcess) -> None:
    lights = []
    for number in range(6):
        process.start()
        lights.append(process.touch(f"04{number:012x}")["fact"])
        process.end(signal.SIGKILL)
    await_true(process.quiet, "the last camera's process has ended")
    process.start()
    await_true(lambda: process.spooled() == 0, "what was in the spool is in the record")
    process.end(signal.SIGTERM)
    facts = process.facts()
    assert len(set(lights)) == 6
    assert sum(isinstance(fact, Touch) for fact in facts) == 6
    announced = [fact.sha256 for fact in facts if isinstance(fact, BlobAnnounced)]
    assert len(announced) == len(set(announced)) == process.captures()
    causes = [fact.cause for fact in facts if isinstance(fact, Booted)]
    assert causes == ["power_on"] + ["restart"] * 6


def test_a_full_disk_is_red_until_there_is_room(process: StationProcess) -> None:
    process.start()
    assert process.touch()["colour"] == "amber"
    pid = process.running.pid
    # Files may not grow any more: the kernel answers a write as a full disk does (EFBIG, setrlimit(2)).
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    lights = [process.touch(uid) for uid in ("04b1b2c3d4e5f6", "04c1b2c3d4e5f6", UID)]
    assert [(light["colour"], light["fact"]) for light in lights] == [("red", "")] * 3
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert process.touch("04e1b2c3d4e5f6")["colour"] == "amber"
    assert process.end(signal.SIGTERM) == 0
    assert sum(isinstance(fact, Touch) for fact in process.facts()) == 2


def test_two_agents_do_not_share_a_folder(process: StationProcess) -> None:
    process.start()
    done = run_cli("run", "--config", str(process.enrolled.config))
    assert done.returncode == EXIT_FAILED
    assert "已在运行" in done.stderr
    assert process.touch()["colour"] == "amber"


def test_1000_touches_a_second_lose_no_light(process: StationProcess) -> None:
    process.know(crowd(1000))
    process.start()
    lights: list[dict[str, str]] = []

    def witness() -> None:
        while len(lights) < 1000:
            lights.append(json.loads(process.lamp.recv(4096)))

    watching = threading.Thread(target=witness)
    watching.start()
    with socket.socket(socket.AF_UNIX) as reader:
        reader.connect(str(process.folder / "touch.sock"))
        lines = reader.makefile("rb")
        for uid in CROWD:
            reader.sendall(f"{uid}\n".encode())
            assert lines.readline() == b"ok\n"
    watching.join(LIMIT_S)
    assert process.end(signal.SIGTERM) == 0
    lit = [light["fact"] for light in lights if light["colour"] == "green"]
    assert len(lit) == len(set(lit)) == 1000
    assert sum(isinstance(fact, Touch) for fact in process.facts()) == 1000


def test_it_is_ready_within_2_s_and_small(process: StationProcess) -> None:
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(process.folder / "notify"))
    notify.settimeout(LIMIT_S)
    before = time.monotonic()
    process.start(NOTIFY_SOCKET=str(process.folder / "notify"), WATCHDOG_USEC="2000000")
    assert notify.recv(100) == b"READY=1"
    assert time.monotonic() - before < 2
    assert notify.recv(100) == b"WATCHDOG=1"
    assert notify.recv(100) == b"WATCHDOG=1"
    process.touch()
    status = Path(f"/proc/{process.running.pid}/status").read_text()
    resident_kib = int(status.partition("VmRSS:")[2].split()[0])
    assert resident_kib * 1024 < 58_000_000
    process.end(signal.SIGTERM)
    assert notify.recv(100) == b"STOPPING=1"
    notify.close()
