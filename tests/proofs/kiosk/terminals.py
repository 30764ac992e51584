"""Real kiosks on pseudo-terminals: keys, pastes, resizes, touches, agents that are killed, and new packs.

A relay stands between each kiosk and its agent and counts what the agent said to be recorded. The terminal's cells are
read as the program wrote them.
"""

import contextlib
import fcntl
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import termios
import threading
from collections import Counter
from pathlib import Path

from firmware_scripts.demo.processes import wait_until
from kiosk_tui import words
from tests.benchmarks.measures.memory import resident
from tests.proofs.keys.glass import Glass
from tests.proofs.keys.office import READY_S, kiosk_on
from tests.proofs.kiosk.machine import recorded_fact
from tests.proofs.kiosk.station import VisitedStation

SIZES = ((80, 22), (60, 16), (53, 15), (120, 40), (20, 5))
"""Columns and rows. The last is too small for any screen."""
HOME = "".join(words.PRESENT_CARD.split())
TYPING = (f"*{words.KEY_DELETE}", f"*{words.KEY_BACK}")
"""One of these stands on a screen on which figures are typed."""


class Relay:
    """Carries lines between one kiosk and its agent, and reads those of the agent."""

    def __init__(self, here: Path, agent: Path) -> None:
        self.path = here
        self._agent = agent
        self.recorded: Counter[str] = Counter()
        self.visit = ""
        """Whose visit runs at the kiosk, by name."""
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(here))
        self._server.listen()
        threading.Thread(target=self._accept, name="relay", daemon=True).start()

    def close(self) -> None:
        """Take no more kiosks."""
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                kiosk, _ = self._server.accept()
            except OSError:
                return
            with contextlib.closing(kiosk):
                self._carry(kiosk)
            self.visit = ""

    def _carry(self, kiosk: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as agent:
            try:
                agent.connect(str(self._agent))
            except OSError:  # it is being started; the kiosk tries again
                return
            up = threading.Thread(target=_copy, args=(kiosk, agent), daemon=True)
            up.start()
            with agent.makefile("rb") as lines, contextlib.suppress(OSError):
                for line in lines:
                    self._read(line)
                    kiosk.sendall(line)
            for end in (kiosk, agent):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            up.join()

    def _read(self, line: bytes) -> None:
        said = json.loads(line)
        if kind := recorded_fact(said):
            self.recorded[kind] += 1
        elif said["type"] == "visit":
            self.visit = "" if said["ended"] else said["name"]


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


class Kiosk:
    """One kiosk program and its terminal."""

    def __init__(self, station: VisitedStation, *, number: int, program: str) -> None:
        self.station = station
        self._program = program
        self.relay = Relay(station.folder / f"relay{number}.sock", station.kiosk_socket)
        self._glass = Glass(*SIZES[0])
        self._lock = threading.Lock()
        self._master = -1
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._tracebacks = 0
        self.start_mb = 0.0

    @property
    def pid(self) -> int:
        """The program's pid."""
        assert self._child is not None
        return self._child.pid

    def start(self) -> None:
        """Start it and wait for home."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", SIZES[0][1], SIZES[0][0], 0, 0))
        self._child = kiosk_on(slave, program=self._program, socket=self.relay.path)
        os.close(slave)
        self._thread = threading.Thread(target=self._see, name="kiosk-screen", daemon=True)
        self._thread.start()
        wait_until(self.is_home, what="home on a kiosk", timeout_s=READY_S, every_s=0.2)

    def send(self, data: bytes) -> None:
        """Have the terminal send bytes."""
        with contextlib.suppress(OSError):  # a kiosk that has ended is counted as a crash
            os.write(self._master, data)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size. The program draws everything anew."""
        with self._lock:
            self._glass = Glass(columns, rows)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGWINCH)

    def text(self) -> str:
        """Return what stands in the cells, without blanks."""
        with self._lock:
            return self._glass.text()

    def is_home(self) -> bool:
        """Whether the home screen is shown."""
        return HOME in self.text()

    def types(self, text: str) -> bool:
        """Whether figures are typed on this screen, so that ``*`` takes one back and then leaves."""
        return any(key in text for key in TYPING)

    def crashed(self) -> bool:
        """Whether it has ended, or a traceback stood on the terminal."""
        assert self._child is not None
        return self._child.poll() is not None or self._tracebacks > 0

    def escapes(self) -> int:
        """Count the programs that it has started; there should be none."""
        with contextlib.suppress(OSError):
            return len(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split())
        return 0

    def memory_mb(self) -> float:
        """Return its resident memory, or 0 if it has ended."""
        return 0.0 if self.crashed() else resident(self.pid)["VmRSS"]

    def stop(self) -> None:
        """End it."""
        self.relay.close()
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        assert self._thread is not None
        self._thread.join()
        os.close(self._master)

    def _see(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # EIO: the program has ended
                return
            if not data:
                return
            self._tracebacks += data.count(b"Traceback")
            with self._lock:
                self._glass.feed(data)
