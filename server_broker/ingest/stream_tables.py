"""Stations, streams and facts in the database: what intake reads before it decides, and what it stores afterwards.

Everything runs inside the caller's transaction. The number of statements is the same for a batch of any size: a
statement takes arrays with a value for each row (``unnest``), so the database is asked once and not once a row.

Facts go in by COPY. A second row for an identity meets the UNIQUE constraint of its table and fails the transaction.
Nothing here says ON CONFLICT DO NOTHING about a fact: a fact that silently was not stored would be receipted.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from protocol.birth import MAX_HEADS
from protocol.chain import first_head
from protocol.receipts import MAX_HELD, Held
from server_broker.fleet.alarm_codes import TOO_MANY_STREAMS
from server_broker.fleet.alarms import AlarmCall
from server_broker.fleet.fact_rows import Identity
from server_broker.fleet.tables import STATION_STATUS, STATIONS, STREAMS
from server_broker.ingest.reading import HeadAt, Known, NewFact, StreamState
from server_broker.ingest.reissues import Origins, ReissueRow
from server_broker.ingest.tables import FACTS, REISSUES, SIGNED_HEADS, UNPROVEN_HEADS
from server_broker.platform.shards import SHARDS
from server_broker.platform.sql import copy_rows, execute, execute_arrays, query, query_arrays

type StreamKey = tuple[str, bytes]
"""(station, epoch)."""

STREAMS_A_DAY = 64
"""Most streams that a station opens in 24 hours: each costs the ledger, and an honest one opens a few in its life."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SenderRow:
    """A station as ingest needs it. ``record_key`` is None before enrolment."""

    id: str
    shard: int
    record_key: bytes | None
    revoked: bool
    desired_version: int


@dataclass(slots=True)
class StreamRow:
    """A stream whose row is locked. ``has_reissues``: some of its facts came again in a later stream."""

    id: int
    state: StreamState
    has_reissues: bool


def load_senders(ids: Collection[str]) -> dict[str, SenderRow]:
    """Return the stations among ``ids`` that the county knows."""
    rows = query_arrays(
        f"""SELECT id, shard, record_key, revoked_at IS NOT NULL, desired_version
        FROM {STATIONS} WHERE id = ANY(%s)""",  # noqa: S608 - our own constant
        [list(ids)],
    )
    return {
        station: SenderRow(station, shard, None if key is None else bytes(key), revoked, desired_version)
        for station, shard, key, revoked, desired_version in rows
    }


# LATERAL: also returns the heads that the station signed beyond what the county has, because each envelope is compared
# with them. ORDER BY: every transaction locks streams in the same order, so that no two of them wait for each other.
# OF s: only the rows of the streams are locked.
_LOCK_STREAMS = f"""
SELECT s.station_id, s.epoch, s.id, s.through, s.head, s.issued,
       coalesce(u.seqs, '{{}}'), coalesce(u.heads, '{{}}'), coalesce(u.connections, '{{}}'),
       EXISTS (SELECT 1 FROM {REISSUES} r WHERE r.station_id = s.station_id AND r.epoch = s.epoch)
FROM unnest(%s::text[], %s::bytea[]) AS w (station, epoch)
JOIN {STREAMS} s ON s.station_id = w.station AND s.epoch = w.epoch
CROSS JOIN LATERAL (
    SELECT array_agg(h.seq) AS seqs, array_agg(h.head) AS heads, array_agg(h.connection) AS connections
    FROM {UNPROVEN_HEADS} h WHERE h.stream_id = s.id AND h.seq > s.through
) AS u
ORDER BY s.id FOR UPDATE OF s
"""  # noqa: S608 - our own constants

# DO NOTHING: another writer may make the same stream at this moment. Both then lock the one row.
_MAKE_STREAMS = f"""
INSERT INTO {STREAMS} (station_id, epoch, through, head, opened_at, issued)
SELECT station, epoch, 0, head, %s, 0 FROM unnest(%s::text[], %s::bytea[], %s::bytea[]) AS w (station, epoch, head)
ON CONFLICT (station_id, epoch) DO NOTHING
"""  # noqa: S608 - our own constants


def lock_streams(keys: Collection[StreamKey], *, now: datetime) -> dict[StreamKey, StreamRow]:
    """Lock the streams until the transaction ends, making those that are new, and return them.

    A stream is left out if it is new and its station has opened `STREAMS_A_DAY` already.
    """
    if not keys:
        return {}
    streams = lock_existing_streams(keys)
    missing = _openable([key for key in keys if key not in streams], now=now)
    if missing:
        heads = [first_head(station=station, epoch=epoch) for station, epoch in missing]
        execute(_MAKE_STREAMS, [now, [key[0] for key in missing], [key[1] for key in missing], heads])
        streams |= lock_existing_streams(missing)
    return streams


