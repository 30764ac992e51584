"""Write into the tables of facts when their rows were. Inside the caller's transaction.

The rows are all of some boots or, in a `Part`, those of which the identities are known. Then no statement looks at the
other rows of a boot, of which there may be very many.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from protocol.units import DATED_QUALITIES, LAST_WALL_MS
from server_broker.fleet.fact_rows import Boot
from server_broker.ingest.dating.weighing import DIFFERS_MS, DISPUTED, Plan, Span
from server_broker.ingest.fact_rooms import STAMPED_TABLES
from server_broker.platform.sql import execute
from server_broker.platform.tables import Table

_NEAR = 16
"""Seqs that are so near to each other lie in one stretch. Dating the rows between them too changes nothing."""
_KNEW = f"quality IN {(*sorted(DATED_QUALITIES),)}"
"""SQL: the station knew the time."""


class Stretch(NamedTuple):
    """Identities of rows of one boot: those of ``epoch`` with ``low <= seq <= high``."""

    station: str
    boot: bytes
    epoch: bytes
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of boots, in these tables."""

    stretches: Sequence[Stretch]
    tables: Sequence[Table] = STAMPED_TABLES


def stretches_of(rows: Mapping[Boot, Iterable[tuple[bytes, int]]]) -> list[Stretch]:
    """Return the stretches in which rows lie, which are given as the epochs and seqs of boots."""
    found: list[Stretch] = []
    for (station, boot), identities in rows.items():
        for epoch, seq in sorted(identities):
            last = found[-1] if found else None
            if last and last[:3] == (station, boot, epoch) and seq <= last.high + _NEAR:
                found[-1] = last._replace(high=seq)
            else:
                found.append(Stretch(station, boot, epoch, seq, seq))
    return found


def write_times(plans: Mapping[Boot, Plan], *, anew: Collection[Boot] = (), part: Part | None = None) -> None:
    """Date rows by the plans of their boots.

    Args:
        anew: First forget how the rows of these boots were dated before.
        part: Only these rows. None: all rows of the boots.
    """
    _forget([boot for boot in plans if boot in anew], part)
    _dispute({boot: plan.disputed_through for boot, plan in plans.items() if plan.disputed_through >= 0}, part)
    undated = [(boot, plan.undated) for boot, plan in plans.items()]
    _date(undated, f"t.corrected_wall IS NULL AND NOT (t.{_KNEW})", part)
    again = [(boot, span) for boot, plan in plans.items() for span in plan.again]
    _date(again, f"abs(extract(epoch FROM coalesce(t.corrected_wall, t.wall)) * 1000 - {_VALUE}) > {DIFFERS_MS}", part)


def _forget(boots: Sequence[Boot], part: Part | None) -> None:
    """Take back what the county has done to the times of rows, so that only the station's own word is left."""
    _update(
        """corrected_wall = NULL, said_quality = '',
           quality = CASE WHEN t.said_quality = '' THEN t.quality ELSE t.said_quality END""",
        [],
        boots,
        # A boot may have many thousands of rows, and only those that the county changed are written.
        "(t.corrected_wall IS NOT NULL OR t.said_quality <> '')",
        part,
    )


def _dispute(boots: Mapping[Boot, int], part: Part | None) -> None:
    """Mark rows up to a mono as disputed, and keep the quality that the station stated."""
    _update(
        f"quality = '{DISPUTED}', said_quality = t.quality, corrected_wall = NULL",
        ["through"],
        [(*boot, through) for boot, through in boots.items()],
        # Only rows that have a time can lose it: the station knew it, or an anchor dated them.
        f"t.mono_ms <= w.through AND t.quality <> '{DISPUTED}' AND (t.{_KNEW} OR t.corrected_wall IS NOT NULL)",
        part,
    )


_VALUE = "(w.wall + t.mono_ms - w.mono)"
"""SQL: the time of row ``t`` by anchor ``w``, in ms since 1970."""


def _date(dated: Sequence[tuple[Boot, Span]], where: str, part: Part | None) -> None:
    """Date the rows of boots within spans, those for which ``where`` (SQL) holds."""
    _update(
        f"corrected_wall = to_timestamp({_VALUE} / 1000.0)",
        ["after", "through", "mono", "wall"],
        [(*boot, span.after, span.through, span.anchor.mono, span.anchor.wall) for boot, span in dated],
        # BETWEEN: by a wrong anchor a row may come to a time that no calendar has. Such a row stays as it is, because
        # the error would fail the whole batch.
        f"t.mono_ms > w.after AND t.mono_ms <= w.through AND {_VALUE} BETWEEN 0 AND {LAST_WALL_MS} AND {where}",
        part,
    )


def _update(change: str, names: Sequence[str], given: Sequence[tuple[Any, ...]], where: str, part: Part | None) -> None:
    """Change rows ``t`` of the boots in ``w``: station, boot and, of type bigint, these ``names``."""
    if not given or (part is not None and not part.stretches):
        return
    parameters = [list(column) for column in zip(*given, strict=True)]
    numbers = ", %s::bigint[]" * len(names)
    rows = f"unnest(%s::text[], %s::bytea[]{numbers}) AS w ({', '.join(['station', 'boot', *names])})"
    of_w = "t.station_id = w.station AND t.boot = w.boot"
    if part is not None:
        parameters += [list(column) for column in zip(*part.stretches, strict=True)]
        rows += """ JOIN unnest(%s::text[], %s::bytea[], %s::bytea[], %s::bigint[], %s::bigint[])
            AS r (station, boot, epoch, low, high) ON r.station = w.station AND r.boot = w.boot"""
        # IS TRUE, which no index serves: the index by boots would lead to all rows of the boot.
        of_w = """t.station_id = r.station AND t.epoch = r.epoch AND t.seq BETWEEN r.low AND r.high
            AND (t.boot = r.boot) IS TRUE"""
    for table in part.tables if part is not None else STAMPED_TABLES:
        execute(
            f"UPDATE {table} t SET {change} FROM {rows} WHERE {of_w} AND {where}",  # noqa: S608 - our own constants
            parameters,
        )
