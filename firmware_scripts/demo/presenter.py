"""Present cards to stations and write down what was presented."""

import threading
from collections import Counter

from firmware_scripts.demo.cast import CastPerson
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.reader_bench import ReaderBench
from firmware_scripts.demo.station import DemoStation

_CARD_LIES_S = 3.0
"""How long a person leaves a card on the reader waiting for a light before giving up."""


class Presenter:
    """Any thread may present. A touch is counted before the card reaches the reader, and taken back if no reader was
    there."""

    def __init__(self) -> None:
        self.presented: Counter[tuple[str, str]] = Counter()
        self.unread = 0
        """Touches that no reader answered, because the agent was down at that moment."""
        self._lock = threading.Lock()

    def simulated(self, station: DemoStation, person: CastPerson) -> bool | None:
        """Hand a card to the station's simulated reader, and return what became of it (`DemoStation.touch`)."""
        # A touch that was presented but not yet counted would look like one that the station invented.
        self._count(station, person)
        read = station.touch(person.uid)
        with self._lock:
            self.unread += read is not True
            if read is False:
                self.presented[station.cast.id, person.number] -= 1
        return read

    def through_pcsc(self, bench: ReaderBench, station: DemoStation, person: CastPerson) -> None:
        """Lay a card on the virtual PC/SC reader until the lamp lights, as a person would."""
        self._count(station, person)
        before = len(station.lights())
        try:
            with bench.card(person.uid):
                wait_until(lambda: len(station.lights()) > before, what="a light", timeout_s=_CARD_LIES_S, every_s=0.02)
        except (NotInTime, OSError):
            with self._lock:
                self.unread += 1

    def _count(self, station: DemoStation, person: CastPerson) -> None:
        with self._lock:
            self.presented[station.cast.id, person.number] += 1