def _openable(keys: Sequence[StreamKey], *, now: datetime) -> list[StreamKey]:
    """Return those of new streams that their stations may open."""
    if not keys:
        return []
    found = query(
        f"""SELECT station_id, count(*) FROM {STREAMS} WHERE station_id = ANY(%s) AND opened_at > %s
        GROUP BY station_id""",  # noqa: S608 - our own constant
        [list({station for station, _ in keys}), now - _DAY],
    )
    opened: Counter[str] = Counter(dict(found))
    openable = []
    for key in keys:
        opened[key[0]] += 1
        if opened[key[0]] <= STREAMS_A_DAY:
            openable.append(key)
    return openable


def beyond_alarms(wanted: Iterable[StreamKey], streams: Collection[StreamKey]) -> list[AlarmCall]:
    """Return an alarm for each station that has not got a stream which it wanted to open."""
    refused = dict.fromkeys(station for station, epoch in wanted if (station, epoch) not in streams)
    detail = f"一天内换了 {STREAMS_A_DAY} 次以上记录流，新的不再收"
    return [AlarmCall(station, TOO_MANY_STREAMS, "critical", detail) for station in refused]


def lock_existing_streams(keys: Collection[StreamKey]) -> dict[StreamKey, StreamRow]:
    """Lock those of the streams that exist until the transaction ends, and return them."""
    found = query_arrays(_LOCK_STREAMS, [[key[0] for key in keys], [key[1] for key in keys]])
    streams = {}
    for station, epoch, number, through, head, issued, seqs, heads, by, has_reissues in found:
        unproven = {HeadAt(seq, bytes(signed)): bytes(c) for seq, signed, c in zip(seqs, heads, by, strict=True)}
        state = StreamState(epoch=bytes(epoch), through=through, head=bytes(head), issued=issued, unproven=unproven)
        streams[(station, state.epoch)] = StreamRow(number, state, has_reissues)
    return streams


def load_known(wanted: Sequence[tuple[StreamRow, int, int]]) -> None:
    """Fill `StreamState.known` for ranges ``(stream, first, last)`` of seqs."""
    if not wanted:
        return
    streams = {row.id: row.state for row, _, _ in wanted}
    # Ranges, because a thousand envelopes may each repeat some hundred facts. As single seqs the arrays would be long.
    found = query_arrays(
        f"""SELECT f.stream_id, f.seq, f.digest, f.held_reason
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS w (stream, first, last)
        JOIN {FACTS} f ON f.stream_id = w.stream AND f.seq BETWEEN w.first AND w.last""",  # noqa: S608 - our own constant
        [[row.id for row, _, _ in wanted], [first for _, first, _ in wanted], [last for _, _, last in wanted]],
    )
    for stream, seq, digest, held in found:
        streams[stream].known[seq] = Known(bytes(digest), held)


def load_heads(wanted: Collection[tuple[StreamRow, int]]) -> dict[tuple[int, int], bytes]:
    """Return ``{(stream, seq): chain value}`` of the facts at these places."""
    if not wanted:
        return {}
    found = query(
        f"""SELECT f.stream_id, f.seq, f.head FROM unnest(%s::bigint[], %s::bigint[]) AS w (stream, seq)
        JOIN {FACTS} f ON f.stream_id = w.stream AND f.seq = w.seq""",  # noqa: S608 - our own constant
        [[row.id for row, _ in wanted], [seq for _, seq in wanted]],
    )
    return {(stream, seq): bytes(head) for stream, seq, head in found}


