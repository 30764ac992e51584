"""Facts of stations as they came, from the bytes that the stations signed.

Of a year of facts only those are read that bear on the dates asked for: those of the days around, from a touch on at
which the station surely was up. What lies before counts as told, because the county takes each stream without a gap.

Of one station at most `MOST_FACTS` are read at once, so that none makes a round as long as it likes. What it told
beyond them could have been anything, as what is held: nobody is blamed over it, and an alarm names the station.
"""

import datetime as dt
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from protocol.codec import Message
from protocol.facts import (
    Booted,
    DirectionChosen,
    NumberEntered,
    Reissued,
    StationFact,
    Touch,
    decode_fact,
)
from protocol.refusal import Refused
from protocol.reissues import MAX_LAYERS
from protocol.units import DATED_QUALITIES, CardToken
from protocol.units import Moment as StationMoment
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.tables import STATION_EVENTS
from server_broker.ingest.dating.due import waits
from server_broker.ingest.tables import FACTS, REISSUES
from server_broker.platform.sql import query
from server_broker.settlement.times import ALWAYS, Moment
from server_broker.settling.boards import Streams
from server_broker.settling.moments import moment, moment_of_us
from server_broker.settling.span import Span

NUMBER = "number:"
"""A person's number is a card of its own by this name."""
_MICROSECOND = dt.timedelta(microseconds=1)
_LATE = dt.timedelta(days=1)
"""So much later than a window's surroundings a station tells what is told of them: a dated fact beyond them."""
_SKEW = dt.timedelta(hours=1)
"""A touch that is dated so long after its receipt was made by a clock that was wrong."""
MOST_FACTS = 200_000
"""So many facts of a station are read for some dates: what the county takes of one in a day (`ingest.quota`). A village
with 50 cards makes 400 a day, so most have some thousands, and one that was cut off for a year and comes back 146,000.
Where reading begins and ends is looked for among so many touches, too."""
_FACTS_A_QUERY = 20_000
"""So many rows are in memory at once; what is kept of them takes less."""


class _Head(Message, frozen=True, kw_only=True):
    """What most facts are read for. It is decoded a few times as fast as a whole fact.

    It has what each kind has, and nothing else. The intake took whatever stands under keys that a kind does not have,
    as it takes what a later version adds; so nobody knows of what type that is, or what it means.
    """

    at: StationMoment


class _TouchHead(_Head, frozen=True, kw_only=True, tag_field="kind", tag="touch"):
    """What a touch is read for. No other kind has a card."""

    card: CardToken


_HEADS = msgspec.msgpack.Decoder(_Head)
_TOUCHES = msgspec.msgpack.Decoder(_TouchHead)
_WHOLE = frozenset({"booted", "direction_chosen", "epoch_opened", "facts_lost", "number_entered", "reissued"})
"""Kinds of which more is needed."""
_CARRIER = "reissued"
"""The kind of what carries a fact that is issued anew. It says where that stood, also where the rest can't be read."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact under the identity that its station first gave it."""

    station: str
    epoch: bytes
    seq: int
    received: Moment
    kind: str
    at: StationMoment | None
    """None: nobody has read it, or its content was erased."""
    card: str = ""
    """Of a touch: the card's token as hexadecimal digits, or `NUMBER` and the person's number."""
    whole: StationFact | None = None
    fact: int = 0
    """Key of the row that brought it."""
    is_held: bool = False


class Range(NamedTuple):
    """The facts of a stream that are read."""

    stream: int
    station: str
    epoch: bytes
    first: int
    last: int


class Unread(NamedTuple):
    """The facts of a stream that bear on the dates and are not read, because there are too many."""

    range: Range
    received: Moment
    """When the last of them came."""


def ranges_of(streams: Streams, since: Mapping[str, dt.datetime], span: Span) -> list[Range]:
    """Return which facts of the streams bear on the dates, in three queries.

    Args:
        since: By the station, when what bears on them began to come.
    """
    firsts = _firsts(streams, since)
    ends = _ends(streams, span)
    found = []
    for board in streams.boards:
        end_epoch, end_seq = ends.get(board.station, (b"", 0))
        is_over = False
        for epoch in board.epochs:
            stream = streams.of_epoch.get((board.station, epoch))
            if stream is None or is_over:
                continue
            last = stream.through
            if epoch == end_epoch:
                last, is_over = min(last, end_seq), True
            found.append(Range(stream.id, board.station, epoch, firsts[stream.id], last))
    return found


