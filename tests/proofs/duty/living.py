"""The dates of the proof: what the county computes, when each station gets it, and what a month of edits costs.

Import it after `django.setup`.
"""

import copy
import datetime as dt
import time
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.utils import timezone

from protocol.codec import encode
from protocol.duty_days import DutyDays
from protocol.twin import Desired
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper
from server_broker.bundles.models import Bundle, StationIndex
from server_broker.duty.marks import mark_changed
from server_broker.duty.reading import Asked
from server_broker.fleet.models import ShelfDue, Station
from server_broker.supervisor.chores import shelf_sources, shelf_sources_of_many
from server_broker.twin.desired import build
from server_broker.twin.duty_content import dates_at, duty_days
from server_broker.twin.township import with_neighbours
from tests.fakes.bundles import Held
from tests.proofs.duty.county import DAY, County, Village, local
from tests.proofs.duty.reckoning import Judge
from tests.proofs.duty.station import APART_MIN, Findings, Office, held_of

TOUCHES, LOOKS = 4, 2
"""Of a station and date."""
CHANGED_AT = 620
"""The minute at which a roster changes in the middle of a window."""
LATE_DAYS, MIDNIGHT = 2, 1_440
BESIDE_BYTES = 160
"""What lies beside each document that is fetched: its signature, and the headers of MessagePack."""


@dataclass
class Lived:
    """Everything that a run of stations needs, so that it can be repeated with a fault planted."""

    county: County
    folder: BundleFolder
    before: list[dict[str, Any]]
    """The county as it was written down before the changes in mid-window."""
    changed_on: dt.date
    first: dict[str, Held] = field(default_factory=dict)
    second: dict[str, Held] = field(default_factory=dict)
    rebuilt_s: float = 0.0


