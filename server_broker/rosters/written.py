"""Find the rows that an import has written, so that the county's stream can vouch for them."""

from collections.abc import Iterator

from django.db.models import Model

from server_broker.attendance.models import DutyWindow
from server_broker.fleet.models import Station
from server_broker.people.models import Card, Person, PrivateNumber, Unit
from server_broker.regions.models import Region
from server_broker.rosters.known_numbers import wanted
from server_broker.rosters.plan import Plan, window_key
from server_broker.sheets.changes import Changes


def written(plan: Plan, changes: Changes) -> Iterator[Model]:
    """Yield the rows that `server_broker.rosters.apply` has written for ``changes``."""
    regions, stations, units, people, cards, windows = (
        changes.rows_of(sheet) for sheet in ("区划", "站点", "单位", "人员", "卡", "值班")
    )
    yield from Region.objects.filter(pk__in=[row.code for row in plan.regions if row.row in regions])
    yield from Station.objects.filter(pk__in=[row.id for row in plan.stations if row.row in stations])
    made = {(row.region, row.name) for row in plan.units if row.row in units}
    for unit in Unit.objects.filter(region__in={region for region, _ in made}, ended=False):
        if (unit.region_id, unit.name) in made:
            yield unit
    numbers = [row.number for row in plan.people if row.row in people]
    yield from Person.objects.filter(number__in=numbers)
    with_numbers = [row.number for row in plan.people if row.row in people and wanted(row)]
    if with_numbers:
        yield from PrivateNumber.objects.filter(person__number__in=with_numbers)
    yield from Card.objects.filter(token__in=[row.token for row in plan.cards if row.row in cards])
    keys = {row.key for row in plan.windows if row.row in windows}
    for window in DutyWindow.objects.filter(village__in={village for village, _ in keys}):
        if window_key(window.village_id, window.name) in keys:
            yield window
