"""Who presses and who touches: a hand at each kiosk's keypad, and people with cards at each station."""

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.proofs.keys.office import CAST, CastPerson, Kiosk, Station
from tests.proofs.keys.pad import presses, sent

MEANT_EVERY = 160
"""Among this many keys at a kiosk there is one act of somebody who really wants to correct their direction."""
SECOND_TOUCH = 0.35
THIRD_TOUCH = 0.4
"""The share of those who touched twice who touch a third time because they are nervous, and mean nothing by it."""


@dataclass(slots=True)
class Work:
    """How far the whole run has come; hands and people keep in step by it."""

    keys: int
    touches: int
    pressed: int = 0
    touched: int = 0
    meant: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, *, keys: int = 0, touches: int = 0, meant: int = 0) -> None:
        """Add to what was done."""
        with self._lock:
            self.pressed += keys
            self.touched += touches
            self.meant += meant
            if self.pressed >= self.keys:
                self.over.set()

    def touches_are_due(self) -> bool:
        """Whether the people have touched too little so far for the number of keys."""
        return self.touched * self.keys < self.pressed * self.touches


class Hands:
    """One kiosk's keypad."""

    def __init__(self, kiosk: Kiosk, work: Work, *, kinds: Mapping[str, float], seed: str) -> None:
        self._kiosk, self._work, self._kinds = kiosk, work, kinds
        self._chance = random.Random(seed)
        self._pause = threading.Event()

    def run(self) -> None:
        """Press until the whole run has enough keys."""
        until_meant = self._chance.randint(20, MEANT_EVERY)
        for press in presses(self._chance, self._kinds):
            if press.wait_s and self._work.over.wait(press.wait_s):
                return
            self._kiosk.press(press.key, press.sent)
            self._work.count(keys=1)
            until_meant -= 1
            if until_meant <= 0:
                self._correct_meaningly()
                until_meant = self._chance.randint(MEANT_EVERY // 2, MEANT_EVERY * 3 // 2)

    def _correct_meaningly(self) -> None:
        """Touch, touch again, read, choose, and touch once more, as somebody does who means it."""
        person = self._chance.choice(CAST)
        waits = (self._chance.uniform(0.8, 4), self._chance.uniform(1.3, 3), self._chance.uniform(0.6, 4))
        self._kiosk.station.touch(person)
        self._pause.wait(waits[0])
        self._kiosk.station.touch(person)
        self._pause.wait(waits[1])
        self._kiosk.press("7", sent("7", numlock=self._chance.random() < 0.5))
        self._pause.wait(waits[2])
        self._kiosk.station.touch(person)
        self._work.count(keys=1, touches=3, meant=1)


class People:
    """The people with cards at one station. They touch alone or in a rush, and some of them twice or three times."""

    def __init__(self, station: Station, work: Work, *, seed: str) -> None:
        self._station, self._work = station, work
        self._chance = random.Random(seed)

    def run(self) -> None:
        """Touch in groups whenever touches are due, until the hands have ended."""
        while not self._work.over.wait(0.2):
            if self._work.touches_are_due():
                for person, wait_s in self._group():
                    if self._work.over.wait(wait_s):
                        return
                    self._station.touch(person)
                    self._work.count(touches=1)
                self._work.over.wait(self._chance.uniform(2, 10))

    def _group(self) -> Sequence[tuple[CastPerson, float]]:
        group: list[tuple[CastPerson, float]] = []
        for _ in range(self._chance.randint(1, 6)):
            person = self._chance.choice(CAST)
            group.append((person, self._chance.choice([0.05, 0.4, 1.5, 4.0])))
            if self._chance.random() < SECOND_TOUCH:
                group.append((person, self._chance.uniform(0.5, 11)))
                if self._chance.random() < THIRD_TOUCH:
                    group.append((person, self._chance.uniform(0.3, 11)))
        return group
