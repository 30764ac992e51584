"""Store what `projections` derived from facts in the tables of the rooms that read it.

Everything runs inside the caller's transaction, with a fixed number of statements for any number of rows.
"""

from datetime import datetime

from django.conf import settings
from psycopg.types.json import Jsonb

from server_broker.attendance.tables import TOUCHES
from server_broker.commands.command_queue import note_results
from server_broker.fleet.tables import STATION_EVENTS
from server_broker.ingest.dating import date_boots
from server_broker.ingest.projections import Announced, Direction, Evicted, Identity, Rows
from server_broker.ingest.sql import copy_rows, execute
from server_broker.ingest.tables import REISSUES
from server_broker.learning.tables import ATTEMPTS, LEVEL_RUNS
from server_broker.media.files import MediaFolder
from server_broker.media.intake import BlobIntake
from server_broker.media.tables import BLOBS


def put_rows(rows: Rows) -> None:
    """Store what was derived from facts, but for the alarms: the caller hands them to `server_broker.fleet.alarms`."""
    if rows.touches:
        copy_rows(TOUCHES, rows.touches)
    # Jsonb, because psycopg does not convert a plain dict or list to JSON by itself.
    if rows.events:
        copy_rows(STATION_EVENTS, ((*row[:-1], Jsonb(row[-1])) for row in rows.events))
    if rows.attempts:
        copy_rows(ATTEMPTS, ((*row[:8], Jsonb(row[8]), *row[9:]) for row in rows.attempts))
    if rows.level_runs:
        copy_rows(LEVEL_RUNS, rows.level_runs)
    if rows.blobs:
        _announce(rows.blobs, at=rows.received_at)
    if rows.evictions:
        _evict(rows.evictions)
    note_results(rows.results, at=rows.received_at)
    # After the touches: the touch for which a direction was chosen may have come in this very batch.
    if rows.directions:
        choose_directions(rows.directions)
    # Last, because it dates the rows that were stored just now.
    date_boots(rows.boots, at=rows.received_at)


def move_rows(old: Identity, new: Identity) -> None:
    """Move the rows of a re-issue from identity ``old`` to that of the fact which carried it, ``new``.

    The fact whose identity ``old`` is by right has come in its own stream, and its rows go there.
    """
    parameters = [new.epoch, new.seq, *old]
    for table in (TOUCHES, STATION_EVENTS, ATTEMPTS, LEVEL_RUNS):
        execute(
            f"UPDATE {table} SET epoch = %s, seq = %s WHERE station_id = %s AND epoch = %s AND seq = %s",  # noqa: S608
            parameters,
        )
    # What points at the moved fact must go on pointing at it: the record of the re-issue, and its pictures.
    execute(
        f"""UPDATE {REISSUES} SET identity_epoch = %s, identity_seq = %s
        WHERE station_id = %s AND identity_epoch = %s AND identity_seq = %s""",  # noqa: S608 - our own constant
        parameters,
    )
    execute(
        f"""UPDATE {BLOBS} SET about_epoch = %s, about_seq = %s
        WHERE station_id = %s AND about_epoch = %s AND about_seq = %s""",  # noqa: S608 - our own constant
        parameters,
    )


def _announce(blobs: list[Announced], *, at: datetime) -> None:
    # A blob is its content, so a second announcement of the same bytes is about the same row. PostgreSQL refuses to
    # change a row twice in one statement (ON CONFLICT DO UPDATE), so only the first of a batch goes in.
    first: dict[tuple[str, bytes], Announced] = {}
    for blob in blobs:
        first.setdefault((blob.station, blob.sha256), blob)
    columns = [list(column) for column in zip(*first.values(), strict=True)]
    # ON CONFLICT: pieces of the blob may have come before it was announced. What an earlier announcement said of the
    # fact that the blob is about, and when it came, stays (coalesce).
    execute(
        f"""INSERT INTO {BLOBS} (station_id, sha256, size, media_type, purpose, about_epoch, about_seq,
                                   announced_at, ranges, viewable, evicted_reason)
        SELECT station, sha256, size, media_type, purpose, about_epoch, about_seq, %s, '[]', false, ''
        FROM unnest(%s::text[], %s::bytea[], %s::int[], %s::text[], %s::text[], %s::bytea[], %s::bigint[])
             AS w (station, sha256, size, media_type, purpose, about_epoch, about_seq)
        ON CONFLICT (station_id, sha256) DO UPDATE SET
            media_type = excluded.media_type, purpose = excluded.purpose,
            about_epoch = coalesce({BLOBS}.about_epoch, excluded.about_epoch),
            about_seq = coalesce({BLOBS}.about_seq, excluded.about_seq),
            announced_at = coalesce({BLOBS}.announced_at, excluded.announced_at)""",  # noqa: S608 - our own constant
        [at, *columns],
    )
    BlobIntake(MediaFolder(settings.HOME.media), now=at).adopt(first)


def _evict(evictions: list[Evicted]) -> None:
    columns = [list(column) for column in zip(*evictions, strict=True)]
    # A blob that is complete here was not lost, whatever the station gave up of its own copy.
    execute(
        f"""UPDATE {BLOBS} b SET evicted_reason = w.reason
        FROM unnest(%s::text[], %s::bytea[], %s::text[]) AS w (station, sha256, reason)
        WHERE b.station_id = w.station AND b.sha256 = w.sha256 AND b.completed_at IS NULL""",  # noqa: S608
        columns,
    )


def choose_directions(directions: list[Direction]) -> None:
    """Note the directions that people chose for their touches. Of several for one touch, the last stands."""
    last = {direction[:3]: direction for direction in directions}
    columns = [list(column) for column in zip(*last.values(), strict=True)]
    execute(
        f"""UPDATE {TOUCHES} t SET chosen_direction = w.direction
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::text[]) AS w (station, epoch, seq, direction)
        WHERE t.station_id = w.station AND t.epoch = w.epoch AND t.seq = w.seq""",  # noqa: S608 - our own constant
        columns,
    )
