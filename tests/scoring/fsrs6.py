"""FSRS-6 with whole days and two ratings, by its published formulas.

Source: Open Spaced Repetition, "The Algorithm", section FSRS-6
(github.com/open-spaced-repetition/fsrs4anki/wiki/The-Algorithm), with the default parameters given there.
"""

import math
from dataclasses import dataclass
from datetime import date, timedelta

W = (
    0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796,
    1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
)  # fmt: skip
AGAIN, GOOD, EASY = 1, 3, 4
FACTOR = math.pow(0.9, -1 / W[20]) - 1
MOST_DAYS = 365


@dataclass(frozen=True)
class Card:
    """What is remembered of one question."""

    stability: float
    difficulty: float
    last: date
    interval: int
    last_right: bool

    @property
    def due(self) -> date:
        """The day on which it is to be asked again."""
        return self.last + timedelta(days=self.interval)


def review(card: Card | None, day: date, *, right: bool) -> Card:
    """Return the card after a review on ``day``."""
    grade = GOOD if right else AGAIN
    if card is None:
        stability, difficulty = W[grade - 1], _limited(_first_difficulty(grade))
    else:
        days = max(0, (day - card.last).days)
        stability = _same_day(card, grade) if days == 0 else _later(card, days, right=right)
        step = -W[6] * (grade - 3) * (10 - card.difficulty) / 9
        difficulty = _limited(W[7] * _first_difficulty(EASY) + (1 - W[7]) * (card.difficulty + step))
    stability = max(stability, 0.001)
    # The interval after which nine in ten are remembered is the stability itself.
    interval = min(max(round(stability), 1), MOST_DAYS)
    return Card(stability, difficulty, day, interval, right)


def _first_difficulty(grade: int) -> float:
    return W[4] - math.exp(W[5] * (grade - 1)) + 1


def _limited(difficulty: float) -> float:
    return min(max(difficulty, 1.0), 10.0)


def _same_day(card: Card, grade: int) -> float:
    growth = math.exp(W[17] * (grade - 3 + W[18])) * math.pow(card.stability, -W[19])
    return card.stability * (max(growth, 1.0) if grade >= GOOD else growth)


def _later(card: Card, days: int, *, right: bool) -> float:
    remembered = math.pow(1 + FACTOR * days / card.stability, -W[20])
    if right:
        growth = math.exp(W[8]) * (11 - card.difficulty) * math.pow(card.stability, -W[9])
        return card.stability * (1 + growth * (math.exp(W[10] * (1 - remembered)) - 1))
    forgotten = W[11] * math.pow(card.difficulty, -W[12]) * (math.pow(card.stability + 1, W[13]) - 1)
    return min(forgotten * math.exp(W[14] * (1 - remembered)), card.stability / math.exp(W[17] * W[18]))
