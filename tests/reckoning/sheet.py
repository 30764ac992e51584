"""The sheet of some dates: what each window came to by what the county had at one time (§3, §6)."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from tests.reckoning.case import Case
from tests.reckoning.county import County
from tests.reckoning.cover import Covered, covered
from tests.reckoning.swaps import windows_of_dates
from tests.reckoning.table import Judge, Settled, settled_by_cover
from tests.reckoning.units import Unit, units_of_person

DAYS_AROUND = 3


class Sheet:
    """The settled windows of some dates; windows of the dates around them bound their spans (§2.3).

    ``people``: of these alone; of all, if nobody is named.
    """

    def __init__(
        self, case: Case, days: Iterable[date], closings: dict[str, datetime], people: Collection[str] = ()
    ) -> None:
        wanted = set(days)
        around = {day + timedelta(days=off) for day in wanted for off in range(-DAYS_AROUND, DAYS_AROUND + 1)}
        windows, self.overlaps = windows_of_dates(case, around)
        self.county = County(case, closings)
        all_covered = [
            covered(case, self.county.absences, window) for window in windows if not people or window.person in people
        ]
        self.units: dict[str, list[Unit]] = units_by_person(case, all_covered)
        settled = [settled_by_cover(one) for one in all_covered if not one.judged and one.window.date in wanted]
        self.judges: list[Judge] = []
        for units in self.units.values():
            for unit in units:
                if unit.covered[0].window.date in wanted:
                    judge = Judge(self.county, units, unit)
                    self.judges.append(judge)
                    settled += judge.settled()
        self.settled = without_doubles(settled)


def units_by_person(case: Case, all_covered: list[Covered]) -> dict[str, list[Unit]]:
    """Return each person's units: of the windows that lines 4 to 13 judge (§2.3, §3)."""
    judged: dict[str, list[Covered]] = {}
    for one in all_covered:
        if one.judged:
            judged.setdefault(one.window.person, []).append(one)
    return {person: units_of_person(case, theirs) for person, theirs in judged.items()}


def without_doubles(settled: list[Settled]) -> list[Settled]:
    """Return the windows by date, time and person; one that is 休 is left out where the person has another then."""
    worked = {(one.window.person, one.window.start) for one in settled if one.result != "休"}
    kept: dict[tuple[datetime, str], Settled] = {}
    for one in settled:
        key = (one.window.start, one.window.person)
        if one.result != "休" or (one.window.person, one.window.start) not in worked:
            kept[key] = one
    return [kept[key] for key in sorted(kept)]
