"""From a card's number in the reader's socket to the light that follows its commit."""

import random
import threading

from firmware_scripts.report import Value
from tests.benchmarks.touch.figures import Figure, percentile
from tests.benchmarks.touch.station import BenchStation
from tests.benchmarks.touch.surroundings import Surroundings
from tests.benchmarks.touch.touching import unknown_cards

GOAL_MS = 50.0
TOUCHES = 1_000
_PROBE_EVERY = 5
_GAP_S = (0.03, 0.11)
"""People come much more slowly; so many touches have to fit into the bench's time."""


def measure(station: BenchStation, *, seed: int) -> list[Figure]:
    """Present each card of the village and then unknown ones, at random moments, all of them fresh touches."""
    chance = random.Random(seed)
    strangers = unknown_cards(seed)
    cards = [person.uid for person in station.cast.people]
    cards += [strangers.draw() for _ in range(TOUCHES - len(cards))]
    pause = threading.Event()
    around = Surroundings(station.folder.parent)
    taken = []
    with station.touching() as hand:
        for place, uid in enumerate(cards):
            pause.wait(chance.uniform(*_GAP_S))
            taken.append(hand.touch(uid))
            if place % _PROBE_EVERY == 0:
                around.probe_disk()
    detail: dict[str, Value] = {
        "touches": len(taken),
        "lights": {**hand.lights},
        "p90_ms": round(percentile(taken, 0.9), 1),
        "max_ms": round(max(taken), 1),
        **around.describe(),
    }
    return [
        Figure(name="touch_p50_ms", value=percentile(taken, 0.5), unit="ms"),
        Figure(name="touch_p99_ms", value=percentile(taken, 0.99), unit="ms", goal=GOAL_MS, detail=detail),
    ]
