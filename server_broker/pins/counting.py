"""Count wrong tries at kiosks as an honest station would have judged them, and forget those of revoked stations.

All kiosks together have one count of a person's PIN, and stations are sent it with the roster. A station that fell
into wrong hands can sign any number of tries, and so keep people from signing in by number. So of what one station
states, no more counts than `protocol.pin_tries` lets one station judge. Each try is kept with its station, so that
revoking the station takes its tries back.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet

from protocol.china_time import milliseconds
from protocol.pin_tries import DAY_MS, MOST_PEOPLE_A_DAY, NO_TRIES, PinTries, failed, locked_ms
from server_broker.fleet.models import Station
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.people.models import Person
from server_broker.pins.models import KioskTry, PersonPin

STATED_LATER = timedelta(minutes=1)
"""A station counts a try when it is made, and states it when it was judged. So two may lie closer in its record."""
TRIES_KEPT = timedelta(days=400)
"""Longer than any number of tries counts: 1,024 h of lock, and a week for each."""


def tries_of(people: Iterable[Person]) -> dict[int, PinTries]:
    """Return the wrong tries at the present PIN of each of these people who have any, by the person's key."""
    listed = list(people)
    since = {kept.person_id: _begin(kept) for kept in PersonPin.objects.filter(person__in=listed)}
    rows = KioskTry.objects.filter(person__in=listed, station__revoked_at=None).order_by("at", "pk")
    found: dict[int, PinTries] = {}
    for person, at in rows.values_list("person", "at"):
        begin = since.get(person)
        if begin is None or at >= begin:
            found[person] = failed(found.get(person, NO_TRIES), milliseconds(at))
    return found


def count_try(person: Person, station: Station, wall: datetime) -> bool:
    """Count a wrong try, unless it says nothing of the present PIN or its station is revoked.

    Return whether an honest station could have judged it. If not, it counts for nothing.
    """
    kept = PersonPin.objects.filter(person=person).first()
    begin = _begin(kept) if kept is not None else None
    if station.revoked_at is not None or (begin is not None and begin > wall):
        return True
    own = KioskTry.objects.filter(station=station)
    # Never before what the station has stated already, or it could fill each day of the past.
    at = max(wall, own.aggregate(last=Max("at"))["last"] or wall)
    if not _could_be_judged(own, person, begin, at):
        return False
    KioskTry.objects.create(person=person, station=station, at=at)
    return True


def drop_tries_of_revoked(now: datetime) -> int:
    """Delete the tries that stations stated which were revoked since, and have rosters made anew; return how many."""
    gone = KioskTry.objects.exclude(station__revoked_at=None)
    villages = set(gone.values_list("person__village", flat=True))
    dropped, _ = gone.delete()
    mark_villages(villages, at=now)
    return dropped


def mark_villages(villages: Iterable[str], *, at: datetime) -> None:
    """Mark the stations of these villages, because their rosters may have changed."""
    for village in sorted(set(villages)):
        shelf_changed_under(village, at=at)


def _could_be_judged(own: QuerySet[KioskTry], person: Person, begin: datetime | None, at: datetime) -> bool:
    """Tell whether a station with these tries would have judged another one, by the rules of every station."""
    lately = own.filter(at__gt=at - timedelta(milliseconds=DAY_MS)).exclude(person=person)
    if lately.values("person").distinct().count() >= MOST_PEOPLE_A_DAY:
        return False
    tries = NO_TRIES
    for before in own.filter(person=person).order_by("at", "pk").values_list("at", flat=True):
        if begin is None or before >= begin:
            tries = failed(tries, milliseconds(before))
    return not locked_ms(tries, milliseconds(at + STATED_LATER))


def _begin(kept: PersonPin) -> datetime | None:
    """Return when tries began to say something of what holds now: what was before was at another PIN."""
    times = [at for at in (kept.set_at, kept.voided_at) if at is not None]
    return max(times, default=None)