def _last_of(*kinds: str) -> str:
    """Return SQL for the kind of the last of these events that a station told before the touch ``t``."""
    some = ", ".join(f"'{kind}'" for kind in kinds)
    found = f"SELECT e.kind FROM {STATION_EVENTS} e WHERE e.station_id = t.station_id AND e.kind IN ({some})"  # noqa: S608 - our own constants
    here = f"({found} AND e.epoch = t.epoch AND e.seq < t.seq ORDER BY e.seq DESC LIMIT 1)"
    before = f"({found} AND e.epoch <> t.epoch AND e.received_at <= t.received_at ORDER BY e.id DESC LIMIT 1)"
    return f"coalesce({here}, {before})"


_STAYS_UP = f"""
    -- What comes later may make down time of all since a shutdown without a boot, or a loss without a return.
    {_last_of("booted", "shut_down")} IS DISTINCT FROM 'shut_down'
    AND {_last_of("booted", "reader_lost", "reader_back")} IS DISTINCT FROM 'reader_lost'
"""
"""Whether the station was up at a touch ``t``, whatever it tells later."""

_HALVING = f"""
-- By halving: received_at only rises in a stream, and there is no index on it, because each fact would pay for that.
WITH RECURSIVE halving AS (
    SELECT stream, station, epoch, since, 1::bigint AS low, through + 1 AS high
    FROM unnest(%s::bigint[], %s::text[], %s::bytea[], %s::bigint[], %s::timestamptz[])
        AS w (stream, station, epoch, through, since)
    UNION ALL
    SELECT h.stream, h.station, h.epoch, h.since,
           CASE WHEN f.received_at < h.since THEN (h.low + h.high) / 2 + 1 ELSE h.low END,
           CASE WHEN f.received_at < h.since THEN h.high ELSE (h.low + h.high) / 2 END
    FROM halving h JOIN {FACTS} f ON f.stream_id = h.stream AND f.seq = (h.low + h.high) / 2
    WHERE h.low < h.high
)
"""  # noqa: S608 - our own constants
"""Where ``low`` is not less than ``high``, it is the first seq of the stream that came at ``since`` or later."""

_LATER = f"{_HALVING} SELECT h.stream, h.low FROM halving h WHERE h.low >= h.high"  # noqa: S608 - our own constants

_FIRSTS = f"""{_HALVING}
-- From a touch on: with it the station was up, and it is dated.
SELECT h.stream, coalesce((
    SELECT t.seq FROM {TOUCHES} t
    -- From one further back on there would be too many facts to be read.
    WHERE t.station_id = h.station AND t.epoch = h.epoch AND t.seq < h.low AND t.seq >= h.low - {MOST_FACTS}
      AND t.corrected_wall IS NULL AND t.quality = ANY(%s) AND t.wall < t.received_at + %s AND {_STAYS_UP}
      AND NOT {waits("t")}
    ORDER BY t.seq DESC LIMIT 1), 1)
FROM halving h WHERE h.low >= h.high
"""  # noqa: S608 - our own constants


def _firsts(streams: Streams, since: Mapping[str, dt.datetime]) -> dict[int, int]:
    rows = [(one.id, station, one.epoch, one.through, since[station]) for (station, _), one in streams.of_epoch.items()]
    if not rows:
        return {}
    columns = [list(column) for column in zip(*rows, strict=True)]
    found = dict(query(_FIRSTS, [*columns, list(DATED_QUALITIES), _SKEW]))
    # A fact's row may be gone, which `verify` tells of. Then all of its stream is read.
    return {stream: found.get(stream, 1) for stream, *_ in rows}


_ENDS = f"""
SELECT w.station, t.epoch, t.seq FROM unnest(%s::text[]) AS w (station)
CROSS JOIN LATERAL (
    SELECT t.epoch, t.seq FROM (
        SELECT * FROM {TOUCHES} a WHERE a.station_id = w.station AND a.wall >= %s ORDER BY a.wall LIMIT {MOST_FACTS}
    ) AS t
    WHERE t.corrected_wall IS NULL AND t.quality = ANY(%s) AND t.wall < t.received_at + %s AND t.received_at <= %s
      AND {_STAYS_UP} AND NOT {waits("t")}
    ORDER BY t.wall LIMIT 1
) AS t
-- What was issued anew stands in a later stream, so nothing of it is left out.
WHERE NOT EXISTS (SELECT 1 FROM {REISSUES} r WHERE r.station_id = w.station)
"""  # noqa: S608 - our own constants


