"""What a touch costs a county with five years behind it, and what a round of the patrol over all ledgers takes.

The years are there for some stations only, so that a small machine can make them: each has as many rows as a station
leaves in five years. Their rows lie among one another, as they come in. Beside time on a processor, the pages that the
database looks at are counted, and the rows that it reads one after another because no index serves.
"""

import time
from statistics import median

from firmware_scripts.report import Value
from tests.benchmarks.county.feeding import Feeder, enrol
from tests.benchmarks.county.presigned import PresignedStation, make_stations, messages
from tests.benchmarks.measures.figures import Figure

RATIO_GOAL = 1.3
SHARD = 40
A_DAY = 60
"""Touches of a station. It has half as many events, and as many pictures; each of the three is a fact."""
TURNS = 60
ROUNDS = 50
"""Envelopes of each station in one turn; a turn is measured as a whole."""
_TIMES = ("cpu_us", "backend_us")
"""Of these the least turn counts. Whatever else a machine does only adds to them, and on a shared one it adds half as
much again for seconds at a time, to one of the two sides of the ratio (Python's timeit recommends the least too)."""
_TABLES = ("ingest_fact", "attendance_touch", "fleet_stationevent", "media_blob")
_STAMP = "now() - interval '5 years' + n * interval '20 min', 'synced', decode(md5((n / 200)::text), 'hex'), n, now()"
_STREAMS = "(SELECT id, station_id, epoch FROM fleet_stream WHERE station_id = ANY(%(stations)s)) AS s"
_FILL = (
    f"""INSERT INTO attendance_touch (station_id, epoch, seq, wall, quality, boot, mono_ms, received_at, card_token,
                                      reader, answer, direction, chosen_direction)
    SELECT s.station_id, s.epoch, n, {_STAMP}, decode(md5((n %% 40)::text), 'hex'), 'usb', 'recorded', 'in', ''
    FROM generate_series(1, %(touches)s) AS n, {_STREAMS}""",
    f"""INSERT INTO fleet_stationevent (station_id, epoch, seq, wall, quality, boot, mono_ms, received_at, kind, detail)
    SELECT s.station_id, s.epoch, n + %(touches)s, {_STAMP}, 'window_closed', '{{}}'
    FROM generate_series(1, %(touches)s / 2) AS n, {_STREAMS}""",
    f"""INSERT INTO media_blob (station_id, sha256, size, media_type, purpose, announced_at, ranges, completed_at,
                                viewable, evicted_reason)
    SELECT s.station_id, decode(md5(s.station_id || n) || md5(n::text), 'hex'), 9, 'image/jpeg', 'touch', now(), '[]',
           now(), true, ''
    FROM generate_series(1, %(touches)s) AS n, {_STREAMS}""",
    f"""INSERT INTO ingest_fact (stream_id, seq, digest, head, kind, received_at, held_reason)
    SELECT s.id, n, decode(md5(n::text), 'hex'), decode(md5(n::text), 'hex'), 'touch', now(), ''
    FROM generate_series(1, %(facts)s) AS n, {_STREAMS}""",
)


def touch_cost(*, stations: int, years: float) -> list[Figure]:
    """Return the ratio of a touch's costs with years behind the stations and on their first day.

    The facts of the years lie where a station's do: below those that it sends now, in the same stream. So each station
    begins after them, and on the first day they are not there yet.
    """
    touches = round(A_DAY * 365 * years)
    facts = touches * 5 // 2
    made = make_stations(stations, shard=SHARD, prefix="years", before=facts)
    enrol(made)
    _begin_streams(made)
    feeder = Feeder(shard=SHARD, in_hand=1_000, before=facts)
    feeder.feed(messages(made, "single", envelopes=2 * ROUNDS))
    first = _cost(feeder, made)
    _fill([one.id for one in made], touches=touches, facts=facts)
    feeder.feed(messages(made, "single", envelopes=ROUNDS))
    after = _cost(feeder, made)
    detail: dict[str, Value] = {
        "rows_behind_a_station": facts * 2,
        "first_day": {name: round(value, 1) for name, value in first.items()},
        "after": {name: round(value, 1) for name, value in after.items()},
    }
    return [
        Figure(
            name="touch_cpu_after_years_ratio",
            value=after["cpu_us"] / first["cpu_us"],
            unit="times",
            goal=RATIO_GOAL,
            detail=detail,
        ),
        # Without a goal: an index over nothing has one level, and over millions of rows it has three or four.
        Figure(name="touch_pages_after_years_ratio", value=after["pages"] / first["pages"], unit="times"),
        Figure(name="rows_read_without_index_after_years", value=after["rows_read_in_order"], unit="rows", goal=0),
    ]


