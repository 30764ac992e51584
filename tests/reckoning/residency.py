"""The days and nights of resident cadres (§4)."""

from datetime import date, datetime, time

from tests.reckoning.cards import COUNTS, dated_touches, standing_of
from tests.reckoning.case import Case, Residency
from tests.reckoning.minutes import DAY, at, cut, dates_of_month, midnight
from tests.reckoning.record import complete_through
from tests.reckoning.table import Settled

NIGHT_FROM = time(17, 0)
NIGHT_UNTIL = time(10, 0)
DAY_RESULTS = ("停", "出", "会")


def touches_there(case: Case, residency: Residency) -> dict[date, list[datetime]]:
    """Return the person's dated touches at a station of the village by date, in minutes and in order (§4)."""
    found: dict[date, list[datetime]] = {}
    for touch in dated_touches(case):
        minute = cut(touch.at)
        if residency.village not in touch.station.villages:
            continue
        if standing_of(case, touch.card, minute) == (COUNTS, residency.person):
            found.setdefault(minute.date(), []).append(minute)
    return {day: sorted(there) for day, there in found.items()}


def village_complete(case: Case, village: str, minute: datetime) -> bool:
    """Return whether the record of each of a village's stations goes through a minute, which has come (§4)."""
    return cut(case.as_of) >= minute and all(
        complete_through(station, minute)
        for station in case.stations
        if village in station.villages and station.enrolled < minute
    )


def is_night(there: dict[date, list[datetime]], day: date) -> bool:
    """Return whether a date's last touch is at or after 17:00 and the next date's first one before 10:00 (§4)."""
    if day not in there or day + DAY not in there:
        return False
    return there[day][-1] >= at(day, NIGHT_FROM) and there[day + DAY][0] < at(day + DAY, NIGHT_UNTIL)


def resident_row(case: Case, residency: Residency, month: str, settled: list[Settled]) -> dict[str, object]:
    """Return a resident's days and nights of a month, and the dates that may still become one (§4).

    A date without its day is named while the village's record is not complete through its 24:00; one with a touch and
    without its night, while it is not complete through 10:00 of the next date.
    """
    there = touches_there(case, residency)
    month_dates = dates_of_month(month)
    excused = {
        one.window.date for one in settled if one.window.person == residency.person and one.result in DAY_RESULTS
    }
    days = [day for day in month_dates if day in there or day in excused]
    nights = [day for day in month_dates if is_night(there, day)]
    incomplete = [
        day
        for day in month_dates
        if (day not in days and not village_complete(case, residency.village, midnight(day + DAY)))
        or (
            day in there
            and day not in nights
            and not village_complete(case, residency.village, at(day + DAY, NIGHT_UNTIL))
        )
    ]
    return {
        "person": residency.person,
        "month": month,
        "days": len(days),
        "nights": len(nights),
        "incomplete": [day.isoformat() for day in incomplete],
    }
