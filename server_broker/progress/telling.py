"""What each station is told of each person: renewed when there is something that it does not know by itself.

A station knows what it was told and what was answered at it since. So what the county has of a person *without* what
was answered at the station beyond the heads that it was told is compared with what it was told. If that is another,
something came from elsewhere, was marked anew or was dated anew. Everything is told once more each month, so that no
station has to keep its own answers for long.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec
from django.utils import timezone
from msgspec import UNSET

from protocol.bundles import MAX_CONTENT_BYTES
from protocol.china_time import milliseconds
from protocol.codec import decode, encode
from protocol.progress import Progress, StreamThrough
from server_broker.fleet.shelf_changes import shelf_changed
from server_broker.learning.marking import PackKeys
from server_broker.people.models import Person
from server_broker.progress.computing import Computed, compute
from server_broker.progress.models import Told
from server_broker.progress.reading import Heads, Learning, Placed, Read, carriers_of

type _Place = tuple[str, bytes, int]


class _Known(NamedTuple):
    """What a station was told of a person."""

    row: Told
    heads: Heads


def tell(
    people: Mapping[int, Person],
    read: Read,
    computed: Mapping[int, Computed],
    keys: PackKeys,
    now: dt.datetime,
    *,
    all_news: bool,
) -> int:
    """Renew what stations are told of some people, in the caller's transaction; return for how many there is news.

    Args:
        people: By key.
        read: What they answered, read in this transaction.
        computed: What that comes to, by person.
        all_news: Tell stations all that is new. Otherwise only those that were not told of the person yet: all else
            waits for the night, because each news costs a metered line the index of its station too.
    """
    known = _known(people)
    # It takes as long as all else together, and by day nobody asks for it.
    beyond = _beyond(read, known) if all_news else {}
    changed: set[str] = set()
    for key, person in people.items():
        learning = read.of[key]
        here = set() if learning.is_nothing else learning.stations
        for station in sorted(here):
            told = known.get((key, station))
            if told is None or (all_news and _is_news(person, learning, told, beyond, computed[key], keys, now)):
                _tell(person, station, computed[key], read.heads[station], now)
                changed.add(station)
        if all_news:
            gone = [one.row for (whose, station), one in known.items() if whose == key and station not in here]
            Told.objects.filter(pk__in=[row.pk for row in gone]).delete()
            changed |= {row.station_id for row in gone}
    shelf_changed(changed, at=now)
    return len(changed)


def _known(people: Collection[int]) -> dict[tuple[int, str], _Known]:
    found = {}
    for row in Told.objects.filter(person__in=people):
        said = decode(bytes(row.content), Progress, limit=MAX_CONTENT_BYTES)
        heads = {} if said.heads is UNSET else {one.epoch: one.seq for one in said.heads}
        found[row.person_id, row.station_id] = _Known(row, heads)
    return found


def _beyond(read: Read, known: Mapping[tuple[int, str], _Known]) -> Mapping[tuple[int, str], set[_Place]]:
    """Return which answers and runs of each person each station has recorded beyond what it was told."""
    found: dict[tuple[int, str], set[_Place]] = defaultdict(set)
    for (person, station), told in known.items():
        for place in _own(read.of[person], station):
            _, epoch, seq = place
            if seq > told.heads.get(epoch, 0):
                found[person, station].add(place)
    # A fact of an earlier stream may have come again in a later one, of which the heads say how far it was told.
    carriers = carriers_of(place for places in found.values() for place in places)
    for name, places in found.items():
        heads = known[name].heads
        places -= {
            place for place in places if any(seq <= heads.get(epoch, 0) for epoch, seq in carriers.get(place, ()))
        }
    return found


def _own(learning: Learning, station: str) -> dict[_Place, bool]:
    """Return where a station stated the person's answers and runs, and whether the county gave them another time."""
    return {
        place: redated
        for place, redated in (*_places(learning.answers), *_places(learning.ended))
        if place[0] == station
    }


def _places[T](placed: Iterable[Placed[T]]) -> Iterator[tuple[_Place, bool]]:
    return (((one.station, one.epoch, one.seq), one.redated) for one in placed)


def _is_news(
    person: Person,
    learning: Learning,
    told: _Known,
    beyond: Mapping[tuple[int, str], set[_Place]],
    whole: Computed,
    keys: PackKeys,
    now: dt.datetime,
) -> bool:
    """Tell whether the county knows something that the station does not."""
    if _month(told.row.at) != _month(now):
        return True
    own = beyond.get((person.pk, told.row.station_id), set())
    if any(redated for place, redated in _own(learning, told.row.station_id).items() if place in own):
        return True
    answers = [one for one in learning.answers if (one.station, one.epoch, one.seq) not in own]
    ended = [one for one in learning.ended if (one.station, one.epoch, one.seq) not in own]
    picks = [one for one in learning.picks if one.seq <= told.heads.get(one.epoch, one.seq)]
    is_own = own or len(picks) < len(learning.picks)
    without_own = compute(person.number, answers, ended, picks, keys, now, kept=learning.kept) if is_own else whole
    return without_own.digest != bytes(told.row.digest)


def _month(at: dt.datetime) -> tuple[int, int]:
    day = timezone.localdate(at)
    return day.year, day.month


def _tell(person: Person, station: str, computed: Computed, heads: Heads, now: dt.datetime) -> None:
    streams = [StreamThrough(epoch=epoch, seq=seq) for epoch, seq in sorted(heads.items())]
    content = encode(msgspec.structs.replace(computed.said, as_of=milliseconds(now), heads=streams or UNSET))
    Told.objects.update_or_create(
        person=person,
        station_id=station,
        defaults={"at": now, "digest": computed.digest, "content": content},
    )
