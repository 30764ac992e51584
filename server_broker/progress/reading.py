"""What people answered, by whose it is now: read for a few people at once, in a fixed number of queries."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import msgspec

from protocol.china_time import milliseconds
from protocol.progress import Answered, LevelName, Picked, Reached, RunEnded
from protocol.units import DATED_QUALITIES
from server_broker.attendance.as_of import bindings_of
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.tables import STREAMS, known_wall
from server_broker.ingest.tables import REISSUES
from server_broker.learning.tables import ATTEMPTS, CHOICES, LEVEL_RUNS
from server_broker.people.models import Binding, BindingState, Person, PersonRecord
from server_broker.people.numbers import numbers_of
from server_broker.pins.tables import NUMBER_ENTRIES
from server_broker.platform.sql import query
from server_broker.platform.tables import Table
from server_broker.progress.models import KeptLevel
from server_broker.progress.surplus import OF_ONE, is_apart

SEEN_WITHIN = dt.timedelta(days=60)
"""A station is told of whoever touched or entered a number there within this time (5.3)."""

type Heads = Mapping[bytes, int]
"""How far the county has each stream of a station, by epoch."""


class Placed[T](NamedTuple):
    """Something that was stated at a station."""

    station: str
    epoch: bytes
    seq: int
    redated: bool
    """The county gave it another time than its station said."""
    what: T


@dataclass(slots=True)
class Learning:
    """What one person answered, ended and chose, in no order."""

    answers: list[Placed[Answered]] = field(default_factory=list)
    ended: list[Placed[RunEnded]] = field(default_factory=list)
    picks: list[Picked] = field(default_factory=list)
    kept: dict[LevelName, Reached] = field(default_factory=dict)
    """What was reached by answers and runs that were erased since."""
    stations: set[str] = field(default_factory=set)
    """Where the person was seen within `SEEN_WITHIN`."""

    @property
    def is_nothing(self) -> bool:
        """Whether the county has nothing of the person's learning."""
        return not (self.answers or self.ended or self.picks or self.kept)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of some people."""

    of: Mapping[int, Learning]
    heads: Mapping[str, Heads]
    """How far the county had the streams of these people's stations when the answers were read."""


class _Visits(NamedTuple):
    stations: list[str]
    epochs: list[bytes]
    seqs: list[int]
    people: list[int]


def read_learning(people: Collection[int], now: dt.datetime) -> Read:
    """Return what people answered, by their keys. Heads and answers are of one moment, because one statement reads
    both: a station adds to what it is told what it recorded beyond the heads, and must neither miss nor double any."""
    of = {person: Learning() for person in people}
    for person, station in last_seen(people, now):
        of[person].stations.add(station)
    for row in KeptLevel.objects.filter(person__in=people):
        first = None if row.first_at is None else milliseconds(row.first_at)
        of[row.person_id].kept[row.pack, row.level] = Reached(row.stars, first)
    visits = _visits(people, now)
    heads = _read_answers(of, visits)
    for person, station, epoch, seq, wall, redated, pack, level, run, stars in query(
        _of_visits(LEVEL_RUNS, "a.pack, a.level, a.run, a.stars", "AND a.passed"), _columns(visits)
    ):
        end = RunEnded(wall, pack, level, bytes(run), stars)
        of[visits.people[person - 1]].ended.append(Placed(station, bytes(epoch), seq, redated, end))
    for person, _, epoch, seq, wall, _, pack, chosen in query(
        _of_visits(CHOICES, "a.pack, a.chosen"), _columns(visits)
    ):
        of[visits.people[person - 1]].picks.append(Picked(wall, bytes(epoch), seq, pack, chosen))
    return Read(of, heads)


def _columns(visits: _Visits) -> list[object]:
    return [visits.stations, visits.epochs, visits.seqs]


_TIME = f"round(extract(epoch FROM {known_wall('a')}) * 1000)::bigint"
"""SQL: when a row was, in ms; NULL if nobody knows."""


def _of_visits(table: Table, columns: str, also: str = "") -> str:
    return f"""SELECT v.place, a.station_id, a.epoch, a.seq, {_TIME}, a.corrected_wall IS NOT NULL, {columns}
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) WITH ORDINALITY AS v (station, epoch, seq, place)
        CROSS JOIN LATERAL (
            SELECT * FROM {table} WHERE station_id = v.station AND by_epoch = v.epoch AND by_seq = v.seq
            ORDER BY seq LIMIT {OF_ONE}
        ) a WHERE NOT {is_apart(table, "a")} {also}"""  # noqa: S608 - our own constants


def _read_answers(of: Mapping[int, Learning], visits: _Visits) -> dict[str, dict[bytes, int]]:
    stations = sorted({station for one in of.values() for station in one.stations})
    columns = 'a.pack, a.pack_version, a.level, a.question, a.run, a.chosen::text, a."right"'
    heads: dict[str, dict[bytes, int]] = {station: {} for station in stations}
    for place, station, epoch, seq, wall, redated, pack, version, level, question, run, chosen, right in query(
        f"""{_of_visits(ATTEMPTS, columns)}
        UNION ALL SELECT 0, s.station_id, s.epoch, s.through, NULL, false, '', 0, '', '', ''::bytea, '', false
        FROM {STREAMS} s WHERE s.station_id = ANY(%s) AND s.through > 0""",  # noqa: S608 - our own constants
        [*_columns(visits), stations],
    ):
        if place == 0:
            heads[station][bytes(epoch)] = seq
            continue
        answer = Answered(
            wall, bytes(epoch), seq, pack, version, level, question, bytes(run), _chosen(chosen), said_right=right
        )
        of[visits.people[place - 1]].answers.append(Placed(station, answer.epoch, seq, redated, answer))
    return heads