def load_origins(identities: Collection[Identity]) -> Origins:
    """Return what the county has under ``identities``: facts of their own streams, and re-issues of them."""
    origins = Origins()
    if not identities:
        return origins
    arrays = [[at.station for at in identities], [at.epoch for at in identities], [at.seq for at in identities]]
    for station, epoch, seq, digest, held in query(
        f"""SELECT s.station_id, s.epoch, f.seq, f.digest, f.held_reason
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
        JOIN {STREAMS} s ON s.station_id = w.station AND s.epoch = w.epoch
        JOIN {FACTS} f ON f.stream_id = s.id AND f.seq = w.seq""",  # noqa: S608 - our own constants
        arrays,
    ):
        origins.stored[Identity(station, bytes(epoch), seq)] = Known(bytes(digest), held)
    for station, epoch, seq, digest, identity_epoch, identity_seq, carrier_epoch, carrier_seq in query(
        f"""SELECT r.station_id, r.epoch, r.seq, r.digest, r.identity_epoch, r.identity_seq,
            r.carrier_epoch, r.carrier_seq
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
        JOIN {REISSUES} r ON r.station_id = w.station AND r.epoch = w.epoch AND r.seq = w.seq""",  # noqa: S608
        arrays,
    ):
        at = Identity(station, bytes(epoch), seq)
        identity = Identity(station, bytes(identity_epoch), identity_seq)
        origins.reissued[at].add(bytes(digest))
        origins.stand(at, bytes(carrier_epoch), identity)
        # Only a re-issue whose rows stand under this very identity takes the place away from another fact.
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
    """Keep what came by re-issue, and mark facts as read that were held in their own stream.

    The station signed the re-issue, so its content is read even if the first copy came without a valid signature.
    """
    if reissues:
        copy_rows(REISSUES, reissues)
    if now_read:
        # JOIN: the row of a fact names its stream by number, and the number is not at hand for an earlier stream.
        execute(
            f"""UPDATE {FACTS} f SET held_reason = '', kind = w.kind
            FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::text[]) AS w (station, epoch, seq, kind)
            JOIN {STREAMS} s ON s.station_id = w.station AND s.epoch = w.epoch
            WHERE f.stream_id = s.id AND f.seq = w.seq""",  # noqa: S608 - our own constants
            [
                [at.station for at, _ in now_read],
                [at.epoch for at, _ in now_read],
                [at.seq for at, _ in now_read],
                [kind for _, kind in now_read],
            ],
        )


def put_reread(stream: int, facts: Sequence[NewFact]) -> None:
    """Store what came of reading held facts of a stream again: their kinds, and why they stay held if they do."""
    execute(
        f"""UPDATE {FACTS} f SET held_reason = w.held, kind = w.kind
        FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS w (seq, held, kind)
        WHERE f.stream_id = %s AND f.seq = w.seq AND (f.held_reason, f.kind) <> (w.held, w.kind)""",  # noqa: S608
        [[new.seq for new in facts], [new.held for new in facts], [new.kind for new in facts], stream],
    )


def put_streams(streams: Iterable[StreamRow]) -> None:
    """Store how far the county has each stream and which heads are signed beyond it, where something changed."""
    changed = [row for row in streams if row.state.changed]
    if not changed:
        return
    # greatest: what a station has once signed for, it has issued. An older card that signs for less takes nothing back.
    execute_arrays(
        f"""UPDATE {STREAMS} s SET through = w.through, head = w.head, issued = greatest(s.issued, w.issued)
        FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bigint[]) AS w (id, through, head, issued)
        WHERE s.id = w.id""",  # noqa: S608 - our own constant
        [
            [row.id for row in changed],
            [row.state.through for row in changed],
            [row.state.head for row in changed],
            [row.state.issued for row in changed],
        ],
    )
    _put_unproven_heads(changed)


def _put_unproven_heads(streams: list[StreamRow]) -> None:
    """Keep the unproven heads that are new, and delete those that say nothing more (`UnprovenHead`)."""
    noted = [(row.id, signed, connection) for row in streams for signed, connection in row.state.noted]
    if noted:
        execute(
            f"""INSERT INTO {UNPROVEN_HEADS} (stream_id, seq, head, signature, connection)
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[])
            ON CONFLICT (stream_id, seq, head) DO NOTHING""",  # noqa: S608 - our own constant
            [
                [stream for stream, _, _ in noted],
                [signed.through for _, signed, _ in noted],
                [signed.head for _, signed, _ in noted],
                [signed.signature for _, signed, _ in noted],
                [connection for _, _, connection in noted],
            ],
        )
        # Heads at or below `through` contradict our facts. A station could sign them without end, and the first few are
        # proof enough that its card was copied. Those beyond `through` are bounded by `StreamState.note`.
        execute(
            f"""DELETE FROM {UNPROVEN_HEADS} WHERE id IN (
                SELECT id FROM (
                    SELECT u.id, row_number() OVER (PARTITION BY u.stream_id ORDER BY u.id) AS place
                    FROM {UNPROVEN_HEADS} u JOIN {STREAMS} s ON s.id = u.stream_id
                    WHERE u.stream_id = ANY(%s) AND u.seq <= s.through
                ) AS ranked WHERE place > %s)""",  # noqa: S608 - our own constants
            [[stream for stream, _, _ in noted], MAX_HEADS],
        )
    dropped = [(row.id, head) for row in streams for head in row.state.dropped]
    if dropped:
        execute(
            f"""DELETE FROM {UNPROVEN_HEADS} u
            USING unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS w (id, seq, head)
            WHERE u.stream_id = w.id AND u.seq = w.seq AND u.head = w.head""",  # noqa: S608 - our own constant
            [[stream for stream, _ in dropped], [head.seq for _, head in dropped], [head.head for _, head in dropped]],
        )


