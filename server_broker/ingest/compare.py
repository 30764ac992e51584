"""How much of a stream the county has as the station has it."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from protocol.birth import Compare, Match
from server_broker.ingest.answers import Answer
from server_broker.ingest.stream_tables import SenderRow

_HIGHEST = """
SELECT w.asked, max(w.seq)
FROM unnest(%s::int[], %s::text[], %s::bytea[], %s::bigint[], %s::bytea[]) AS w (asked, station, epoch, seq, head)
JOIN fleet_stream s ON s.station_id = w.station AND s.epoch = w.epoch
JOIN ingest_fact f ON f.stream_id = s.id AND f.seq = w.seq AND f.head = w.head
WHERE w.seq <= s.through
GROUP BY w.asked
"""


def answer_compares(asked: Sequence[tuple[SenderRow, Compare]]) -> list[Answer]:
    """Answer each comparison by the highest mark that agrees: equal heads at a seq mean equal facts up to it."""
    marks = [(number, mark) for number, (_, compare) in enumerate(asked) for mark in compare.marks]
    if not marks:
        return []
    parameters: list[Any] = [
        [number for number, _ in marks],
        [asked[number][0].id for number, _ in marks],
        [asked[number][1].epoch for number, _ in marks],
        [mark.seq for _, mark in marks],
        [mark.head for _, mark in marks],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_HIGHEST, parameters)
        matched: dict[int, int] = dict(cursor.fetchall())
    return [
        Answer(sender.shard, Match(station=sender.id, epoch=compare.epoch, through=matched.get(number, 0)))
        for number, (sender, compare) in enumerate(asked)
    ]