@lru_cache(maxsize=4_096)
def _chosen(text: str) -> tuple[int, ...]:
    return tuple(msgspec.json.decode(text, type=list[int]))


def _visits(people: Collection[int], now: dt.datetime) -> _Visits:
    """Return the visits of these people: those by cards that were theirs then, and those by their numbers."""
    tokens = Binding.objects.known().filter(person__in=people).values_list("subject__token", flat=True)
    numbers = PersonRecord.objects.filter(subject__in=people).values_list("number", flat=True)
    rows = query(
        f"""SELECT v.station_id, v.epoch, v.seq, v.card_token, v.number, t.wall, t.quality, t.corrected_wall,
            t.received_at
        FROM progress_visit v
        LEFT JOIN {TOUCHES} t ON (t.station_id, t.epoch, t.seq) = (v.station_id, v.epoch, v.seq)
        WHERE v.card_token = ANY(%s) OR (v.number <> '' AND v.number = ANY(%s))
        ORDER BY v.station_id, v.epoch, v.seq""",  # noqa: S608 - our own constants
        [sorted({bytes(token) for token in tokens}), sorted(set(numbers))],
    )
    bindings = bindings_of({bytes(row[3]) for row in rows if row[3] is not None})
    named = numbers_of({row[4] for row in rows} - {""})
    found = _Visits([], [], [], [])
    for station, epoch, seq, token, number, wall, quality, corrected, received in rows:
        person: Person | None = None
        if number:
            # No number is ever given to a second person, so it does not matter when it was entered.
            person = named.person(number, now)
        elif wall is not None:
            at = corrected or (wall if quality in DATED_QUALITIES else received)
            binding = bindings.at(bytes(token), at)
            person = binding.person if binding is not None and binding.state == BindingState.HELD else None
        if person is not None and person.pk in people:
            found.stations.append(station)
            found.epochs.append(bytes(epoch))
            found.seqs.append(seq)
            found.people.append(person.pk)
    return found


_SEEN = f"""
WITH held AS (
    SELECT b.person_id, c.token, coalesce(b.valid_from, '-infinity') AS since, coalesce(b.valid_to, 'infinity') AS until
    FROM people_binding b JOIN people_card c ON c.id = b.subject_id
    WHERE b.person_id = ANY(%(people)s) AND b.superseded_at IS NULL AND b.state = 'held'
)
SELECT person_id, station_id, max(at) FROM (
    SELECT h.person_id, t.station_id, coalesce(t.corrected_wall, t.wall) AS at FROM held h
    JOIN {TOUCHES} t ON t.card_token = h.token
        AND t.wall >= %(since)s AND coalesce(t.corrected_wall, t.wall) >= greatest(h.since, %(since)s)
        AND coalesce(t.corrected_wall, t.wall) < h.until
    UNION ALL SELECT h.person_id, t.station_id, t.corrected_wall FROM held h JOIN {TOUCHES} t ON t.card_token = h.token
        AND t.corrected_wall >= greatest(h.since, %(since)s) AND t.corrected_wall < h.until
    UNION ALL SELECT r.subject_id, e.station_id, e.received_at FROM people_personrecord r
    JOIN {NUMBER_ENTRIES} e ON e.number = r.number
        AND e.answer = 'accepted' AND e.counts AND e.received_at >= %(since)s
        WHERE r.subject_id = ANY(%(people)s)
) s WHERE at < coalesce(%(until)s, 'infinity'::timestamptz) GROUP BY person_id, station_id
"""  # noqa: S608 - our own constants


def last_seen(
    people: Collection[int], now: dt.datetime, *, until: dt.datetime | None = None
) -> dict[tuple[int, str], dt.datetime]:
    """Return who was at which stations within `SEEN_WITHIN` of ``now``, and when last.

    Args:
        until: What was later is left out.
    """
    asked = {"people": sorted(people), "since": now - SEEN_WITHIN, "until": until}
    return {(person, station): at for person, station, at in query(_SEEN, asked)}


def time_of(wall: int | None) -> dt.datetime | None:
    """Return the time of a moment in ms; None if nobody knows it."""
    return None if wall is None else dt.datetime.fromtimestamp(wall / 1000, dt.UTC)


def carriers_of(wanted: Iterable[tuple[str, bytes, int]]) -> dict[tuple[str, bytes, int], list[tuple[bytes, int]]]:
    """Return in which facts of later streams these came again, by station, epoch and seq."""
    asked = sorted(set(wanted))
    found: dict[tuple[str, bytes, int], list[tuple[bytes, int]]] = defaultdict(list)
    if asked:
        for station, epoch, seq, carrier, place in query(
            f"""SELECT r.station_id, r.epoch, r.seq, r.carrier_epoch, r.carrier_seq FROM {REISSUES} r
            JOIN unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
            ON (r.station_id, r.epoch, r.seq) = (w.station, w.epoch, w.seq)""",  # noqa: S608 - our own constant
            [list(column) for column in zip(*asked, strict=True)],
        ):
            found[station, bytes(epoch), seq].append((bytes(carrier), place))
    return found
