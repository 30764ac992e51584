"""Mark what is due because stations told something: each stream is read on from where it was.

The county takes each stream without a gap, and says how far in the transaction that stores the facts. So what lies
between the two marks of a stream is new, and all of it is there.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import NamedTuple

from django.utils import timezone

from protocol.facts import Booted, DirectionChosen, FactsLost, NumberEntered
from protocol.units import DATED_QUALITIES, LAST_WALL_MS
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.tables import STATION_EVENTS, STREAMS
from server_broker.platform.set_aside import A_ROUND, do_apart
from server_broker.platform.sql import LOCAL_ZONE, execute, query
from server_broker.settling import due
from server_broker.settling.changes import mark_boots
from server_broker.settling.dates_before import Place, dates_before
from server_broker.settling.due import Marks
from server_broker.settling.models import DeadStation, StationAside
from server_broker.settling.moments import aware
from server_broker.settling.set_aside import put_stations_aside, take_stations_back, waits
from server_broker.settling.told import Range, Stated, facts_in
from server_broker.settling.whereabouts import Whereabouts, holders_of

FACTS_A_TIME = 20_000
_STREAM_A_TIME = 2_000
_UPS_AND_DOWNS = frozenset({"booted", "shut_down", "reader_lost", "reader_back"})

_NEW = f"""
SELECT s.id, s.station_id, s.epoch, coalesce(l.through, 0), s.through FROM {STREAMS} s
LEFT JOIN settling_lookedat l ON l.stream_id = s.id
WHERE s.through > coalesce(l.through, 0) AND NOT s.station_id = ANY(%s)
ORDER BY s.id LIMIT %s
"""  # noqa: S608 - our own constant


def skip_facts() -> None:
    """Count all that was told so far as looked at."""
    execute(
        f"""INSERT INTO settling_lookedat (stream_id, through) SELECT id, through FROM {STREAMS}
        ON CONFLICT (stream_id) DO UPDATE SET through = excluded.through""",  # noqa: S608 - our own constant
        [],
    )


def look_at_facts(marks: Marks, where: Whereabouts, now: dt.datetime) -> dt.datetime | None:
    """Read the streams on, mark what the new facts concern, and return when the last came. In a transaction.

    A station over whose facts the program fails is set aside (`settling.set_aside`), and the others go on.

    Returns:
        None: There was nothing new.
    """
    aside = {row.station_id: row for row in StationAside.objects.order_by("tried_at", "station")}
    again = [station for station, row in aside.items() if not waits(row, now)][:A_ROUND]
    ranges = _new_ranges(aside.keys() - set(again))
    of_station: dict[str, list[Range]] = defaultdict(list)
    for one in ranges:
        of_station[one.station].append(one)
    came: list[dt.datetime | None] = []

    def look(stations: Collection[str]) -> None:
        came.append(_look([one for station in stations for one in of_station[station]], marks, where))

    # Those that have failed are tried one by one, so that each of them fails alone.
    parts = [sorted(of_station.keys() - set(again)), *([station] for station in again if station in of_station)]
    outcomes = [do_apart(part, look) for part in parts]
    put_stations_aside(dict(chain.from_iterable(one.failed for one in outcomes)), ranges, marks, where, now)
    take_stations_back([*chain.from_iterable(one.done for one in outcomes)], now)
    return max((at for at in came if at is not None), default=None)


def _new_ranges(but_of: Collection[str]) -> list[Range]:
    """Return which facts of the streams are looked at now."""
    ranges, left = [], FACTS_A_TIME
    for stream, station, epoch, looked, through in query(_NEW, [sorted(but_of), FACTS_A_TIME // 10]):
        last = min(through, looked + min(_STREAM_A_TIME, left))
        if last > looked:
            ranges.append(Range(stream, station, bytes(epoch), looked + 1, last))
            left -= last - looked
    return ranges


def _look(ranges: Collection[Range], marks: Marks, where: Whereabouts) -> dt.datetime | None:
    """Look at the facts of some stations, mark what they concern, and return when the last came."""
    stated = facts_in(ranges, None)
    of_station: dict[str, list[Stated]] = defaultdict(list)
    for one in stated:
        of_station[one.station].append(one)
    before = dates_before(_bounded_places(stated))
    news = [_news(station, some, before) for station, some in sorted(of_station.items())]
    own_marks = marks.apart()
    _mark_touches(own_marks, where, news)
    dead = _declared_dead(of_station)
    _mark_shutdowns(own_marks, where, news)
    for own in news:
        _mark_station(own_marks, where, own)
        if own.station in dead:
            own_marks.add(where.around(own.station), dead[own.station], marks.last, due.STATION)
    _mark_open(own_marks, {village for station in of_station for village in where.around(station)})
    columns = [[one.stream for one in ranges], [one.last for one in ranges]]
    execute(
        """INSERT INTO settling_lookedat (stream_id, through) SELECT * FROM unnest(%s::bigint[], %s::bigint[])
        ON CONFLICT (stream_id) DO UPDATE SET through = excluded.through""",
        columns,
    )
    marks.merge(own_marks)
    return max((aware(one.received) for one in stated), default=None)


@dataclass
class _News:
    """What a station told that is new."""

    station: str
    touches: list[tuple[bytes, str, dt.date, dt.date]] = field(default_factory=list)
    """Card and number, and from which date to which a touch may be."""
    downs: list[tuple[dt.date, dt.date]] = field(default_factory=list)
    booted: list[tuple[bytes, int, dt.date]] = field(default_factory=list)
    """Epoch and seq of each boot, and until which date it may have been."""
    boots: set[bytes] = field(default_factory=set)
    """Boots whose clocks were corrected."""
    directions: list[tuple[bytes, int]] = field(default_factory=list)
    """Touches whose direction was chosen."""
    unsure: list[tuple[dt.date, dt.date]] = field(default_factory=list)
    """When something unread or lost may have been."""


def _by_epoch(stated: Iterable[Stated]) -> dict[tuple[str, bytes], list[Stated]]:
    """Return facts in the order of their stream."""
    found: dict[tuple[str, bytes], list[Stated]] = defaultdict(list)
    for one in sorted(stated, key=lambda one: one.seq):
        found[one.station, one.epoch].append(one)
    return found


def _bounded_places(stated: Iterable[Stated]) -> set[Place]:
    """Return the places of which it must be known what is dated before them: where new facts and lost seqs begin."""
    found = {Place(*stream, some[0].seq) for stream, some in _by_epoch(stated).items()}
    return found | {_lost_place(one.station, one.whole) for one in stated if isinstance(one.whole, FactsLost)}


def _lost_place(station: str, lost: FactsLost) -> Place:
    return Place(station, lost.epoch, lost.first)


class _Bounded(NamedTuple):
    """A fact with the dates between which it lies (2.8), that of its receipt included, and the last one before it."""

    fact: Stated
    first: dt.date
    until: dt.date
    before: dt.date


def _bounded(stated: Iterable[Stated], before: Mapping[Place, dt.date]) -> Iterator[_Bounded]:
    """Yield the facts of a station with their dates."""
    for stream, some in _by_epoch(stated).items():
        days = [_dated(one) for one in some]
        after: list[dt.date | None] = list(accumulate(reversed(days), _nearest))[::-1]
        last = before.get(Place(*stream, some[0].seq))
        for one, day, following in zip(some, days, after, strict=True):
            received = timezone.localdate(aware(one.received))
            # Where the clock ran backwards, what follows is earlier than what was before.
            around = min(at for at in (last, following, received) if at is not None)
            yield _Bounded(one, day or around, day or received, last or around)
            last = day or last


def _nearest(beyond: dt.date | None, own: dt.date | None) -> dt.date | None:
    return own or beyond


def _news(station: str, stated: Iterable[Stated], before: Mapping[Place, dt.date]) -> _News:
    found = _News(station)
    for one, first, until, last in _bounded(stated, before):
        if one.is_held:
            found.unsure.append((first, until))
        elif one.card:
            found.touches.append((bytes.fromhex(one.card), "", first, until))
        elif isinstance(one.whole, NumberEntered):
            found.touches.append((b"", one.whole.person, first, until))
        elif isinstance(one.whole, DirectionChosen):
            found.directions.append((one.whole.touch.epoch, one.whole.touch.seq))
        elif one.kind in _UPS_AND_DOWNS:
            found.downs.append((min(last, _alive(one) or first, first), until))
            if one.kind == "booted":
                found.booted.append((one.epoch, one.seq, until))
        elif one.kind == "clock_corrected" and one.at is not None:
            found.boots.add(one.at.boot)
        elif isinstance(one.whole, FactsLost):
            found.unsure.append((min(before.get(_lost_place(station, one.whole), first), first), until))
    return found


def _dated(one: Stated) -> dt.date | None:
    """Return the date that a fact itself has."""
    dated = one.at is not None and one.at.quality in DATED_QUALITIES
    return _day(one.at.wall) if one.at is not None and dated else None


def _alive(one: Stated) -> dt.date | None:
    alive = one.whole.last_alive if isinstance(one.whole, Booted) else None
    return _day(alive.wall) if alive is not None and alive.quality in DATED_QUALITIES else None


def _day(wall: int) -> dt.date | None:
    """Return the local date of milliseconds since 1970 (UTC); None if no calendar has it."""
    if wall > LAST_WALL_MS:
        return None
    return timezone.localdate(dt.datetime.fromtimestamp(wall / 1000, dt.UTC))


def _mark_touches(marks: Marks, where: Whereabouts, news: Collection[_News]) -> None:
    cards = {card for one in news for card, *_ in one.touches if card}
    numbers = {number for one in news for _, number, *_ in one.touches if number}
    of_card, of_number = holders_of(cards, numbers)
    # Together, because each reading looks at all windows.
    where.of_people(set().union(*of_card.values(), *of_number.values()))
    for one in news:
        own = where.own(one.station)
        by_dates: dict[tuple[dt.date, dt.date], set[int]] = defaultdict(set)
        for card, number, first, last in one.touches:
            by_dates[first, last] |= of_card.get(card, set()) | of_number.get(number, set())
        for (first, last), people in by_dates.items():
            villages = where.of_people(people)
            marks.add(villages, first, last, due.TOUCH)
            # From a touch on, their windows of this and the next month await that station too.
            if elsewhere := villages - own:
                marks.add(elsewhere, first, marks.last, due.TOUCH)


def _since_the_boot_before(kind: str) -> str:
    return f"""(SELECT * FROM {STATION_EVENTS} u WHERE u.station_id = b.station AND u.kind = '{kind}'
     AND u.id * -1 >= b.last * -1 AND u.id * -1 < before.boot ORDER BY u.id * -1 OFFSET 0)"""  # noqa: S608 - our own constants


_UPS_SINCE = f"""
WITH boots AS (
    SELECT w.station, min(b.id) AS first, max(b.id) AS last
    FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
    CROSS JOIN LATERAL (
        SELECT e.id FROM {STATION_EVENTS} e
        WHERE e.station_id = w.station AND e.epoch = w.epoch AND e.seq = w.seq LIMIT 1
    ) AS b
    GROUP BY w.station
)
-- By the negated id, which the index of ups and downs has. By the id itself PostgreSQL may take the primary key, and
-- read what all stations told since.
SELECT b.station, x.kind, x.epoch, x.seq, (coalesce(x.corrected_wall, x.wall) AT TIME ZONE {LOCAL_ZONE})::date
FROM boots b
CROSS JOIN LATERAL (SELECT coalesce((
    SELECT p.id * -1 FROM {STATION_EVENTS} p
    WHERE p.station_id = b.station AND p.kind = 'booted' AND p.id * -1 > b.first * -1 ORDER BY p.id * -1 LIMIT 1
), 0) AS boot OFFSET 0) AS before
CROSS JOIN LATERAL ({_since_the_boot_before("booted")} UNION ALL {_since_the_boot_before("shut_down")}) AS x
ORDER BY b.station, x.id
"""  # noqa: S608 - our own constants


def _mark_shutdowns(marks: Marks, where: Whereabouts, news: Collection[_News]) -> None:
    """Mark what a boot makes down time of: all since the first shutdown that no boot had ended.

    A station may have very many boots, and a table that was just filled has no statistics. So what it told is read once
    for all of its new boots, and not for each of them.
    """
    until = {(one.station, epoch, seq): last for one in news for epoch, seq, last in one.booted}
    ends: dict[tuple[str, bytes], list[int]] = defaultdict(list)
    for station, epoch, seq in until:
        ends[station, epoch].append(seq)
    # In a stream the county keeps events in the order of their seqs.
    asked = [(*stream, seq) for stream, seqs in ends.items() for seq in {min(seqs), max(seqs)}]
    if not asked:
        return
    down: dict[str, dt.date | None] = {}
    for station, kind, epoch, seq, day in query(_UPS_SINCE, [list(column) for column in zip(*asked, strict=True)]):
        since = down.get(station)
        if kind == "shut_down":
            down[station] = day if since is None else min(since, day)
            continue
        if since is not None and (station, bytes(epoch), seq) in until:
            marks.add(where.own(station), since, until[station, bytes(epoch), seq], due.STATION)
        down[station] = None


def _mark_station(marks: Marks, where: Whereabouts, news: _News) -> None:
    for first, last in news.downs:
        marks.add(where.own(news.station), first, last, due.STATION)
    mark_boots(marks, where, [(news.station, boot) for boot in sorted(news.boots)])
    for first, last in news.unsure:
        marks.add(where.around(news.station), first, last, due.HELD)
    if news.directions:
        rows = query(
            f"""SELECT DISTINCT (coalesce(t.corrected_wall, t.wall) AT TIME ZONE {LOCAL_ZONE})::date
            FROM unnest(%s::bytea[], %s::bigint[]) AS w (epoch, seq)
            JOIN {TOUCHES} t ON t.station_id = %s AND t.epoch = w.epoch AND t.seq = w.seq""",  # noqa: S608 - our own constant
            [[epoch for epoch, _ in news.directions], [seq for _, seq in news.directions], news.station],
        )
        for (day,) in rows:
            marks.add(where.around(news.station), day, day, due.TOUCH)


def _declared_dead(stations: Collection[str]) -> dict[str, dt.date]:
    """Return since when stations are declared dead that tell something after all."""
    rows = DeadStation.objects.known().filter(subject__in=list(stations), dead=True)
    return {row.subject_id: timezone.localdate(row.valid_from) for row in rows if row.valid_from is not None}


def _mark_open(marks: Marks, villages: Collection[int]) -> None:
    """Mark what awaits these villages' stations: their records have got further."""
    rows = query(
        """SELECT DISTINCT village_id, day FROM settling_settledwindow
        WHERE superseded_at IS NULL AND result IN ('未', '待') AND village_id = ANY(%s)""",
        [sorted(villages)],
    )
    marks.add_days([(village, day) for village, day in rows], due.RECORD)
