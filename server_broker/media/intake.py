"""Store pieces of blobs in the media folder, and tell stations which pieces are missing.

Pieces are synced to disk before the transaction that counts them commits. They may come before the fact that announces
the blob. If the whole blob does not have its hash, it is received again from the start, and an alarm tells a person.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import batched

from django.db import transaction
from django.db.models import Count, Q, Sum
from psycopg.types.json import Jsonb

from protocol.blobs import MAX_RANGES, BlobChunk, BlobMissing, BlobQuery, Range
from server_broker.fleet.alarm_codes import BLOB_CORRUPTED, MEDIA_FOLDER
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.media.files import MediaFolder
from server_broker.media.judging import judge, judge_by_purpose
from server_broker.media.models import Blob
from server_broker.media.ranges import Span, merge, missing
from server_broker.media.tables import BLOBS
from server_broker.platform.sql import execute

_log = logging.getLogger(__name__)

MAX_UNANNOUNCED = 32
"""Most incomplete blobs of a station that no fact has announced, so that a station can't fill the disk with them."""
MAX_UNANNOUNCED_WHOLE, MAX_UNANNOUNCED_BYTES = 1_000, 67_108_864
"""Most blobs of a station that no fact has announced, whole ones too, and most bytes of them: as much as one may have.

A station sends the bytes after the fact (docs/protocol.md, 9.5). So an honest one has unannounced blobs only of facts
that are held unread, and then a new one is refused, because what is here may be what a held fact announces. It stays at
the station, which offers it again.
"""
_AT_ONCE = 500
"""Rows of blobs that one statement loads or changes."""

type BlobKey = tuple[str, bytes]
"""(station, sha256)."""


class BlobRefused(Exception):
    """A piece is refused: its blob's size is wrong, it leaves too many gaps, or the station has too many blobs that no
    fact announces."""


def adopt_whole(folder: MediaFolder, *, now: datetime) -> int:
    """Complete announced blobs whose bytes lie in the folder already, and return how many.

    A database from a backup may know of a blob and not that it came. Its station has let it go long since and will
    neither announce nor send it again.
    """
    awaited = Blob.objects.filter(completed_at=None, evicted_reason="").exclude(announced_at=None).exclude(station=None)
    keys = [(str(station), bytes(sha256)) for station, sha256 in awaited.values_list("station_id", "sha256")]
    with transaction.atomic():
        BlobIntake(folder, now=now).adopt(keys)
    return len(keys) - awaited.count()


