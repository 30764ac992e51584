"""Count wrong tries at kiosks as an honest station would have judged them, and forget those of revoked stations.

All kiosks together have one count of a person's PIN, and stations are sent it with the roster. A station that fell
into wrong hands can sign any number of tries, and so keep people from signing in by number. So of what one station
states, no more counts than `protocol.pin_tries` lets one station judge. Each try is kept with its station, so that
revoking the station takes its tries back.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from protocol.china_time import milliseconds
from protocol.pin_tries import DAY_MS, MOST_PEOPLE_A_DAY, NO_TRIES, PinTries, failed, locked_ms
from server_broker.fleet.models import Station
from server_broker.fleet.shelf_changes import shelf_changed_in
from server_broker.people.models import Person
from server_broker.pins.models import KioskTry, PersonPin
from server_broker.platform.sql import query

STATED_LATER = timedelta(minutes=1)
"""A station counts a try when it is made, and states it when it was judged. So two may lie closer in its record."""
TRIES_KEPT = timedelta(days=400)
"""Longer than any number of tries counts: 1,024 h of lock, and a week for each."""


def tries_of(people: Iterable[Person]) -> dict[int, PinTries]:
    """Return the wrong tries at the present PIN of each of these people who have any, by the person's key."""
    listed = list(people)
    since = {kept.person_id: begun(kept) for kept in PersonPin.objects.filter(person__in=listed)}
    rows = KioskTry.objects.filter(person__in=listed, station__revoked_at=None).order_by("at", "pk")
    found: dict[int, PinTries] = {}
    for person, at in rows.values_list("person", "at"):
        begin = since.get(person)
        if begin is None or at >= begin:
            found[person] = failed(found.get(person, NO_TRIES), milliseconds(at))
    return found


type _Pair = tuple[str, int]
"""(station, key of a person)."""


class TriesInHand:
    """The wrong tries that stations stated at some people's PINs, while more are counted.

    All are loaded with one statement and the new ones stored with another, however many steps there are.
    """

    def __init__(self, pairs: Collection[_Pair]) -> None:
        """Load what it takes to count tries of these stations at these people's PINs."""
        self._of: defaultdict[_Pair, list[datetime]] = defaultdict(list)
        """In order."""
        self._latest: defaultdict[str, dict[int, datetime]] = defaultdict(dict)
        """By station: the last try at each person's PIN."""
        self._last: dict[str, datetime] = {}
        """By station."""
        self._counted: dict[_Pair, tuple[datetime | None, PinTries]] = {}
        self._new: list[KioskTry] = []
        for station, person, at in _tries_before(pairs) if pairs else ():
            self._add((station, person), at)

    def count(self, person: int, station: Station, wall: datetime, *, since: datetime | None) -> bool:
        """Count a wrong try, unless it says nothing of the present PIN or its station is revoked.

        Return whether an honest station could have judged it. If not, it counts for nothing.

        Args:
            since: When tries began to say something of the present PIN; None: always.
        """
        if station.revoked_at is not None or (since is not None and since > wall):
            return True
        # Never before what the station has stated already, or it could fill each day of the past.
        at = max(wall, self._last.get(station.pk, wall))
        # As a station with these tries would have judged another one, by the rules of every station.
        day_before = at - timedelta(milliseconds=DAY_MS)
        lately = sum(who != person and tried > day_before for who, tried in self._latest[station.pk].items())
        tries = self._standing((station.pk, person), since)
        if lately >= MOST_PEOPLE_A_DAY or locked_ms(tries, milliseconds(at + STATED_LATER)):
            return False
        self._add((station.pk, person), at)
        self._counted[station.pk, person] = since, failed(tries, milliseconds(at))
        self._new.append(KioskTry(person_id=person, station=station, at=at))
        return True

    def store(self) -> None:
        """Store the tries that counted."""
        KioskTry.objects.bulk_create(self._new)

    def _add(self, pair: _Pair, at: datetime) -> None:
        station, person = pair
        self._of[pair].append(at)
        self._latest[station][person] = self._last[station] = at

    def _standing(self, pair: _Pair, since: datetime | None) -> PinTries:
        """Return the tries of a station at the PIN that holds since then."""
        counted = self._counted.get(pair)
        # Kept from one step to the next: to go through all tries at each of them would take the square of the time.
        if counted is None or counted[0] != since:
            tries, times = NO_TRIES, self._of[pair]
            for at in times[bisect_left(times, since) if since is not None else 0 :]:
                tries = failed(tries, milliseconds(at))
            counted = self._counted[pair] = since, tries
        return counted[1]


def _tries_before(pairs: Collection[_Pair]) -> list[tuple[str, int, datetime]]:
    """Return all tries of these pairs, and those that their stations stated within a day before the last, in order.

    A new try is never counted before the last one, so no older one says at how many people's PINs a station tried
    within a day.
    """
    found = query(
        """WITH pairs AS (SELECT * FROM unnest(%s::text[], %s::bigint[]) AS w (station, person)),
        lasts AS (
            SELECT station, (SELECT max(at) FROM pins_kiosktry WHERE station_id = station) AS last
            FROM (SELECT DISTINCT station FROM pairs) AS stations
        )
        SELECT station_id, person_id, at, id FROM lasts JOIN pins_kiosktry ON station_id = station AND at > last - %s
        UNION
        SELECT station_id, person_id, at, id FROM pairs
        JOIN pins_kiosktry ON station_id = station AND person_id = person
        ORDER BY at, id""",
        [[station for station, _ in pairs], [person for _, person in pairs], timedelta(milliseconds=DAY_MS)],
    )
    return [(station, person, at) for station, person, at, _ in found]


def drop_tries_of_revoked(now: datetime) -> int:
    """Delete the tries that stations stated which were revoked since, and have rosters made anew; return how many."""
    gone = KioskTry.objects.exclude(station__revoked_at=None)
    villages = set(gone.values_list("person__village", flat=True))
    dropped, _ = gone.delete()
    mark_villages(villages, at=now)
    return dropped


def mark_villages(villages: Iterable[str], *, at: datetime) -> None:
    """Mark the stations of these villages, because their rosters may have changed."""
    if found := set(villages):
        shelf_changed_in(found, at=at)


def begun(kept: PersonPin) -> datetime | None:
    """Return when tries began to say something of what holds now: what was before was at another PIN."""
    times = [at for at in (kept.set_at, kept.voided_at) if at is not None]
    return max(times, default=None)
