"""Which boots are dated in the batch that corrects their clocks, and which ones wait for their turn.

A correction may date all rows of its boot anew. As a rule these are a few hundred. A station in the wrong hands may
have a boot with a hundred thousand, and correct its clock once a second. Whoever has more rows than a batch should
write waits: `server_broker.ingest.dating.walk` dates such boots beside the batches, in pieces. What is new in a boot
never waits, because nothing but its own rows is looked at.

When the county judges its own clock in another way, all boots that took the time from it wait. A station may have named
such a run in very many boots, and the judgement must not take long.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import NamedTuple

from server_broker.fleet.fact_rows import Boot
from server_broker.fleet.tables import STATION_EVENTS, STATIONS
from server_broker.ingest.fact_rooms import STAMPED_TABLES
from server_broker.ingest.tables import DATING_DUE
from server_broker.platform.sql import execute, query

OF_A_STATION = 1_000
"""Rows of a station that are dated at once: a week without the network has some hundred, in several boots."""
BOOTS_OF_A_STATION = 32
"""Whose rows are counted to see whether they are few: each costs a look into every table of facts."""
CORRECTIONS_OF_A_STATION = 10_000
"""So many are looked at when the county judges its own clock in another way. A station that is switched off each night
makes some thousands in five years."""
AGAIN_OF_A_STATION = 1_000
"""Boots that are noted one by one then. A run of the county's clock ends with each start of its machine."""
WHOLE_STATION = b""
"""Stands for all boots of a station that has more of them, where a boot that waits is named."""
AT_ONCE = 10_000
"""Rows of all stations that a batch dates at once; they take it about half a second."""

_ROWS_OF = " + ".join(
    f"""(SELECT count(*) FROM (SELECT 1 FROM {table} t WHERE t.station_id = w.station AND t.boot = w.boot
    LIMIT {OF_A_STATION + 1}) AS found)"""  # noqa: S608 - our own constants
    for table in STAMPED_TABLES
)
"""SQL: how many rows boot ``w`` has; it counts no further than it must."""


_NOTE = f"""INSERT INTO {DATING_DUE} AS d
    (station_id, boot, large, from_scratch, asked, in_walk, moved, moved_told, moved_most_ms)"""
_WAITS_ALREADY = """ON CONFLICT (station_id, boot) DO UPDATE SET large = d.large OR excluded.large, in_walk = false,
    from_scratch = d.from_scratch OR excluded.from_scratch, asked = d.asked + excluded.asked"""


def rows_of(boots: Collection[Boot]) -> dict[Boot, int]:
    """Return how many rows each boot has. Of more than `OF_A_STATION` it only says that they are more.

    So it does of the boots of a station beyond `BOOTS_OF_A_STATION`, at which it does not look.
    """
    counted = [
        boot
        for _, of_station in groupby(sorted(boots), key=itemgetter(0))
        for boot in islice(of_station, BOOTS_OF_A_STATION)
    ]
    return dict.fromkeys(boots, OF_A_STATION + 1) | _counted(counted)


def _counted(boots: Sequence[Boot]) -> dict[Boot, int]:
    if not boots:
        return {}
    stations, ids = zip(*boots, strict=True)
    found = query(
        f"SELECT w.station, w.boot, {_ROWS_OF} FROM unnest(%s::text[], %s::bytea[]) AS w (station, boot)",  # noqa: S608
        [list(stations), list(ids)],
    )
    return {(station, bytes(boot)): rows for station, boot, rows in found}


class Turns(NamedTuple):
    """When boots are dated."""

    at_once: set[Boot]
    later: dict[Boot, bool]
    """True: with all that is due of its station, in pieces. False: whole, when it is its turn."""


def turns_of(rows: Mapping[Boot, int]) -> Turns:
    """Say when boots are dated, of which ``rows`` says how many rows they have; the smallest come first."""
    turns = Turns(set(), {})
    of_station: Counter[str] = Counter()
    for boot, number in sorted(rows.items(), key=lambda item: item[1]):
        is_large = of_station[boot[0]] + number > OF_A_STATION
        if is_large or of_station.total() + number > AT_ONCE:
            turns.later[boot] = is_large
        else:
            of_station[boot[0]] += number
            turns.at_once.add(boot)
    return turns


def waits(alias: str) -> str:
    """Return SQL that tells whether the boot of a row waits, so that the row's time is not the last word on it.

    Args:
        alias: Of the table of facts.
    """
    return f"""EXISTS (SELECT FROM {DATING_DUE} due
        WHERE due.station_id = {alias}.station_id AND due.boot IN ({alias}.boot, '\\x{WHOLE_STATION.hex()}'))"""


def let_wait(boots: Mapping[Boot, bool]) -> None:
    """Note that boots must be dated, all of them anew. One that waits already is dated once more from its beginning.

    Args:
        boots: By boot, whether it is dated in pieces.
    """
    if not boots:
        return
    stations, ids = zip(*boots, strict=True)
    execute(
        f"""{_NOTE}
        SELECT w.station, w.boot, w.large, false, 1, false, 0, 0, 0
        FROM unnest(%s::text[], %s::bytea[], %s::bool[]) AS w (station, boot, large)
        {_WAITS_ALREADY}""",  # noqa: S608 - our own constants
        [list(stations), list(ids), list(boots.values())],
    )


def let_wait_again(runs: Collection[bytes]) -> None:
    """Note that all boots which took the time from these runs of the county's clock must be dated from scratch.

    One statement notes them and brings back no row. Of a station with very many corrections it notes `WHOLE_STATION`.
    """
    if not runs:
        return
    execute(
        # In the order in which the walk locks them. Nobody counts their rows here; the walk finds out which are large.
        f"""{_NOTE}
        SELECT w.station_id, one.boot, w.whole, true, 0, false, 0, 0, 0
        FROM (
            SELECT s.id AS station_id, found.boots,
                   found.looked_at > {CORRECTIONS_OF_A_STATION}
                       OR cardinality(found.boots) > {AGAIN_OF_A_STATION} AS whole
            FROM {STATIONS} s CROSS JOIN LATERAL (
                SELECT count(*) AS looked_at, array_agg(DISTINCT c.boot) FILTER (WHERE c.is_named) AS boots
                FROM (
                    -- In the order of an index, so that it reads no more than it looks at.
                    SELECT e.boot, e.detail->>'run' = ANY(%s) AS is_named FROM {STATION_EVENTS} e
                    WHERE e.station_id = s.id AND e.kind = 'clock_corrected'
                    ORDER BY e.detail->>'boot', e.id LIMIT {CORRECTIONS_OF_A_STATION + 1}
                ) AS c
            ) AS found
        ) AS w
        CROSS JOIN LATERAL unnest(CASE WHEN w.whole THEN ARRAY[%s::bytea] ELSE w.boots END) AS one (boot)
        ORDER BY w.station_id, one.boot
        {_WAITS_ALREADY}""",  # noqa: S608 - our own constants
        [[run.hex() for run in runs], WHOLE_STATION],
    )
