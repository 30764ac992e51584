"""Real kiosks on pseudo-terminals: keys, pastes, resizes, touches, agents that are killed, and new packs.

A relay stands between each kiosk and its agent. It counts what the agent said to be recorded. What a kiosk has
its agent keep of the screen says which places were shown. The terminal's cells are read as the program wrote them.
Where larger text is wanted, a session makes the window smaller, as foot does.
"""

import contextlib
import json
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from firmware_scripts.demo.processes import wait_until
from kiosk_tui.watching.session_line import SessionEar
from kiosk_tui.words import common as words
from protocol.units import TextSizeName
from tests.benchmarks.measures.memory import children, resident
from tests.proofs.keys.glass import Glass
from tests.proofs.keys.office import READY_S
from tests.proofs.kiosk.machine import recorded_fact
from tests.proofs.kiosk.station import VisitedStation
from tests.proofs.terminal import KioskTerminal, kiosk_alone

SIZES = ((80, 22), (60, 16), (53, 15), (120, 40), (20, 5))
"""Columns and rows. The last is too small for any screen."""
CELLS: dict[TextSizeName, tuple[int, int]] = {"normal": (80, 22), "large": (66, 18), "largest": (53, 15)}
"""How many are left of the first where text is larger."""
HOME = "".join(words.PRESENT_CARD.split())
TYPING = (f"*{words.KEY_DELETE}", f"*{words.KEY_BACK}")
"""One of these stands on a screen on which figures are typed."""


class Relay:
    """Carries lines between one kiosk and its agent, and reads those of the agent."""

    def __init__(self, here: Path, agent: Path) -> None:
        self.path = here
        self._agent = agent
        self.recorded: Counter[str] = Counter()
        self.places: Counter[str] = Counter()
        """How often each place was shown."""
        self.place = ""
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
            up = threading.Thread(target=self._copy, args=(kiosk, agent), daemon=True)
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

    def _copy(self, kiosk: socket.socket, agent: socket.socket) -> None:
        with contextlib.suppress(OSError), kiosk.makefile("rb") as lines:
            for line in lines:
                self._hear(line)
                agent.sendall(line)
            agent.shutdown(socket.SHUT_WR)

    def _hear(self, line: bytes) -> None:
        said = json.loads(line)
        if said["type"] != "keep":
            return
        kept = json.loads(said["state"])
        over = kept.get("over", [])
        place = over[-1]["type"] if over else "visit" if kept.get("visit") else "home"
        if place != self.place:
            self.place = place
            self.places[place] += 1


class _Session:
    """Hears which size of text a kiosk wants."""

    def __init__(self, path: Path, resize: Callable[[int, int], None]) -> None:
        self.path = path
        self.sizes: Counter[str] = Counter()
        self._resize = resize
        self._ear = SessionEar(path)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="session", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear no more."""
        self._over.set()
        self._thread.join()
        self._ear.__exit__()

    def _listen(self) -> None:
        while not self._over.is_set():
            if not select.select([self._ear], [], [], 0.2)[0]:
                continue
            size, _ = self._ear.hear()
            if size is not None:
                self.sizes[size] += 1
                self._resize(*CELLS[size])


class Kiosk:
    """One kiosk program and its terminal."""

    def __init__(self, station: VisitedStation, *, number: int, program: str) -> None:
        self.station = station
        self._program = program
        self.relay = Relay(station.folder / f"relay{number}.sock", station.kiosk_socket)
        self._size = SIZES[0]
        self._glass = Glass(*SIZES[0])
        self._lock = threading.Lock()
        self._terminal: KioskTerminal | None = None
        self.session = _Session(station.folder / f"session{number}.sock", self.resize)
        self._tracebacks = 0
        self.start_mb = 0.0
        self._toured: set[str] = set()

    @property
    def terminal(self) -> KioskTerminal:
        """The terminal, once it is started."""
        assert self._terminal is not None
        return self._terminal

    def start(self) -> None:
        """Start it and wait for home."""
        columns, rows = SIZES[0]
        self._terminal = kiosk_alone(
            self._program,
            self.relay.path,
            columns=columns,
            rows=rows,
            read=self._see,
            session=self.session.path,
        )
        wait_until(self.is_home, what="home on a kiosk", timeout_s=READY_S, every_s=0.2)

    def send(self, data: bytes) -> None:
        """Have the terminal send bytes."""
        self.terminal.send(data)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size. The program draws everything anew."""
        # The kiosk asks for the village's size of text before anybody has its terminal.
        if self._terminal is None or (columns, rows) == self._size:
            return
        with self._lock:
            self._size = (columns, rows)
            self._glass = Glass(columns, rows)
        self._terminal.resize(columns, rows)

    def text(self) -> str:
        """Return what stands in the cells, without blanks."""
        with self._lock:
            return self._glass.text()

    def is_home(self) -> bool:
        """Whether the home screen is shown."""
        return HOME in self.text()

    def is_visit(self) -> bool:
        """Whether the first screen of a visit is shown, or no visit runs."""
        return self.relay.place == "visit" or not self.relay.visit

    def begin_count(self) -> None:
        """Remember what memory it needs now that its places have been shown."""
        self.start_mb = self.memory_mb()
        self._toured = set(self.relay.places)

    def late_places(self) -> list[str]:
        """Return the places that were first shown after that: the tour has missed them."""
        return sorted(self.relay.places.keys() - self._toured)

    def types(self, text: str) -> bool:
        """Whether figures are typed on this screen, so that ``*`` takes one back and then leaves."""
        return any(key in text for key in TYPING)

    def crashed(self) -> bool:
        """Whether it has ended, or a traceback stood on the terminal."""
        return self.terminal.ended() or self._tracebacks > 0

    def escapes(self) -> int:
        """Count the programs that it has started; there should be none."""
        pid = self.terminal.pid
        with contextlib.suppress(OSError):
            return len(children(pid))
        return 0

    def memory_mb(self) -> float:
        """Return its resident memory, or 0 if it has ended."""
        return 0.0 if self.crashed() else resident(self.terminal.pid)["VmRSS"]

    def stop(self) -> None:
        """End it."""
        self.session.close()
        self.relay.close()
        if self._terminal is not None:
            self._terminal.close()

    def _see(self, data: bytes) -> None:
        self._tracebacks += data.count(b"Traceback")
        with self._lock:
            self._glass.feed(data)
