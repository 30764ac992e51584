"""Blobs go up under the facts: ask what the county lacks, send that chunk by chunk, ask again.

One thing is in flight at a time, and only while no fact waits. The broker's acknowledgement paces the chunks
and measures the way; the county's own answer, asked for after a few chunks, is what a file is dropped on.
"""

import logging
from collections.abc import Callable, Mapping

from agent.storage.errors import StorageFailed
from agent.uplink.backoff import Backoff
from agent.uplink.channel import Channel
from agent.uplink.ports import BlobSource
from protocol.blobs import MAX_CHUNK_BYTES, BlobChunk, BlobMissing, BlobQuery, Range, unseal_missing
from protocol.codec import encode

log = logging.getLogger(__name__)

FIRST_CHUNK_BYTES = 4_096
LEAST_CHUNK_BYTES = 512
CHUNK_MS = 2_000
"""A chunk takes at most this long at the measured rate: a fact never waits longer behind one."""
CHUNKS_A_QUESTION = 8
"""After so many chunks the county is asked, which keeps what is under way to its worker small."""
ANSWER_MS = 20_000
STALE_ROUNDS = 2
"""A blob of which nothing arrives for so many rounds lets the others go first."""


class ChunkSize:
    """Bytes for the next chunk, from how long the last one took."""

    def __init__(self) -> None:
        self.bytes = FIRST_CHUNK_BYTES

    def took(self, *, length: int, ms: int) -> None:
        """Learn from a chunk: at most double, at most what takes 2 s at its rate. A short last piece teaches little."""
        if length < self.bytes and ms < CHUNK_MS:
            return
        at_rate = length * CHUNK_MS // max(ms, 1)
        self.bytes = max(LEAST_CHUNK_BYTES, min(at_rate, 2 * length, MAX_CHUNK_BYTES))


