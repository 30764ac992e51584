"""Stations with all that they told, by a number of queries that does not grow with stations or facts."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protocol.facts import Booted
from protocol.units import DATED_QUALITIES
from protocol.units import Moment as StationMoment
from server_broker.attendance.facts import CHOSEN_WITHIN_MS
from server_broker.attendance.models import StationPlace
from server_broker.attendance.tables import TOUCHES
from server_broker.dated.models import AsOf
from server_broker.enrolment.models import StationCertificate
from server_broker.fleet.models import Station
from server_broker.fleet.tables import STATION_EVENTS
from server_broker.ingest.dating.due import waits
from server_broker.ingest.models import WriteOff
from server_broker.ingest.tables import FACTS
from server_broker.platform.sql import query
from server_broker.settlement import values
from server_broker.settlement.awaiting import ALL_FOR
from server_broker.settlement.times import ALWAYS, LAST_MINUTE, NEVER, Minute, Moment
from server_broker.settling.boards import Board, Streams, streams_of
from server_broker.settling.clocks import Clocks, clocks_of
from server_broker.settling.models import DeadStation, StandIn
from server_broker.settling.moments import minute, moment, moment_of_ms, noon
from server_broker.settling.span import Span
from server_broker.settling.told import (
    NUMBER,
    Stated,
    Unread,
    boots_of,
    directions,
    facts_in,
    ranges_of,
    touches_by_number,
    within_measure,
)

_KINDS = {"booted": "boot", "shut_down": "shutdown"}
"""Kinds that the rules call by another name."""
_SOON = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
_AWAITED_FOR, _AROUND = dt.timedelta(minutes=ALL_FOR), dt.timedelta(days=4)
"""So long after the end of a window every station that counts is awaited, and its spans began no longer before that."""

type _Place = tuple[str, bytes, int]


@dataclass(frozen=True, slots=True)
class Means:
    """By what the touches of some people are known: the tokens of cards, and numbers."""

    cards: frozenset[bytes]
    several: frozenset[bytes]
    """The cards among them that were not somebody's without a change."""
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Refs:
    """What a fact is called by the rules, and by its station."""

    epochs: dict[tuple[str, int], tuple[str, bytes]]
    """By the station's name and the epoch's number in the rules: the station and its epoch."""
    cut_short: frozenset[str]
    """Stations that told so much that not all of it was read."""


def standing_pieces(villages: Collection[int], span: Span) -> list[Span]:
    """Cut dates where a station moves, or another one stands in for one of ``villages``; two queries.

    `stations_in` takes each station to stand for all dates where it stands on the last.
    """
    first, last = noon(span.first), noon(span.last)
    moved = StationPlace.objects.known(span.known).filter(valid_to__gt=first, valid_to__lte=last)
    named = StandIn.objects.known(span.known).filter(subject__in=villages)
    marks = [*moved.values_list("valid_to", flat=True)]
    marks += [at for row in named.values_list("valid_from", "valid_to") for at in row]
    turns = {at for at in marks if at is not None and first < at <= last}
    begins = sorted({next(day for day in span.settled if noon(day) >= turn) for turn in turns})
    firsts = [span.first, *begins]
    lasts = [*(day - _DAY for day in begins), span.last]
    return [Span(one, other, span.known) for one, other in zip(firsts, lasts, strict=True)]


def stations_in(
    regions: Collection[int], villages: Collection[int], at_home: Collection[int], means: Means, span: Span
) -> tuple[tuple[values.Station, ...], Refs]:
    """Return the stations that stand in some regions, or stand in for ``villages``, and bear on the dates.

    Args:
        regions: Identities.
        villages: Identities of those whose windows are settled.
        at_home: Identities of those in which the people have windows.
        means: Of the people whose windows are settled.
    """
    places, stand_ins = _places(regions, villages, span)
    at_hand = {station for station, village in places.items() if village in at_home or station in stand_ins}
    since = _bearing_since(places, at_hand, means, span)
    places = {station: village for station, village in places.items() if station in since}
    known = _Stations(places, span)
    streams = streams_of(places, span.known)
    ranges, unread = within_measure(ranges_of(streams, since, span), span.known)
    cut_short = frozenset(one.range.station for one in unread)
    stated = facts_in(ranges, span.known)
    firsts = {(one.station, one.epoch): one.first for one in ranges}
    earlier = [*_earlier_touches(places, means, span), *_first_touches(cut_short, means, span)]
    ids = {one.id for one in streams.of_epoch.values()}
    told = _Told(
        streams,
        [*stated, *earlier, *_last_touches(known.dead, span)],
        firsts=firsts,
        unread=unread,
        clocks=clocks_of(boots_of([*stated, *earlier]), span.known),
        read_at=_read_at(ids),
        written_off=_written_off(stated),
        lost=_lost(streams, span.known),
        numbers=touches_by_number(stated),
    )
    names: dict[tuple[str, int], tuple[str, bytes]] = {}
    found = []
    boards: dict[str, list[Board]] = defaultdict(list)
    for board in streams.boards:
        boards[board.station].append(board)
    for station in sorted(places):
        own = boards.get(station) or [Board(station, 0)]
        for board in own:
            for number, epoch in enumerate(board.epochs, 1):
                names[board.name, number] = station, epoch
            found.append(known.station(board, told, stand_ins[station]))
    return tuple(found), Refs(names, cut_short)


