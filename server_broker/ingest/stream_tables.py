"""The worker's SQL: a fixed number of statements for a batch of any size, inside the caller's transaction.

Rows go in by COPY, so a second row for an identity meets the UNIQUE constraint of its table and fails the
transaction; nothing here says ON CONFLICT DO NOTHING about a fact.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from protocol.birth import MAX_MARKS
from protocol.chain import first_head
from protocol.receipts import MAX_HELD, Held
from server_broker.ingest.projections import Identity
from server_broker.ingest.reading import Known, Mark, NewFact, StreamState
from server_broker.ingest.reissues import Origins, ReissueRow
from server_broker.ingest.sql import IDENTITY_COLUMNS, Table, copy_rows, execute, query

type StreamKey = tuple[str, bytes]
"""(station, epoch)."""


@dataclass(frozen=True, slots=True)
class SenderRow:
    """A station as the worker needs it. ``record_key`` is None before enrolment."""

    id: str
    shard: int
    record_key: bytes | None
    revoked: bool
    desired_version: int


@dataclass(slots=True)
class StreamRow:
    """A locked stream. ``has_reissues``: facts of it came by way of a later stream."""

    id: int
    state: StreamState
    has_reissues: bool


FACTS = Table(
    "ingest_fact",
    {
        "stream_id": "int8",
        "seq": "int8",
        "digest": "bytea",
        "head": "bytea",
        "salt": "bytea",
        "body": "bytea",
        "kind": "text",
        "received_at": "timestamptz",
        "held_reason": "text",
    },
)
REISSUES = Table(
    "ingest_reissue",
    IDENTITY_COLUMNS
    | {
        "digest": "bytea",
        "identity_epoch": "bytea",
        "identity_seq": "int8",
        "carrier_epoch": "bytea",
        "carrier_seq": "int8",
    },
)


def load_senders(ids: Collection[str]) -> dict[str, SenderRow]:
    """Return the stations among ``ids`` that the county knows."""
    rows = query(
        "SELECT id, shard, record_key, revoked_at IS NOT NULL, desired_version FROM fleet_station WHERE id = ANY(%s)",
        [list(ids)],
    )
    return {row[0]: SenderRow(row[0], row[1], _bytes(row[2]), row[3], row[4]) for row in rows}


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


_LOCK_STREAMS = """
SELECT s.station_id, s.epoch, s.id, s.through, s.head, s.issued,
       coalesce(u.seqs, '{}'), coalesce(u.heads, '{}'), coalesce(u.connections, '{}'),
       EXISTS (SELECT 1 FROM ingest_reissue r WHERE r.station_id = s.station_id AND r.epoch = s.epoch)
