"""Whose facts a window waits for, and whether they are all here (§3, Complete)."""

from datetime import datetime, timedelta

from tests.reckoning.cards import could_be_theirs
from tests.reckoning.case import Case, Station
from tests.reckoning.county import County
from tests.reckoning.due import Window
from tests.reckoning.minutes import MINUTE, cut, first_of_previous_month, midnight
from tests.reckoning.record import complete_through
from tests.reckoning.regions import station_counts
from tests.reckoning.units import Unit

WAIT_DAYS = 7


def waits_still(case: Case, end: datetime) -> bool:
    """Return whether fewer than 7 × 24 hours have passed since a window's end (§3, Complete)."""
    return case.as_of - timedelta(days=WAIT_DAYS) < end


def touched(county: County, station: Station, person: str, first: datetime, end: datetime) -> bool:
    """Return whether somebody touched a station in a stretch, or, by an undated touch, could have (§3, Complete)."""
    if any(run.station.id == station.id and first <= run.first < end for run in county.runs_of(person)):
        return True
    return any(
        thing.card is not None
        and thing.station.id == station.id
        and could_be_theirs(
            county.case, thing.card, person, max(first, thing.bracket.first), min(end - MINUTE, thing.bracket.last)
        )
        for thing in county.undated
    )


def is_awaited(county: County, unit: Unit, window: Window, station: Station) -> bool:
    """Return whether a window waits for a station's record (§3, Complete).

    It counts for the window and was enrolled before its last minute; and it is the village's own, or the person touched
    it from the first of the previous month on, or 7 days have not passed since the end.
    """
    if not station_counts(county.case, station, window.village, window.date):
        return False
    if cut(station.enrolled) >= unit.last_minute:
        return False
    if window.village in station.villages or waits_still(county.case, unit.end):
        return True
    return touched(county, station, window.person, midnight(first_of_previous_month(window.date)), unit.last_minute)


def is_complete(county: County, unit: Unit, window: Window) -> bool:
    """Return whether the record of every station that is awaited goes through the last minute (§3, Complete)."""
    return all(
        complete_through(station, unit.last_minute)
        for station in county.case.stations
        if is_awaited(county, unit, window, station)
    )