def _places(
    regions: Collection[int], villages: Collection[int], span: Span
) -> tuple[dict[str, int], dict[str, frozenset[str]]]:
    """Return in which village each station stands, and for which villages it stands in; two queries."""
    rows = StationPlace.objects.as_of(AsOf(noon(span.last), span.known)).filter(subject__enrolled_at__isnull=False)
    standing = dict(rows.values_list("subject", "village__identity"))
    named = StandIn.objects.as_of(AsOf(noon(span.last), span.known)).filter(subject__in=villages)
    stand_ins: dict[str, frozenset[str]] = defaultdict(frozenset)
    for village, station in named.exclude(station=None).values_list("subject", "station"):
        stand_ins[station] |= {str(village)}
    wanted = set(regions)
    places = {station: village for station, village in standing.items() if village in wanted or station in stand_ins}
    return places, stand_ins


_TOUCHED = f"""
SELECT DISTINCT t.station_id FROM {TOUCHES} t
WHERE t.station_id = ANY(%s) AND t.received_at <= %s AND (t.card_token = ANY(%s) OR t.person_number = ANY(%s))
  -- When an undated one was, or one that waits to be dated anew, its own time does not say.
  AND (t.wall >= %s OR t.corrected_wall IS NOT NULL OR NOT t.quality = ANY(%s) OR {waits("t")})
"""  # noqa: S608 - our own constants


def _bearing_since(places: Iterable[str], at_hand: Collection[str], means: Means, span: Span) -> dict[str, dt.datetime]:
    """Return from when on what stations told bears on the dates, by the stations that do, in one query.

    Args:
        at_hand: Stations of the villages of the windows.

    A window awaits the stations of its village and those that its people touched (docs/rules.md, section 3, Complete).
    All others it awaits for some days after its end, and only to know that nobody touched there.
    """
    others = sorted(set(places) - set(at_hand))
    asked = [others, span.known, list(means.cards), sorted(means.numbers - {""})]
    rows = query(_TOUCHED, [*asked, span.touched_since, list(DATED_QUALITIES)]) if others else []
    since = dict.fromkeys([*at_hand, *(station for (station,) in rows)], span.since)
    if span.known < span.until + _AWAITED_FOR:
        recent = max(span.since, span.known - _AWAITED_FOR - _AROUND)
        since = dict.fromkeys(others, recent) | since
    return since


class _Stations:
    """What is on file of stations: enrolment, retirement, declarations; three queries."""

    def __init__(self, places: Mapping[str, int], span: Span) -> None:
        self._places = places
        self._issued: dict[str, list[dt.datetime]] = defaultdict(list)
        for station, issued_at in StationCertificate.objects.filter(station__in=places).values_list(
            "station", "issued_at"
        ):
            self._issued[station].append(issued_at)
        rows = Station.objects.filter(pk__in=places).values_list("pk", "enrolled_at", "revoked_at")
        self._on_file = {station: (enrolled_at, revoked_at) for station, enrolled_at, revoked_at in rows}
        self._known = span.known
        declared = DeadStation.objects.known(span.known).filter(subject__in=places, dead=True)
        self.dead: dict[str, tuple[dt.datetime, dt.datetime]] = {}
        for row in declared.order_by("-valid_from"):
            if row.valid_from is not None:
                self.dead[row.subject_id] = row.valid_from, row.recorded_at

    def station(self, board: Board, told: "_Told", stand_ins: frozenset[str]) -> values.Station:
        """Return a board as a station of the rules."""
        enrolled_at, revoked_at = self._on_file[board.station]
        enrolled = self._enrolled(board, enrolled_at, told)
        retired = revoked_at if revoked_at is not None and revoked_at <= self._known else None
        dead_at, declared_at = self.dead.get(board.station, (None, None))
        is_dead = dead_at is not None and enrolled <= minute(dead_at)
        return values.Station(
            id=board.name,
            village=str(self._places[board.station]),
            enrolled=enrolled,
            retired=LAST_MINUTE if retired is None else minute(retired),
            dead=minute(dead_at) if is_dead and dead_at is not None else LAST_MINUTE,
            dead_known=moment(declared_at) if is_dead and declared_at is not None else NEVER,
            stands_in_for=stand_ins,
            epoch_ends=told.epoch_ends(board),
            lost=told.lost_of(board),
            facts=told.facts(board),
        )

    def _enrolled(self, board: Board, enrolled_at: dt.datetime | None, told: "_Told") -> Minute:
        issued = sorted(self._issued[board.station])
        if not board.place:
            return minute(min(one for one in [enrolled_at, *issued] if one is not None))
        opened_at = told.opened_at(board)
        before = [one for one in issued if one <= opened_at + _SOON]
        return minute(before[-1] if before else opened_at)


