"""A keypad under random hands: which keys come, how fast, and the bytes that the terminal sends for them."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

DIGITS = "0123456789"
WITHOUT_NUMLOCK = {
    "0": b"\x1b[2~",
    "1": b"\x1b[F",
    "2": b"\x1b[B",
    "3": b"\x1b[6~",
    "4": b"\x1b[D",
    "5": b"\x1b[E",
    "6": b"\x1b[C",
    "7": b"\x1b[H",
    "8": b"\x1b[A",
    "9": b"\x1b[5~",
}
OTHERS = {"enter": b"\r", "*": b"*", "/": b"/", "+": b"+", "-": b"-", ".": b".", "backspace": b"\x7f"}
_ALL: list[str] = [*DIGITS, *OTHERS]
_PLAYED: list[str] = ["3", "3", "3", "1", "1", "1", "2", "enter", "enter", "enter", "0"]
HANDS = {"slow": 0.24, "typing": 0.2, "burst": 0.24, "held": 0.22, "child": 0.1}
"""How often each kind of hand comes."""


@dataclass(frozen=True, slots=True)
class Press:
    """A key, the bytes that are sent for it, and how long to wait before it."""

    key: str
    sent: bytes
    wait_s: float


def presses(chance: random.Random, hands: Mapping[str, float]) -> Iterator[Press]:
    """Yield keys for ever: one hand after another, each with NumLock on or off."""
    while True:
        (hand,) = chance.choices(list(hands), list(hands.values()))
        numlock = chance.random() < 0.6
        for key, wait_s in _hand(chance, hand):
            yield Press(key, sent(key, numlock=numlock), wait_s)


def sent(key: str, *, numlock: bool) -> bytes:
    """Return the bytes that a terminal sends for a key."""
    if key in DIGITS:
        return key.encode() if numlock else WITHOUT_NUMLOCK[key]
    return OTHERS[key]


def _hand(chance: random.Random, hand: str) -> Iterator[tuple[str, float]]:
    if hand == "held":
        key = _any(chance)
        delay_s, every_s = chance.choice([(0.25, 1 / 11), (0.25, 1 / 30), (0.4, 1 / 33), (0.6, 1 / 25)])
        yield key, 0.3
        yield key, delay_s
        for _ in range(round(chance.uniform(0.5, 3.5) / every_s)):
            yield key, every_s
    elif hand == "burst":
        yield _any(chance), chance.uniform(0.3, 1.5)
        for _ in range(chance.randint(4, 24)):
            yield _any(chance), 0.0
    elif hand == "child":
        for _ in range(chance.randint(8, 24)):
            yield chance.choice(["7", "8", "enter", "7", "enter", "0"]), chance.uniform(0.05, 0.4)
    else:
        count, least_s, most_s = {"slow": (12, 0.85, 1.6), "typing": (15, 0.12, 0.45)}[hand]
        for _ in range(count):
            yield _likely(chance), chance.uniform(least_s, most_s)


def _any(chance: random.Random) -> str:
    return chance.choice(_ALL)


def _likely(chance: random.Random) -> str:
    """Return a key of somebody who plays. Mostly it is one that chooses or goes on."""
    return chance.choice(_PLAYED) if chance.random() < 0.9 else _any(chance)
