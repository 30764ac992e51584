"""Present cards to a simulated reader and wait for the light, measuring the time between."""

import json
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_scripts.demo.cast import CastStation

_LIMIT_S = 20.0


class Touching:
    """Binds the lamp's socket, and holds one connection to the reader while the context lasts."""

    def __init__(self, *, reader: Path, lamp: Path) -> None:
        self._reader_path = reader
        self._lamp_path = lamp
        self._lamp = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._reader = socket.socket(socket.AF_UNIX)
        self.lights: Counter[str] = Counter()
        """Lights seen, by colour."""
        self.last_fact = ""
        """The fact of the last light, ``EPOCHHEX/SEQ``; empty for a red light."""

    def __enter__(self) -> Self:
        self._lamp_path.unlink(missing_ok=True)
        self._lamp.bind(str(self._lamp_path))
        self._lamp.settimeout(_LIMIT_S)
        self._connect()
        return self

    def _connect(self) -> None:
        self._reader = socket.socket(socket.AF_UNIX)
        self._reader.settimeout(_LIMIT_S)
        self._reader.connect(str(self._reader_path))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()
        self._lamp.close()
        self._lamp_path.unlink(missing_ok=True)

    def touch(self, uid: str) -> float:
        """Present one card and return the milliseconds from writing its number to its light."""
        return self.burst([uid])

    def burst(self, uids: Sequence[str]) -> float:
        """Present cards without waiting in between, and return the milliseconds to the last light."""
        began = time.monotonic_ns()
        self._reader.sendall("".join(f"{uid}\n" for uid in uids).encode())
        took = max(self._light(began) for _ in uids)
        answers = b""
        while len(answers) < 3 * len(uids):
            answers += (more := self._reader.recv(3 * len(uids) - len(answers)))
            if not more:
                raise ConnectionError("the reader is gone")
        if answers != b"ok\n" * len(uids):
            raise ConnectionError("the reader did not take the card")
        return took

    def laid(self, lay: Callable[[str], AbstractContextManager[object]], uid: str) -> float:
        """Lay a card on another reader until its light comes, and return the milliseconds."""
        began = time.monotonic_ns()
        with lay(uid):
            return self._light(began)

    def _light(self, began_ns: int) -> float:
        light = json.loads(self._lamp.recv(4096))
        took = (time.monotonic_ns() - began_ns) / 1e6
        self.lights[light["colour"]] += 1
        self.last_fact = light["fact"]
        return took


def village_cards(station: CastStation, *, seed: int) -> Iterator[str]:
    """Yield the cards of a station's village in a seeded order, again and again without end.

    A bench touches faster than people do. Unknown cards would look like a broken reader to the station. Known ones are
    recorded at any pace: in the first round as touches, later as repeats, which are facts as well.
    """
    cards = [person.uid for person in station.people]
    random.Random(seed ^ 0x5EED).shuffle(cards)
    return cycle(cards)


def unknown_cards(seed: int) -> "UnknownCards":
    """Return an endless supply of numbers that no card of the county has; a person's pace is meant."""
    return UnknownCards(random.Random(seed ^ 0x5EED))


class UnknownCards:
    """Draws card numbers. Each is unknown and fresh, so its answer is amber."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def draw(self) -> str:
        """Return a seven-byte number (ISO/IEC 14443-3)."""
        return f"04{self._chance.getrandbits(48):012x}"
