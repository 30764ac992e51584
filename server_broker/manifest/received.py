"""What a manifest says of when the county received things: nobody else signs that, and undated touches count by it.

It says it of the facts that each stream got since the last manifest that did, as one digest a stream, and of the rows
of touches, as one digest for each thousand ids. It is kept and covered as what manifests say of dated tables is
(`server_broker.manifest.tables`). A fact keeps its moment for ever. So does a touch, which may have a later one than
its fact, if the fact was held at first.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
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

    def parts(self, leaves: Sequence[Leaf]) -> list[Part]:
        """Return what a manifest with these leaves tells of next, and note it."""
        keys = {(station, bytes(epoch)): key for key, station, epoch in Stream.objects.values_list(*_STREAM)}
        found = []
        for leaf in leaves:
            key = keys.get((leaf.name, leaf.epoch)) if leaf.kind == "stream" else None
            if key is not None and leaf.count > self.streams.get(key, 0):
                found.append(Part(key, self.streams.get(key, 0), leaf.count))
                self.streams[key] = leaf.count
        return found


_STREAM = ("id", "station_id", "epoch")


def facts_day(parts: Sequence[Part]) -> TableDay:
    """Return when these facts were received. ``rows`` has a digest for each stream."""
    rows = query(
        f"""SELECT w.stream, sha256(string_agg(
            int8send(f.seq) || int8send((extract(epoch FROM f.received_at) * 1000000)::bigint), ''::bytea ORDER BY f.seq
        ))
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS w (stream, after, through)
        JOIN {FACTS} f ON f.stream_id = w.stream AND f.seq > w.after AND f.seq <= w.through
        GROUP BY w.stream""",  # noqa: S608 - our own constant
        [[getattr(part, name) for part in parts] for name in ("stream", "after", "through")],
    )
    return TableDay(FACTS.name, _COLUMNS, {stream: bytes(digest) for stream, digest in rows})


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


def received_days(leaves: Sequence[Leaf], told: Told, *, until: dt.datetime) -> Iterator[TableDay]:
    """Yield what a new manifest says of each of `RECEIVED`.

    Args:
        leaves: Those of the manifest that are streams.
        told: What the manifests before have told.
        until: When the manifest's day ends.
    """
    yield facts_day(told.parts(leaves))
    yield touches_day(told.touch, last_touch(until, after=told.touch))


def first_other_moment(said: TableDay, leaves: Sequence[Leaf], told: Told) -> str:
    """Compare what a manifest says with what the database has, note what it tells of, and return the first difference.

    Returns:
        Which facts or touches were moved, in Chinese; empty: none.
    """
    if said.table == TOUCHES.name:
        after, told.touch = told.touch, next(iter(said.ended), told.touch)
        now = touches_day(after, told.touch)
        other = _first_other(said, now)
        return "" if other is None else f"打卡（{said.table}）编号 {other}000 起的一千条，收到时间被改过"
    now = facts_day(told.parts(leaves))
    other = _first_other(said, now)
    if other is None:
        return ""
    station = Stream.objects.filter(pk=other).values_list("station_id", flat=True).first()
    return f"站点 {station or other} 的记录（{said.table}）收到时间被改过"


def _first_other(said: TableDay, now: TableDay) -> int | None:
    keys = said.rows.keys() | now.rows.keys()
    return min((key for key in keys if said.rows.get(key) != now.rows.get(key)), default=None)
