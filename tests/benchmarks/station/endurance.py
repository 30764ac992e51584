"""A hundred thousand facts through one run of the agent. Whatever grows in this run grows without end."""

import threading
import time
from itertools import islice
from pathlib import Path

from firmware_scripts.report import Value
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.measures.memory import resident
from tests.benchmarks.stage.station import BenchStation
from tests.benchmarks.stage.touching import village_cards

FACTS = 100_000
BURST = 8
"""How many cards are presented before the first is answered: far fewer than `agent.station.core` refuses for coming too
fast."""
GROWTH_GOAL_PERCENT = 10.0
_LIMIT_S = 420.0
_SAMPLE_EVERY = 10_000
_REST_S = 5.0


class Held:
    """The resources that a process holds now, as the kernel states them."""

    def __init__(self, pid: int) -> None:
        self.resident_mb = resident(pid)["VmRSS"]
        self.descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        self.threads = len(list(Path(f"/proc/{pid}/task").iterdir()))

    def line(self) -> dict[str, Value]:
        """Return it as it stands in the report."""
        return {"rss_mb": self.resident_mb, "descriptors": self.descriptors, "threads": self.threads}


def measure(station: BenchStation, *, seed: int) -> list[Figure]:
    """Touch, some cards at a time, until this many facts were committed; receipts and pictures go on beside.

    The start is the agent at rest after its first touches and pictures, because by then it has loaded everything that
    it loads when it is first needed.
    """
    cards = village_cards(station.cast, seed=seed + 4)
    with station.touching() as hand:
        hand.touch(next(cards))
        first = _seq(hand.last_fact)
        station.settle()
        _rest()
        before = Held(station.pid)
        began, course, touches = time.monotonic(), [before.line()], 0
        while (facts := _seq(hand.last_fact) - first) < FACTS and time.monotonic() - began < _LIMIT_S:
            hand.burst([*islice(cards, BURST)])
            touches += BURST
            if facts // _SAMPLE_EVERY >= len(course):
                course.append({"facts": facts, **Held(station.pid).line()})
        seconds = time.monotonic() - began
    at_once = Held(station.pid)
    station.settle()
    _rest()
    after = Held(station.pid)
    facts = _seq(hand.last_fact) - first
    detail: dict[str, Value] = {
        "facts": facts,
        "touches": touches,
        "seconds": round(seconds, 1),
        "lights": {**hand.lights},
        "before": before.line(),
        "at_once": at_once.line(),
        "after": after.line(),
        "course": [*course],
    }
    growth = 100 * (after.resident_mb / before.resident_mb - 1)
    reached = facts >= FACTS
    if not reached:
        detail["why"] = f"only {facts} of {FACTS} facts within {_LIMIT_S:.0f} s"
    return [
        Figure(
            name="rss_growth_100000_facts_percent",
            value=growth if reached else None,
            unit="%",
            goal=GROWTH_GOAL_PERCENT,
            detail=detail,
        ),
        Figure(
            name="descriptors_growth", value=float(after.descriptors - before.descriptors), unit="descriptors", goal=0.0
        ),
        Figure(name="threads_growth", value=float(after.threads - before.threads), unit="threads", goal=0.0),
        Figure(name="facts_per_s", value=facts / seconds, unit="facts/s", better="higher"),
    ]


def _seq(fact: str) -> int:
    """Return the seq of a light's fact, ``EPOCH/SEQ``."""
    return int(fact.rpartition("/")[2])


def _rest() -> None:
    threading.Event().wait(_REST_S)
