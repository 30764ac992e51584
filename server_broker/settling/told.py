"""Facts of stations as they came, from the bytes that the stations signed.

Of a year of facts only those are read that bear on the dates asked for: those of the days around, from a touch on at
which the station surely was up. What lies before counts as told, because the county takes each stream without a gap.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
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
from server_broker.ingest.tables import FACTS, REISSUES
from server_broker.platform.sql import query
from server_broker.settlement.times import Moment
from server_broker.settling.boards import Streams
from server_broker.settling.moments import moment_of_us
from server_broker.settling.span import Span

NUMBER = "number:"
"""A person's number is a card of its own by this name."""
_LATE = dt.timedelta(days=1)
"""So much later than a window's surroundings a station tells what is told of them: a dated fact beyond them."""
_SKEW = dt.timedelta(hours=1)
"""A touch that is dated so long after its receipt was made by a clock that was wrong."""


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

_FIRSTS = f"""
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
-- From a touch on: with it the station was up, and it is dated.
SELECT h.stream, coalesce((
    SELECT t.seq FROM {TOUCHES} t
    WHERE t.station_id = h.station AND t.epoch = h.epoch AND t.seq < h.low AND t.corrected_wall IS NULL
      AND t.quality = ANY(%s) AND t.wall < t.received_at + %s AND {_STAYS_UP}
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
    SELECT t.epoch, t.seq FROM {TOUCHES} t
    WHERE t.station_id = w.station AND t.wall >= %s AND t.corrected_wall IS NULL AND t.quality = ANY(%s)
      AND t.wall < t.received_at + %s AND t.received_at <= %s AND {_STAYS_UP}
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


_FACTS_OF = f"""
-- The time as a number: to make a datetime of each would take as long as to read the fact.
SELECT w.station, w.epoch, f.seq, (extract(epoch FROM f.received_at) * 1000000)::bigint, f.kind, f.body,
       f.held_reason <> '', f.id
FROM unnest(%s::bigint[], %s::text[], %s::bytea[], %s::bigint[], %s::bigint[])
    AS w (stream, station, epoch, first, last)
JOIN {FACTS} f ON f.stream_id = w.stream AND f.seq BETWEEN w.first AND w.last
WHERE f.received_at <= coalesce(%s, f.received_at)
"""  # noqa: S608 - our own constants


def facts_in(ranges: Collection[Range], known: dt.datetime | None) -> list[Stated]:
    """Return the facts of these ranges that had come by ``known`` (None: now), in one query."""
    if not ranges:
        return []
    columns = [list(column) for column in zip(*ranges, strict=True)]
    found: list[Stated] = []
    for station, epoch, seq, received_us, kind, body, held, fact in query(_FACTS_OF, [*columns, known]):
        received = moment_of_us(received_us)
        if body is None or (held and kind != _CARRIER):
            found.append(Stated(station, bytes(epoch), seq, received, kind, None, fact=fact, is_held=held))
        elif kind in _WHOLE:
            found += _whole(station, bytes(epoch), seq, received, kind, body, fact, is_held=held)
        elif kind == "touch":
            touch = _TOUCHES.decode(body)
            found.append(Stated(station, bytes(epoch), seq, received, kind, touch.at, touch.card.hex(), fact=fact))
        else:
            found.append(Stated(station, bytes(epoch), seq, received, kind, _HEADS.decode(body).at, fact=fact))
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
