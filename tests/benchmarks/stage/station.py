"""A station of the bench: the real agent as a service manager would run it, with a watched lamp and a simulated
reader."""

import json
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from agent.config.station_config import OUTBOX_FILE, StationConfig, load
from agent.identity.station_identity import ENROLLED, Identity, load_identity
from firmware_scripts.demo.cast import CastStation
from firmware_scripts.demo.processes import Process, wait_until
from firmware_scripts.demo.station import DemoStation
from protocol.kiosk import Home, decode_from_agent
from tests.benchmarks.stage.touching import Touching

_READY_S = 30.0
_SETTLE_S = 120.0


class BenchStation:
    """One agent. Its folder may lie on a disk that is measured; its log and the bench's own files do not."""

    def __init__(
        self, cast: CastStation, *, folder: Path, work: Path, card: Path | None = None, program: str = "agent.cli"
    ) -> None:
        """Make a station that is not enrolled.

        Args:
            folder: The folder of its sockets, and also of its own files if there is no ``card``.
            work: The folder of its log.
            card: A folder on another disk for the agent's own files.
            program: The module that runs the agent.
        """
        self.cast = cast
        self.folder = folder
        self._demo = DemoStation(cast, folder=folder, readers=["simulated"], sd_card=card)
        self._notify = work / f"{cast.id}.notify"
        self._agent = Process(
            cast.id,
            [sys.executable, "-m", program, "run", "--config", str(self._demo.config)],
            log=work / f"{cast.id}.log",
            env={"NOTIFY_SOCKET": str(self._notify)},
        )

    def enrol(self, *, url: str, ca: Path, claim: str) -> None:
        """Write ``station.toml`` and make the enrolment call."""
        self._demo.enrol(url=url, ca=ca, claim=claim)

    def equip(self, sections: str) -> None:
        """Use other devices from the next start on: sections of ``station.toml`` for all but the kiosk."""
        config = self._demo.config
        text = config.read_text(encoding="utf-8")
        before, after = text[: text.index("[[reader]]")], text[text.index("[kiosk]") :]
        config.write_text(f"{before}{sections}\n{after}", encoding="utf-8")

    def use_camera(self, driver: str) -> None:
        """Choose the camera driver for the next start."""
        config = self._demo.config
        text = config.read_text(encoding="utf-8")
        config.write_text(re.sub(r'(\[camera\]\ndriver = ")\w+', rf"\g<1>{driver}", text), encoding="utf-8")

    def dial(self, port: int) -> None:
        """Make the agent look for its broker at this port of 127.0.0.1 from the next start on."""
        answer = self._demo.sd_card / ENROLLED
        enrolled = json.loads(answer.read_bytes())
        enrolled["broker"]["port"] = port
        answer.write_bytes(msgspec.json.encode(enrolled))

    def parts(self) -> tuple[StationConfig, Identity]:
        """Return the parts from which an agent is built, for a bench that builds one itself."""
        identity = load_identity(self._demo.sd_card)
        assert identity is not None
        return load(self._demo.config), identity

    def start(self) -> float:
        """Start the agent, and return how many seconds it took until it takes cards."""
        self._notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(self._notify))
            manager.settimeout(_READY_S)
            began = time.monotonic()
            self._agent.start()
            while manager.recv(256) != b"READY=1":
                pass
            return time.monotonic() - began

    def stop(self) -> None:
        """End the agent in good order."""
        self._agent.stop()

    @contextmanager
    def running(self, *, settled: bool = True) -> Iterator[None]:
        """Run the agent while the context lasts. With ``settled`` it has sent everything to the county when the context
        begins."""
        try:
            self.start()
            if settled:
                self.settle()
            yield
        finally:
            self.stop()

    @property
    def pid(self) -> int:
        """The agent's pid."""
        return self._agent.pid

    @property
    def process(self) -> Process:
        """The agent's process, for callers that start and kill it without waiting."""
        return self._agent

    @property
    def outbox(self) -> Path:
        """The file with its facts."""
        return self._demo.sd_card / OUTBOX_FILE

    @property
    def touch_socket(self) -> Path:
        """The socket at which its simulated reader waits for cards."""
        return self._demo.touch_socket

    @property
    def lamp_socket(self) -> Path:
        """The socket to which its lamp sends each light."""
        return self.folder / "lamp.sock"

    @property
    def kiosk_socket(self) -> Path:
        """The socket at which the agent waits for kiosks."""
        return self._demo.kiosk_socket

    def touching(self) -> Touching:
        """Return a `Touching` for its reader and lamp, a context manager."""
        return Touching(reader=self.touch_socket, lamp=self.lamp_socket)

    def home(self) -> Home:
        """Return the home screen as a kiosk gets it that connects now."""
        with socket.socket(socket.AF_UNIX) as kiosk:
            kiosk.settimeout(10)
            kiosk.connect(str(self.kiosk_socket))
            with kiosk.makefile("rb") as lines:
                home = decode_from_agent(lines.readline())
            assert isinstance(home, Home)
            return home

    def settle(self, *, timeout_s: float = _SETTLE_S) -> None:
        """Wait until the county has answered and every fact has its receipt."""
        wait_until(self._settled, what=f"{self.cast.id} to have its receipts", timeout_s=timeout_s, every_s=0.2)

    def _settled(self) -> bool:
        home = self.home()
        return home.link == "connected" and home.waiting == 0 and home.learning
