"""Who is due, reckoned a second time from the rules alone, over seeded rosters."""

import datetime as dt
import random
from collections import Counter
from fractions import Fraction

from server_broker.duty.due import Turn, due_between
from tests.server_broker.duty.plain_reckoning import Plain
from tests.server_broker.duty.random_rosters import as_values, drawn

COUNTIES, DAYS = 12, 8
MIDNIGHT = dt.datetime(1, 1, 1)  # noqa: DTZ001 - local minutes have no zone


def test_both_reckonings_agree() -> None:
    met: Counter[str] = Counter()
    for seed in range(COUNTIES):
        first = dt.date(2026, 1, 1) + dt.timedelta(days=30 * seed)
        county = drawn(random.Random(seed), first, DAYS)
        plain = Plain(county)
        turns = list(due_between(first, first + dt.timedelta(days=DAYS - 1), as_values(county)))
        met.update(type(reason).__name__ for turn in turns for reason in turn.why)
        for number in range(DAYS):
            day = first + dt.timedelta(days=number)
            ours = {_key(turn): _said(turn) for turn in turns if turn.day == day and turn.due}
            assert ours == plain.answer(day), (seed, day)
    # Else the two would agree about nothing.
    assert {"ByName", "ByPost", "OnNamedDay", "OnSwappedDay", "ForThisDate", "TookOver", "CutByNotice"} < met.keys()
    assert {"DayOff", "Stopped", "HandedOver", "Away", "NoPost", "Left", "Overlaps"} < met.keys()


def _key(turn: Turn) -> tuple[int, int]:
    return turn.person, turn.window.id


def _said(turn: Turn) -> tuple[dt.datetime, dt.datetime, Fraction]:
    first = dt.date(1, 1, 1).toordinal() * 1440
    begin, end = (MIDNIGHT + dt.timedelta(minutes=minute - first) for minute in (turn.begin, turn.end))
    return begin, end, turn.share
