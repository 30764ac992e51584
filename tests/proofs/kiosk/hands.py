"""Hands at real kiosks: keys, pastes and resizes; people who visit and leave in every way; agents that are killed."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from kiosk_tui.places import home
from tests.proofs.keys.office import CAST, CastPerson
from tests.proofs.keys.pad import HANDS, presses
from tests.proofs.kiosk.news import minute_of, village_of
from tests.proofs.kiosk.station import VisitedStation
from tests.proofs.kiosk.terminals import SIZES, Kiosk

VISITORS = [person for person in CAST if not person.on_duty]
"""Their names stand on no duty board."""
RESULT_S = 16.0
"""No result of a touch stays longer on a screen."""
HOME_KEYS = 25
MENU = tuple(row.key for row in home.MENU)
READER = ("1", "1", "1", "2", "3", "4", "5", "6", "7", "8", "8", "enter", "enter", "enter", "/", "9")
"""What somebody presses who reads and chooses."""
VISITOR = ("1", "1", "1", "2", "3", "4", "5", "6", "8", "enter", "/")
TOUR = (
    ("1", "1"),
    ("1", "2"),
    ("2",),
    ("3", "1", *("1", "2", "3", "4", "enter", "enter") * 3),
    ("4", "1", "1"),
    ("5", "1", "1", "1", "enter"),
    ("5", "2", "1", "2", "3", "enter"),
    ("6", "2", "8", "enter"),
    ("9", "1"),
    ("9", "2"),
)
"""The ways from home to each screen that hands may come to."""
TOUR_OF_VISIT = (("1", "1", "1", "1", "1", "1"), ("1", "6", "1"), ("2", "1"), ("3",), ("4",))
"""And from a visit."""
TOURED_VISITS = 5
"""A touch may come while an agent starts, or as a repeat that offers no visit; then the tour tries another."""
READ_S = 1.05
"""As long as a person looks at a screen before a key; the kiosk hears none earlier."""
PASTES = (
    b"\x1b[200~123456789\r\n0000\x1b[201~",
    b"\x1b[200~" + b"7" * 5_000,
    b"\xff\xc0\xaf\xed\xa0\x80",
    b"\x1b[9999999u\x1b[97;1;99999999u",
    b"\x1b[48;5;5;0;0t",
    b"\x1b[<0;10;10M\x1b[<0;10;10m",
    b"\x03\x04\x1a\x1c\x11\x13\x1b\x1b",
    "请打开终端\u202e\u200b".encode(),
    bytes(range(1, 27)),
)
"""What somebody with another keyboard or a hostile adapter may send."""


@dataclass
class Found:
    """What came of all hands together."""

    keys: int = 0
    pastes: int = 0
    resizes: int = 0
    touches: int = 0
    kills: int = 0
    visits: int = 0
    canaries_seen_in_visit: int = 0
    canaries_after: int = 0
    months_seen: int = 0
    dead_ends: int = 0
    ended_by: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, **more: int) -> None:
        """Add to the counts."""
        with self._lock:
            for name, number in more.items():
                setattr(self, name, getattr(self, name) + number)

    def note(self, what: str) -> None:
        """Keep an example for whoever looks into it."""
        if len(self.examples) < 20:
            self.examples.append(what)


class KioskHands:
    """Whoever stands at one kiosk, one after another."""

    def __init__(self, kiosk: Kiosk, beside: Sequence[Kiosk], found: Found, *, keys: int, seed: str) -> None:
        """``beside``: all kiosks of the station, this one among them. ``keys``: how many all hands press together."""
        self._kiosk, self._beside, self._found, self._keys = kiosk, beside, found, keys
        self._random = Random(seed)
        self._station: VisitedStation = kiosk.station
        self._pause = threading.Event()

    def run(self) -> None:
        """Go on until all hands together have pressed enough."""
        self._tour()
        pad = presses(self._random, HANDS)
        while not self._found.over.is_set():
            for _ in range(self._random.randint(20, 60)):
                press = next(pad)
                self._pause.wait(press.wait_s)
                self._send(press.sent)
            self._disturb()
            self._go_home()
            self._look_around(self._random.choice(MENU))
            self._disturb()
            self._go_home()
            if self._random.random() < 0.5:
                self._visit()

    def _tour(self) -> None:
        """See each screen that hands may come to, as each is built when it is first shown. From here on the kiosk
        should need no more memory."""
        for keys in TOUR:
            self._press(*keys)
            self._go_home()
        for size in SIZES[1:]:
            self._kiosk.resize(*size)
            self._pause.wait(READ_S)
        self._go_home()
        for _ in range(TOURED_VISITS):
            self._visit(self._tour_of_visit)
            if self._kiosk.relay.places["visit"]:
                break
        self._kiosk.begin_count()

    def _tour_of_visit(self) -> None:
        for keys in TOUR_OF_VISIT:
            self._press(*keys)
            self._go_back(self._kiosk.is_visit)

    def _look_around(self, key: str) -> None:
        """Open a place as somebody does who reads, and go on in it."""
        self._press(key)
        for _ in range(self._random.randint(2, 8)):
            self._press(self._random.choice(READER))

    def _send(self, key: bytes) -> None:
        self._kiosk.send(key)
        self._found.count(keys=1)
        if self._found.keys >= self._keys:
            self._found.over.set()

    def _press(self, *keys: str) -> None:
        """Press keys as somebody does who has read each screen."""
        for key in keys:
            self._pause.wait(READ_S)
            self._send({"enter": b"\r"}.get(key, key.encode()))

    def _disturb(self) -> None:
        if self._random.random() < 0.5:
            self._kiosk.send(self._random.choice(PASTES))
            self._found.count(pastes=1)
        if self._random.random() < 0.4:
            self._kiosk.resize(*self._random.choice(SIZES))
            self._found.count(resizes=1)
            self._pause.wait(0.3)

    def _go_home(self) -> None:
        """Go home from wherever this is, in a window in which everything can be read."""
        self._kiosk.resize(*SIZES[0])
        if not self._go_back(self._kiosk.is_home) and not self._wait_for_home():
            self._found.count(dead_ends=1)
            self._found.note(f"no way home from: {self._kiosk.text()[:300]}")

    def _go_back(self, arrived: Callable[[], bool]) -> bool:
        """Go back key by key; return whether that led there. There is no way back in a kiosk that has ended."""
        for _ in range(HOME_KEYS):
            self._pause.wait(READ_S)
            text = self._kiosk.text()
            if arrived() or self._kiosk.crashed():
                return True
            self._send(b"*" if self._kiosk.types(text) else b"0")
        return False

    def _wait_for_home(self) -> bool:
        """Somebody's touch may still cover it."""
        until = time.monotonic() + RESULT_S
        while time.monotonic() < until:
            if self._kiosk.is_home():
                return True
            self._pause.wait(0.3)
        return False

    def _visit(self, look_around: Callable[[], None] = lambda: None) -> None:
        """Visit with a card, look around, and leave; then nothing of the visitor may be on any screen."""
        with self._station.alone:
            person = self._random.choice(VISITORS)
            if not self._station.present(person):
                return
            self._found.count(touches=1)
            self._press("1")
            self._pause.wait(0.5)
            if self._kiosk.relay.visit != person.name:
                self._pause.wait(RESULT_S)
                return
            self._found.count(visits=1, canaries_seen_in_visit=int(person.name in self._kiosk.text()))
            look_around()
            month_seen = False
            for _ in range(self._random.randrange(6)):
                self._press(self._random.choice(VISITOR))
                month_seen = month_seen or minute_of(CAST.index(person)) in self._kiosk.text()
            self._found.count(months_seen=int(month_seen))
            end = self._random.choice(("key", "key", "card", "agent killed", "star"))
            self._found.ended_by[end] += 1
            self._leave(end, person)
            self._look_after(person, end)

    def _leave(self, end: str, person: CastPerson) -> None:
        match end:
            case "card":
                other = next(one for one in CAST if one is not person)
                self._station.present(other)
                self._found.count(touches=1)
            case "agent killed":
                self._station.kill(new_pack=self._random.random() < 0.5)
                self._found.count(kills=1)
            case _:
                self._go_home()
                if end == "star":
                    self._press("*")

    def _look_after(self, person: CastPerson, end: str) -> None:
        if end == "agent killed":
            # The visit's own kiosk shows at once that the agent is away; then it connects again. On the others the
            # touch itself may stand some seconds more, as any touch does.
            self._pause.wait(2)
            self._look_for(person, end, [self._kiosk])
        self._pause.wait(RESULT_S)
        self._look_for(person, end, self._beside)

    def _look_for(self, person: CastPerson, end: str, kiosks: Sequence[Kiosk]) -> None:
        place = CAST.index(person)
        for kiosk in kiosks:
            text = kiosk.text()
            for canary in (person.name, person.number, minute_of(place), village_of(place)):
                if canary in text:
                    self._found.count(canaries_after=1)
                    self._found.note(f"{canary} after a visit that {end} ended: {text[:300]}")
