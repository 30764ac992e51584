"""What a manifest says of when the county received things: nobody else signs that, and undated touches count by it.

It says it of the facts that each stream got since the last manifest that did, as one digest a stream, and of the rows
of touches, as one digest for each thousand ids. It is kept and covered as what manifests say of dated tables is
(`server_broker.manifest.tables`). A fact keeps its moment for ever. So does a touch, which may have a later one than
its fact, if the fact was held at first.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from protocol.manifest import Leaf
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.models import Stream
from server_broker.ingest.tables import FACTS
from server_broker.manifest.tables import TableDay
from server_broker.platform.sql import query

RECEIVED = (FACTS.name, TOUCHES.name)
"""The tables of which a manifest says this."""
_COLUMNS = ["received_at"]
_TOUCHES_A_BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """The facts of one stream with ``after < seq <= through``. ``stream`` is the key of its row."""

    stream: int
    after: int
    through: int


@dataclass(slots=True)
class Told:
    """How far manifests have told when things were received."""

    streams: dict[int, int] = field(default_factory=dict)
    """The last seq by the key of the stream."""
    touch: int = 0
    """The last id."""

    def parts(self, through: Mapping[int, int]) -> list[Part]:
        """Return the facts that a manifest is the first to tell of if it tells so far, and note it.

        Args:
            through: The last seq by the key of the stream.
        """
        parts = [Part(key, self.streams.get(key, 0), last) for key, last in through.items()]
        self.streams |= through
        return [part for part in parts if part.through > part.after]


def facts_day(parts: Sequence[Part]) -> TableDay:
    """Return when these facts were received: ``rows`` has a digest and ``ended`` the last seq of each stream."""
    rows = query(
        f"""SELECT w.stream, sha256(string_agg(
            int8send(f.seq) || int8send((extract(epoch FROM f.received_at) * 1000000)::bigint), ''::bytea ORDER BY f.seq
        ))
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS w (stream, after, through)
        JOIN {FACTS} f ON f.stream_id = w.stream AND f.seq > w.after AND f.seq <= w.through
        GROUP BY w.stream""",  # noqa: S608 - our own constant
        [[getattr(part, name) for part in parts] for name in ("stream", "after", "through")],
    )
    ends = {part.stream: part.through for part in parts}
    return TableDay(FACTS.name, _COLUMNS, {stream: bytes(digest) for stream, digest in rows}, ends)


def touches_day(after: int, through: int) -> TableDay:
    """Return when the rows of touches with ``after < id <= through`` were made.

    ``rows`` has a digest for each thousand ids, and ``ended`` has ``through`` as its one key.
    """
    rows = query(
        f"""SELECT id / %s, sha256(string_agg(
            int8send(id) || int8send((extract(epoch FROM received_at) * 1000000)::bigint), ''::bytea ORDER BY id
        ))
        FROM {TOUCHES} WHERE id > %s AND id <= %s GROUP BY 1""",  # noqa: S608 - our own constant
        [_TOUCHES_A_BLOCK, after, through],
    )
    return TableDay(TOUCHES.name, _COLUMNS, {block: bytes(digest) for block, digest in rows}, {through: 0})


def last_touch(until: dt.datetime, *, after: int) -> int:
    """Return the last id below which no row of a touch can come any more: all of them were made before ``until``."""
    [(first, last)] = query(
        f"SELECT min(id) FILTER (WHERE received_at >= %s), max(id) FROM {TOUCHES} WHERE id > %s",  # noqa: S608 - likewise
        [until, after],
    )
    return int(last or after) if first is None else int(first) - 1


def stream_keys() -> dict[tuple[str, bytes], int]:
    """Return the key of each stream's row by station and epoch, as a leaf names it."""
    rows = Stream.objects.values_list("id", "station_id", "epoch")
    return {(station, bytes(epoch)): key for key, station, epoch in rows}


def stream_ends(leaves: Sequence[Leaf], keys: Mapping[tuple[str, bytes], int]) -> dict[int, int]:
    """Return how far each stream had got by a manifest's leaves, by the key of its row."""
    own = [(keys.get((leaf.name, leaf.epoch)), leaf.count) for leaf in leaves if leaf.kind == "stream"]
    return {key: count for key, count in own if key is not None}


def received_days(leaves: Sequence[Leaf], told: Told, *, until: dt.datetime) -> Iterator[TableDay]:
    """Yield what a new manifest says of each of `RECEIVED`.

    Args:
        leaves: Those of the manifest that are streams.
        told: What the manifests before have told.
        until: When the manifest's day ends.
    """
    yield facts_day(told.parts(stream_ends(leaves, stream_keys())))
    yield touches_day(told.touch, last_touch(until, after=told.touch))


def note_told(told: Told, said: TableDay) -> None:
    """Note how far a manifest has told."""
    if said.table == TOUCHES.name:
        told.touch = next(iter(said.ended), told.touch)
    else:
        told.streams |= said.ended


def first_other_moment(said: TableDay, told: Told) -> str:
    """Compare what a manifest says with what the database has, and return the first difference.

    Args:
        told: What the manifests before have told.

    Returns:
        Which facts or touches were moved, in Chinese; empty: none.
    """
    if said.table == TOUCHES.name:
        other = _first_other(said, touches_day(told.touch, next(iter(said.ended), told.touch)))
        return "" if other is None else f"打卡（{said.table}）编号 {other}000 起的一千条，收到时间被改过"
    other = _first_other(said, facts_day(told.parts(said.ended)))
    if other is None:
        return ""
    station = Stream.objects.filter(pk=other).values_list("station_id", flat=True).first()
    return f"站点 {station or other} 的记录（{said.table}）收到时间被改过"


def _first_other(said: TableDay, now: TableDay) -> int | None:
    keys = said.rows.keys() | now.rows.keys()
    return min((key for key in keys if said.rows.get(key) != now.rows.get(key)), default=None)
