"""A birth that the broker took and nobody answers: the worker died with it. It is said again soon, but never often."""

import random

import pytest

from agent.events import Delivered
from tests.agent.uplink.bench import UplinkBench
from tests.agent.uplink.test_time import births, welcome_for

HOUR_MS = 3_600_000


def unheard(bench: UplinkBench, ms: int) -> None:
    """Let time pass with a broker that takes each message, and a county that hears none."""
    end = bench.clock.now + ms
    while bench.clock.now < end:
        while bench.heard < len(bench.link.sent):
            sent = bench.link.sent[bench.heard]
            bench.heard += 1
            bench.uplink.handle(Delivered(bench.attempt, sent.ticket, 0))
        bench.clock.now = min(end, bench.uplink.tick())


def quiet_bench(jitter: float = 0.5) -> UplinkBench:
    bench = UplinkBench(jitter=lambda: jitter)
    bench.silent_broker = True
    bench.connect()
    return bench


@pytest.mark.parametrize(("jitter", "soonest", "latest"), [(0.0, 4_000, 4_000), (0.999, 7_990, 8_000)])
def test_a_birth_that_died_with_the_worker_is_said_again_within_seconds(
    jitter: float, soonest: int, latest: int
) -> None:
    bench = quiet_bench(jitter)
    unheard(bench, soonest - 1)
    assert len(births(bench)) == 1
    unheard(bench, latest - soonest + 2)
    assert len(births(bench)) == 2
    bench.say("welcome", welcome_for(bench))
    assert bench.uplink.state == "connected"
    assert len(bench.host.times) == 1, "and its prompt answer tells the time"


def test_a_county_that_never_answers_is_asked_more_and_more_rarely() -> None:
    bench = UplinkBench(jitter=random.Random(1).random)
    bench.silent_broker = True
    bench.connect()
    counts = []
    for _ in range(3):
        before = len(births(bench))
        unheard(bench, HOUR_MS // 3)
        counts.append(len(births(bench)) - before)
    assert counts[0] <= 32, "two more than one in 20 s and the back-off give"
    assert counts[1] <= 12
    assert counts[2] <= 12


def test_a_birth_of_which_the_broker_says_nothing_is_not_hurried() -> None:
    """It waits in the line's own buffers: another one would only stand behind it."""
    bench = quiet_bench(0.0)
    bench.wait(19_999, play=False)
    assert len(births(bench)) == 1
    bench.wait(2, play=False)
    assert len(births(bench)) == 2


def test_after_a_welcome_a_lost_birth_is_said_again_as_soon_as_the_first() -> None:
    bench = quiet_bench(0.0)
    unheard(bench, 4_001)
    bench.say("welcome", welcome_for(bench))
    bench.uplink.handle(Delivered(bench.attempt, bench.link.sent[-1].ticket, 0))
    bench.drop()
    bench.wait(5_000, play=False)
    bench.connect()
    before = len(births(bench))
    unheard(bench, 4_001)
    assert len(births(bench)) == before + 1
