"""Blobs go up after the facts: ask what the county lacks of a file, send that chunk by chunk, ask again.

One question or chunk is in flight at a time, and only while no fact waits. The broker's PUBACK paces the chunks and
measures the speed of the line. A file is dropped when the county itself says that it has all of it, or when its bytes
on disk are damaged.
"""

import logging
from collections.abc import Callable

from agent.storage.errors import StorageFailed
from agent.uplink.channel import COUNTY_REPLY_MS, SharedParts
from agent.uplink.ports import BlobSource
from agent.uplink.reconnector import Backoff
from protocol.blobs import MAX_CHUNK_BYTES, BlobChunk, BlobQuery, Range, unseal_missing
from protocol.codec import encode

log = logging.getLogger(__name__)

FIRST_CHUNK_BYTES = 4_096
LEAST_CHUNK_BYTES = 512
CHUNK_MS = 2_000
"""A chunk should take at most this long at the measured speed, because a new fact waits until the chunk is through."""
CHUNKS_A_QUESTION = 8
"""After this many chunks the county is asked again, so that few chunks at a time wait for the county's worker."""
STALE_ROUNDS = 2
"""If nothing of a file arrives in this many rounds, the other files go first."""


class ChunkSize:
    """Chooses how many bytes the next chunk has, from how long the last one took."""

    def __init__(self) -> None:
        self.bytes = FIRST_CHUNK_BYTES

    def took(self, *, length: int, ms: int) -> None:
        """Learn from a chunk: the next one is at most twice as long, and at most as long as the line carries in 2 s."""
        # The short last piece of a file that came through quickly says little about a full chunk.
        if length < self.bytes and ms < CHUNK_MS:
            return
        at_speed = length * CHUNK_MS // max(ms, 1)
        self.bytes = max(LEAST_CHUNK_BYTES, min(at_speed, 2 * length, MAX_CHUNK_BYTES))


