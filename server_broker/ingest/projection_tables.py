"""What facts say, into the tables of the rooms that it is about; inside the caller's transaction."""

from datetime import datetime

from django.conf import settings
from psycopg.types.json import Jsonb

from server_broker.commands.services import note_results
from server_broker.ingest.dating import date_boots
from server_broker.ingest.projections import Announced, Direction, Evicted, Identity, Rows
from server_broker.ingest.sql import IDENTITY_COLUMNS, STAMP_COLUMNS, Table, copy_rows, execute
from server_broker.media.files import MediaFolder
from server_broker.media.intake import BlobIntake

TOUCHES = Table(
    "attendance_touch",
    IDENTITY_COLUMNS
    | {"card_token": "bytea"}
    | STAMP_COLUMNS
    | {"reader": "text", "answer": "text", "direction": "text", "chosen_direction": "text"},
)
EVENTS = Table("fleet_stationevent", IDENTITY_COLUMNS | {"kind": "text"} | STAMP_COLUMNS | {"detail": "jsonb"})
_RUN = {"run": "bytea", "pack": "text", "pack_version": "int4", "level": "text"}
ATTEMPTS = Table(
    "learning_attempt",
    IDENTITY_COLUMNS
    | _RUN
    | {"question": "text", "chosen": "jsonb", '"right"': "bool", "lives_left": "int2"}
    | STAMP_COLUMNS,
)
LEVEL_RUNS = Table("learning_levelrun", IDENTITY_COLUMNS | _RUN | {"passed": "bool", "stars": "int2"} | STAMP_COLUMNS)


def put_rows(rows: Rows) -> None:
    """Store what was derived from facts. The alarms of ``rows`` are left to `server_broker.fleet.alarms`."""
    if rows.touches:
        copy_rows(TOUCHES, rows.touches)
    if rows.events:
        copy_rows(EVENTS, ((*row[:-1], Jsonb(row[-1])) for row in rows.events))
    if rows.attempts:
        copy_rows(ATTEMPTS, ((*row[:8], Jsonb(row[8]), *row[9:]) for row in rows.attempts))
    if rows.level_runs:
        copy_rows(LEVEL_RUNS, rows.level_runs)
    if rows.blobs:
        _announce(rows.blobs, at=rows.received_at)
    if rows.evictions:
        _evict(rows.evictions)
    note_results(rows.results, at=rows.received_at)
    if rows.directions:
        choose_directions(rows.directions)
    date_boots(rows.boots, at=rows.received_at)


def move_rows(old: Identity, new: Identity) -> None:
    """Let the rows of a re-issue stand under the fact that carried it: another fact has the identity by right."""
    for table in (TOUCHES, EVENTS, ATTEMPTS, LEVEL_RUNS):
        execute(
            f"UPDATE {table.name} SET epoch = %s, seq = %s WHERE station_id = %s AND epoch = %s AND seq = %s",  # noqa: S608
            [new.epoch, new.seq, *old],
        )
    for statement in _MOVED_ALONG:
        execute(statement, [new.epoch, new.seq, *old])


_MOVED_ALONG = (
    """UPDATE ingest_reissue SET identity_epoch = %s, identity_seq = %s
    WHERE station_id = %s AND identity_epoch = %s AND identity_seq = %s""",
    """UPDATE media_blob SET about_epoch = %s, about_seq = %s
    WHERE station_id = %s AND about_epoch = %s AND about_seq = %s""",
)


def _announce(blobs: list[Announced], *, at: datetime) -> None:
    first: dict[tuple[str, bytes], Announced] = {}
    for blob in blobs:
        first.setdefault((blob.station, blob.sha256), blob)
    columns = [list(column) for column in zip(*first.values(), strict=True)]
    execute(
        """INSERT INTO media_blob (station_id, sha256, size, media_type, purpose, about_epoch, about_seq,
                                   announced_at, ranges, viewable, evicted_reason)
        SELECT station, sha256, size, media_type, purpose, about_epoch, about_seq, %s, '[]', false, ''
        FROM unnest(%s::text[], %s::bytea[], %s::int[], %s::text[], %s::text[], %s::bytea[], %s::bigint[])
             AS w (station, sha256, size, media_type, purpose, about_epoch, about_seq)
        ON CONFLICT (station_id, sha256) DO UPDATE SET
            media_type = excluded.media_type, purpose = excluded.purpose,
            about_epoch = coalesce(media_blob.about_epoch, excluded.about_epoch),
            about_seq = coalesce(media_blob.about_seq, excluded.about_seq),
            announced_at = coalesce(media_blob.announced_at, excluded.announced_at)""",
        [at, *columns],
    )
    BlobIntake(MediaFolder(settings.HOME.media), now=at).adopt(first)


def _evict(evictions: list[Evicted]) -> None:
    columns = [list(column) for column in zip(*evictions, strict=True)]
    execute(
        """UPDATE media_blob b SET evicted_reason = w.reason
        FROM unnest(%s::text[], %s::bytea[], %s::text[]) AS w (station, sha256, reason)
        WHERE b.station_id = w.station AND b.sha256 = w.sha256 AND b.completed_at IS NULL""",
        columns,
    )


def choose_directions(directions: list[Direction]) -> None:
    """Note the directions that people chose for their touches; of several for one touch the last stands."""
    last = {direction[:3]: direction for direction in directions}
    columns = [list(column) for column in zip(*last.values(), strict=True)]
    execute(
        """UPDATE attendance_touch t SET chosen_direction = w.direction
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::text[]) AS w (station, epoch, seq, direction)
        WHERE t.station_id = w.station AND t.epoch = w.epoch AND t.seq = w.seq""",
        columns,
    )