class BlobSender:
    """Sends the oldest pending blob, then the next."""

    def __init__(
        self,
        *,
        station: str,
        county_keys: Mapping[bytes, bytes],
        blobs: BlobSource,
        channel: Channel,
        mono_ms: Callable[[], int],
        backoff: Backoff,
        damaged: Callable[[bytes], None],
    ) -> None:
        """Make a sender that rests.

        Args:
            damaged: Called with the name of a file whose bytes are no longer its own, before it is given up.
        """
        self._station = station
        self._keys = county_keys
        self._blobs = blobs
        self._channel = channel
        self._mono_ms = mono_ms
        self._backoff = backoff
        self._damaged = damaged
        self._rested: set[bytes] = set()
        self._close_round()
        self._size = ChunkSize()
        self._open = False
        self._due_ms = 0

    def _close_round(self) -> None:
        self._blob: tuple[bytes, int] | None = None
        self._ranges: list[Range] | None = None
        self._before: list[Range] = []
        self._stale = 0
        self._sent = 0
        self._waiting = False

    def begin(self) -> None:
        """The connection is agreed: start over with the oldest."""
        self._close_round()
        self._rested.clear()
        self._size = ChunkSize()
        self._open = True
        self._due_ms = 0

    def stop(self) -> None:
        """The connection is over or in doubt."""
        self._open = False
        self._close_round()

    @property
    def waiting(self) -> bool:
        """Whether a question or a chunk is under way."""
        return self._open and self._waiting

    @property
    def due_ms(self) -> int | None:
        """When an answer is overdue or a pause ends; None where nothing is under way."""
        return self._due_ms if self._open and (self._waiting or self._due_ms > self._mono_ms()) else None

    def pump(self) -> None:
        """Send the next question or chunk, unless one is under way."""
        now = self._mono_ms()
        if not self._open or now < self._due_ms:
            return
        if self._waiting:
            self._put_off("no answer")
        elif self._blob is None:
            self._choose()
        elif self._ranges:
            self._send_chunk(self._blob, self._ranges)
        else:
            self._ask(self._blob)

    def _choose(self) -> None:
        while blob := next((blob for blob in self._blobs.pending() if blob[0] not in self._rested), None):
            if self._blobs.intact(blob[0]):
                self._blob = blob
                self._ask(blob)
                return
            self._give_up(blob[0])
        self._rested.clear()

    def _give_up(self, sha256: bytes) -> None:
        """Let a file go that the county would refuse for ever: its bytes do not hash to its name."""
        log.error("%s: blob %s is damaged and is given up", self._station, sha256.hex()[:12])
        self._damaged(sha256)
        self._drop(sha256)

    def _ask(self, blob: tuple[bytes, int]) -> None:
        self._sent = 0
        query = BlobQuery(station=self._station, sha256=blob[0], size=blob[1])
        self._under_way()
        self._channel.send("asked", encode(query), self._query_settled)

    def _under_way(self) -> None:
        self._waiting = True
        self._due_ms = self._mono_ms() + ANSWER_MS

    def _query_settled(self, reason_code: int) -> None:
        if reason_code != 0:
            self._put_off(f"reason code 0x{reason_code:02x}")

    def _put_off(self, why: str) -> None:
        now = self._mono_ms()
        if not self._backoff.troubled:
            log.info("%s: blobs wait: %s", self._station, why)
        self._close_round()
        self._due_ms = now + self._backoff.wait_ms(now)

    def missing_came(self, raw: bytes) -> None:
        """Take the county's answer to a question.

        Raises:
            Refused: It is not the county's answer to this station.
        """
        missing = unseal_missing(raw, station=self._station, public_keys=self._keys)
        if not self._open or self._blob is None or missing.sha256 != self._blob[0] or self._ranges:
            return
        self._waiting = False
        self._due_ms = 0
        if not missing.ranges:
            self._done(missing.sha256)
            return
        self._begin_round(missing)

    def _done(self, sha256: bytes) -> None:
        self._backoff.over()
        self._drop(sha256)
        self._close_round()

    def _drop(self, sha256: bytes) -> None:
        try:
            self._blobs.drop(sha256)
        except StorageFailed as error:
            log.warning("%s: blob %s can't be dropped: %s", self._station, sha256.hex()[:12], error)

    def _begin_round(self, missing: BlobMissing) -> None:
        size = self._blob[1] if self._blob else 0
        ranges = [part for part in missing.ranges if part.start < part.end <= size]
        self._stale = self._stale + 1 if ranges == self._before else 0
        if self._before and not self._stale:
            self._backoff.over()
        self._before = ranges
        if not ranges or self._stale >= STALE_ROUNDS:
            if not self._backoff.troubled:
                log.warning("%s: blob %s makes no way and rests", self._station, missing.sha256.hex()[:12])
            self._rested.add(missing.sha256)
            self._close_round()
            self._due_ms = self._mono_ms() + self._backoff.wait_ms(self._mono_ms())
            return
        self._ranges = list(ranges)

    def _send_chunk(self, blob: tuple[bytes, int], ranges: list[Range]) -> None:
        part = ranges[0]
        data = self._read(blob[0], part)
        if not data:
            self._rested.add(blob[0])
            self._close_round()
            return
        chunk = BlobChunk(station=self._station, sha256=blob[0], size=blob[1], offset=part.start, data=data)
        sent_ms = self._mono_ms()
        self._under_way()
        self._channel.send("blob", encode(chunk), lambda code: self._chunk_settled(code, chunk, sent_ms))

    def _read(self, sha256: bytes, part: Range) -> bytes:
        """Return the next bytes, none where the blob was given up or can't be read: it then rests."""
        try:
            return self._blobs.read(sha256, part.start, min(self._size.bytes, part.end - part.start))
        except KeyError:
            return b""
        except StorageFailed as error:
            log.warning("%s: blob %s can't be read: %s", self._station, sha256.hex()[:12], error)
            return b""

    def _chunk_settled(self, reason_code: int, chunk: BlobChunk, sent_ms: int) -> None:
        if reason_code != 0:
            self._put_off(f"reason code 0x{reason_code:02x}")
            return
        if not self._waiting or self._blob is None or self._blob[0] != chunk.sha256 or not self._ranges:
            return
        self._waiting = False
        self._due_ms = 0
        self._size.took(length=len(chunk.data), ms=self._mono_ms() - sent_ms)
        self._sent += 1
        end = chunk.offset + len(chunk.data)
        rest = [Range(start=end, end=self._ranges[0].end)] if end < self._ranges[0].end else []
        self._ranges = [] if self._sent >= CHUNKS_A_QUESTION else rest + self._ranges[1:]