def _ends(streams: Streams, span: Span) -> dict[str, tuple[bytes, int]]:
    """Return at which touch a station has told all of the dates. Of others all is read that has come."""
    if span.until + _LATE > span.known:
        return {}
    stations = sorted({board.station for board in streams.boards})
    rows = query(_ENDS, [stations, span.until + _LATE, list(DATED_QUALITIES), _SKEW, span.known])
    return {station: (bytes(epoch), seq) for station, epoch, seq in rows}


def within_measure(ranges: Collection[Range], known: dt.datetime) -> tuple[list[Range], list[Unread]]:
    """Return what is read of these ranges, and what is beyond `MOST_FACTS` of a station.

    What came after ``known`` is in neither, so that it is the same whenever somebody asks for that moment.
    """
    of_station: dict[str, list[Range]] = defaultdict(list)
    for one in ranges:
        of_station[one.station].append(one)
    large = {station for station, some in of_station.items() if _count(some) > MOST_FACTS}
    if not large:
        return list(ranges), []
    found = [one for one in ranges if one.station not in large]
    beyond: list[Range] = []
    for station in sorted(large):
        left = MOST_FACTS
        for one in _come_by(of_station[station], known):
            last = min(one.last, one.first + left - 1)
            left -= last - one.first + 1
            if last >= one.first:
                found.append(one._replace(last=last))
            if last < one.last:
                beyond.append(one._replace(first=last + 1))
    return found, _with_receipts(beyond)


def _count(ranges: Iterable[Range]) -> int:
    return sum(one.last - one.first + 1 for one in ranges)


def _come_by(ranges: Sequence[Range], known: dt.datetime) -> list[Range]:
    """Return of each range what had come by a moment, in one query."""
    rows = [(one.stream, one.station, one.epoch, one.last, known + _MICROSECOND) for one in ranges]
    columns = [list(column) for column in zip(*rows, strict=True)]
    later = dict(query(_LATER, columns))
    come = [one._replace(last=min(one.last, later.get(one.stream, one.last + 1) - 1)) for one in ranges]
    return [one for one in come if one.first <= one.last]


def _with_receipts(ranges: Sequence[Range]) -> list[Unread]:
    if not ranges:
        return []
    rows = query(
        f"""SELECT w.stream, f.received_at FROM unnest(%s::bigint[], %s::bigint[]) AS w (stream, last)
        JOIN {FACTS} f ON f.stream_id = w.stream AND f.seq = w.last""",  # noqa: S608 - our own constant
        [[one.stream for one in ranges], [one.last for one in ranges]],
    )
    received = {stream: moment(at) for stream, at in rows}
    return [Unread(one, received.get(one.stream, ALWAYS)) for one in ranges]


_FACTS_OF = f"""
-- The time as a number: to make a datetime of each would take as long as to read the fact.
SELECT w.place, f.seq, (extract(epoch FROM f.received_at) * 1000000)::bigint, f.kind, f.body, f.held_reason <> '', f.id
FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::bigint[]) AS w (place, stream, first, last)
JOIN {FACTS} f ON f.stream_id = w.stream AND f.seq BETWEEN w.first AND w.last
WHERE f.received_at <= coalesce(%s, f.received_at)
"""  # noqa: S608 - our own constants


def facts_in(ranges: Collection[Range], known: dt.datetime | None) -> list[Stated]:
    """Return the facts of these ranges that had come by ``known`` (None: now), in a query for each `_FACTS_A_QUERY`.

    They stand in the order of the ranges, and in each in the order of their stream.
    """
    return [one for some in _pieces(ranges) for one in _facts_in(some, known)]


def _pieces(ranges: Iterable[Range]) -> Iterator[list[Range]]:
    """Cut ranges into lists of as many facts as one query reads."""
    piece: list[Range] = []
    left = _FACTS_A_QUERY
    for one in ranges:
        first = one.first
        while first <= one.last:
            last = min(one.last, first + left - 1)
            piece.append(one._replace(first=first, last=last))
            left -= last - first + 1
            first = last + 1
            if not left:
                yield piece
                piece, left = [], _FACTS_A_QUERY
    if piece:
        yield piece


