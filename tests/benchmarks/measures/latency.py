"""The time from a card's number in the reader's socket to the light that follows its commit."""

import random
import threading
from itertools import islice

from firmware_scripts.report import Value
from tests.benchmarks.measures.figures import Figure, percentile
from tests.benchmarks.measures.surroundings import Surroundings
from tests.benchmarks.stage.station import BenchStation
from tests.benchmarks.stage.touching import village_cards

GOAL_MS = 50.0
TOUCHES = 1_000
_PROBE_EVERY = 5
_GAP_S = (0.03, 0.11)
"""People come much more slowly, but this many touches have to fit into the bench's time."""


def measure(station: BenchStation, *, seed: int, touches: int = TOUCHES, name: str = "touch") -> list[Figure]:
    """Present the cards of the village one after another, at random moments.

    A card that comes again within two minutes is a repeat. It is committed and lit in the same way.

    Args:
        name: The figures' name, before ``_p50_ms`` and ``_p99_ms``.
    """
    chance = random.Random(seed)
    cards = islice(village_cards(station.cast, seed=seed), touches)
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
        Figure(name=f"{name}_p50_ms", value=percentile(taken, 0.5), unit="ms"),
        Figure(name=f"{name}_p99_ms", value=percentile(taken, 0.99), unit="ms", goal=GOAL_MS, detail=detail),
    ]