def made(county: County, folder: BundleFolder) -> Lived:
    """Have the county compute the turns, change rosters in mid-window, and compute them again."""
    before = copy.deepcopy(county.given)
    keeper = _keeper(folder)
    at = timezone.make_aware(local(county.monday, 5))
    begun = time.monotonic()
    _compute(keeper, at)
    lived = Lived(county, folder, before, county.monday + min(16, county.days // 2) * DAY)
    lived.rebuilt_s = time.monotonic() - begun
    while not county.calendar[lived.changed_on] or lived.changed_on.isoweekday() > 5:
        lived.changed_on += DAY
    lived.first = {one.station.pk: held for one in county.villages if (held := held_of(folder, one.station.pk))}
    for number, village in enumerate(county.villages):
        pair = county.villages[number // 2 * 2 : number // 2 * 2 + 2]
        people = [person for one in pair for person in one.people]
        county.name_day(village, "上午", lived.changed_on, people, county.given[number // 2])
    _compute(keeper, timezone.make_aware(local(lived.changed_on, CHANGED_AT)))
    lived.second = {one.station.pk: held for one in county.villages if (held := held_of(folder, one.station.pk))}
    return lived


def _keeper(folder: BundleFolder) -> IndexKeeper:
    return IndexKeeper(
        folder=folder, sources=shelf_sources(), sources_of_many=shelf_sources_of_many(), markers=[mark_changed]
    )


def _compute(keeper: IndexKeeper, at: dt.datetime) -> None:
    keeper.go_on(at)
    while ShelfDue.objects.exists():
        keeper.go_on(at)


def desired_of(village: Village, at: dt.datetime) -> Desired:
    """Return the desired state of a village's station as the county makes it, but for a board that shows all.

    The proof compares whole boards; that a county lets less be shown is no matter of who is due.
    """
    own = copy.replace(build(village.station, version=1, now=at), duty_board="")
    return with_neighbours(own, village.station, now=at)[0]


def live(lived: Lived, folder: Path, *, seed: int, days: int, villages: int) -> Findings:
    """Have the stations of some villages live through the dates."""
    findings = Findings()
    judges: dict[tuple[int, bool], Judge] = {}
    for number in range(villages):
        pair = number // 2
        old = judges.setdefault((pair, False), Judge(lived.before[pair]))
        new = judges.setdefault((pair, True), Judge(lived.county.given[pair]))
        _village(lived, number, folder / str(number), old, new, findings, seed=seed, days=days)
        if number % 2:
            judges.clear()
    return findings


def _village(
    lived: Lived, number: int, folder: Path, old: Judge, new: Judge, findings: Findings, *, seed: int, days: int
) -> None:
    county, village = lived.county, lived.county.villages[number]
    monday, station = county.monday, village.station.pk
    pair = county.villages[number // 2 * 2 : number // 2 * 2 + 2]
    people = {person.number: person for one in pair for person in one.people}
    begun = local(monday, 5)
    office = Office(
        folder, village, desired_of(village, timezone.make_aware(begun)), people, begun, seed * 10_000 + number
    )
    # Before the first turns have come.
    office.by_week(local(monday, 40), findings)
    office.take(lived.first[station])
    changes = local(lived.changed_on, CHANGED_AT) + (number % 3 == 0) * LATE_DAYS * DAY
    every = [one for one in old.given["windows"] if one["village"] == village.region.identity]
    judge, closings = old, set()
    for day in (monday + count * DAY for count in range(days)):
        closings |= {one for one in judge.closes(village.region.identity, day - DAY) if one[2].date() >= day}
        windows = [
            one
            for on in (day - DAY, day)
            for some in judge.due(on).values()
            for one in some
            if one["village"] == village.region.identity and (on == day or one["end"] > MIDNIGHT)
        ]
        moments = office.moments(windows or every, day, TOUCHES + LOOKS)
        acts = {at: office.touch if count % 3 else office.look for count, at in enumerate(moments)}
        if parts := judge.between_middles(village.region.identity, day):
            at, person = office.draw.choice(parts)
            acts = {other: act for other, act in acts.items() if abs(other - at) >= dt.timedelta(minutes=APART_MIN)}
            acts[at] = partial(office.touch, number=office.number_of(person))
        for at, act in sorted(acts.items(), key=itemgetter(0)):
            if at <= local(monday, 45):
                continue
            if judge is old and at >= changes:
                office.at(changes)
                office.take(lived.second[station])
                judge = new
            office.at(at)
            act(judge, at, findings)
    _closings(office, (old, new), changes, monday, days, findings)
    _other_scenes(office, lived, findings)


def _closings(
    office: Office, judges: tuple[Judge, Judge], changes: dt.datetime, monday: dt.date, days: int, findings: Findings
) -> None:
    """Compare what the station stated as closed, but for the dates on which it changed its mind."""
    office.at(local(monday + days * DAY, 0))
    village = office.village.region.identity
    unsure = {(changes.date() + number * DAY).isoformat() for number in (-1, 0, 1)}
    wanted = set()
    for day in (monday + number * DAY for number in range(-2, days + 1)):
        judge = judges[0] if local(day, 0) < changes else judges[1]
        wanted |= {
            one
            for one in judge.closes(village, day)
            if office.begun < one[2] <= local(monday + days * DAY, 0) and one[1] not in unsure
        }
    office.closed = {one for one in office.closed if one[1] not in unsure}
    office.ended(wanted, findings)


def _other_scenes(office: Office, lived: Lived, findings: Findings) -> None:
    """Run out, and without the time: nothing is invented."""
    _, last = dates_at(lived.changed_on)
    for number, minute in ((2, 505), (3, 712), (4, 900), (8, 1_300)):
        office.by_week(local(last + number * DAY, minute), findings)
    office.without_time(local(last + 9 * DAY, 530), findings)


def contents(county: County, villages: int) -> dict[int, DutyDays]:
    """Return the turns of some villages as the county computes them now."""
    identities = [one.region.identity for one in county.villages[:villages]]
    return duty_days(identities, Asked(*dates_at(county.monday)))


@dataclass
class Cost:
    """Bytes of a month at one station."""

    by_kind: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, size: int) -> None:
        self.by_kind[kind] = self.by_kind.get(kind, 0) + size

    @property
    def total(self) -> int:
        return sum(self.by_kind.values())


def month(lived: Lived, *, villages: int, days: int = 30) -> list[Cost]:
    """Return what a month costs each of some villages in which every day somebody changes a roster."""
    county, keeper = lived.county, _keeper(lived.folder)
    some = county.villages[:villages]
    costs = {one.station.pk: Cost() for one in some}
    # The others are computed no more: what they cost is not looked at.
    Station.objects.exclude(pk__in=costs).update(enrolled_at=None)
    seen = set(Bundle.objects.values_list("pk", flat=True))
    told: dict[str, Desired] = {}
    indexes = set(StationIndex.objects.values_list("sha256", flat=True))
    for number in range(days):
        now = county.monday + number * DAY
        for place, village in enumerate(some):
            pair = county.villages[place // 2 * 2 : place // 2 * 2 + 2]
            people = [person for one in pair for person in one.people]
            day = now + county.draw.randrange(1, 30) * DAY
            county.name_day(village, county.draw.choice(("上午", "赶集")), day, people, county.given[place // 2])
        at = timezone.make_aware(local(now, 700))
        _compute(keeper, at)
        for row in Bundle.objects.filter(station__in=costs).exclude(pk__in=seen):
            seen.add(row.pk)
            assert row.station_id is not None
            costs[row.station_id].add(row.kind, row.size + BESIDE_BYTES)
        for index in StationIndex.objects.filter(station__in=costs).exclude(sha256__in=indexes):
            indexes.add(index.sha256)
            costs[index.station_id].add("index", len(index.payload) + BESIDE_BYTES)
        for village in some:
            desired = desired_of(village, at)
            if told.get(village.station.pk) != desired:
                told[village.station.pk] = desired
                costs[village.station.pk].add("desired", len(encode(desired)) + BESIDE_BYTES)
    return list(costs.values())