FROM unnest(%s::text[], %s::bytea[]) AS w (station, epoch)
JOIN fleet_stream s ON s.station_id = w.station AND s.epoch = w.epoch
CROSS JOIN LATERAL (
    SELECT array_agg(h.seq) AS seqs, array_agg(h.head) AS heads, array_agg(h.connection) AS connections
    FROM ingest_unprovenhead h WHERE h.stream_id = s.id AND h.seq > s.through
) AS u
ORDER BY s.id FOR UPDATE OF s
"""

_MAKE_STREAMS = """
INSERT INTO fleet_stream (station_id, epoch, through, head, opened_at, issued)
SELECT station, epoch, 0, head, %s, 0 FROM unnest(%s::text[], %s::bytea[], %s::bytea[]) AS w (station, epoch, head)
ON CONFLICT (station_id, epoch) DO NOTHING
"""


def lock_streams(keys: Collection[StreamKey], *, now: datetime) -> dict[StreamKey, StreamRow]:
    """Lock the streams until the transaction ends, making those that are new, and return them."""
    if not keys:
        return {}
    streams = find_streams(keys)
    missing = [key for key in keys if key not in streams]
    if missing:
        heads = [first_head(station=station, epoch=epoch) for station, epoch in missing]
        execute(_MAKE_STREAMS, [now, [key[0] for key in missing], [key[1] for key in missing], heads])
        streams |= find_streams(missing)
    return streams


def find_streams(keys: Collection[StreamKey]) -> dict[StreamKey, StreamRow]:
    """Lock those of the streams that exist until the transaction ends, and return them."""
    found = query(_LOCK_STREAMS, [[key[0] for key in keys], [key[1] for key in keys]])
    streams = {}
    for station, epoch, number, through, head, issued, seqs, heads, by, has_reissues in found:
        unproven = {Mark(seq, bytes(signed)): bytes(c) for seq, signed, c in zip(seqs, heads, by, strict=True)}
        state = StreamState(epoch=bytes(epoch), through=through, head=bytes(head), issued=issued, unproven=unproven)
        streams[(station, state.epoch)] = StreamRow(number, state, has_reissues)
    return streams


def load_known(wanted: Sequence[tuple[StreamRow, int, int]]) -> None:
    """Fill `StreamState.known` for ranges ``(stream, first, last)`` of seqs."""
    if not wanted:
        return
    streams = {row.id: row.state for row, _, _ in wanted}
    found = query(
        """SELECT f.stream_id, f.seq, f.digest, f.held_reason
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS w (stream, first, last)
        JOIN ingest_fact f ON f.stream_id = w.stream AND f.seq BETWEEN w.first AND w.last""",
        [[row.id for row, _, _ in wanted], [first for _, first, _ in wanted], [last for _, _, last in wanted]],
    )
    for stream, seq, digest, held in found:
        streams[stream].known[seq] = Known(bytes(digest), held)


def load_heads(wanted: Collection[tuple[StreamRow, int]]) -> dict[tuple[int, int], bytes]:
    """Return ``{(stream, seq): chain value}`` of the facts at these places."""
    if not wanted:
        return {}
    found = query(
        """SELECT f.stream_id, f.seq, f.head FROM unnest(%s::bigint[], %s::bigint[]) AS w (stream, seq)
        JOIN ingest_fact f ON f.stream_id = w.stream AND f.seq = w.seq""",
        [[row.id for row, _ in wanted], [seq for _, seq in wanted]],
    )
    return {(stream, seq): bytes(head) for stream, seq, head in found}


def load_origins(identities: Collection[Identity]) -> Origins:
    """Return what is stored under ``identities``, in their own streams and by way of re-issues."""
    origins = Origins()
    if not identities:
        return origins
    arrays = [[at.station for at in identities], [at.epoch for at in identities], [at.seq for at in identities]]
    for station, epoch, seq, digest, held in query(
        """SELECT s.station_id, s.epoch, f.seq, f.digest, f.held_reason
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
        JOIN fleet_stream s ON s.station_id = w.station AND s.epoch = w.epoch
        JOIN ingest_fact f ON f.stream_id = s.id AND f.seq = w.seq""",
        arrays,
    ):
        origins.stored[Identity(station, bytes(epoch), seq)] = Known(bytes(digest), held)
    for station, epoch, seq, digest, identity_epoch, identity_seq, carrier_epoch, carrier_seq in query(
        """SELECT r.station_id, r.epoch, r.seq, r.digest, r.identity_epoch, r.identity_seq,
            r.carrier_epoch, r.carrier_seq
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
        JOIN ingest_reissue r ON r.station_id = w.station AND r.epoch = w.epoch AND r.seq = w.seq""",
        arrays,
    ):
        at = Identity(station, bytes(epoch), seq)
        identity = Identity(station, bytes(identity_epoch), identity_seq)
        origins.reissued[at].add(bytes(digest))
        origins.stands[at, bytes(carrier_epoch)] = identity
        if identity == at:
            origins.taken[at] = Identity(station, bytes(carrier_epoch), carrier_seq)
    return origins


def put_facts(facts: Iterable[tuple[int, NewFact]], *, received_at: datetime) -> None:
    """Store facts as they came. Each goes with the number of its stream."""
    copy_rows(
        FACTS,
        ((stream, f.seq, f.digest, f.head, f.salt, f.body, f.kind, received_at, f.held) for stream, f in facts),
    )


def put_reissues(reissues: list[ReissueRow], now_read: list[tuple[Identity, str]]) -> None:
    """Keep what came by re-issue, and mark facts as read that were held in their own stream."""
    if reissues:
        copy_rows(REISSUES, reissues)
    if now_read:
        execute(
            """UPDATE ingest_fact f SET held_reason = '', kind = w.kind
            FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::text[]) AS w (station, epoch, seq, kind)
            JOIN fleet_stream s ON s.station_id = w.station AND s.epoch = w.epoch
            WHERE f.stream_id = s.id AND f.seq = w.seq""",
            [
                [at.station for at, _ in now_read],
                [at.epoch for at, _ in now_read],
                [at.seq for at, _ in now_read],
                [kind for _, kind in now_read],
            ],
        )


def put_streams(streams: Iterable[StreamRow]) -> None:
    """Store where those of the streams stand that have changed."""
    changed = [row for row in streams if row.state.changed]
    if not changed:
        return
    execute(
        """UPDATE fleet_stream s SET through = w.through, head = w.head, issued = greatest(s.issued, w.issued)
        FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bigint[]) AS w (id, through, head, issued)
        WHERE s.id = w.id""",
        [
            [row.id for row in changed],
            [row.state.through for row in changed],
            [row.state.head for row in changed],
            [row.state.issued for row in changed],
        ],
    )
    _put_unproven_heads(changed)


def _put_unproven_heads(streams: list[StreamRow]) -> None:
    """Keep the new ones and forget those that are settled; of too many that contradict us, the first are enough."""
    noted = [(row.id, signed, connection) for row in streams for signed, connection in row.state.noted]
    if noted:
        execute(
            """INSERT INTO ingest_unprovenhead (stream_id, seq, head, signature, connection)
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[])
            ON CONFLICT (stream_id, seq, head) DO NOTHING""",
            [
                [stream for stream, _, _ in noted],
                [signed.through for _, signed, _ in noted],
                [signed.head for _, signed, _ in noted],
                [signed.signature for _, signed, _ in noted],
                [connection for _, _, connection in noted],
            ],
        )
        execute(
            """DELETE FROM ingest_unprovenhead WHERE id IN (
                SELECT id FROM (
                    SELECT u.id, row_number() OVER (PARTITION BY u.stream_id ORDER BY u.id) AS place
                    FROM ingest_unprovenhead u JOIN fleet_stream s ON s.id = u.stream_id
                    WHERE u.stream_id = ANY(%s) AND u.seq <= s.through
                ) AS ranked WHERE place > %s)""",
            [[stream for stream, _, _ in noted], MAX_MARKS],
        )
    settled = [(row.id, mark) for row in streams for mark in row.state.settled]
    if settled:
        execute(
            """DELETE FROM ingest_unprovenhead u
            USING unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS w (id, seq, head)
            WHERE u.stream_id = w.id AND u.seq = w.seq AND u.head = w.head""",
            [[stream for stream, _ in settled], [mark.seq for _, mark in settled], [mark.head for _, mark in settled]],
        )


def note_born(births: dict[str, bytes], *, at: datetime) -> None:
    """Note that each station goes on in this stream now: ``{station: epoch}``."""
    execute(
        """UPDATE fleet_stream s SET born_at = %s FROM unnest(%s::text[], %s::bytea[]) AS w (station, epoch)
        WHERE s.station_id = w.station AND s.epoch = w.epoch""",
        [at, list(births), list(births.values())],
    )


def put_signed_heads(heads: dict[int, tuple[int, bytes, bytes]]) -> None:
    """Keep the newest signed head of streams: ``{stream: (through, head, signature)}``."""
    if not heads:
        return
    execute(
        """INSERT INTO ingest_signedheadkept (stream_id, through, head, signature)
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[])
        ON CONFLICT (stream_id) DO UPDATE
        SET through = excluded.through, head = excluded.head, signature = excluded.signature
        WHERE excluded.through >= ingest_signedheadkept.through""",
        [
            list(heads),
            [kept[0] for kept in heads.values()],
            [kept[1] for kept in heads.values()],
            [kept[2] for kept in heads.values()],
        ],
    )


def load_held(streams: Collection[int]) -> dict[int, list[Held]]:
    """Return the facts held in each stream, the latest `MAX_HELD` of it, in order."""
    found = query(
        """SELECT w.stream, f.seq, f.digest, f.held_reason FROM unnest(%s::bigint[]) AS w (stream)
        CROSS JOIN LATERAL (
            SELECT seq, digest, held_reason FROM ingest_fact
            WHERE stream_id = w.stream AND NOT (held_reason = '') ORDER BY seq DESC LIMIT %s
        ) AS f ORDER BY f.seq""",
        [list(streams), MAX_HELD],
    )
    held: dict[int, list[Held]] = {stream: [] for stream in streams}
    for stream, seq, digest, reason in found:
        held[stream].append(Held(seq=seq, digest=bytes(digest), reason=reason))
    return held


def put_receipted(waiting: dict[str, int], *, at: datetime) -> None:
    """Note that these stations are receipted now, and how many facts each still has by its own signed word."""
    execute(
        """INSERT INTO fleet_stationstatus AS s (station_id, online, heard_at, receipt_at, waiting, blobs_waiting,
            clock_quality, software, reader_ready, camera_ready, disk_free_kib, resident_kib, simulated)
        SELECT station, false, %s, %s, waiting, 0, '', '', false, false, 0, 0, false
        FROM unnest(%s::text[], %s::int[]) AS w (station, waiting)
        ON CONFLICT (station_id) DO UPDATE
        SET heard_at = excluded.heard_at, receipt_at = excluded.receipt_at, waiting = excluded.waiting""",
        [at, at, list(waiting), list(waiting.values())],
    )
