"""What the county has at the time for which a sheet is asked, ready to be asked of (§6)."""

from datetime import datetime

from tests.reckoning.cards import COUNTS, LOST, UNBOUND, Run, runs_by_standing, touches_of_cards_on_order
from tests.reckoning.case import Case
from tests.reckoning.corrections import corrections_in_force
from tests.reckoning.cover import approved_absences
from tests.reckoning.undated import Undated, undated_things


class County:
    """One case as of one time, with the touches, the absences and the corrections that follow from it."""

    def __init__(self, case: Case, closings: dict[str, datetime]) -> None:
        self.case = case
        self.absences = approved_absences(case)
        self.corrections = corrections_in_force(case, closings)
        by_standing = runs_by_standing(case)
        self.unbound_runs: list[Run] = by_standing.get((UNBOUND, None), [])
        self.touches_on_order: list[Run] = touches_of_cards_on_order(case)
        self.lost_runs: list[Run] = by_standing.get((LOST, None), [])
        self.runs: dict[str, list[Run]] = {
            person: runs for (standing, person), runs in by_standing.items() if standing == COUNTS and person
        }
        self.undated: list[Undated] = [thing for station in case.stations for thing in undated_things(station)]

    def runs_of(self, person: str) -> list[Run]:
        """Return the runs of somebody's touches that count."""
        return self.runs.get(person, [])