def note_born(births: dict[str, bytes], *, at: datetime) -> None:
    """Note in which stream each station begins its connection: ``{station: epoch}``.

    The stream with the latest ``born_at`` is the current one to the ledger, even if it brings no facts for months.
    """
    execute(
        f"""UPDATE {STREAMS} s SET born_at = %s FROM unnest(%s::text[], %s::bytea[]) AS w (station, epoch)
        WHERE s.station_id = w.station AND s.epoch = w.epoch""",  # noqa: S608 - our own constant
        [at, list(births), list(births.values())],
    )


def note_shards(births: dict[str, int]) -> None:
    """Note in which shard each station speaks: ``{station: shard}``. Whoever sends to it unasked goes by that.

    A station gets its shard with a certificate, and speaks in it from its next connection on. What is no shard of ours
    is not noted: its station would escape the watch over silent ones.
    """
    ours = {station: shard for station, shard in births.items() if shard < SHARDS}
    execute(
        f"""UPDATE {STATIONS} s SET shard = w.shard FROM unnest(%s::text[], %s::int[]) AS w (station, shard)
        WHERE s.id = w.station AND s.shard <> w.shard""",  # noqa: S608 - our own constant
        [list(ours), list(ours.values())],
    )


def put_signed_heads(heads: dict[int, tuple[int, bytes, bytes]]) -> None:
    """Keep the newest signed head of streams: ``{stream: (through, head, signature)}``."""
    if not heads:
        return
    # The last WHERE: an envelope that comes late must not replace a head that covers more facts.
    execute_arrays(
        f"""INSERT INTO {SIGNED_HEADS} (stream_id, through, head, signature)
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[])
        ON CONFLICT (stream_id) DO UPDATE
        SET through = excluded.through, head = excluded.head, signature = excluded.signature
        WHERE excluded.through >= {SIGNED_HEADS}.through""",  # noqa: S608 - our own constant
        [
            list(heads),
            [kept[0] for kept in heads.values()],
            [kept[1] for kept in heads.values()],
            [kept[2] for kept in heads.values()],
        ],
    )


def load_held(streams: Collection[int]) -> dict[int, list[Held]]:
    """Return the held facts of each stream, at most the latest `MAX_HELD`, in order."""
    # NOT (held_reason = '') is the condition of the partial index `fact_held`: only held facts are visited.
    found = query(
        f"""SELECT w.stream, f.seq, f.digest, f.held_reason FROM unnest(%s::bigint[]) AS w (stream)
        CROSS JOIN LATERAL (
            SELECT seq, digest, held_reason FROM {FACTS}
            WHERE stream_id = w.stream AND NOT (held_reason = '') ORDER BY seq DESC LIMIT %s
        ) AS f ORDER BY f.seq""",  # noqa: S608 - our own constant
        [list(streams), MAX_HELD],
    )
    held: dict[int, list[Held]] = {stream: [] for stream in streams}
    for stream, seq, digest, reason in found:
        held[stream].append(Held(seq=seq, digest=bytes(digest), reason=reason))
    return held


def put_receipted(waiting: dict[str, int], *, at: datetime) -> None:
    """Note that these stations get a receipt now, and how many facts each still has by the newest head it signed."""
    # A station may send facts before its first birth. Then it has no row yet, and one is made: it is not connected.
    execute_arrays(
        f"""INSERT INTO {STATION_STATUS} AS s (station_id, online, heard_at, receipt_at, waiting, blobs_waiting,
            clock_quality, software, reader_ready, camera_ready, disk_free_kib, resident_kib, simulated)
        SELECT station, false, %s, %s, waiting, 0, '', '', false, false, 0, 0, false
        FROM unnest(%s::text[], %s::int[]) AS w (station, waiting)
        ON CONFLICT (station_id) DO UPDATE
        SET heard_at = excluded.heard_at, receipt_at = excluded.receipt_at, waiting = excluded.waiting""",  # noqa: S608
        [at, at, list(waiting), list(waiting.values())],
    )
