"""Are questions and options drawn without favour? Counted over many runs, and judged by chi-square.

How often is each of *n* questions among *k* that are drawn? The counts of one run are not independent, because it
draws without putting back. The sum of ``(count - N k/n)**2 / (N k/n (1 - k/n))`` times ``(n - 1)/n`` has a chi-square
distribution with ``n - 1`` degrees of freedom (the covariance matrix of the hypergeometric distribution). The orders in
which options are shown are independent of one another: Pearson's test.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import permutations
from random import Random
from typing import NamedTuple

from agent.kiosk.runs import Asked, drawn
from protocol.packs import Level, LevelHead, PackHead, Question

QUESTIONS, DRAWN, OPTIONS = 9, 6, 4
RUNS = 3_000
SEEDS = 20
LEAST_P = 0.01
LEAST_WELL = 18
"""Of 20 seeds so many must stay above `LEAST_P`: with no favour at all, fewer do once in a thousand proofs."""

type Draw = Callable[[PackHead, Level, Random], list[Asked]]
HEAD = PackHead(id="p", version=1, title="示例", sample=True, levels=[LevelHead(id="l", name="示例")])


class Favour(NamedTuple):
    """How likely counts as uneven as these are without any favour."""

    pool: float
    options: float


def by_the_product(pack: PackHead, level: Level, random: Random) -> list[Asked]:
    """Draw as a station does."""
    return drawn(pack, level, random=random)


def favours(draw: Draw, seed: int) -> Favour:
    """Draw many runs and judge them."""
    random, level = Random(seed), _level()
    pool: Counter[str] = Counter()
    orders: Counter[tuple[int, ...]] = Counter()
    for _ in range(RUNS):
        asked = draw(HEAD, level, random)
        pool.update(one.question.id for one in asked)
        orders.update(tuple(one.order) for one in asked)
    expected = RUNS * DRAWN / QUESTIONS
    spread = expected * (1 - DRAWN / QUESTIONS)
    uneven = sum((pool[question.id] - expected) ** 2 for question in level.questions) / spread
    each = RUNS * DRAWN / math.factorial(OPTIONS)
    shuffled = sum((orders[order] - each) ** 2 / each for order in permutations(range(OPTIONS)))
    return Favour(
        above(uneven * (QUESTIONS - 1) / QUESTIONS, QUESTIONS - 1), above(shuffled, math.factorial(OPTIONS) - 1)
    )


def well(found: Sequence[Favour]) -> tuple[int, int]:
    """Return for how many seeds the pools and the options show no favour."""
    return sum(one.pool > LEAST_P for one in found), sum(one.options > LEAST_P for one in found)


def above(chi_square: float, degrees: int) -> float:
    """Return how likely a value this large or larger is (the upper regularised gamma function, DLMF 8.7.1)."""
    a, x = degrees / 2, chi_square / 2
    if x <= 0:
        return 1.0
    term = total = 1 / a
    n = 0
    while abs(term) > total * 1e-14:
        n += 1
        term *= x / (a + n)
        total += term
    return max(0.0, 1 - total * math.exp(-x + a * math.log(x) - math.lgamma(a)))


def _level() -> Level:
    questions = [
        Question(
            id=f"q{number}",
            kind="single",
            stem="示例？",
            options=["甲", "乙", "丙", "丁"],
            answer=[0],
            explanation="示例。",
            source="示例",
        )
        for number in range(QUESTIONS)
    ]
    return Level(id="l", name="示例", draw=DRAWN, questions=questions)
