"""The season of a window: the dates of each year in which it runs. It may pass New Year."""

import datetime as dt
from functools import cache

type Season = tuple[int, int]
"""Its first and last date as month * 100 + day."""

ALL_YEAR: Season = (0, 0)

_DAY, _YEAR = dt.timedelta(days=1), dt.timedelta(days=366)
_LEAP_YEAR = dt.date(2024, 1, 1)
_DATES = tuple((day.month * 100 + day.day) for day in (_LEAP_YEAR + dt.timedelta(days=n) for n in range(366)))


def is_season(season: Season) -> bool:
    """Tell whether both ends are dates, or the season is all year."""
    return season == ALL_YEAR or all(date in _DATES for date in season)


def in_season(season: Season, day: dt.date) -> bool:
    """Tell whether a date lies in a season; both ends are part of it."""
    first, last = season
    if season == ALL_YEAR:
        return True
    date = day.month * 100 + day.day
    return first <= date <= last if first <= last else date >= first or date <= last


def stretch_from(season: Season, day: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last date of the season that runs on a date, or else of the next one to come.

    A season of all year has none: ask `ALL_YEAR` first.
    """
    first = day
    while not in_season(season, first):
        first += _DAY
    last = first
    # A season of the whole year has no end: a year on either side is far enough.
    while in_season(season, first - _DAY) and day - first < _YEAR:
        first -= _DAY
    while in_season(season, last + _DAY) and last - day < _YEAR:
        last += _DAY
    return first, last


@cache
def dates_of(season: Season) -> frozenset[int]:
    """Return the dates of a season as month * 100 + day, with 29 February."""
    days = (_LEAP_YEAR + dt.timedelta(days=n) for n in range(366))
    return frozenset(date for date, day in zip(_DATES, days, strict=True) if in_season(season, day))


def day_after(date: int) -> int:
    """Return the date that follows one, as month * 100 + day. 29 February counts as a date of every year."""
    return _DATES[(_DATES.index(date) + 1) % len(_DATES)]


def season_words(season: Season) -> str:
    """Return a season as people read it, such as 05-01 至 09-30."""
    return "" if season == ALL_YEAR else " 至 ".join(f"{date // 100:02d}-{date % 100:02d}" for date in season)
