"""The agent as a process of its own, with its folder, its card reader and its lamp."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from agent.storage.outbox import Outbox
from agent.storage.recent import RecentFacts
from agent.twin import Twin
from protocol.facts import Fact
from protocol.twin import Desired
from protocol.units import Moment
from tests.fakes.devices import lamp_socket
from tests.fakes.enrolled import EnrolledStation

LIMIT_S = 15
_NOBODY_KNOWS = Moment(wall=0, boot=bytes(16), mono=0, quality="unknown")

UID = "04a1b2c3d4e5f6"


class StationProcess:
    """One station's folder and the agent that runs in it."""

    def __init__(self, enrolled: EnrolledStation) -> None:
        self.enrolled = enrolled
        self.folder = enrolled.folder
        self.lamp = lamp_socket(enrolled.folder / "lamp.sock")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **environ: str) -> None:
        (self.folder / "kiosk.sock").unlink(missing_ok=True)
        command = [sys.executable, "-m", "agent.cli", "run", "--config", str(self.enrolled.config)]
        with (self.folder / "agent.log").open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, env={**os.environ, **environ})
        await_true((self.folder / "kiosk.sock").exists, "the agent is ready")

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    def end(self, number: signal.Signals) -> int:
        self.running.send_signal(number)
        code = self.running.wait(LIMIT_S)
        print((self.folder / "agent.log").read_text())
        return code

    def touch(self, uid: str = UID) -> dict[str, str]:
        """Present a card and return the light."""
        with socket.socket(socket.AF_UNIX) as reader:
            reader.connect(str(self.folder / "touch.sock"))
            reader.sendall(uid.encode() + b"\n")
            assert reader.recv(16) == b"ok\n"
        light: dict[str, str] = json.loads(self.lamp.recv(4096))
        return light

    def know(self, wanted: Desired) -> None:
        """Keep a desired state on the station's disk, as if the county had sent it; the agent must not run."""
        with contextlib.closing(self._outbox()) as outbox:
            twin = Twin(station=self.enrolled.identity.station, village="示例村", state=outbox)
            assert twin.accept(wanted, at=_NOBODY_KNOWS).refused == 0

    def facts(self) -> list[Fact]:
        """Return what is on disk; the agent must have ended."""
        with contextlib.closing(self._outbox()) as outbox:
            return [fact for _, fact in RecentFacts(outbox)]

    def _outbox(self) -> Outbox:
        return Outbox.open(
            self.folder / "outbox.db",
            station=self.enrolled.identity.station,
            record_key=self.enrolled.identity.record_key,
            now=lambda: _NOBODY_KNOWS,
        )

    def captures(self) -> int:
        count = self.folder / "camera.count"
        return len(count.read_bytes().splitlines()) if count.exists() else 0

    def quiet(self) -> bool:
        """Whether no camera's process of this station is left."""
        mine = str(self.folder / "camera-spool").encode()
        return not any(mine in _command_line(path) for path in Path("/proc").glob("[0-9]*"))

    def spooled(self) -> int:
        return len(list((self.folder / "camera-spool").glob("*.jpg")))


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def await_true(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < deadline, f"not in time: {what}"
        threading.Event().wait(0.01)
