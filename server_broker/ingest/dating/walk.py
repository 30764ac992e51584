"""Date the boots that wait (`server_broker.ingest.dating.due`), a piece each second, between two batches.

A boot that only waits for its turn is dated whole, the first one of each station before the second one of any. For the
large boots of a station all of its rows are gone through by their identities, because no index knows the rows of a boot
in an order; a piece is so many of them. Stations take turns. What comes meanwhile is dated as it comes, so a walk
misses nothing. If a clock is corrected meanwhile, there is another walk.

A station rests between two walks. So whoever corrects a clock again and again gets no more of the county's time, and
people are told of it.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from protocol.units import DATED_QUALITIES
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.alarm_codes import TOO_MANY_CORRECTIONS
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.fact_rows import Boot
from server_broker.fleet.tables import STATIONS
from server_broker.ingest.dating.anchors import anchors_of
from server_broker.ingest.dating.boots import date_whole, dated_anew
from server_broker.ingest.dating.disputes import tell_of_disputes
from server_broker.ingest.dating.due import BOOTS_OF_A_STATION, OF_A_STATION, WHOLE_STATION, rows_of
from server_broker.ingest.dating.moved_late import KNOWN_FOR, Moves, Times, moves, tell_of_moves, together
from server_broker.ingest.dating.rows import Part, stretches_of, write_times
from server_broker.ingest.dating.weighing import plan
from server_broker.ingest.fact_rooms import STAMPED_TABLES
from server_broker.ingest.models import DatingDue, DatingWalk
from server_broker.ingest.tables import DATING_DUE
from server_broker.platform.sql import query
from server_broker.platform.tables import Table

EVERY_S = 1.0
ROWS_A_PIECE = 2_000
"""They take the worker a tenth of a second if all of them are dated anew."""
BOOTS_A_PIECE = 50
"""So many are dated whole, if they have no more rows than a piece. A piece of a walk has rows of so many at most."""
REST_S = 300.0
"""From the beginning of a station's walk to that of its next one."""
ASKED_OFTEN = 8
"""An honest station corrects its clock once or twice in a boot, and not while it waits."""

_TABLES = {table.name: table for table in STAMPED_TABLES}
_MS = timedelta(milliseconds=1)


class _Row(NamedTuple):
    """A row on the way."""

    boot: bytes
    epoch: bytes
    seq: int
    at: datetime
    quality: str
    is_corrected: bool
    received_at: datetime