class _Told:
    """All that stations told, to be asked for board by board."""

    def __init__(
        self,
        streams: Streams,
        stated: Sequence[Stated],
        *,
        firsts: Mapping[tuple[str, bytes], int],
        unread: Iterable[Unread],
        clocks: Clocks,
        read_at: Mapping[int, Moment],
        written_off: Mapping[int, Moment],
        lost: Mapping[tuple[str, bytes], list[values.Lost]],
        numbers: Mapping[_Place, str],
    ) -> None:
        self._streams = streams
        self._firsts = firsts
        self._unread = {(one.range.station, one.range.epoch): one for one in unread}
        self._clocks = clocks
        self._read_at = read_at
        self._written_off = written_off
        self._lost = lost
        self._numbers = numbers
        self._chosen = directions(stated)
        self._by_epoch: dict[tuple[str, bytes], dict[int, Stated]] = defaultdict(dict)
        for one in stated:
            own = self._by_epoch[one.station, one.epoch]
            stood = own.get(one.seq)
            # A fact that stands there itself goes before its re-issue, unless nobody can read it.
            if stood is None or (stood.at is None and one.at is not None):
                own[one.seq] = one

    def opened_at(self, board: Board) -> dt.datetime:
        """Return when the county first heard of a board."""
        streams = (self._streams.of_epoch.get((board.station, epoch)) for epoch in board.epochs)
        return min(stream.opened_at for stream in streams if stream is not None)

    def epoch_ends(self, board: Board) -> tuple[values.EpochEnd, ...]:
        """Return the ends of a board's streams: each ends with the one that follows."""
        found = []
        for number, (epoch, after) in enumerate(zip(board.epochs, board.epochs[1:], strict=False), 1):
            opening = self._streams.openings[board.station, after]
            last = opening.matched if opening.previous == epoch else 0
            found.append(values.EpochEnd(known=opening.through, epoch=number, last=last))
        return tuple(found)

    def lost_of(self, board: Board) -> tuple[values.Lost, ...]:
        """Return the seqs that were declared lost, and those that are left out.

        What was told long before counts as told. What is too much could have been anything, and nobody writes it off.
        """
        found = []
        for number, epoch in enumerate(board.epochs, 1):
            for one in self._lost.get((board.station, epoch), ()):
                found.append(values.Lost(known=one.known, epoch=number, first=one.first, last=one.last))
            first = self._firsts.get((board.station, epoch), 1)
            if first > 1:
                found.append(values.Lost(epoch=number, first=1, last=first - 1, written_off=ALWAYS))
            beyond = self._unread.get((board.station, epoch))
            if beyond is not None:
                first, last = beyond.range.first, beyond.range.last
                found.append(values.Lost(known=beyond.received, epoch=number, first=first, last=last))
        return tuple(found)

    def facts(self, board: Board) -> tuple[values.Fact, ...]:
        """Return a board's facts."""
        found = []
        for number, epoch in enumerate(board.epochs, 1):
            own = self._by_epoch.get((board.station, epoch), {})
            facts = [self._fact(one, number) for _, one in sorted(own.items())]
            first = self._firsts.get((board.station, epoch), 1)
            if first > 1 and first in own:
                found.append(_up(self._fact(own[first], number)))
            found += facts
        return tuple(found)

    def _fact(self, one: Stated, epoch: int) -> values.Fact:
        if one.at is None:
            return values.Fact(
                epoch=epoch,
                seq=one.seq,
                at=one.received,
                kind="held" if one.is_held else "erased",
                dated=False,
                received=one.received,
                written_off=self._written_off.get(one.fact, NEVER),
            )
        wall = self._clocks.wall_of(one.station, one.at)
        card = self._card(one)
        way, way_after = self._way(one) if card else (None, 0)
        return values.Fact(
            epoch=epoch,
            seq=one.seq,
            at=moment_of_ms(one.at.wall if wall is None else wall),
            kind="touch" if card else _KINDS.get(one.kind, one.kind),
            dated=wall is not None,
            received=one.received,
            held_until=self._read_at.get(one.fact, ALWAYS),
            card=card,
            way=way,
            way_after=way_after,
            last_alive=self._last_alive(one),
        )

    def _card(self, one: Stated) -> str:
        if one.card:
            return one.card
        number = self._numbers.get((one.station, one.epoch, one.seq))
        return "" if number is None else NUMBER + number

    def _way(self, one: Stated) -> tuple[values.Way | None, Moment]:
        """Return the direction that was chosen last, and how long after the touch."""
        assert one.at is not None
        for at, direction in reversed(self._chosen.get((one.station, one.epoch, one.seq), ())):
            # The station sees to the seconds of the rules. This bound is against who has got hold of one.
            if at.boot == one.at.boot and abs(at.mono - one.at.mono) <= CHOSEN_WITHIN_MS:
                return ("in" if direction == "in" else "out"), max(at.mono - one.at.mono, 0) * 1000
        return None, 0

    def _last_alive(self, one: Stated) -> Moment:
        if not isinstance(one.whole, Booted) or one.whole.last_alive is None:
            return ALWAYS
        wall = self._clocks.wall_of(one.station, one.whole.last_alive)
        return ALWAYS if wall is None else moment_of_ms(wall)


