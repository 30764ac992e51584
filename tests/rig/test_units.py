"""The station's units under a systemd that is pid 1: the agent gets ready, touches and pictures go on in the sandboxes,
the kiosk is on the screen, and what the camera's sandbox must keep out is tried from inside it.
"""

import io
import json
import os
import pwd
import shutil
import socket
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from evdev import UInput, ecodes
from PIL import Image, ImageChops, ImageColor

from agent.doctor.asking import ask_agent
from firmware_scripts.systemd.unit import FOLDER
from kiosk_tui import theme
from protocol.kiosk import Status
from tests.fakes.enrolled import make_enrolled

DRIVER = "systemd units"
STACK = "systemd 257 as pid 1, udev, Linux 6.12; the camera by V4L2 and vivid"

pytestmark = pytest.mark.timeout(420)

UNITS = Path("/etc/systemd/system")
PROGRAMS = Path("/opt/cunhui/bin")
STATE, CONFIG = Path("/var/lib/cunhui"), Path("/etc/cunhui/station.toml")
LIMIT_S = 240

TOML = """\
[station]
folder = "/var/lib/cunhui"
[county]
url = "https://127.0.0.1:9"
ca = "ca.pem"
[[reader]]
driver = "simulated"
[indicator]
driver = "simulated"
[camera]
driver = "v4l2"
device = "/dev/video0"
socket = "/run/cunhui-camera.sock"
spool = "/var/spool/cunhui-camera"
[kiosk]
socket = "/run/cunhui/kiosk.sock"
"""

KIOSK_SOCKET = Path("/run/cunhui/kiosk.sock")
OF_THE_KIOSK = {"XDG_RUNTIME_DIR": "/run/cunhui-kiosk", "WAYLAND_DISPLAY": "wayland-0"}
HELP_IS_ANOTHER_PAGE = 0.03

PROBE = textwrap.dedent("""
    import ctypes, json, mmap, os, socket

    def tried(what):
        try:
            what()
        except OSError as error:
            return type(error).__name__
        return ""

    def opened(path, flags=os.O_RDONLY):
        return tried(lambda: os.close(os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)))

    def connected(path):
        with socket.socket(socket.AF_UNIX) as made:
            return tried(lambda: made.connect(path))

    def called(number, *arguments):
        made = ctypes.CDLL(None, use_errno=True)
        ctypes.set_errno(0)
        made.syscall(number, *arguments)
        return os.strerror(ctypes.get_errno())

    told = {"user": os.getuid(), "executable memory": tried(lambda: mmap.mmap(-1, 4096, prot=7))}
    told["adjtimex"] = called(159, ctypes.create_string_buffer(512))
    told["internet"] = tried(lambda: socket.socket(socket.AF_INET).close())
    with open("/proc/self/net/dev") as file:
        told["networks"] = [line.partition(":")[0].strip() for line in file.readlines()[2:]]
    foreign = ("/dev/vda", "/dev/mem", "/dev/uinput")
""")


def systemctl(*words: str) -> str:
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + _journal()
    return done.stdout.strip()


def _journal() -> str:
    return subprocess.run(["journalctl", "--no-pager", "-n", "60"], capture_output=True, text=True).stdout


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end, _journal()
        time.sleep(0.2)


def program(name: str, command: str) -> None:
    path = PROGRAMS / name
    environment = f"export PYTHONPATH={os.environ['PYTHONPATH']} PYTHONDONTWRITEBYTECODE=1"
    path.write_text(f'#!/bin/sh\n{environment}\nexec {command} "$@"\n')
    path.chmod(0o755)


@pytest.fixture(scope="module", autouse=True)
def installed() -> Iterator[None]:
    """Put everything where README.md says, and make the station an enrolled one."""
    PROGRAMS.mkdir(parents=True)
    program("python", "python3")
    program("cunhui-agent", "python3 -m agent.cli")
    program("cunhui-kiosk", "python3 -m kiosk_tui.cli")
    for unit in (*FOLDER.glob("*.service"), *FOLDER.glob("*.socket")):
        shutil.copy(unit, UNITS)
    shutil.copy(FOLDER / "70-cunhui-devices.rules", "/etc/udev/rules.d")
    for command in (
        ["ip", "link", "add", "outside", "type", "dummy"],
        ["systemd-sysusers", str(FOLDER / "cunhui.sysusers.conf")],
        ["systemd-tmpfiles", "--create", str(FOLDER / "cunhui.tmpfiles.conf")],
        ["udevadm", "control", "--reload"],
        ["udevadm", "trigger", "--settle"],
        ["systemctl", "daemon-reload"],
    ):
        subprocess.run(command, check=True)
    make_enrolled(STATE)
    subprocess.run(["chown", "-R", "cunhui:cunhui", str(STATE)], check=True)
    CONFIG.parent.mkdir()
    CONFIG.write_text(TOML, encoding="utf-8")
    yield
    systemctl("stop", "cunhui-kiosk.service", "cunhui-agent.service", "cunhui-camera.socket")


