"""The stations and kiosks of the proof: real agents with simulated readers, and real kiosks on pseudo-terminals."""

import contextlib
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import replace
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.config.station_config import OUTBOX_FILE
from agent.drivers.system_clock import LinuxClock
from agent.storage.outbox import Outbox
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from agent.wiring.program import build_ms
from firmware_scripts.demo.processes import Process, wait_until
from firmware_scripts.demo.sample_pack import sample_pack
from protocol.cards import card_token
from protocol.packs import seal_pack
from protocol.twin import Card, Desired, DutyWindow, PackRef, Person
from tests.fakes.devices import lamp_socket
from tests.fakes.enrolled import CARD_KEY, EnrolledStation, make_enrolled
from tests.proofs.keys.glass import Glass
from tests.proofs.keys.judge import KeyPressed
from tests.proofs.terminal import KioskTerminal, kiosk_alone

COLUMNS, ROWS = 80, 22
READY_S = 60.0
_DAY_MIN = 24 * 60


def boot_ms() -> int:
    """Return milliseconds of CLOCK_BOOTTIME, the clock that also stamps the agent's facts."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@dataclass(frozen=True, slots=True)
class CastPerson:
    """A plainly fictional person with a card."""

    name: str
    number: str
    uid: str
    on_duty: bool


CAST = [
    CastPerson(name, f"P{place:03d}", f"04{place:012x}", on_duty)
    for place, (name, on_duty) in enumerate(
        [("甲一", True), ("乙二", True), ("丙三", True), ("丁四", True), ("戊五", False), ("己六", False)], start=1
    )
]


class Station:
    """One agent in a folder of its own. It knows the time, like an agent that has heard the county earlier in this
    boot."""

    def __init__(self, folder: Path, *, number: int, program: str) -> None:
        self.id = f"keys-{number:04d}"
        self._enrolled = make_enrolled(folder, station=self.id)
        self.folder = folder
        self.take_version(1)
        self._lamp = lamp_socket(folder / "lamp.sock")
        self.process = Process(
            self.id,
            [sys.executable, "-m", *program.split(), "run", "--config", str(self._enrolled.config)],
            log=folder / "agent.log",
        )

    def take_version(self, version: int) -> None:
        """Put what the county wants into the station's folder, as its version of this number. No agent may run."""
        enrolled = self._enrolled
        clock = StationClock(system=LinuxClock(), build_ms=build_ms())
        outbox = Outbox.open(self.outbox, station=self.id, record_key=enrolled.identity.record_key, now=clock.now)
        with contextlib.closing(outbox):
            clock.restore(outbox)
            now_ms = clock.mono_ms()
            clock.take_county_time(time.time_ns() // 1_000_000, asked_mono_ms=now_ms, answered_mono_ms=now_ms)
            twin = Twin(station=self.id, village="示例村", state=outbox)
            assert not twin.accept(self._desired(enrolled, version), at=clock.now()).refused

    def _desired(self, enrolled: EnrolledStation, version: int) -> Desired:
        pack = replace(sample_pack(), version=version)
        file = seal_pack(enrolled.county_key, pack)
        digest = sha256(file).digest()
        (self.folder / "packs").mkdir(exist_ok=True)
        (self.folder / "packs" / digest.hex()).write_bytes(file)
        on_duty = [person.number for person in CAST if person.on_duty]
        return Desired(
            station=self.id,
            version=version,
            station_name="示例村村部",
            village="示例村",
            people=[Person(id=person.number, name=person.name) for person in CAST],
            cards=[Card(token=card_token(CARD_KEY, person.uid), person=person.number) for person in CAST],
            windows=[DutyWindow(id="day", name="值班", weekdays=[*range(1, 8)], start=0, end=_DAY_MIN, people=on_duty)],
            packs=[PackRef(pack=pack.id, version=pack.version, sha256=digest, size=len(file))],
        )

    @property
    def county_key(self) -> Ed25519PrivateKey:
        """What its county signs with."""
        return self._enrolled.county_key

    @property
    def outbox(self) -> Path:
        """The file with its facts."""
        return self.folder / OUTBOX_FILE

    @property
    def kiosk_socket(self) -> Path:
        """Where its kiosks connect."""
        return self.folder / "kiosk.sock"

    def start(self) -> None:
        """Start the agent and wait until it takes cards."""
        self.process.start()
        wait_until((self.folder / "touch.sock").exists, what=f"the reader of {self.id}", timeout_s=READY_S)
        wait_until(self.kiosk_socket.exists, what=f"the agent of {self.id}", timeout_s=READY_S)

    def touch(self, person: CastPerson) -> None:
        """Present a card, and wait until the reader has it."""
        with socket.socket(socket.AF_UNIX) as reader:
            reader.settimeout(READY_S)
            reader.connect(str(self.folder / "touch.sock"))
            reader.sendall(person.uid.encode() + b"\n")
            assert reader.recv(16) == b"ok\n"

    def crashes(self) -> int:
        """Return 1 if the agent has ended by itself or has lost a thread."""
        log = self.process.log.read_text(encoding="utf-8", errors="replace")
        return int(not self.process.running() or "Traceback" in log)

    def stop(self) -> None:
        """End the agent."""
        self.process.stop()
        self._lamp.close()


@dataclass(slots=True)
class Kiosk:
    """A kiosk on a pseudo-terminal. What it writes is kept with its moment and read after the run."""

    station: Station
    program: str
    written: list[tuple[int, bytes]] = field(default_factory=list)
    pressed: list[KeyPressed] = field(default_factory=list)
    _terminal: KioskTerminal | None = None

    def start(self) -> None:
        """Start it and wait until the home screen is shown and its keys count."""
        self._terminal = kiosk_alone(
            self.program, self.station.kiosk_socket, columns=COLUMNS, rows=ROWS, read=self._note
        )
        wait_until(self._is_home, what="home on a kiosk", timeout_s=READY_S, every_s=0.3)

    def press(self, key: str, sent: bytes) -> None:
        """Send a key, and note when."""
        assert self._terminal is not None
        self.pressed.append(KeyPressed(boot_ms(), key))
        self._terminal.send(sent)

    def crashes(self) -> int:
        """Return 1 if the kiosk has ended by itself or shows a traceback."""
        assert self._terminal is not None
        return int(self._terminal.ended() or any(b"Traceback" in data for _, data in self.written))

    def stop(self) -> None:
        """End the kiosk."""
        if self._terminal is not None:
            self._terminal.close()

    def _note(self, data: bytes) -> None:
        self.written.append((boot_ms(), data))

    def _is_home(self) -> bool:
        glass = Glass(COLUMNS, ROWS)
        for _, data in list(self.written):
            glass.feed(data)
        return "3学习" in glass.text()


@contextmanager
def opened(
    folder: Path, *, stations: int, kiosks: int, agent_program: str, kiosk_program: str
) -> Iterator[Sequence[Kiosk]]:
    """Run stations with kiosks; yield the kiosks of all."""
    made = [Station(folder / f"s{number}", number=number, program=agent_program) for number in range(1, stations + 1)]
    screens = [Kiosk(station, kiosk_program) for station in made for _ in range(kiosks)]
    try:
        for station in made:
            station.start()
        for kiosk in screens:
            kiosk.start()
        yield screens
    finally:
        for kiosk in screens:
            kiosk.stop()
        for station in made:
            station.stop()
