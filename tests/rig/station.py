"""A station as its units make it on a machine with systemd as pid 1, and what its screen shows."""

import io
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from firmware_scripts.systemd.unit import FOLDER
from tests.fakes.enrolled import make_enrolled

UNITS = Path("/etc/systemd/system")
PROGRAMS = Path("/usr/lib/cunhui-station/bin")
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


def systemctl(*words: str) -> str:
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + journal()
    return done.stdout.strip()


def journal() -> str:
    return subprocess.run(["journalctl", "--no-pager", "-n", "60"], capture_output=True, text=True).stdout


def within(limit_s: float, true: Callable[[], object]) -> bool:
    """Return whether this becomes true in so many seconds."""
    end = time.monotonic() + limit_s
    while not true():
        if time.monotonic() >= end:
            return False
        time.sleep(0.2)
    return True


def until(true: Callable[[], object]) -> None:
    assert within(LIMIT_S, true), journal()


def program(name: str, command: str) -> None:
    path = PROGRAMS / name
    environment = f"export PYTHONPATH={os.environ['PYTHONPATH']} PYTHONDONTWRITEBYTECODE=1"
    path.write_text(f'#!/bin/sh\n{environment}\nexec {command} "$@"\n')
    path.chmod(0o755)


def install() -> None:
    """Put everything where README.md says, and make the station an enrolled one, unless that was done already."""
    if PROGRAMS.exists():
        return
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


def in_sandbox(unit: str, line_path: str, script: str) -> dict[str, Any]:
    """Have a unit that is started for each connection run a script instead, and return what it says."""
    folder = UNITS / f"{unit}.d"
    folder.mkdir()
    (PROGRAMS / "probe.py").write_text(script)
    (folder / "probe.conf").write_text(f"[Service]\nExecStart=\nExecStart={PROGRAMS}/python {PROGRAMS}/probe.py\n")
    systemctl("daemon-reload")
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(120)
            line.connect(line_path)
            said: dict[str, Any] = json.loads(line.makefile("rb").readline() or journal())
            return said
    finally:
        shutil.rmtree(folder)
        systemctl("daemon-reload")


def picture() -> Image.Image:
    """Photograph the kiosk's screen from outside its sandbox."""
    drawn = subprocess.run(["grim", "-"], capture_output=True, env={**os.environ, **OF_THE_KIOSK})
    assert drawn.returncode == 0, drawn.stderr.decode() + journal()
    return Image.open(io.BytesIO(drawn.stdout)).convert("RGB")


def commonest_colour() -> object:
    return max(picture().getcolors(maxcolors=1 << 24) or [(0, None)], key=lambda count: count[0])[1]


def different(one: Image.Image, other: Image.Image) -> float:
    """Return the share of pixels that differ."""
    changed = ImageChops.difference(one, other).convert("L").point(lambda value: 255 if value > 32 else 0)
    return changed.histogram()[255] / (one.width * one.height)
