"""Take an export file that a person carried here: the same envelopes, by the same intake, as over MQTT.

Each envelope is a transaction of its own, so a file that was interrupted is simply given again. The station hears of it
at its next birth, by how far the county has got. What fits nowhere in its stream is kept raw.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction

from protocol.blobs import BlobChunk
from protocol.codec import encode
from protocol.envelope import Envelope
from protocol.receipts import Receipt
from protocol.topics import topic
from server_broker.audit import log as audit
from server_broker.fleet.generation import generation
from server_broker.fleet.models import Station
from server_broker.ingest import stream_tables
from server_broker.ingest.carried_file import CarriedFile, FileRefused, opened
from server_broker.ingest.intake import Intake
from server_broker.ingest.lease import wait_for_the_disk
from server_broker.ingest.messages import Incoming
from server_broker.ingest.models import Fact, Quarantined
from server_broker.ingest.quarantine import Quarantine, Unread
from server_broker.ingest.reasons import reason_word
from server_broker.ingest.stream_tables import SenderRow
from server_broker.ingest.vouched import Grouping, known_heads
from server_broker.media.files import MediaFolder
from server_broker.media.intake import BlobIntake
from server_broker.media.models import Blob

_log = logging.getLogger(__name__)

CHUNKS_A_TIME = 32
_TRIES = (False, False, True)
"""How careful each try is: the ingest worker may be taking the same facts at this moment."""

__all__ = ["FileRefused", "Taken", "take_file"]


@dataclass(slots=True)
class Taken:
    """What came of a file. ``set_aside``: facts that fit nowhere in their stream. ``pictures``: whole ones."""

    station: str
    new: int = 0
    known: int = 0
    held: int = 0
    set_aside: int = 0
    pictures: int = 0
    reasons: set[str] = field(default_factory=set)

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody must look."""
        return bool(self.held or self.set_aside)

    def sentences(self) -> list[str]:
        """Return what to tell the person, in Chinese."""
        said = [f"站点 {self.station}：新收 {self.new} 条，已有 {self.known} 条，待审 {self.held} 条"]
        if self.set_aside:
            said.append(f"{self.set_aside} 条接不上县里的记录流，已原样保存待查：{'；'.join(sorted(self.reasons))}")
        if self.pictures:
            said.append(f"图片 {self.pictures} 张")
        return said


def take_file(path: Path, *, dead_board: bool, actor: str, clock: Callable[[], datetime]) -> Taken:
    """Take everything in a file that is whole and this county's, and say so in the audit log.

    Args:
        dead_board: It comes from a board that is no longer in service: its key counts, and facts that nobody signed are
            read as far as the station's kept heads vouch for them, and held beyond.

    Raises:
        FileRefused: Nothing was taken.
        django.db.Error: The database is away; what was taken stays, and the file can be given again.
    """
    with opened(path, dead_board=dead_board) as carried:
        carrying = _Carrying(carried, clock)
        carrying.take()
    taken = carrying.taken
    counts = {"new": taken.new, "known": taken.known, "held": taken.held, "set_aside": taken.set_aside}
    audit.record(actor, "export.taken", taken.station, {**counts, "pictures": taken.pictures})
    return taken


