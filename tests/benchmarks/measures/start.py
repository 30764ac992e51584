"""The time from the agent's start until a card can be touched."""

from statistics import median

from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.stage.station import BenchStation

GOAL_S = 2.0
STARTS = 5


def measure(station: BenchStation, *, name: str) -> Figure:
    """Start and stop the agent several times; the figure is the median time from spawn to sd_notify's READY=1."""
    taken = []
    for _ in range(STARTS):
        try:
            taken.append(station.start())
        finally:
            station.stop()
    seconds: list[float] = [round(one, 3) for one in taken]
    return Figure(name=name, value=median(taken), unit="s", goal=GOAL_S, detail={"starts": list(seconds)})
