"""Regions and parameters as of a date (introduction, §2.6)."""

from datetime import date
from functools import lru_cache
from typing import Any

from tests.reckoning.case import Case, Station

DEFAULTS: dict[str, Any] = {
    "open_before": 90,
    "open_after": 180,
    "grace_in": 10,
    "grace_out": 10,
    "place": "township",
    "marks": "each",
    "late_absence": None,
    "early_absence": None,
    "min_rest": 30,
    "corrections_per_month": 3,
    "resident_days": 20,
}
TOWNSHIP_DEPTH = 1


def parent(case: Case, region: str, day: date) -> str | None:
    """Return the region above on a date: the row that began last by then; before the first row, that row's."""
    rows = [row for row in case.regions if row.id == region]
    begun = [row for row in rows if row.since <= day]
    if begun:
        return max(begun, key=lambda row: (row.since, row.known)).parent
    return min(rows, key=lambda row: (row.since, row.known)).parent if rows else None


@lru_cache(maxsize=4096)
def chain(case: Case, region: str, day: date) -> list[str]:
    """Return a region and all above it on a date, nearest first; the last is the county."""
    found = [region]
    above = parent(case, region, day)
    while above is not None and above not in found:
        found.append(above)
        above = parent(case, above, day)
    return found


def within(case: Case, region: str, scope: str, day: date) -> bool:
    """Return whether a region is, or lies in, another one on a date."""
    return scope in chain(case, region, day)


def township(case: Case, region: str, day: date) -> str:
    """Return the township of a village on a date; a region above all townships is its own."""
    above = chain(case, region, day)
    return above[-1 - TOWNSHIP_DEPTH] if len(above) > TOWNSHIP_DEPTH else region


@lru_cache(maxsize=4096)
def parameter(case: Case, name: str, region: str, day: date) -> Any:
    """Return the value in force on a date: the nearest region's, unless the county locks its own (introduction)."""
    above = chain(case, region, day)
    in_force = {}
    for place in above:
        rows = [row for row in case.parameters if row.region == place and row.since <= day and name in row.values]
        if rows:
            in_force[place] = max(enumerate(rows), key=lambda pair: (pair[1].since, pair[1].known, pair[0]))[1]
    county = in_force.get(above[-1])
    if county is not None and county.locked:
        return county.values[name]
    for place in above:
        if place in in_force:
            return in_force[place].values[name]
    return DEFAULTS[name]


@lru_cache(maxsize=4096)
def station_counts(case: Case, station: Station, village: str, day: date) -> bool:
    """Return whether a station counts for a window of a village's roster on a date (§2.6).

    A stand-in is its village's own station in every rule, so it counts as a station of each of its villages.
    """
    place = parameter(case, "place", village, day)
    if place == "county":
        return True
    if place == "village":
        return village in station.villages
    here = township(case, village, day)
    return any(township(case, other, day) == here for other in station.villages)