class BlobSender:
    """Sends the oldest file that waits, then the next."""

    def __init__(
        self, shared: SharedParts, *, blobs: BlobSource, backoff: Backoff, on_damaged: Callable[[bytes], None]
    ) -> None:
        """Make a sender that sends nothing yet.

        Args:
            on_damaged: Called with the name of a file that is damaged, before it is given up.
        """
        self._station = shared.station
        self._keys = shared.county_keys
        self._channel = shared.channel
        self._mono_ms = shared.mono_ms
        self._blobs = blobs
        self._backoff = backoff
        self._on_damaged = on_damaged
        self._resting: set[bytes] = set()
        """Files that make no progress or can't be read: the others go first."""
        self._size = ChunkSize()
        self._open = False
        self._due_ms = 0
        self._reset_round()

    def _reset_round(self) -> None:
        self._blob: tuple[bytes, int] | None = None
        """Name and size of the file that is being sent."""
        self._ranges: list[Range] | None = None
        """What is still to be sent before the county is asked again."""
        self._lacking_before: list[Range] = []
        """What the county lacked at the last question about this file."""
        self._stale_rounds = 0
        self._chunks_sent = 0
        self._waiting = False
        """Whether a question waits for the county, or a chunk for the broker's PUBACK."""

    def begin(self) -> None:
        """Begin again with the oldest file. Called on a new connection, once both sides agree where they stand."""
        self._reset_round()
        self._resting.clear()
        self._size = ChunkSize()
        self._open = True
        self._due_ms = 0

    def stop(self) -> None:
        """Send nothing until `begin`: the connection is over or in doubt."""
        self._open = False
        self._reset_round()

    @property
    def due_ms(self) -> int | None:
        """When an answer is overdue or a pause ends. None if neither is the case."""
        return self._due_ms if self._open and (self._waiting or self._due_ms > self._mono_ms()) else None

    def pump(self) -> None:
        """Send the next question or chunk, unless one is under way."""
        if not self._open or self._mono_ms() < self._due_ms:
            return
        if self._waiting:
            self._pause("no answer")
        elif self._blob is None:
            self._choose()
        elif self._ranges:
            self._send_chunk(self._blob, self._ranges[0])
        else:
            self._ask(self._blob)

    def _choose(self) -> None:
        while blob := next((blob for blob in self._blobs.pending() if blob[0] not in self._resting), None):
            if self._blobs.intact(blob[0]):
                self._blob = blob
                self._ask(blob)
                return
            # Bytes that do not hash to the file's name would be refused by the county for ever.
            log.error("%s: blob %s is damaged and is given up", self._station, blob[0].hex()[:12])
            self._on_damaged(blob[0])
            self._drop(blob[0])
        # Every file had its turn, so those that rested are tried again.
        self._resting.clear()

    def _ask(self, blob: tuple[bytes, int]) -> None:
        self._chunks_sent = 0
        self._wait_for_answer()
        query = BlobQuery(station=self._station, sha256=blob[0], size=blob[1])
        self._channel.publish_acknowledged("asked", encode(query), self._on_query_puback)

    def _wait_for_answer(self) -> None:
        self._waiting = True
        self._due_ms = self._mono_ms() + COUNTY_REPLY_MS

    def _on_query_puback(self, reason_code: int) -> None:
        if reason_code != 0:
            self._pause(f"reason code 0x{reason_code:02x}")

    def _pause(self, why: str) -> None:
        if not self._backoff.failing:
            log.info("%s: blobs wait: %s", self._station, why)
        self._reset_round()
        self._due_ms = self._mono_ms() + self._backoff.wait_ms(self._mono_ms())

    def on_missing(self, raw: bytes) -> None:
        """Take the county's answer to a question: drop the file, or send what the county lacks.

        Raises:
            Refused: It is not the county's answer to this station.
        """
        missing = unseal_missing(raw, station=self._station, public_keys=self._keys)
        # While there are still ranges to send, an answer can only be a repetition of the one that named them.
        if not self._open or self._blob is None or missing.sha256 != self._blob[0] or self._ranges:
            return
        self._waiting = False
        self._due_ms = 0
        if not missing.ranges:
            self._backoff.recovered()
            self._drop(missing.sha256)
            self._reset_round()
            return
        # A range beyond the file's end can't be filled. If the county names no other, the file rests.
        lacking = [part for part in missing.ranges if part.start < part.end <= self._blob[1]]
        self._stale_rounds = self._stale_rounds + 1 if lacking == self._lacking_before else 0
        if self._lacking_before and not self._stale_rounds:
            # The county lacks other ranges than before, so it stores the chunks that it is sent.
            self._backoff.recovered()
        self._lacking_before = lacking
        if lacking and self._stale_rounds < STALE_ROUNDS:
            self._ranges = lacking
            return
        if not self._backoff.failing:
            log.warning("%s: blob %s makes no way and rests", self._station, missing.sha256.hex()[:12])
        self._resting.add(missing.sha256)
        self._reset_round()
        self._due_ms = self._mono_ms() + self._backoff.wait_ms(self._mono_ms())

    def _drop(self, sha256: bytes) -> None:
        try:
            self._blobs.drop(sha256)
        except StorageFailed as error:
            log.warning("%s: blob %s can't be dropped: %s", self._station, sha256.hex()[:12], error)

    def _send_chunk(self, blob: tuple[bytes, int], part: Range) -> None:
        sha256, size = blob
        data = b""
        try:
            data = self._blobs.read(sha256, part.start, min(self._size.bytes, part.end - part.start))
        except KeyError:
            pass  # The file was given up to make room.
        except StorageFailed as error:
            log.warning("%s: blob %s can't be read: %s", self._station, sha256.hex()[:12], error)
        if not data:
            # If the file is still there, it has its turn after the others.
            self._resting.add(sha256)
            self._reset_round()
            return
        chunk = BlobChunk(station=self._station, sha256=sha256, size=size, offset=part.start, data=data)
        sent_ms = self._mono_ms()
        self._wait_for_answer()
        self._channel.publish_acknowledged(
            "blob", encode(chunk), lambda code: self._on_chunk_puback(code, chunk, sent_ms)
        )

    def _on_chunk_puback(self, reason_code: int, chunk: BlobChunk, sent_ms: int) -> None:
        if reason_code != 0:
            self._pause(f"reason code 0x{reason_code:02x}")
            return
        if not self._waiting or self._blob is None or self._blob[0] != chunk.sha256 or not self._ranges:
            return
        self._waiting = False
        self._due_ms = 0
        self._size.took(length=len(chunk.data), ms=self._mono_ms() - sent_ms)
        self._chunks_sent += 1
        end = chunk.offset + len(chunk.data)
        rest = [Range(start=end, end=self._ranges[0].end)] if end < self._ranges[0].end else []
        self._ranges = [] if self._chunks_sent >= CHUNKS_A_QUESTION else rest + self._ranges[1:]
