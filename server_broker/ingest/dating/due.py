"""Which boots are dated in the batch that corrects their clocks, and which ones wait for their turn.

A correction may date all rows of its boot anew. As a rule these are a few hundred. A station in the wrong hands may
have a boot with a hundred thousand, and correct its clock once a second. Whoever has more rows than a batch should
write waits: `server_broker.ingest.dating.walk` dates such boots beside the batches, in pieces. What is new in a boot
never waits, because nothing but its own rows is looked at.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import NamedTuple

from server_broker.fleet.fact_rows import Boot
from server_broker.ingest.fact_rooms import STAMPED_TABLES
from server_broker.platform.sql import execute, query

OF_A_STATION = 1_000
"""Rows of a station that are dated at once: a week without the network has some hundred, in several boots."""
BOOTS_OF_A_STATION = 32
"""Whose rows are counted to see whether they are few: each costs a look into every table of facts."""
AT_ONCE = 10_000
"""Rows of all stations that a batch dates at once; they take it about half a second."""

_ROWS_OF = " + ".join(
    f"""(SELECT count(*) FROM (SELECT 1 FROM {table} t WHERE t.station_id = w.station AND t.boot = w.boot
    LIMIT {OF_A_STATION + 1}) AS found)"""  # noqa: S608 - our own constants
    for table in STAMPED_TABLES
)
"""SQL: how many rows boot ``w`` has; it counts no further than it must."""


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


def turns_of(rows: Mapping[Boot, int], *, most: int = AT_ONCE) -> Turns:
    """Say when boots are dated, of which ``rows`` says how many rows they have; the smallest come first.

    Args:
        most: So many rows of all stations at once.
    """
    turns = Turns(set(), {})
    of_station: Counter[str] = Counter()
    for boot, number in sorted(rows.items(), key=lambda item: item[1]):
        is_large = of_station[boot[0]] + number > OF_A_STATION
        if is_large or of_station.total() + number > most:
            turns.later[boot] = is_large
        else:
            of_station[boot[0]] += number
            turns.at_once.add(boot)
    return turns


def let_wait(boots: Mapping[Boot, bool], *, from_scratch: bool) -> None:
    """Note that boots must be dated, all of them anew. One that waits already is dated once more from its beginning.

    Args:
        boots: By boot, whether it is dated in pieces.
        from_scratch: The county has judged its own clock in another way: what stations said is told to nobody as new.
    """
    if not boots:
        return
    stations, ids = zip(*boots, strict=True)
    execute(
        """INSERT INTO ingest_datingdue AS d (station_id, boot, large, from_scratch, asked, in_walk,
                                              moved, moved_told, moved_most_ms)
        SELECT w.station, w.boot, w.large, %s, %s, false, 0, 0, 0
        FROM unnest(%s::text[], %s::bytea[], %s::bool[]) AS w (station, boot, large)
        ON CONFLICT (station_id, boot) DO UPDATE SET large = d.large OR excluded.large, in_walk = false,
            from_scratch = d.from_scratch OR excluded.from_scratch, asked = d.asked + excluded.asked""",
        [
            *(from_scratch, 0 if from_scratch else 1),
            *(list(stations), list(ids), list(boots.values())),
        ],
    )