@pytest.fixture
def agent() -> str:
    """The agent's unit, which is ready: the start of a unit with ``Type=notify`` returns only then."""
    systemctl("start", "cunhui-camera.socket", "cunhui-agent.service")
    return "cunhui-agent.service"


def shown(unit: str, name: str) -> str:
    return systemctl("show", "--value", "-p", name, unit)


def touch(uid: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as reader:
        reader.settimeout(60)
        reader.connect(str(STATE / "touch.sock"))
        reader.sendall(uid.encode() + b"\n")
        return reader.recv(16)


def pictures() -> list[Path]:
    return [path for path in (STATE / "blobs").rglob("*") if path.is_file() and path.read_bytes()[:2] == b"\xff\xd8"]


def test_the_agent_gets_ready_and_a_touch_has_its_picture_from_the_other_sandbox(agent: str) -> None:
    assert (shown(agent, "ActiveState"), shown(agent, "User")) == ("active", "cunhui")
    assert touch("04a1b2c3d4e5f6") == b"ok\n"
    until(pictures)
    until(lambda: not list(Path("/var/spool/cunhui-camera").glob("*.jpg")))
    assert shown(agent, "NRestarts") == "0"


def test_the_camera_sees_neither_network_nor_keys_nor_outbox(agent: str) -> None:
    keys = [str(path) for path in STATE.iterdir() if path.is_file()]
    assert str(STATE / "outbox.db") in keys
    script = PROBE + textwrap.dedent(f"""
        told["kept out"] = {{path: opened(path) for path in {keys!r} + [{str(CONFIG)!r}]}}
        told["kiosk"] = connected("/run/cunhui/kiosk.sock")
        told["other devices"] = {{path: opened(path) for path in (*foreign, "/dev/ttyS0")}}
        told["camera"] = opened("/dev/video0", os.O_RDWR)
        told["spool"] = opened("/var/spool/cunhui-camera/x.jpg", os.O_RDWR | os.O_CREAT)
        told["system"] = opened("/etc/x", os.O_RDWR | os.O_CREAT)
        print(json.dumps(told))
    """)
    told = by_the_camera(script)
    assert told["user"] == pwd.getpwnam("cunhui-camera").pw_uid
    assert told["internet"] == "OSError"
    assert told["networks"] == ["lo"]
    assert set(told["kept out"].values()) <= {"PermissionError", "FileNotFoundError"}
    assert told["kiosk"] in ("PermissionError", "FileNotFoundError")
    assert set(told["other devices"].values()) <= {"PermissionError", "FileNotFoundError"}
    assert (told["camera"], told["spool"], told["system"]) == ("", "", "OSError")
    assert told["executable memory"] == "PermissionError"


def test_the_kiosk_is_on_the_screen_and_hears_a_keypad_that_comes_later(agent: str) -> None:
    kiosk = "cunhui-kiosk.service"
    systemctl("start", kiosk)
    until(lambda: isinstance(status := ask_agent(KIOSK_SOCKET), Status) and status.screen)
    until(lambda: commonest_colour() == ImageColor.getrgb(theme.COLOURS["day"]["paper"]))
    home = picture()
    with UInput({ecodes.EV_KEY: [ecodes.KEY_KP9, ecodes.KEY_9]}, name="keypad") as keypad:

        def answered() -> bool:
            for value in (1, 0):
                keypad.write(ecodes.EV_KEY, ecodes.KEY_9, value)
                keypad.syn()
            time.sleep(1)
            return different(home, picture()) > HELP_IS_ANOTHER_PAGE

        until(answered)
    assert (shown(kiosk, "ActiveState"), shown(kiosk, "NRestarts")) == ("active", "0")


def picture() -> Image.Image:
    """Photograph the kiosk's screen from outside its sandbox."""
    drawn = subprocess.run(["grim", "-"], capture_output=True, env={**os.environ, **OF_THE_KIOSK})
    assert drawn.returncode == 0, drawn.stderr.decode() + _journal()
    return Image.open(io.BytesIO(drawn.stdout)).convert("RGB")


def commonest_colour() -> object:
    return max(picture().getcolors(maxcolors=1 << 24) or [(0, None)], key=lambda count: count[0])[1]


def different(one: Image.Image, other: Image.Image) -> float:
    """Return the share of pixels that differ."""
    changed = ImageChops.difference(one, other).convert("L").point(lambda value: 255 if value > 32 else 0)
    return changed.histogram()[255] / (one.width * one.height)


def by_the_camera(script: str) -> dict[str, Any]:
    """Have the camera's unit run a script instead, and return what it says."""
    folder = UNITS / "cunhui-camera@.service.d"
    folder.mkdir()
    (PROGRAMS / "probe.py").write_text(script)
    (folder / "probe.conf").write_text(f"[Service]\nExecStart=\nExecStart={PROGRAMS}/python {PROGRAMS}/probe.py\n")
    systemctl("daemon-reload")
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(120)
            line.connect("/run/cunhui-camera.sock")
            said: dict[str, Any] = json.loads(line.makefile("rb").readline() or _journal())
            return said
    finally:
        shutil.rmtree(folder)
        systemctl("daemon-reload")
