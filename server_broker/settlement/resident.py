"""Days and nights of who is sent to live in a village (docs/rules.md, section 4, and 8.17)."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct

from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.lines import Lines
from server_broker.settlement.times import MINUTES_A_DAY, Minute, cut, first_of_month, midnight, next_month

_EVENING = 17 * 60
_MORNING = 10 * 60
_THERE = frozenset({"停", "出", "会"})


class Resided(Struct, frozen=True):
    """One month of one resident."""

    person: str
    village: str
    month: str
    days: int
    nights: int
    incomplete: tuple[dt.date, ...]
    """The dates whose day or night may still come."""
    needed: int
    """The days that the county wants."""


def resided(person: str, village: str, month: str, knowledge: Knowledge, lines: Lines) -> Resided:
    """Return the days and nights of a month."""
    first = first_of_month(month)
    dates = [first + dt.timedelta(days=number) for number in range((next_month(first) - first).days)]
    stations = knowledge.sites.own(village)
    touched = sorted(minute for one in stations for minute in knowledge.touches.minutes(person, one))
    days = nights = 0
    incomplete = []
    for date in dates:
        begin = midnight(date)
        here = _between(touched, begin, begin + MINUTES_A_DAY)
        is_day = bool(here) or any(one.result in _THERE for one in lines.results(person, date))
        is_night = _is_night(here, _between(touched, begin + MINUTES_A_DAY, begin + 2 * MINUTES_A_DAY))
        days += is_day
        nights += is_night
        through = begin + MINUTES_A_DAY + (_MORNING if here else 0)
        if (not is_day or (here and not is_night)) and not _complete(stations, through, knowledge):
            incomplete.append(date)
    needed = knowledge.parameters.on(village, first).resident_days
    return Resided(person, village, month, days, nights, tuple(incomplete), needed)


def _between(minutes: Sequence[Minute], begin: Minute, end: Minute) -> Sequence[Minute]:
    return minutes[bisect_left(minutes, begin) : bisect_left(minutes, end)]


def _is_night(today: Sequence[Minute], tomorrow: Sequence[Minute]) -> bool:
    if not today or not tomorrow:
        return False
    return today[-1] % MINUTES_A_DAY >= _EVENING and tomorrow[0] % MINUTES_A_DAY < _MORNING


def _complete(stations: Sequence[str], through: Minute, knowledge: Knowledge) -> bool:
    """Tell whether the village's record reaches a minute. Days to come are not complete."""
    if cut(knowledge.at) < through:
        return False
    records = (knowledge.records[station] for station in stations)
    return all(record.complete(through) for record in records if record.station.enrolled < through)