def _up(touch: values.Fact) -> values.Fact:
    """Return a boot right before a touch with which reading begins: the station was up then, since whenever."""
    return values.Fact(
        epoch=touch.epoch,
        seq=touch.seq - 1,
        at=touch.at,
        kind="boot",
        dated=touch.dated,
        received=touch.received,
        last_alive=touch.at,
    )


def _read_at(streams: Collection[int]) -> dict[int, Moment]:
    """Return when held facts of these streams were read after all."""
    rows = query(
        f"""SELECT h.fact_id, h.at FROM settling_heldread h JOIN {FACTS} f ON f.id = h.fact_id
        WHERE f.stream_id = ANY(%s)""",  # noqa: S608 - our own constants
        [sorted(streams)],
    )
    return {fact: moment(at) for fact, at in rows}


_MOST_LOST = 1_000
"""So many ranges of lost seqs of a station are read one by one, what it declared later as one range of each epoch."""


def _written_off(stated: Iterable[Stated]) -> dict[int, Moment]:
    held = [one.fact for one in stated if one.is_held]
    return {fact: moment(at) for fact, at in WriteOff.objects.filter(fact__in=held).values_list("fact", "at")}


_LOST = f"""
WITH lost AS (
    SELECT station_id, detail->>'epoch' AS epoch, (detail->>'first')::bigint AS first,
           (detail->>'last')::bigint AS last, received_at,
           row_number() OVER (PARTITION BY station_id ORDER BY id) AS nth
    FROM {STATION_EVENTS}
    WHERE station_id = ANY(%s) AND kind = 'facts_lost' AND detail->>'epoch' = ANY(%s) AND received_at <= %s
      AND (detail->>'first')::bigint <= (detail->>'last')::bigint
)
SELECT station_id, epoch, first, last, received_at FROM lost WHERE nth <= {_MOST_LOST}
UNION ALL
SELECT station_id, epoch, min(first), max(last), max(received_at) FROM lost WHERE nth > {_MOST_LOST}
GROUP BY station_id, epoch
"""  # noqa: S608 - our own constants


def _lost(streams: Streams, known: dt.datetime) -> dict[tuple[str, bytes], list[values.Lost]]:
    """Return the seqs that stations declared lost, by station and epoch. A range that ends before it begins is none."""
    stations = sorted({board.station for board in streams.boards})
    epochs = sorted({epoch.hex() for board in streams.boards for epoch in board.epochs})
    rows = query(_LOST, [stations, epochs, known])
    found: dict[tuple[str, bytes], list[values.Lost]] = defaultdict(list)
    for station, epoch, first, last, received_at in rows:
        lost = values.Lost(known=moment(received_at), epoch=0, first=first, last=last)
        found[station, bytes.fromhex(epoch)].append(lost)
    return found


_MOST_EARLIER, _MOST_EARLIER_OF_ONE = 50_000, 2_000
"""So many earlier touches of a station are read, and of one card there. Only such count of which nobody knows when they
were, or whose the card was, and of those a person makes some hundreds in two months."""

