"""Reckons a seeded county by the product and by the plain reckoning, and says where they differ."""

import datetime as dt
import random
from collections import Counter
from fractions import Fraction

from server_broker.duty.due import Turn, due_between
from tests.server_broker.duty.plain_reckoning import Plain
from tests.server_broker.duty.random_rosters import as_values, drawn

DAYS = 8
MIDNIGHT = dt.datetime(1, 1, 1)  # noqa: DTZ001 - local minutes have no zone

type Said = tuple[dt.datetime, dt.datetime, Fraction]


def differences(seed: int, met: Counter[str]) -> list[str]:
    """Return the dates on which the two differ, and count in ``met`` the reasons that came up."""
    first = dt.date(2026, 1, 1) + dt.timedelta(days=30 * (seed % 100))
    county = drawn(random.Random(seed), first, DAYS)
    plain = Plain(county)
    turns = list(due_between(first, first + dt.timedelta(days=DAYS - 1), as_values(county)))
    met.update(type(reason).__name__ for turn in turns for reason in turn.why)
    found = []
    for number in range(DAYS):
        day = first + dt.timedelta(days=number)
        ours = {_key(turn): said(turn) for turn in turns if turn.day == day and turn.due}
        if ours != (theirs := plain.answer(day)):
            found.append(f"seed {seed}, {day}: {ours.items() ^ theirs.items()}")
    return found


def _key(turn: Turn) -> tuple[int, int]:
    return turn.person, turn.window.id


def said(turn: Turn) -> Said:
    """Return what a turn that is due says, as the plain reckoning says it."""
    return at_minute(turn.begin), at_minute(turn.end), turn.share


def at_minute(minute: int) -> dt.datetime:
    """Return the local time of a local minute (`server_broker.duty.values.minute_at`), without a zone."""
    first = dt.date(1, 1, 1).toordinal() * 1440
    return MIDNIGHT + dt.timedelta(minutes=minute - first)