def _cost(feeder: Feeder, stations: list[PresignedStation]) -> dict[str, float]:
    turns: list[dict[str, float]] = []
    for _ in range(TURNS):
        made = messages(stations, "single", envelopes=ROUNDS)
        before = _counters()
        found = feeder.measured(made, facts=len(made))
        used = [after - first for after, first in zip(_counters(), before, strict=True)]
        turns.append(
            {
                "cpu_us": found["worker_us"] + found["backend_us"],
                "backend_us": found["backend_us"],
                "pages": used[0] / len(made),
                "rows_read_in_order": used[1],
            }
        )
    return {name: (min if name in _TIMES else median)(turn[name] for turn in turns) for name in turns[0]}


def _counters() -> tuple[int, int]:
    """Return how many pages of the large tables and their indexes were looked at so far, and how many rows in order."""
    from server_broker.platform.sql import query  # noqa: PLC0415 - needs the settings

    query("SELECT pg_stat_force_next_flush()", [])
    query("SELECT pg_stat_clear_snapshot()", [])
    [(pages, rows)] = query(
        """SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read, 0) + coalesce(idx_blks_hit, 0)),
            (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = ANY(%s))
        FROM pg_statio_user_tables WHERE relname = ANY(%s)""",
        [list(_TABLES), list(_TABLES)],
    )
    return int(pages), int(rows)


def _begin_streams(stations: list[PresignedStation]) -> None:
    from server_broker.fleet.models import Stream  # noqa: PLC0415 - needs the settings

    Stream.objects.bulk_create(
        Stream(station_id=one.id, epoch=one.epoch, through=one.before, issued=one.before, head=one.head)
        for one in stations
    )


def _fill(stations: list[str], *, touches: int, facts: int) -> None:
    from django.db import connection  # noqa: PLC0415 - needs the settings

    with connection.cursor() as cursor:
        for statement in _FILL:
            cursor.execute(statement, {"stations": stations, "touches": touches, "facts": facts})
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(_TABLES)}")


def patrol_round() -> list[Figure]:
    """Return how long a patrol needs for the ledgers of all stations that are there, working a quarter of each second.

    Run it after the other parts: their stations and facts are what it counts.
    """
    from django.utils import timezone  # noqa: PLC0415 - needs the settings

    from server_broker.fleet.models import Station  # noqa: PLC0415
    from server_broker.ingest.models import Fact  # noqa: PLC0415
    from server_broker.ledger.ledger import check_ledger  # noqa: PLC0415
    from server_broker.ledger.patrol import LEDGER_S, SHARE_S  # noqa: PLC0415

    names = list(Station.objects.exclude(enrolled_at=None).values_list("pk", flat=True))
    longest, began = 0.0, time.monotonic()
    for name in names:
        at = time.monotonic()
        check_ledger(name, at=timezone.now(), limit_s=LEDGER_S)
        longest = max(longest, time.monotonic() - at)
    worked = time.monotonic() - began
    detail: dict[str, Value] = {
        "stations": len(names),
        "facts": Fact.objects.count(),
        "longest_ledger_s": round(longest, 3),
        "worked_s": round(worked, 2),
    }
    return [Figure(name="patrol_round", value=worked / SHARE_S, unit="s", detail=detail)]
