"""What a year's outbox on the disk costs: the station's county was silent for a year, with 200 facts a day.

The year is committed through the outbox itself, a day in each transaction, with the agent stopped. After that the agent
runs as always.
"""

import random
import threading
import time
from collections.abc import Callable

from agent.storage.outbox import Outbox
from agent.wiring.program import moment
from firmware_scripts.demo.processes import wait_until
from protocol.facts import Touch
from protocol.units import Moment
from tests.benchmarks.measures import latency, start
from tests.benchmarks.measures.figures import Figure, percentile
from tests.benchmarks.measures.memory import resident
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.station import BenchStation
from tests.benchmarks.stage.touching import village_cards

DAYS, FACTS_PER_DAY = 365, 200
TOUCHES = 400
_DAY_MS = 86_400_000
_DRAINED_WITHIN_S = 240.0
_APART_S = 0.05


def measure(station: BenchStation, line: Proxy, *, seed: int, arrived: Callable[[], int]) -> list[Figure]:
    """Measure the same touches before and after the year was put on the disk; the line is cut at both.

    Then mend the line and go on touching until the county has the year.

    Args:
        arrived: Counts the station's touches in the county's database.
    """
    there = arrived()
    line.cut()
    with station.running(settled=False):
        figures = latency.measure(station, seed=seed + 5, touches=TOUCHES, name="touch_empty_outbox")
    _fill(station, seed=seed)
    size_mb = station.outbox.stat().st_size / 1e6
    figures.append(Figure(name="year_outbox_file_mb", value=size_mb, unit="MB"))
    figures.append(start.measure(station, name="agent_start_year_outbox_s"))
    with station.running(settled=False):
        year = latency.measure(station, seed=seed + 6, touches=TOUCHES, name="touch_year_outbox")
        year[-1].detail["waiting"] = DAYS * FACTS_PER_DAY
        figures += year
        figures.append(
            Figure(name="agent_rss_year_outbox_mb", value=resident(station.pid)["VmRSS"], unit="MB", goal=60.0)
        )
        owed = there + DAYS * FACTS_PER_DAY + 2 * TOUCHES
        figures += _drained(station, line, seed=seed, all_there=lambda: arrived() >= owed)
    return figures


def _fill(station: BenchStation, *, seed: int) -> None:
    _, identity = station.parts()
    chance = random.Random(seed)
    now = moment()
    outbox = Outbox.open(station.outbox, station=identity.station, record_key=identity.record_key, now=moment)
    try:
        for day in range(DAYS, 0, -1):
            outbox.commit(*(_touch(now, day, place, chance) for place in range(FACTS_PER_DAY)))
    finally:
        outbox.close()


def _touch(now: Moment, days_ago: int, place: int, chance: random.Random) -> Touch:
    ago_ms = days_ago * _DAY_MS - place * _DAY_MS // FACTS_PER_DAY
    boot = days_ago.to_bytes(16)
    at = Moment(wall=now.wall - ago_ms, boot=boot, mono=place * _DAY_MS // FACTS_PER_DAY, quality="synced")
    return Touch(at=at, card=chance.randbytes(16), reader="simulated", answer="unknown")


def _drained(station: BenchStation, line: Proxy, *, seed: int, all_there: Callable[[], bool]) -> list[Figure]:
    cards = village_cards(station.cast, seed=seed + 7)
    taken: list[float] = []
    ended = threading.Event()

    def touch_on() -> None:
        with station.touching() as hand:
            while not ended.wait(_APART_S):
                taken.append(hand.touch(next(cards)))

    toucher = threading.Thread(target=touch_on, name="toucher")
    line.mend()
    began = time.monotonic()
    toucher.start()
    try:
        wait_until(all_there, what="the year to be with the county", timeout_s=_DRAINED_WITHIN_S, every_s=1)
        seconds = time.monotonic() - began
    finally:
        ended.set()
        toucher.join()
    station.settle()
    return [
        Figure(name="year_outbox_drained_s", value=seconds, unit="s", detail={"touches_meanwhile": len(taken)}),
        Figure(name="touch_draining_p99_ms", value=percentile(taken, 0.99), unit="ms", goal=latency.GOAL_MS),
    ]