_COLUMNS = """t.station_id, t.epoch, t.seq, t.card_token, t.person_number, t.wall, t.quality, t.said_quality, t.boot,
       t.mono_ms, t.received_at"""

_EARLIER = f"""
WITH touched AS (
-- Of somebody's touches at a station one is enough to say that they touched it.
SELECT DISTINCT ON (t.station_id, t.card_token, t.person_number, again) {_COLUMNS},
       CASE WHEN t.card_token = ANY(%s) OR t.corrected_wall IS NOT NULL OR NOT t.quality = ANY(%s) OR {waits("t")}
           THEN t.id ELSE 0 END AS again
FROM {TOUCHES} t
WHERE t.station_id = ANY(%s) AND t.wall >= %s AND t.wall < %s
  AND t.received_at <= %s AND (t.card_token = ANY(%s) OR t.person_number = ANY(%s))
ORDER BY t.station_id, t.card_token, t.person_number, again, t.wall
), of_each AS (
SELECT *, row_number() OVER (PARTITION BY station_id, card_token, person_number ORDER BY again > 0, again DESC) AS nth
FROM touched
), of_station AS (
-- By turns, so that nobody's touches take the place of another one's.
SELECT *, row_number() OVER (PARTITION BY station_id ORDER BY nth, again, card_token, person_number) AS place
FROM of_each WHERE nth <= {_MOST_EARLIER_OF_ONE}
)
SELECT * FROM of_station WHERE place <= {_MOST_EARLIER}
"""  # noqa: S608 - our own constants


def _earlier_touches(stations: Collection[str], means: Means, span: Span) -> list[Stated]:
    """Return at which stations people touched before the days around, since the first of the month before."""
    rows = query(
        _EARLIER,
        [
            list(means.several),
            list(DATED_QUALITIES),
            sorted(stations),
            span.touched_since,
            span.since,
            span.known,
            list(means.cards),
            sorted(means.numbers - {""}),
        ],
    )
    return [_of_row(row) for row in rows]


def _first_touch(column: str) -> str:
    """Return SQL for the first touch with each of these cards or numbers at each of these stations."""
    return f"""SELECT x.* FROM unnest(%(stations)s::text[]) AS w (station)
    CROSS JOIN unnest(%({column})s::{TOUCHES.columns[column]}[]) AS m (means) CROSS JOIN LATERAL (
        SELECT {_COLUMNS} FROM {TOUCHES} t
        WHERE t.{column} = m.means AND t.station_id = w.station AND t.wall >= %(since)s AND t.wall < %(until)s
          AND t.received_at <= %(known)s
        ORDER BY t.{column}, t.wall LIMIT 1
    ) AS x"""  # noqa: S608 - our own constants


def _first_touches(cut_short: Collection[str], means: Means, span: Span) -> list[Stated]:
    """Return who touched at stations that are not read whole: their windows await these, as if all had been read."""
    if not cut_short:
        return []
    asked = {
        "stations": sorted(cut_short),
        "card_token": list(means.cards),
        "person_number": sorted(means.numbers - {""}),
        "since": span.touched_since,
        "until": span.until,
        "known": span.known,
    }
    return [_of_row(row) for column in ("card_token", "person_number") for row in query(_first_touch(column), asked)]


def _last_touches(dead: Mapping[str, object], span: Span) -> list[Stated]:
    """Return the last touch of stations that were declared dead: one from after the declared time withdraws that."""
    if not dead:
        return []
    rows = query(
        f"""SELECT x.* FROM unnest(%s::text[]) AS w (station) CROSS JOIN LATERAL (
            SELECT {_COLUMNS} FROM {TOUCHES} t WHERE t.station_id = w.station AND t.quality = ANY(%s)
              AND t.received_at <= %s ORDER BY t.wall DESC LIMIT 1
        ) AS x""",  # noqa: S608 - our own constants
        [sorted(dead), list(DATED_QUALITIES), span.known],
    )
    return [_of_row(row) for row in rows]


def _of_row(row: tuple[Any, ...]) -> Stated:
    """Return a touch as its station stated it."""
    station, epoch, seq, token, number, wall, quality, said, boot, mono, received_at, *_ = row
    at = StationMoment(wall=round(wall.timestamp() * 1000), boot=bytes(boot), mono=mono, quality=said or quality)
    card = bytes(token).hex() if token else NUMBER + number
    return Stated(station, bytes(epoch), seq, moment(received_at), "touch", at, card)
