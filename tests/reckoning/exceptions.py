"""Touches that an officer must look at: at a station that does not count, or of a card that does not (§2.1, §2.6)."""

from typing import Any

from tests.reckoning.cards import Run
from tests.reckoning.county import County
from tests.reckoning.marks import marks_served, roles
from tests.reckoning.sheet import Sheet
from tests.reckoning.table import Judge


def exception(kind: str, run: Run, who: dict[str, str]) -> dict[str, Any]:
    return {"kind": kind, **who, "station": run.station.id, "at": run.first.isoformat()}


def off_place(judge: Judge) -> list[dict[str, Any]]:
    """Return the touches that would be a window's if their station counted (§2.6)."""
    around = judge.around
    person = judge.unit.person
    return [
        exception("off_place", run, {"person": person})
        for run in judge.county.runs_of(person)
        if roles(around, run) and not marks_served(around, run)
    ]


def of_cards(county: County) -> list[dict[str, Any]]:
    """Return the touches of cards that are bound to nobody, or reported lost by then (§2.1)."""
    return [exception("unknown_card", run, {"card": run.card}) for run in county.unbound_runs] + [
        exception("lost_card", run, {"card": run.card}) for run in county.lost_runs
    ]


def exceptions(sheet: Sheet) -> list[dict[str, Any]]:
    """Return all exceptions of a sheet by time, each once."""
    found = of_cards(sheet.county)
    for one in (one for judge in sheet.judges for one in off_place(judge)):
        if one not in found:
            found.append(one)
    return sorted(found, key=lambda one: (one["at"], one["station"], one["kind"]))