class BlobIntake:
    """Handles the pieces and queries of one batch, inside the caller's transaction."""

    def __init__(self, folder: MediaFolder, *, now: datetime) -> None:
        self._folder = folder
        self._now = now
        self._wrote = False

    def take(self, chunks: Sequence[BlobChunk]) -> list[tuple[BlobChunk, BlobRefused]]:
        """Store pieces, and return the refused ones with the reason.

        Pieces that reach the disk end the alarm that the folder can't be written.
        """
        by_blob: dict[BlobKey, list[BlobChunk]] = defaultdict(list)
        for chunk in chunks:
            by_blob[(chunk.station, chunk.sha256)].append(chunk)
        refused = []
        for pieces in by_blob.values():
            try:
                self._take_pieces(pieces)
            except BlobRefused as error:
                refused += [(piece, error) for piece in pieces]
        if self._wrote:
            resolve(station=None, code=MEDIA_FOLDER, at=self._now)
        return refused

    def _take_pieces(self, pieces: list[BlobChunk]) -> None:
        first = pieces[0]
        blob = self._blob(first.station, first.sha256, first.size)
        if blob.completed_at is not None or self._adopt(blob):
            return
        if any(piece.size != blob.size for piece in pieces):
            raise BlobRefused(f"a piece of a blob of {first.size} bytes, announced as {blob.size}")
        spans = merge([*self._spans(blob), *((piece.offset, piece.offset + len(piece.data)) for piece in pieces)])
        # The list is read and written with each piece. A station that sends in order never has more than a few.
        if len(spans) > MAX_RANGES:
            raise BlobRefused(f"pieces that leave more than {MAX_RANGES} gaps")
        # On disk before the row counts them: after a crash a counted piece must be there.
        self._folder.write(first.station, first.sha256, [(piece.offset, piece.data) for piece in pieces])
        self._wrote = True
        if spans != [(0, blob.size)]:
            blob.ranges = [list(span) for span in spans]
            blob.save(update_fields=["ranges"])
        elif self._folder.finish(first.station, first.sha256, size=blob.size):
            self._note_complete(blob)
            blob.save()
        else:
            # `finish` has deleted the pieces, so the station is asked for all of them again.
            blob.ranges = []
            blob.save(update_fields=["ranges"])
            detail = "图片内容与校验值不符，已要求重传"
            raise_alarm(station=first.station, code=BLOB_CORRUPTED, severity="minor", detail=detail, at=self._now)

    def _blob(self, station: str, sha256: bytes, size: int) -> Blob:
        blob = Blob.objects.select_for_update().filter(station_id=station, sha256=sha256).first()
        if blob is not None:
            return blob
        known = Blob.objects.filter(station_id=station, announced_at=None).aggregate(
            pieces=Count("pk", filter=Q(completed_at=None)), all=Count("pk"), bytes=Sum("size", default=0)
        )
        if known["pieces"] >= MAX_UNANNOUNCED:
            raise BlobRefused(f"{known['pieces']} blobs in pieces that no fact announces")
        if known["all"] >= MAX_UNANNOUNCED_WHOLE or known["bytes"] + size > MAX_UNANNOUNCED_BYTES:
            raise BlobRefused(f"{known['all']} blobs of {known['bytes']} bytes that no fact announces")
        return Blob.objects.create(station_id=station, sha256=sha256, size=size)

    def _spans(self, blob: Blob) -> list[Span]:
        """Return the spans of the blob that are on the disk; none if its pieces have been deleted."""
        if blob.ranges and self._folder.has_pieces(blob.sender, bytes(blob.sha256)):
            return [(start, end) for start, end in blob.ranges]
        return []

    def adopt(self, announced: Iterable[BlobKey]) -> None:
        """Complete blobs whose bytes are here already: after a restore the stations will not send them again."""
        here = [key for key in announced if self._folder.has_of(*key)]
        # Many with one statement, because a station may announce as many as it likes, and all others wait.
        for some in batched(here, _AT_ONCE, strict=False):
            _store_judged([blob for blob in _locked(some) if self._adopt_or_judge(blob)])

    def _adopt_or_judge(self, blob: Blob) -> bool:
        """Note on a blob what its file is, and that it is complete. Return whether there is something to store."""
        sha256 = bytes(blob.sha256)
        try:
            if blob.completed_at is None:
                return self._note_whole(blob)
            # What came before the fact that says what it is for was judged as a picture. Decoding it again here
            # would take as long for each announcement, and the facts of all stations would wait.
            if not blob.evicted_reason:
                judge_by_purpose(blob, self._folder.path(sha256))
                return True
        # The facts of the batch are safe without their pictures, so a broken file must not hold them up.
        except OSError as error:
            _log.warning("blob %s lies here and cannot be used: %s", sha256.hex()[:12], error)
        return False

    def _adopt(self, blob: Blob) -> bool:
        """Count a blob as complete if its station sent it whole before a crash or a restore. Return whether it did."""
        if not self._note_whole(blob):
            return False
        blob.save()
        return True

    def _note_whole(self, blob: Blob) -> bool:
        """Do the same, but leave it to the caller to store the row."""
        sha256 = bytes(blob.sha256)
        if not self._folder.has_of(blob.sender, sha256):
            return False
        self._folder.forget(blob.sender, sha256)
        self._note_complete(blob)
        return True

    def _note_complete(self, blob: Blob) -> None:
        path = self._folder.path(bytes(blob.sha256))
        blob.size = path.stat().st_size
        blob.ranges = [[0, blob.size]]
        blob.completed_at = self._now
        judge(blob, path)
        blob.evicted_reason = ""

    def missing_of(self, query: BlobQuery) -> BlobMissing:
        """Return the missing ranges of a blob. If there are none, this station sent it whole and it is stored.

        The reply tells nothing about blobs that only other stations sent.
        """
        blob = Blob.objects.select_for_update().filter(station_id=query.station, sha256=query.sha256).first()
        if blob is None and self._folder.has_of(query.station, query.sha256):
            # Its bytes are here already, so that it is not counted among those that no fact announces.
            blob = Blob.objects.create(station_id=query.station, sha256=query.sha256, size=query.size)
        if blob is not None and (blob.completed_at is not None or self._adopt(blob)):
            return BlobMissing(station=query.station, sha256=query.sha256, ranges=[])
        spans = self._spans(blob) if blob is not None and blob.size == query.size else []
        gaps = missing(spans, size=query.size, limit=MAX_RANGES)
        ranges = [Range(start=start, end=end) for start, end in gaps]
        return BlobMissing(station=query.station, sha256=query.sha256, ranges=ranges)


def _locked(keys: Sequence[BlobKey]) -> list[Blob]:
    """Lock the rows of blobs and return them."""
    wanted = set(keys)
    rows = Blob.objects.select_for_update().filter(
        station__in={station for station, _ in keys}, sha256__in=[sha256 for _, sha256 in keys]
    )
    # Several stations may have sent the same bytes.
    return [blob for blob in rows.order_by("pk") if (blob.sender, bytes(blob.sha256)) in wanted]


def _store_judged(blobs: Sequence[Blob]) -> None:
    if not blobs:
        return
    columns = zip(
        *(
            (one.pk, one.size, Jsonb(one.ranges), one.completed_at, one.judged_type, one.viewable, one.evicted_reason)
            for one in blobs
        ),
        strict=True,
    )
    execute(
        f"""UPDATE {BLOBS} b SET size = w.size, ranges = w.ranges, completed_at = w.completed_at,
            judged_type = w.judged_type, viewable = w.viewable, evicted_reason = w.evicted_reason
        FROM unnest(%s::bigint[], %s::int[], %s::jsonb[], %s::timestamptz[], %s::text[], %s::bool[], %s::text[])
             AS w (id, size, ranges, completed_at, judged_type, viewable, evicted_reason)
        WHERE b.id = w.id""",  # noqa: S608 - our own constant
        [list(column) for column in columns],
    )