class LateDating:
    """One object lives as long as the worker. Only the worker's thread uses it."""

    def __init__(self, *, shards: Sequence[int], clock: Callable[[], float]) -> None:
        """Date the boots of these shards' stations. ``clock`` is monotonic, in seconds."""
        self._shards = list(shards)
        self._clock = clock
        self._next = clock()
        self._had_turn = ""
        self._had_small = ""
        self._resting: dict[str, float] = {}
        """By station, until when no walk of it begins. A worker that has just started lets nobody rest."""

    def step(self, *, now: datetime) -> None:
        """Date one piece, if it is time.

        Raises:
            django.db.Error: Nothing was dated; the next step does it.
        """
        if self._clock() < self._next:
            return
        self._next = self._clock() + EVERY_S
        due = DatingDue.objects.filter(station__shard__in=self._shards)
        if not due.exists():
            return
        began = False
        with transaction.atomic():
            _tell_of_waiting_corrections(due, now)
            self._date_small(now)
            if station := self._whose_turn():
                began = self._go_on(station, now)
        # Only now: nobody rests from a walk that was rolled back.
        if station and began:
            self._resting[station] = self._clock() + REST_S

    def _date_small(self, now: datetime) -> None:
        """Date boots whole, as many as make a piece."""
        turns = self._boots_by_turns()
        # Locked before the anchors are read: whoever reads held facts again may correct one of these boots meanwhile.
        # One that is locked already is corrected just now, and has its turn after that.
        waiting = DatingDue.objects.filter(pk__in=turns).order_by("station_id", "boot")
        found = {one.pk: one for one in waiting.select_for_update(skip_locked=True)}
        boots: dict[Boot, DatingDue] = {
            (one.station_id, bytes(one.boot)): one for one in (found[pk] for pk in turns if pk in found)
        }
        rows = rows_of(boots)
        small = [boot for boot in boots if rows[boot] <= OF_A_STATION]
        so_far = accumulate(rows[boot] for boot in small)
        in_piece = [boot for boot, number in zip(small, so_far, strict=True) if number <= ROWS_A_PIECE]
        plans = {boot: plan(anchors) for boot, anchors in anchors_of(in_piece).items()}
        date_whole(plans, from_scratch={boot for boot in plans if boots[boot].from_scratch}, at=now)
        tell_of_disputes(plans, weighed_anew={station for station, _ in plans}, at=now)
        DatingDue.objects.filter(pk__in=[boots[boot].pk for boot in in_piece]).delete()
        grown = [one.pk for boot, one in boots.items() if rows[boot] > OF_A_STATION]
        DatingDue.objects.filter(pk__in=grown).update(large=True)
        if in_piece:
            self._had_small, _ = in_piece[-1]

    def _boots_by_turns(self) -> list[int]:
        """Return boots that wait to be dated whole: the first one of each station, then the second ones."""
        found = query(
            # A station may have very many. LATERAL, so that no more are looked at than the index has at hand; and no
            # more of one station than are counted.
            f"""SELECT one.id FROM {STATIONS} s CROSS JOIN LATERAL (
                SELECT w.id, row_number() OVER (ORDER BY w.boot) AS nth FROM (
                    SELECT d.id, d.boot FROM {DATING_DUE} d WHERE d.station_id = s.id AND NOT d.large
                    ORDER BY d.boot LIMIT {BOOTS_OF_A_STATION}
                ) AS w
            ) AS one WHERE s.shard = ANY(%s)
            ORDER BY one.nth, s.id <= %s, s.id LIMIT {BOOTS_A_PIECE}""",  # noqa: S608 - our own constants
            [self._shards, self._had_small],
        )
        return [pk for (pk,) in found]

    def _whose_turn(self) -> str | None:
        """Return the station whose walk goes on or begins now."""
        self._resting = {one: until for one, until in self._resting.items() if until > self._clock()}
        found = query(
            f"""SELECT one.station_id FROM (
                SELECT station_id FROM ingest_datingwalk
                UNION SELECT station_id FROM ingest_datingdue WHERE large AND NOT (station_id = ANY(%s))
            ) AS one JOIN {STATIONS} s ON s.id = one.station_id
            WHERE s.shard = ANY(%s) ORDER BY one.station_id <= %s, one.station_id LIMIT 1""",  # noqa: S608 - our own
            [list(self._resting), self._shards, self._had_turn],
        )
        return found[0][0] if found else None

    def _go_on(self, station: str, now: datetime) -> bool:
        """Go on with the walk of a station, and return whether it began just now."""
        self._had_turn = station
        walk = DatingWalk.objects.filter(station=station).first()
        began = walk is None
        walk = walk or _begin(station)
        left = ROWS_A_PIECE
        names = list(_TABLES)
        # An upgrade may have taken the table away, then all are gone through again.
        first = names.index(walk.table) if walk.table in names else 0
        for name in names[first:]:
            if name != walk.table:
                walk.table, walk.epoch, walk.seq = name, b"", 0
            found = _rows_after(walk, _TABLES[name], most=left)
            rows = _of_few_boots(found)
            if rows:
                _date_rows(station, _TABLES[name], rows, now)
            if len(rows) == left or len(rows) < len(found):
                walk.epoch, walk.seq = rows[-1].epoch, rows[-1].seq
                walk.save()
                return began
            left -= len(rows)
        _end(walk, now)
        return began


def _begin(station: str) -> DatingWalk:
    DatingDue.objects.filter(station=station).update(in_walk=True)
    return DatingWalk(station_id=station, table=STAMPED_TABLES[0].name, epoch=b"", seq=0)


def _tell_of_waiting_corrections(due: QuerySet[DatingDue], now: datetime) -> None:
    asked = due.values_list("station_id").annotate(often=Sum("asked")).filter(often__gte=ASKED_OFTEN)
    for station, often in sorted(asked):
        said = f"站点反复改大量旧记录的时间（{often} 次），每 {REST_S // 60:.0f} 分钟只重算一次：系统坏了，或有人仿冒它"
        raise_alarms([AlarmCall(station, TOO_MANY_CORRECTIONS, "major", said)], at=now)
        due.filter(station=station).update(asked=0)


def _rows_after(walk: DatingWalk, table: Table, *, most: int) -> list[_Row]:
    """Return the next rows of a station, in the order of their identities."""
    found = query(
        f"""SELECT boot, epoch, seq, coalesce(corrected_wall, wall), quality, corrected_wall IS NOT NULL, received_at
        FROM {table} WHERE station_id = %s AND (epoch, seq) > (%s, %s)
        ORDER BY epoch, seq LIMIT %s""",  # noqa: S608 - our own constants
        [walk.station_id, bytes(walk.epoch), walk.seq, most],
    )
    return [_Row(bytes(boot), bytes(epoch), *others) for boot, epoch, *others in found]


