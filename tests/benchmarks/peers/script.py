"""The week that every contender goes through: which facts are presented when, and what breaks meanwhile. No I/O.

Each day has one outage of the line, two kills and two power cuts; one kill and one power cut come while the line is
cut. They come at seeded moments within half a second of a fact's answer. In a real week most would come between facts.
So the result says at how many moments something is lost, not how often a village would lose something.
"""

import random
from dataclasses import dataclass

DAYS, FACTS_PER_DAY = 7, 200
_GAP_S = 0.05
_LONGEST_GAP_S = 0.3
_OUTAGE_FACTS = (20, 60)
_OUTAGE_GOES_ON_S = (3.0, 8.0)
_FAULT_WITHIN_S = 0.5
_MARGIN = 10
"""Facts at both ends of a day without an outage."""


@dataclass(frozen=True, slots=True)
class Present:
    """After ``gap_s`` somebody presents this fact until it is acknowledged."""

    fact: str
    gap_s: float


@dataclass(frozen=True, slots=True)
class CutLine:
    """From here on there is no connection to the county."""


@dataclass(frozen=True, slots=True)
class MendLine:
    """``after_s`` later there is a connection again; nothing is presented meanwhile."""

    after_s: float


@dataclass(frozen=True, slots=True)
class Kill:
    """``after_s`` from now, whatever is presented meanwhile, the program gets SIGKILL and is started again."""

    after_s: float


@dataclass(frozen=True, slots=True)
class CutPower:
    """``after_s`` from now the power goes, and comes back at once."""

    after_s: float


type Step = Present | CutLine | MendLine | Kill | CutPower


def week(seed: int, *, days: int = DAYS) -> list[Step]:
    """Return the steps in order; the same seed gives the same week."""
    chance = random.Random(seed)
    return [step for day in range(1, days + 1) for step in _day(day, chance)]


def _day(day: int, chance: random.Random) -> list[Step]:
    length = chance.randint(*_OUTAGE_FACTS)
    cut = chance.randrange(_MARGIN, FACTS_PER_DAY - _MARGIN - length)
    offline = range(cut, cut + length)
    online = [place for place in range(FACTS_PER_DAY) if place not in offline]
    kills = (chance.choice(online), chance.choice(offline))
    power_cuts = (chance.choice(online), chance.choice(offline))
    steps: list[Step] = []
    for place in range(FACTS_PER_DAY):
        if place == cut:
            steps.append(CutLine())
        gap_s = min(_LONGEST_GAP_S, chance.expovariate(1 / _GAP_S))
        steps.append(Present(f"{day:02d}-{place:03d}-{chance.getrandbits(32):08x}", gap_s))
        if place in kills:
            steps.append(Kill(chance.uniform(0, _FAULT_WITHIN_S)))
        if place in power_cuts:
            steps.append(CutPower(chance.uniform(0, _FAULT_WITHIN_S)))
        if place == cut + length - 1:
            steps.append(MendLine(chance.uniform(*_OUTAGE_GOES_ON_S)))
    return steps
