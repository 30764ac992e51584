"""For whom a station may speak by number: for people of its own township.

A station that fell into wrong hands can sign any fact. So what it says of people whom it can't know counts for nothing.
A fact may come weeks late, and the person may have left or moved meanwhile. So the time of the fact is what matters,
and what was before it, because a station that is offline goes on by its old list. The list of today never matters.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F

from protocol.units import DATED_QUALITIES
from server_broker.attendance.models import StationPlace
from server_broker.dated.models import Dated
from server_broker.dated.timeline import row_at
from server_broker.people.models import Person
from server_broker.people.numbers import Numbers, numbers_of
from server_broker.regions.models import TOWNSHIP_DIGITS, RegionRecord

_MOMENT = dt.timedelta(microseconds=1)


def said_at(wall: dt.datetime, quality: str, received_at: dt.datetime) -> dt.datetime:
    """Return when a fact was, as far as is known: at its own time, or at its receipt if its station knew no time."""
    return min(wall, received_at) if quality in DATED_QUALITIES else received_at


@dataclass(frozen=True, slots=True)
class Speakers:
    """Some stations and numbers, and the townships that they belonged to at any time."""

    numbers: Numbers
    places: dict[str, list[StationPlace]]
    regions: dict[int, list[RegionRecord]]

    def person(self, station: str, number: str, at: dt.datetime) -> Person | None:
        """Return whose number it was then, if the person was there and of the station's township."""
        person = self.numbers.person(number, at)
        return person if person is not None and self._belongs(station, person, at) else None

    def may_know(self, station: str, number: str, at: dt.datetime) -> bool:
        """Tell whether the station can have had the number on its list: the person was of its township then or before.

        A station that is offline goes on by its old list. And a fact that its station could not date was at some time
        before its receipt.
        """
        person = self.numbers.person(number, at)
        return person is not None and any(
            self._belongs(station, person, when) for when in (at, *self._before_changes(station, person, at))
        )

    def _before_changes(self, station: str, person: Person, at: dt.datetime) -> list[dt.datetime]:
        """Return the last moment of each state up to ``at`` in which the person, the station and their regions were."""
        people, places = self.numbers.of_person.get(person.pk, []), self.places.get(station, [])
        villages = {row.village_id for row in people} | {row.village_id for row in places}
        rows: list[Dated] = [*people, *places, *(row for village in villages for row in self.regions[village])]
        return [row.valid_to - _MOMENT for row in rows if row.valid_to is not None and row.valid_to <= at]

    def _belongs(self, station: str, person: Person, at: dt.datetime) -> bool:
        record, place = self.numbers.record(person, at), row_at(self.places.get(station, ()), at)
        if record is None or record.left or place is None:
            return False
        return self._township(record.village_id, at) == self._township(place.village_id, at)

    def _township(self, village: int, at: dt.datetime) -> str:
        row = row_at(self.regions[village], at)
        assert row is not None  # PostgreSQL records each region's code
        return row.code[:TOWNSHIP_DIGITS]


def speakers_of(pairs: Iterable[tuple[str, str]]) -> Speakers:
    """Return what the county knows now of these stations (ids) and numbers, in three queries."""
    asked = set(pairs)
    numbers = numbers_of(number for _, number in asked)
    oldest_first = F("valid_from").asc(nulls_first=True)
    places: dict[str, list[StationPlace]] = defaultdict(list)
    standing = StationPlace.objects.known().filter(subject__in={station for station, _ in asked})
    for place in standing.order_by(oldest_first):
        places[place.subject_id].append(place)
    villages = {row.village_id for rows in numbers.of_person.values() for row in rows}
    villages |= {row.village_id for rows in places.values() for row in rows}
    regions: dict[int, list[RegionRecord]] = defaultdict(list)
    for region in RegionRecord.objects.known().filter(subject__in=villages).order_by(oldest_first):
        regions[region.subject_id].append(region)
    return Speakers(numbers, dict(places), dict(regions))
