"""What this room reads of facts: blobs that stations announced, and those that they gave up."""

from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from protocol import facts
from server_broker.fleet.alarm_codes import PURPOSE_CHANGED
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.fact_rows import (
    FactRoom,
    Identity,
    RefColumns,
    RowKind,
    Rows,
    add_event,
    ref_columns,
    text,
)
from server_broker.media.files import MediaFolder
from server_broker.media.intake import BlobIntake
from server_broker.media.tables import BLOBS
from server_broker.platform.sql import execute, query, query_arrays


class Announced(NamedTuple):
    """A blob that a station has."""

    station: str
    sha256: bytes
    size: int
    media_type: str
    purpose: str
    about_epoch: bytes | None
    about_seq: int | None


class Evicted(NamedTuple):
    """A blob that a station gave up."""

    station: str
    sha256: bytes
    reason: str


ANNOUNCED = RowKind[Announced]("announced blob")
EVICTED = RowKind[Evicted]("evicted blob")


def _blob_announced(fact: facts.BlobAnnounced, identity: Identity, rows: Rows) -> None:
    media_type = text(fact.media_type)
    about = ref_columns(fact.about)
    rows.of(ANNOUNCED).append(Announced(identity.station, fact.sha256, fact.size, media_type, fact.purpose, *about))


def _blob_evicted(fact: facts.BlobEvicted, identity: Identity, rows: Rows) -> None:
    add_event(fact, identity, rows, {"sha256": fact.sha256.hex(), "reason": fact.reason})
    rows.of(EVICTED).append(Evicted(identity.station, fact.sha256, fact.reason))


def _put(rows: Rows) -> None:
    if blobs := rows.of(ANNOUNCED):
        _announce(blobs, at=rows.received_at)
    if evictions := rows.of(EVICTED):
        _evict(evictions)


def _announce(blobs: list[Announced], *, at: datetime) -> None:
    # A blob is its content, so a second announcement of the same bytes is about the same row. PostgreSQL refuses to
    # change a row twice in one statement (ON CONFLICT DO UPDATE), so only the first of a batch goes in.
    first: dict[tuple[str, bytes], Announced] = {}
    for blob in blobs:
        first.setdefault((blob.station, blob.sha256), blob)
    columns = [list(column) for column in zip(*first.values(), strict=True)]
    # ON CONFLICT: pieces of the blob may have come before it was announced. What the first announcement said stays,
    # because the purpose says how long the blob is kept. Otherwise a stolen station could have its pictures of people
    # kept for years by announcing them once more.
    new = query_arrays(
        f"""INSERT INTO {BLOBS} (station_id, sha256, size, media_type, purpose, about_epoch, about_seq,
                                   announced_at, ranges, viewable, evicted_reason)
        SELECT station, sha256, size, media_type, purpose, about_epoch, about_seq, %s, '[]', false, ''
        FROM unnest(%s::text[], %s::bytea[], %s::int[], %s::text[], %s::text[], %s::bytea[], %s::bigint[])
             AS w (station, sha256, size, media_type, purpose, about_epoch, about_seq)
        ON CONFLICT (station_id, sha256) DO UPDATE SET
            media_type = excluded.media_type, purpose = excluded.purpose,
            about_epoch = excluded.about_epoch, about_seq = excluded.about_seq, announced_at = excluded.announced_at
        WHERE {BLOBS}.announced_at IS NULL
        RETURNING station_id, sha256""",  # noqa: S608 - our own constant
        [at, *columns],
    )
    first_said = {(station, bytes(sha256)) for station, sha256 in new}
    again = [blob for blob in blobs if (key := (blob.station, blob.sha256)) not in first_said or first[key] is not blob]
    if again:
        _tell_of_other_purposes(again, at=at)
    BlobIntake(MediaFolder(settings.HOME.media), now=at).adopt(first)


def _tell_of_other_purposes(blobs: list[Announced], *, at: datetime) -> None:
    """Raise an alarm for each station that says of a blob another purpose than at first. Both facts stay on record."""
    stations, digests, purposes = zip(*((blob.station, blob.sha256, blob.purpose) for blob in blobs), strict=True)
    others = query(
        f"""SELECT w.station, count(*) FROM unnest(%s::text[], %s::bytea[], %s::text[]) AS w (station, sha256, purpose)
        JOIN {BLOBS} b ON b.station_id = w.station AND b.sha256 = w.sha256 AND b.purpose <> w.purpose
        GROUP BY w.station""",  # noqa: S608 - our own constant
        [list(stations), list(digests), list(purposes)],
    )
    detail = "站点给同一份文件又报了另一种用途；仍按第一次的用途和期限办"
    raise_alarms([AlarmCall(station, PURPOSE_CHANGED, "minor", detail, count) for station, count in others], at=at)


def _evict(evictions: list[Evicted]) -> None:
    columns = [list(column) for column in zip(*evictions, strict=True)]
    # A blob that is complete here was not lost, whatever the station gave up of its own copy.
    execute(
        f"""UPDATE {BLOBS} b SET evicted_reason = w.reason
        FROM unnest(%s::text[], %s::bytea[], %s::text[]) AS w (station, sha256, reason)
        WHERE b.station_id = w.station AND b.sha256 = w.sha256 AND b.completed_at IS NULL""",  # noqa: S608
        columns,
    )


MEDIA = FactRoom(
    {facts.BlobAnnounced: _blob_announced, facts.BlobEvicted: _blob_evicted},
    _put,
    refs=(RefColumns(BLOBS, "about_epoch", "about_seq"),),
)
