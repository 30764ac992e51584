"""Try devices out while no agent holds them. What is tried is let go again at once."""

import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent.camera_line import SpawnedCamera
from agent.catalogue import DriverMissing
from agent.config import StationConfig
from agent.ports import CardReader, DeviceError, Indicator

READER_S = 5.0
CAMERA_S = 20.0


def reader_ready(make: Callable[[], CardReader], *, within_s: float = READER_S) -> bool:
    """Return whether a reader says within a few seconds that it can read cards."""
    there = threading.Event()
    try:
        reader = make()
        reader.start(touched=lambda _: None, ready=lambda ready: there.set() if ready else None)
    except (OSError, DeviceError, DriverMissing):
        return False
    try:
        return there.wait(within_s)
    finally:
        reader.stop()


def indicator_problem(make: Callable[[], Indicator]) -> str:
    """Open lamp and beeper; light nothing: a green light would be a lie."""
    try:
        make().close()
    except (OSError, DeviceError, DriverMissing) as error:
        return str(error) or type(error).__name__
    return ""


def camera_problem(config: StationConfig) -> str:
    """Have a picture taken into a folder that goes with it; of a camera that the system serves, only call."""
    if config.camera is None:
        return ""
    settings = {name: value for name, value in config.camera.settings.items() if name not in ("socket", "spool")}
    try:
        if served := config.camera.settings.get("socket"):
            return _called(Path(served))
        return _taken(config, config.camera.driver, msgspec.json.encode(settings).decode())
    except OSError as error:
        return error.strerror or str(error)


def _called(path: Path) -> str:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(CAMERA_S)
        sock.connect(str(path))
    return ""


def _taken(config: StationConfig, driver: str, settings: str) -> str:
    with tempfile.TemporaryDirectory(prefix="cunhui-doctor-") as spool:
        program = [sys.executable, "-m", "agent.drivers.camera_process"]
        line = SpawnedCamera([*program, driver, settings, "doctor", str(config.folder), spool])
        try:
            answer = line.ask("doctor.jpg", within_s=CAMERA_S)
        finally:
            line.end()
    return "" if answer == "ok" else answer.removeprefix("failed ")
