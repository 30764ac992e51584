"""Write the changes of a checked import to the database, inside the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow
from server_broker.fleet.models import Station
from server_broker.people.cards import bind_card
from server_broker.people.models import Card, Person, Unit
from server_broker.regions.models import Region
from server_broker.rosters.known import Known, KnownWindow
from server_broker.rosters.known_numbers import write_numbers
from server_broker.rosters.plan import CardRow, PersonRow, Plan, RegionRow, StationRow, UnitRow, WindowRow
from server_broker.sheets.changes import Changes

_COLUMNS = ["weekdays", "start", "end", "season_from", "season_to", "marks", "leaders"]
_ROWS_AT_A_TIME = 2_000
"""Most models in memory at a time. A file may hold ten times as many rows, and two files may be worked on at once."""


@dataclass(slots=True)
class _Applying:
    known: Known
    changes: Changes
    villages: set[str] = field(default_factory=set)
    """Villages whose stations must learn of the import."""

    def wanted[T: (RegionRow, StationRow, UnitRow, PersonRow, CardRow, WindowRow)](
        self, sheet: str, rows: list[T]
    ) -> list[T]:
        changing = self.changes.rows_of(sheet)
        return [row for row in rows if row.row in changing]


def apply(plan: Plan, known: Known, changes: Changes, actor: str) -> set[str]:
    """Write the rows that differ, and return the villages whose stations must learn of the import.

    Raises:
        django.db.IntegrityError: Somebody wrote the same key meanwhile. The caller must roll its transaction back.
    """
    applying = _Applying(known, changes)
    # In the order of the foreign keys: a row may name a region or a person that is new in the same file.
    _regions(applying, plan)
    _stations(applying, plan)
    _units(applying, plan)
    _people(applying, plan)
    _cards(applying, plan, actor)
    _windows(applying, plan)
    return applying.villages


def _regions(applying: _Applying, plan: Plan) -> None:
    wanted = applying.wanted("区划", plan.regions)
    applying.villages.update(row.code for row in wanted)
    Region.objects.bulk_create(
        (Region(code=row.code, name=row.name) for row in wanted),
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name"],
    )


def _stations(applying: _Applying, plan: Plan) -> None:
    wanted = applying.wanted("站点", plan.stations)
    known = applying.known.stations
    for row in wanted:
        if row.id in known:
            # A new station has not been enrolled, so nobody has to be told.
            applying.villages.update({known[row.id].village, row.village})
    for rows in batched(wanted, _ROWS_AT_A_TIME, strict=False):
        stations = [Station(id=row.id, name=row.name, village_id=row.village) for row in rows]
        Station.objects.bulk_create(station for station in stations if station.id not in known)
        old = [station for station in stations if station.id in known]
        Station.objects.bulk_update(old, ["name", "village"], batch_size=500)


def _units(applying: _Applying, plan: Plan) -> None:
    wanted = applying.wanted("单位", plan.units)
    Unit.objects.bulk_create(
        (Unit(name=row.name, kind=row.kind, region_id=row.region) for row in wanted), batch_size=_ROWS_AT_A_TIME
    )


def _people(applying: _Applying, plan: Plan) -> None:
    wanted = applying.wanted("人员", plan.people)
    for row in wanted:
        old = applying.known.people.get(row.number)
        # The stations of the old village must forget the person.
        applying.villages.update({row.village} if old is None else {row.village, old.village})
    for rows in batched(wanted, _ROWS_AT_A_TIME, strict=False):
        Person.objects.bulk_create(
            (Person(number=row.number, name=row.name, village_id=row.village) for row in rows),
            update_conflicts=True,
            unique_fields=["number"],
            update_fields=["name", "village"],
        )
    write_numbers(wanted, applying.known.numbers)


def _cards(applying: _Applying, plan: Plan, actor: str) -> None:
    wanted = applying.wanted("卡", plan.cards)
    now = timezone.now()
    for rows in batched(wanted, _ROWS_AT_A_TIME, strict=False):
        holders = {person.number: person for person in Person.objects.filter(number__in={row.person for row in rows})}
        tokens = {row.token for row in rows}
        free = {bytes(card.token) for card in Card.objects.filter(token__in=tokens, person=None)}
        for row in rows:
            if row.token in free:
                bind_card(row.token, holders[row.person], actor=actor, tail=row.tail)
        Card.objects.bulk_create(
            Card(token=row.token, tail=row.tail, person=holders[row.person], bound_at=now)
            for row in rows
            if row.token not in free
        )
        applying.villages.update(holder.village_id for holder in holders.values())


def _terms(row: WindowRow, known: KnownWindow | None) -> dict[str, Any]:
    """Return season and marks; what the file has no column for is as it was."""
    had = known or KnownWindow(0, "", "", [], 0, 0, {})
    season = had.season if row.season is None else row.season
    marks = had.marks if row.marks is None else row.marks
    return {"season_from": season[0], "season_to": season[1], "marks": marks}


def _leaders(row: WindowRow, known: KnownWindow | None, people: Mapping[str, int]) -> list[int]:
    """Return who leads: whoever led and is still among the people, if the file does not say."""
    led = row.leaders if row.leaders is not None else known.leaders if known else ()
    return sorted(people[number] for number in led if number in people and number in row.people)


def _windows(applying: _Applying, plan: Plan) -> None:
    wanted = applying.wanted("值班", plan.windows)
    applying.villages.update(row.village for row in wanted)
    shares = DutyWindow.people.through
    for rows in batched(wanted, _ROWS_AT_A_TIME, strict=False):
        named = {number for row in rows for number in row.people}
        people = dict(Person.objects.filter(number__in=named).values_list("number", "pk"))
        windows = [
            DutyWindow(
                pk=known.pk if (known := applying.known.windows.get(row.key)) else None,
                village_id=row.village,
                name=known.name if known else row.name,
                weekdays=row.weekdays,
                start=row.start,
                end=row.end,
                days=DaysKind.NAMED if row.is_named else DaysKind.WEEKLY,
                leaders=_leaders(row, known, people),
                **_terms(row, known),
            )
            for row in rows
        ]
        old = [window for window in windows if window.pk is not None]
        # The row names everybody who is in the window, so whoever it does not name is out.
        shares.objects.filter(dutywindow__in=old).delete()
        DutyWindow.objects.bulk_update(old, _COLUMNS, batch_size=500)
        DutyWindow.objects.bulk_create(window for window in windows if window.pk is None)
        new = (
            shares(dutywindow_id=window.pk, person_id=people[number])
            for window, row in zip(windows, rows, strict=True)
            for number in row.people
        )
        # Batched once more, because 2,000 windows with 200 people each are 400,000 shares.
        for some in batched(new, _ROWS_AT_A_TIME, strict=False):
            shares.objects.bulk_create(some)
