"""A whole station with real drivers of every kind of reader on simulated ports: touches become facts on its disk."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.config.station_config import OUTBOX_FILE, load
from agent.drivers.system_clock import LinuxClock
from agent.events import AlarmSeen, Event, ReaderReady, StopAsked
from agent.inbox import Inbox
from agent.inputs.watched_devices import WatchedKeyboards
from agent.storage.outbox import Outbox
from agent.storage.recent import RecentFacts
from agent.timekeeping.clock import StationClock
from agent.wiring.assembly import real_ports
from agent.wiring.parts import Station
from agent.wiring.program import build_ms
from protocol.cards import card_token
from protocol.facts import AlarmRaised, Fact, ReaderBack, ReaderLost, Touch
from tests.fakes.devices import lamp_socket
from tests.fakes.enrolled import CARD_KEY, STATION, EnrolledStation, make_enrolled
from tests.fakes.keyboards import FakeKeyboards, keyboard
from tests.fakes.pn532_chip import Pn532Chip
from tests.fakes.serial_port import SerialPort

LIMIT_S = 15
READERS = """\
[[reader]]
driver = "em4100_serial"
name = "门口"
port = "{em4100}"
[[reader]]
driver = "qr_scanner"
port = "{qr}"
[[reader]]
driver = "pn532"
port = "{pn532}"
[[reader]]
driver = "wedge"
usb = "ffff:0035"
format = "8H10D"
[keyboards]
allowed = ["1a2c:0e24"]
"""


class Ports:
    """The simulated ports, with the devices plugged into them."""

    def __init__(self, folder: Path) -> None:
        for name in ("em4100", "qr", "pn532"):
            (folder / name).mkdir()
        self.em4100, self.qr = SerialPort(folder / "em4100"), SerialPort(folder / "qr")
        chip = SerialPort(folder / "pn532")
        self.places = {"em4100": self.em4100.path, "qr": self.qr.path, "pn532": chip.path}
        self.pn532 = Pn532Chip(chip)
        self.keyboards = FakeKeyboards()
        self.wedge = self.keyboards.plug(keyboard())


@pytest.fixture
def ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    made = Ports(tmp_path)
    for module in ("wedge", "keyboard_watch"):
        monkeypatch.setattr(f"agent.drivers.{module}.EvdevKeyboards", lambda: made.keyboards)
    yield made
    made.pn532.stop()
    made.em4100.unplug()
    made.qr.unplug()


@pytest.fixture
def enrolled(folder: Path, ports: Ports) -> EnrolledStation:
    made = make_enrolled(folder / "data", readers=())
    made.config.write_text(made.config.read_text() + READERS.format(**ports.places), encoding="utf-8")
    return made


class HeardInbox(Inbox):
    """An inbox that also shows the test each event of a device."""

    def __init__(self) -> None:
        super().__init__()
        self.told: queue.Queue[str] = queue.Queue()

    def put(self, event: Event) -> None:
        super().put(event)
        match event:
            case ReaderReady(reader=reader, ready=ready):
                self.told.put(f"{reader} {ready}")
            case AlarmSeen(code=code):
                self.told.put(code)

    def wait_for(self, *told: str) -> None:
        assert sorted(self.told.get(timeout=LIMIT_S) for _ in told) == sorted(told)


@contextmanager
def running(enrolled: EnrolledStation) -> Iterator[HeardInbox]:
    """Run the station on a thread of its own, with every reader ready."""
    inbox = HeardInbox()
    with real_ports(load(enrolled.config), enrolled.identity, environ={}, inbox=inbox) as ports:
        made = Station(ports)
        assert any(isinstance(source, WatchedKeyboards) for source in made.parts.sources)
        thread = threading.Thread(target=made.core.run)
        thread.start()
        try:
            inbox.wait_for("门口 True", "qr_scanner True", "pn532 True", "wedge True")
            yield inbox
        finally:
            made.inbox.put(StopAsked(reason="test"))
            thread.join()


def facts_of(enrolled: EnrolledStation) -> list[Fact]:
    clock = StationClock(system=LinuxClock(), build_ms=build_ms())
    file = enrolled.folder / OUTBOX_FILE
    outbox = Outbox.open(file, station=STATION, record_key=enrolled.identity.record_key, now=clock.now)
    try:
        return [fact for _, fact in RecentFacts(outbox)]
    finally:
        outbox.close()


def test_every_reader_makes_facts_and_rubbish_makes_none(enrolled: EnrolledStation, ports: Ports) -> None:
    with lamp_socket(enrolled.folder / "lamp.sock") as lamp, running(enrolled) as inbox:

        def colour() -> str:
            return str(json.loads(lamp.recv(4096))["colour"])

        ports.pn532.cards = ["c2994a1b"]
        assert colour() == "amber"
        ports.em4100.send(b"\x00\xff\x02rubbish\x03\x020C000621A58F\r\n\x03" + b"\x020C000621A58E\r\n\x03")
        assert colour() == "amber"
        ports.qr.send(b"https://pay.example/1\rCUNHUI:04A22B1C5D6E80\r")
        assert [colour(), colour()] == ["red", "amber"]
        ports.keyboards.type(ports.wedge, "007773673\n0077736732\n")
        assert [colour(), colour()] == ["red", "amber"]
        ports.keyboards.plug(keyboard("dead:beef", path="/dev/input/event8"))
        ports.em4100.unplug()
        ports.em4100.plug()
        inbox.wait_for("unknown_keyboard", "门口 False", "门口 True")
    facts = facts_of(enrolled)
    assert [(fact.reader, fact.card) for fact in facts if isinstance(fact, Touch)] == [
        ("pn532", card_token(CARD_KEY, "c2994a1b")),
        ("门口", card_token(CARD_KEY, "0c000621a5")),
        ("qr_scanner", card_token(CARD_KEY, "04a22b1c5d6e80")),
        ("wedge", card_token(CARD_KEY, "04a22b1c")),
    ]
    assert [fact.reader for fact in facts if isinstance(fact, ReaderLost | ReaderBack)] == ["门口", "门口"]
    assert [fact.code for fact in facts if isinstance(fact, AlarmRaised)] == ["unknown_keyboard"]