def _of_few_boots(rows: Sequence[_Row]) -> Sequence[_Row]:
    """Return the first rows, of no more than `BOOTS_A_PIECE` boots: what each boot adds is dear, however few rows."""
    boots: set[bytes] = set()
    for number, row in enumerate(rows):
        boots.add(row.boot)
        if len(boots) > BOOTS_A_PIECE:
            return rows[:number]
    return rows


def _date_rows(station: str, table: Table, rows: Sequence[_Row], now: datetime) -> None:
    """Date those of the rows that are of boots which are due."""
    due = _due(station, {row.boot for row in rows})
    if not due:
        return
    plans = {boot: plan(anchors) for boot, anchors in anchors_of(due).items()}
    identities: dict[Boot, list[tuple[bytes, int]]] = {boot: [] for boot in plans}
    for row in rows:
        if (boot := (station, row.boot)) in plans:
            identities[boot].append((row.epoch, row.seq))
    anew = dated_anew(plans, from_scratch={boot for boot in plans if due[boot].from_scratch})
    write_times(plans, anew=anew, part=Part(stretches_of(identities), (table,)))
    tell_of_disputes(plans, weighed_anew=(), at=now)
    if table is TOUCHES:
        for boot, moved in _moves(station, rows, now).items():
            if boot in due and not due[boot].from_scratch:
                _keep_moved(due[boot], moved, now)


def _due(station: str, boots: Collection[bytes]) -> dict[Boot, DatingDue]:
    """Return those of the boots that wait, and by what; all of them if the whole station does."""
    found = {
        bytes(one.boot): one for one in DatingDue.objects.filter(station=station, boot__in=[*boots, WHOLE_STATION])
    }
    whole = found.pop(WHOLE_STATION, None)
    if whole is not None:
        found = dict.fromkeys(boots, whole)
    return {(station, boot): one for boot, one in found.items()}


def _keep_moved(due: DatingDue, moved: Moves, now: datetime) -> None:
    """Add to what a walk has moved. The first is told at once, because a walk may take hours and be made longer."""
    moved = together([moved, *_kept_moved(due)])
    due.moved, due.moved_most_ms = moved.touches, moved.most // _MS
    due.moved_first, due.moved_last = moved.first, moved.last
    if not due.moved_told:
        _tell_of_moved([due], now)
    due.save()


def _tell_of_moved(due: Sequence[DatingDue], now: datetime) -> None:
    """Tell people of the touches that have moved, if they do not know of all of them."""
    news = [one for one in due if one.moved > one.moved_told]
    tell_of_moves({(one.station_id, bytes(one.boot)): moved for one in news for moved in _kept_moved(one)}, at=now)
    for one in news:
        one.moved_told = one.moved


def _kept_moved(due: DatingDue) -> list[Moves]:
    if due.moved_first is None or due.moved_last is None:
        return []
    return [Moves(due.moved, due.moved_most_ms * _MS, due.moved_first, due.moved_last)]


def _moves(station: str, rows: Sequence[_Row], now: datetime) -> dict[Boot, Moves]:
    """Return which touches have another time now than when ``rows`` were read, of those known for long."""
    before: Times = {
        (station, row.boot, row.epoch, row.seq): row.at
        for row in rows
        if row.received_at < now - KNOWN_FOR and (row.is_corrected or row.quality in DATED_QUALITIES)
    }
    if not before:
        return {}
    first, last = rows[0], rows[-1]
    found = query(
        f"""SELECT boot, epoch, seq, coalesce(corrected_wall, wall) FROM {TOUCHES}
        WHERE station_id = %s AND (epoch, seq) >= (%s, %s) AND (epoch, seq) <= (%s, %s)
          AND (corrected_wall IS NOT NULL OR quality = ANY(%s))""",  # noqa: S608 - our own constants
        [station, first.epoch, first.seq, last.epoch, last.seq, list(DATED_QUALITIES)],
    )
    return moves(before, {(station, bytes(boot), bytes(epoch), seq): at for boot, epoch, seq, at in found})


def _end(walk: DatingWalk, now: datetime) -> None:
    """Forget what the walk has dated, and tell people of all that it has moved."""
    of_station = DatingDue.objects.filter(station=walk.station_id)
    _tell_of_moved(list(of_station.filter(moved__gt=F("moved_told"))), now)
    of_station.filter(in_walk=True).delete()
    # For another walk, the touches that this one has moved are where they were.
    of_station.update(moved=0, moved_told=0, moved_most_ms=0, moved_first=None, moved_last=None)
    DatingWalk.objects.filter(station=walk.station_id).delete()
    tell_of_disputes({}, weighed_anew={walk.station_id}, at=now)
