"""Date what a boot did before it knew the time, by what it learnt later; inside the caller's transaction.

A `ClockCorrected` fact is an anchor: at ``mono`` of a boot it was ``wall``. Only the county's signed time and NTP are
anchors; what a station says to have from an RTC or a modem dates nothing. An undated row of the boot is dated by its
first anchor. NTP is not signed: where the county's word follows an anchor of NTP, everything since the county's word
before it is dated by the county's, also what the station thought to be dated, where the two differ by more than 2 s.
Between two words of the county what the station said stands: it ran on a crystal, and no single word tells more.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from server_broker.ingest.copying import execute, query
from server_broker.ingest.rows import LAST_WALL_MS

type Boot = tuple[str, bytes]
"""(station, boot id)."""

DIFFERS_MS = 2_000
_DATED_TABLES = ("attendance_touch", "fleet_stationevent", "learning_attempt", "learning_levelrun")
_END = 2**63 - 1


class Anchor(NamedTuple):
    """At ``mono`` it was ``wall`` (both in ms), by this source; the station knew it at ``known``, a little later."""

    mono: int
    wall: int
    source: Literal["county", "ntp"]
    known: int


class Span(NamedTuple):
    """Rows of a boot with ``after < mono <= through`` are dated by ``anchor``."""

    after: int
    through: int
    anchor: Anchor


def overriding(anchors: Iterable[Anchor]) -> list[Span]:
    """Return the spans in which the county's word replaces NTP's. ``anchors`` are those of one boot by ``mono``."""
    spans = []
    spoke, unsigned = -1, False
    for anchor in anchors:
        if anchor.source != "county":
            unsigned = True
            continue
        if unsigned:
            spans.append(Span(spoke, anchor.known, anchor))
        spoke, unsigned = anchor.known, False
    return spans


def date_boots(boots: Mapping[Boot, int]) -> None:
    """Date the rows of boots.

    Args:
        boots: By boot, the lowest mono of rows that are new; 0 where an anchor is.
    """
    if not boots:
        return
    first: list[tuple[Boot, Span]] = []
    again: list[tuple[Boot, Span]] = []
    for boot, anchors in _anchors(boots).items():
        first.append((boot, Span(-1, _END, anchors[0])))
        again += [(boot, span) for span in overriding(anchors) if span.through >= boots[boot]]
    _date(first, "t.corrected_wall IS NULL AND NOT (t.quality IN ('synced', 'holdover'))")
    _date(again, f"abs(extract(epoch FROM coalesce(t.corrected_wall, t.wall)) * 1000 - {_VALUE}) > {DIFFERS_MS}")


def _anchors(boots: Iterable[Boot]) -> dict[Boot, list[Anchor]]:
    stations, ids = zip(*boots, strict=True)
    found = query(
        """SELECT w.station, w.boot, (e.detail->>'mono')::bigint AS mono, (e.detail->>'wall')::bigint,
               e.detail->>'source', greatest((e.detail->>'mono')::bigint, e.mono_ms)
        FROM unnest(%s::text[], %s::text[]) AS w (station, boot)
        JOIN fleet_stationevent e ON e.station_id = w.station AND e.detail->>'boot' = w.boot
        WHERE e.kind = 'clock_corrected' AND e.boot = decode(w.boot, 'hex')
          AND e.detail->>'source' IN ('county', 'ntp')
        ORDER BY mono, e.id""",
        [list(stations), [boot.hex() for boot in ids]],
    )
    anchors: defaultdict[Boot, list[Anchor]] = defaultdict(list)
    for station, boot, *anchor in found:
        anchors[station, bytes.fromhex(boot)].append(Anchor(*anchor))
    return anchors


_VALUE = "(w.wall + t.mono_ms - w.mono)"


def _date(dated: list[tuple[Boot, Span]], where: str) -> None:
    if not dated:
        return
    rows = [(*boot, span.after, span.through, span.anchor.mono, span.anchor.wall) for boot, span in dated]
    columns = [list(column) for column in zip(*rows, strict=True)]
    for table in _DATED_TABLES:
        execute(
            f"""UPDATE {table} t SET corrected_wall = to_timestamp({_VALUE} / 1000.0)
            FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
                 AS w (station, boot, after, through, mono, wall)
            WHERE t.station_id = w.station AND t.boot = w.boot AND t.mono_ms > w.after AND t.mono_ms <= w.through
              AND {_VALUE} BETWEEN 0 AND {LAST_WALL_MS} AND {where}""",  # noqa: S608 - fixed names and conditions
            columns,
        )