def _facts_in(ranges: Sequence[Range], known: dt.datetime | None) -> list[Stated]:
    streams, firsts, lasts = ([getattr(one, name) for one in ranges] for name in ("stream", "first", "last"))
    # The database promises no order, and would move the bodies to sort. Here it takes 1 to 5 ms for 20,000 rows.
    rows = sorted(query(_FACTS_OF, [list(range(len(ranges))), streams, firsts, lasts, known]))
    found: list[Stated] = []
    for place, seq, received_us, of_kind, body, held, fact in rows:
        # Of each station, epoch and kind there is one text for all facts.
        station, epoch, kind = ranges[place].station, ranges[place].epoch, sys.intern(of_kind)
        received = moment_of_us(received_us)
        if body is None or (held and kind != _CARRIER):
            found.append(Stated(station, epoch, seq, received, kind, None, fact=fact, is_held=held))
        elif kind in _WHOLE:
            found += _whole(station, epoch, seq, received, kind, body, fact, is_held=held)
        elif kind == "touch":
            touch = _TOUCHES.decode(body)
            found.append(Stated(station, epoch, seq, received, kind, touch.at, touch.card.hex(), fact=fact))
        else:
            found.append(Stated(station, epoch, seq, received, kind, _HEADS.decode(body).at, fact=fact))
    return found


def _whole(
    station: str, epoch: bytes, seq: int, received: Moment, kind: str, body: bytes, fact: int, *, is_held: bool
) -> Iterator[Stated]:
    whole = decode_fact(bytes(body))
    yield Stated(station, epoch, seq, received, kind, whole.at, whole=whole, fact=fact)
    if isinstance(whole, Reissued):
        yield _within(whole, station, received, fact, is_held=is_held)


def _within(carrier: Reissued, station: str, received: Moment, fact: int, *, is_held: bool) -> Stated:
    """Return the fact that was issued anew, where it first stood. If nobody can read it, it is one that is held."""
    inner, place = _innermost(carrier)
    if inner is None or is_held:
        return Stated(station, place.epoch, place.seq, received, _CARRIER, None, fact=fact, is_held=True)
    kind = str(inner.__struct_config__.tag)
    card = inner.card.hex() if isinstance(inner, Touch) else ""
    return Stated(station, place.epoch, place.seq, received, kind, inner.at, card, inner, fact)


def _innermost(carrier: Reissued) -> tuple[StationFact | None, Reissued]:
    """Return the fact that was issued anew (None: it can't be read), and what says where it stood, as far as read."""
    place = carrier
    for _ in range(MAX_LAYERS):
        try:
            inner = decode_fact(place.body)
        except Refused:
            return None, place
        if not isinstance(inner, Reissued):
            return inner, place
        place = inner
    return None, place


def touches_by_number(stated: Iterable[Stated]) -> dict[tuple[str, bytes, int], str]:
    """Return whose number each touch by number is, where the county let it count when it came; in one query."""
    asked = [
        (one.station, one.epoch, one.seq)
        for one in stated
        if isinstance(one.whole, NumberEntered) and one.whole.clocks and one.whole.answer == "accepted"
    ]
    if not asked:
        return {}
    columns = [list(column) for column in zip(*asked, strict=True)]
    rows = query(
        f"""SELECT t.station_id, t.epoch, t.seq, t.person_number
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
        JOIN {TOUCHES} t ON t.station_id = w.station AND t.epoch = w.epoch AND t.seq = w.seq
        WHERE t.person_number <> ''""",  # noqa: S608 - our own constant
        columns,
    )
    return {(station, bytes(epoch), seq): number for station, epoch, seq, number in rows}


def directions(stated: Iterable[Stated]) -> dict[tuple[str, bytes, int], list[tuple[StationMoment, str]]]:
    """Return the directions that were chosen, by the touch for which they were, in the order in which they came."""
    found: dict[tuple[str, bytes, int], list[tuple[StationMoment, str]]] = defaultdict(list)
    for one in sorted(stated, key=lambda one: (one.received, one.fact)):
        if isinstance(one.whole, DirectionChosen):
            found[one.station, one.whole.touch.epoch, one.whole.touch.seq].append((one.whole.at, one.whole.direction))
    return found


def boots_of(stated: Iterable[Stated]) -> set[tuple[str, bytes]]:
    """Return the boots whose clocks date these facts, and what they tell of the boot before."""
    found = set()
    for one in stated:
        if one.at is not None:
            found.add((one.station, one.at.boot))
        if isinstance(one.whole, Booted) and one.whole.last_alive is not None:
            found.add((one.station, one.whole.last_alive.boot))
    return found
