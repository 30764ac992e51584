"""Which touch is which mark of a unit (§2.4, §2.5, §2.7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.reckoning.cards import Run
from tests.reckoning.minutes import count
from tests.reckoning.units import Unit, are_near, in_shared_stretch

LEAST_STAY = 30


@dataclass(frozen=True)
class Marks:
    """The arrival and the departure of a unit, with the runs that they came from where no correction stands."""

    arrival: datetime | None
    departure: datetime | None
    arrival_run: Run | None = None
    departure_run: Run | None = None
    corrected: frozenset[str] = frozenset()

    def of(self, mark: str) -> datetime | None:
        return self.arrival if mark == "in" else self.departure

    def run_of(self, mark: str) -> Run | None:
        return self.arrival_run if mark == "in" else self.departure_run


@dataclass(frozen=True)
class Neighbours:
    """A unit between the person's units before and after it, with the marks for which each station counts (§2.6)."""

    before: Unit | None
    here: Unit
    after: Unit | None
    stations: dict[str, frozenset[str]]

    def counts(self, run: Run, mark: str) -> bool:
        """Return whether the station of a run counts for a mark."""
        return mark in self.stations.get(run.station.id, ())

    def at_home(self, run: Run, mark: str) -> bool:
        """Return whether a run's station is the own one of the village whose mark it would be (§2.6).

        Of touches in the same minute such a one is the mark.
        """
        return self.here.covered[0 if mark == "in" else -1].window.village in run.station.villages


def shared_roles(around: Neighbours, run: Run) -> set[str]:
    """Return what a touch is that serves two windows near one another: whatever was chosen, and nothing else (§2.5)."""
    before, here, after = around.before, around.here, around.after
    roles = set()
    if after is not None and are_near(here, after) and in_shared_stretch(here, after, run.first):
        roles.add("out")
    if before is not None and are_near(before, here) and in_shared_stretch(before, here, run.first):
        roles.add("in")
    return roles


def role_by_spans(around: Neighbours, run: Run) -> str:
    """Return what a touch is for a unit by spans and chosen direction: "in", "out" or "" (§2.3, §2.4).

    What could be there (§2.8) is judged by the spans as they are before the half-way cut.
    """
    here, minute = around.here, run.first
    span = (here.whole if run.supposed else here.spans).place_of(minute)
    if span == "in" and run.way == "out":
        return "out" if minute > here.first else ""
    if span == "out" and run.way == "in":
        return "in" if minute < here.until else ""
    return span


def role_from_neighbour(around: Neighbours, run: Run) -> str:
    """Return what a touch before or after a unit's spans is for it because of its chosen direction (§2.4).

    上班 at or after the end of the unit before is this one's arrival if within its ``open_before``; 下班 at or before
    the start of the next is this one's departure if within its ``open_after``: whatever the half-way cut, so also where
    the cut has left no span.
    """
    here, before, after, minute = around.here, around.before, around.after, run.first
    if run.way == "in" and before is not None and minute >= before.until:
        return "in" if here.whole.place_of(minute) == "in" else ""
    if run.way == "out" and after is not None and minute <= after.first:
        return "out" if here.whole.place_of(minute) == "out" else ""
    return ""


def roles(around: Neighbours, run: Run) -> set[str]:
    """Return what a touch is for a unit; a touch serves one window, but for windows near one another (§2.5).

    A window with ``arrival`` has no departure, so a departure is nothing to it (§1.5).
    """
    shared = shared_roles(around, run)
    if shared:
        return shared
    return {role_by_spans(around, run) or role_from_neighbour(around, run)} & set(around.here.needs)


def marks_served(around: Neighbours, run: Run) -> set[str]:
    """Return which marks of a unit a touch may be at a station that counts for them (§2.6)."""
    return {role for role in roles(around, run) if around.counts(run, role)}


def marks_by_touches(around: Neighbours, runs: Iterable[Run], corrections: dict[str, datetime | None]) -> Marks:
    """Return the marks of a unit: by its corrections, else by the touches (§2.5, §2.7).

    Arrival is the earliest arrival touch, departure the latest departure touch; a departure touch not later than the
    arrival does not count. Corrections stand before all touches for their mark.
    """
    arrivals = [run for run in runs if "in" in marks_served(around, run)]
    departures = [run for run in runs if "out" in marks_served(around, run)]
    arrival_run = min(arrivals, key=lambda run: (run.first, not around.at_home(run, "in")), default=None)
    if "in" in corrections:
        arrival_run, arrival = None, corrections["in"]
    else:
        arrival = arrival_run.first if arrival_run is not None else None
    if arrival is not None:
        departures = [run for run in departures if run.last > arrival]
    departure_run = max(departures, key=lambda run: (run.last, around.at_home(run, "out")), default=None)
    if "out" in corrections:
        departure_run, departure = None, corrections["out"]
    else:
        departure = departure_run.last if departure_run is not None else None
    if arrival is None and "in" not in corrections and departure is not None:
        arrival_run = arrival_among_departures(around, departures, departure)
        arrival = arrival_run.first if arrival_run is not None else None
    return Marks(arrival, departure, arrival_run, departure_run, frozenset(corrections))


def arrival_among_departures(around: Neighbours, departures: list[Run], departure: datetime) -> Run | None:
    """Return the departure touch that is the arrival where there is none (§2.5).

    The earliest before the end for which 下班 was not chosen, if the departure is 30 or more minutes later.
    """
    able = [
        run
        for run in departures
        if run.first < around.here.until
        and run.way != "out"
        and not shared_roles(around, run)
        and around.counts(run, "in")
    ]
    earliest = min(able, key=lambda run: (run.first, not around.at_home(run, "in")), default=None)
    if earliest is None or count(earliest.first, departure) < LEAST_STAY:
        return None
    return earliest