class _Carrying:
    """One file on its way into the database."""

    def __init__(self, carried: CarriedFile, clock: Callable[[], datetime]) -> None:
        self._carried = carried
        self._clock = clock
        self._station = Station.objects.get(pk=carried.station)
        self._sender = stream_tables.load_senders([carried.station])[carried.station]
        self._quarantine = Quarantine()
        self._chunks: list[BlobChunk] = []
        self._blobs: set[bytes] = set()
        self.taken = Taken(carried.station)

    def take(self) -> None:
        wait_for_the_disk()
        for envelope, key in self._envelopes():
            self._take_envelope(replace(self._sender, record_key=key), envelope)
        self._take_chunks()
        self.taken.pictures = Blob.objects.filter(
            station=self._station, sha256__in=self._blobs, completed_at__isnull=False
        ).count()

    def _envelopes(self) -> Iterator[tuple[Envelope, bytes]]:
        """Yield envelopes with the key that they are to be judged by; pieces of pictures are taken on the way."""
        reader = self._carried.reader()
        groups = {
            stream.head.epoch: Grouping(known_heads(self._station, stream.head.epoch), before=stream.before)
            for stream in reader.header.streams
        }
        for part in reader.parts():
            if isinstance(part, BlobChunk):
                self._take_chunk(part)
            elif self._carried.key is not None:
                yield part, self._carried.key
            else:
                yield from groups[part.head.epoch].add(part)
        for epoch, grouping in groups.items():
            yield from grouping.rest(self._carried.station, epoch)

    def _take_envelope(self, sender: SenderRow, envelope: Envelope) -> None:
        before, receipts = self._settled(lambda careful: self._intake(sender, envelope, careful=careful))
        last, fits = envelope.head.through, self._is_stored(envelope)
        if not fits:
            self._set_aside(envelope, "carried_gap" if envelope.first > before + 1 else "carried_conflict")
            return
        new = last - max(before, envelope.first - 1) if last > before else 0
        self.taken.new += new
        self.taken.known += len(envelope.facts) - new
        self.taken.held += sum(envelope.first <= held.seq <= last for receipt in receipts for held in receipt.held)

    def _intake(self, sender: SenderRow, envelope: Envelope, *, careful: bool) -> tuple[int, list[Receipt]]:
        """Return how far the county had got before, and the receipts."""
        found = stream_tables.find_streams({(sender.id, envelope.head.epoch)})
        before = max((row.state.through for row in found.values()), default=0)
        intake = Intake(now=self._clock(), generation=generation(), careful=careful)
        answers = intake.take([(sender, envelope)])
        return before, [answer.message for answer in answers if isinstance(answer.message, Receipt)]

    def _is_stored(self, envelope: Envelope) -> bool:
        """Equal heads at the last seq mean equal facts up to it."""
        head = envelope.head
        stored = Fact.objects.filter(stream__station=self._station, stream__epoch=head.epoch, seq=head.through)
        return stored.filter(head=head.head).exists()

    def _settled[T](self, action: Callable[[bool], T]) -> T:
        """Do ``action`` in a transaction, once more where another writer was in the way, the last time carefully."""
        for careful in _TRIES[:-1]:
            try:
                with transaction.atomic():
                    return action(careful)
            except (IntegrityError, OperationalError) as error:
                _log.info("taken once more: %s", str(error).splitlines()[0])
        with transaction.atomic():
            return action(_TRIES[-1])

    def _set_aside(self, envelope: Envelope, reason: str) -> None:
        """Keep an envelope raw, once."""
        self.taken.set_aside += len(envelope.facts)
        self.taken.reasons.add(reason_word(reason))
        incoming = Incoming(topic(shard=self._sender.shard, station=self._sender.id, leaf="facts"), encode(envelope))
        if Quarantined.objects.filter(station=self._station, raw=incoming.payload).exists():
            return
        detail = f"seq {envelope.first} to {envelope.head.through} of epoch {envelope.head.epoch.hex()}"
        with transaction.atomic():
            self._quarantine.put([Unread(self._sender.id, incoming, reason, detail)], now=self._clock())

    def _take_chunk(self, chunk: BlobChunk) -> None:
        self._chunks.append(chunk)
        self._blobs.add(chunk.sha256)
        if len(self._chunks) == CHUNKS_A_TIME:
            self._take_chunks()

    def _take_chunks(self) -> None:
        chunks, self._chunks = self._chunks, []
        with transaction.atomic():
            for chunk, why in BlobIntake(MediaFolder(settings.HOME.media), now=self._clock()).take(chunks):
                _log.warning("a piece of blob %s is not taken: %s", chunk.sha256.hex()[:16], why)
