"""What an unattended run does and when: touches and faults at random moments, repeatable by seed."""

import random
from dataclasses import dataclass
from typing import Literal

from firmware_scripts.demo.cast import CastPerson, CastStation

type Way = Literal["pcsc", "simulated"]
type FaultKind = Literal["hold_broker", "kill_agent", "kill_broker", "kill_ingest", "kill_database"]

_MARGIN = 0.08
"""In this share of the run, at its beginning and again at its end, nothing breaks, so that the first and last touches
are ordinary."""


@dataclass(frozen=True, slots=True, order=True)
class PlannedTouch:
    """``person``'s card is presented at station number ``station``, ``at_s`` after the start."""

    at_s: float
    station: int
    way: Way
    person: CastPerson


@dataclass(frozen=True, slots=True, order=True)
class PlannedFault:
    """Something breaks ``at_s`` after the start."""

    at_s: float
    kind: FaultKind
    station: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """One run."""

    touches: list[PlannedTouch]
    faults: list[PlannedFault]


def make_schedule(
    cast: list[CastStation], *, touches: int, via_pcsc: int, seconds: float, faults: list[FaultKind], seed: int
) -> Schedule:
    """Spread ``touches`` over ``seconds``, each with a card of its own. Station 0 has the first ``via_pcsc`` of them
    and no others.

    The last station has no touches in the first third of the run, because someone plays a level at its kiosk then. A
    touch covers every screen, so if cards came all the time, nobody could read a question.

    Raises:
        ValueError: The cast has too few cards.
    """
    chance = random.Random(seed)  # noqa: S311 - a plan to be repeated, not a secret
    cards = [list(station.people) for station in cast]
    ways: list[tuple[int, Way]] = [(0, "pcsc")] * via_pcsc
    ways += [(1 + place % (len(cast) - 1), "simulated") for place in range(touches - via_pcsc)]
    planned = []
    for station, way in ways:
        if not cards[station]:
            raise ValueError(f"station {station} has fewer cards than touches")
        peace_s = seconds / 3 if station == len(cast) - 1 else 0.0
        planned.append(PlannedTouch(chance.uniform(peace_s, seconds), station, way, cards[station].pop()))
    broken = [
        PlannedFault(chance.uniform(_MARGIN * seconds, (1 - _MARGIN) * seconds), kind, chance.randrange(len(cast)))
        for kind in faults
    ]
    return Schedule(touches=sorted(planned), faults=sorted(broken))
