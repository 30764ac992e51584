"""Take an export file that a person carried here: the same envelopes, by the same intake, as over MQTT.

Each envelope is a transaction of its own. If taking the file is interrupted, the person simply gives it again. The
station learns of it at its next birth, because the welcome says how far the county has the stream. Envelopes that fit
nowhere in their stream are kept raw, and so are those that the database refuses in every way.

The file of a dead board may have no signatures: its key is gone, and its outbox holds only the facts and their chain.
But while the board was connected, the county kept heads that it signed. Facts that lead to one of those heads are
what the station signed for, so the file's facts are grouped to end at them (`Grouping`). For the facts after the last
such head nobody vouches: they are taken as held.

The key of a revoked station may be in anybody's hands, so its signature says nothing any more. Its file is taken all
the same, because it may hold touches that people made in good faith, but every new fact of it is held until a person
accepts it (`server_broker.settling.carried_facts`).
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import Error, transaction

from protocol import chain
from protocol.blobs import BlobChunk
from protocol.codec import encode
from protocol.envelope import Envelope, SealedFact
from protocol.export import UNSIGNED
from protocol.heads import SignedHead
from protocol.receipts import Receipt
from protocol.topics import topic
from server_broker.audit import log as audit
from server_broker.fleet.generation import generation
from server_broker.fleet.models import Station, Stream
from server_broker.ingest import stream_tables
from server_broker.ingest.carried_file import CarriedFile, FileRefused, opened
from server_broker.ingest.durable import wait_for_the_disk
from server_broker.ingest.forgotten_board import note_board
from server_broker.ingest.held import REVOKED
from server_broker.ingest.intake import Intake
from server_broker.ingest.messages import Incoming
from server_broker.ingest.models import Fact, Quarantined, SignedHeadKept, UnprovenHead
from server_broker.ingest.quarantine import Quarantine, ToQuarantine
from server_broker.ingest.reasons import reason_word
from server_broker.ingest.record_keys import record_keys
from server_broker.ingest.signatures import is_signed_by
from server_broker.media.files import MediaFolder
from server_broker.media.intake import BlobIntake
from server_broker.media.models import Blob
from server_broker.platform.transient import is_transient

_log = logging.getLogger(__name__)

CHUNKS_A_TIME = 32
FACTS_A_TIME = 200
"""Facts in one transaction of which nobody vouches, so that it stays short."""
TRIES = 3
"""Tries of an envelope for which the database must be there. The last of them is careful."""
_REFUSED = "refused_by_database"

__all__ = ["FileRefused", "Taken", "take_file"]


@dataclass(slots=True)
class Taken:
    """What was taken from a file. ``set_aside``: facts whose envelope is kept raw, for one of ``reasons``."""

    station: str
    new: int = 0
    known: int = 0
    held: int = 0
    set_aside: int = 0
    revoked: bool = False
    """The station is revoked, so all that is new is held."""
    pictures: int = 0
    """Those of which no piece is missing any more."""
    reasons: set[str] = field(default_factory=set)

    def sentences(self) -> list[str]:
        """Return what to tell the person, in Chinese."""
        said = [f"站点 {self.station}：新收 {self.new} 条，已有 {self.known} 条，待审 {self.held} 条"]
        if self.revoked and self.held:
            said.append(
                f"站点已吊销，这 {self.held} 条都还没有计入考勤：请县运维在网页“待审”里看站点 {self.station}，"
                "靠不住的核销，其余的认可"
            )
        if self.set_aside:
            said.append(f"{self.set_aside} 条没能收进县里的记录流，已原样保存待查：{'；'.join(sorted(self.reasons))}")
        if self.pictures:
            said.append(f"图片 {self.pictures} 张")
        return said


def take_file(path: Path, *, dead_board: bool, actor: str, clock: Callable[[], datetime]) -> Taken:
    """Take everything in a file that is whole and from a station of this county; write it to the audit log.

    Args:
        dead_board: The file comes from a board that is no longer in service. So an earlier key of the station counts,
            and facts without signatures are read as far as the heads that the county kept vouch for them. The facts of
            a station that is revoked are taken, and held.

    Raises:
        FileRefused: Nothing was taken.
        django.db.Error: The database is away, or it refuses even to keep something raw. What was taken stays, and the
            file can be given again.
    """
    with opened(path, dead_board=dead_board) as carried:
        if carried.is_of_unknown_board:
            note_board(carried, actor=actor, now=clock())
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
        self.taken = Taken(carried.station, revoked=self._station.revoked_at is not None)

    def take(self) -> None:
        # The next welcome tells the station what the county has, and the station then deletes it as after a receipt.
        wait_for_the_disk()
        for envelope, key in self._envelopes():
            done = self._store(envelope, key)
            if done is None:
                self._set_aside(envelope, _REFUSED)
                continue
            before, receipts = done
            last = envelope.head.through
            # Equal heads at the last seq mean equal facts up to it: the county has all of the envelope.
            stored = Fact.objects.filter(stream__station=self._station, stream__epoch=envelope.head.epoch, seq=last)
            if not stored.filter(head=envelope.head.head).exists():
                self._set_aside(envelope, "carried_gap" if envelope.first > before + 1 else "carried_conflict")
                continue
            new = last - max(before, envelope.first - 1) if last > before else 0
            self.taken.new += new
            self.taken.known += len(envelope.facts) - new
            self.taken.held += sum(envelope.first <= held.seq <= last for receipt in receipts for held in receipt.held)
        self._take_chunks()
        self.taken.pictures = Blob.objects.filter(
            station=self._station, sha256__in=self._blobs, completed_at__isnull=False
        ).count()

    def _envelopes(self) -> Iterator[tuple[Envelope, bytes]]:
        """Yield the envelopes, each with the key to judge it by. Take the pieces of pictures on the way."""
        reader = self._carried.reader()
        groups = {
            stream.head.epoch: Grouping(known_heads(self._station, stream.head.epoch), before=stream.before)
            for stream in reader.header.streams
        }
        for part in reader.parts():
            if isinstance(part, BlobChunk):
                self._chunks.append(part)
                self._blobs.add(part.sha256)
                if len(self._chunks) == CHUNKS_A_TIME:
                    self._take_chunks()
            # A file that is signed as a whole: the key that signed it is also that of its envelopes.
            elif self._carried.key is not None:
                yield part, self._carried.key
            else:
                yield from groups[part.head.epoch].add(part)
        # At the end: only then is it sure that no known head follows.
        for epoch, grouping in groups.items():
            yield from grouping.rest(self._carried.station, epoch)

    def _store(self, envelope: Envelope, key: bytes) -> tuple[int, list[Receipt]] | None:
        """Store an envelope. Return how far the county had got before, and the receipts.

        The worker may take the same facts at this moment, so what the database refuses is tried once more, then
        carefully, and at last with all its new facts held. None: it is refused even so.

        Raises:
            django.db.Error: The database is away, also after several tries. Nothing of the envelope was stored.
        """
        for tries, (careful, hold) in enumerate([(False, ""), (False, ""), (True, ""), (False, _REFUSED)], start=1):
            try:
                return self._store_by(envelope, key, careful=careful, hold=hold)
            except Error as error:
                if is_transient(error) and tries >= TRIES:
                    raise
                _log.info("an envelope is tried once more: %s", str(error).partition("\n")[0])
        return None

    def _store_by(self, envelope: Envelope, key: bytes, *, careful: bool, hold: str) -> tuple[int, list[Receipt]]:
        """Store an envelope in one transaction, in one of the ways of `Intake`."""
        sender = replace(self._sender, record_key=key)
        # What came after the revocation keeps that reason: with another one it would count without being accepted.
        hold = REVOKED if self.taken.revoked else hold
        with transaction.atomic():
            found = stream_tables.lock_existing_streams({(sender.id, envelope.head.epoch)})
            before = max((row.state.through for row in found.values()), default=0)
            intake = Intake(now=self._clock(), generation=generation(), careful=careful, hold=hold)
            outgoing = intake.take([(sender, envelope)])
        return before, [one.message for one in outgoing if isinstance(one.message, Receipt)]

    def _set_aside(self, envelope: Envelope, reason: str) -> None:
        """Keep an envelope raw, but only once, however often the file is given."""
        self.taken.set_aside += len(envelope.facts)
        self.taken.reasons.add(reason_word(reason))
        incoming = Incoming(topic(shard=self._sender.shard, station=self._sender.id, leaf="facts"), encode(envelope))
        if Quarantined.objects.filter(station=self._station, raw=incoming.payload).exists():
            return
        detail = f"记录流 {envelope.head.epoch.hex()} 的第 {envelope.first} 至 {envelope.head.through} 条"
        with transaction.atomic():
            self._quarantine.put([ToQuarantine(self._sender.id, incoming, reason, detail)], now=self._clock())

    def _take_chunks(self) -> None:
        chunks, self._chunks = self._chunks, []
        with transaction.atomic():
            for chunk, why in BlobIntake(MediaFolder(settings.HOME.media), now=self._clock()).take(chunks):
                _log.warning("a piece of blob %s is not taken: %s", chunk.sha256.hex()[:16], why)


@dataclass(frozen=True, slots=True)
class Vouched:
    """A head that the station signed, and the key by which it signed."""

    head: SignedHead
    key: bytes


type KnownHeads = dict[tuple[int, bytes], Vouched]
"""By ``(seq, head)``."""


def known_heads(station: Station, epoch: bytes) -> KnownHeads:
    """Return the heads of a stream that the station signed and the county has kept."""
    streams = Stream.objects.filter(station=station, epoch=epoch)
    kept = SignedHeadKept.objects.filter(stream__in=streams).values_list("through", "head", "signature")
    ahead = UnprovenHead.objects.filter(stream__in=streams).values_list("seq", "head", "signature")
    keys = record_keys(station)
    known: KnownHeads = {}
    for through, value, signature in [*kept, *ahead]:
        head = SignedHead(epoch=epoch, through=through, head=bytes(value), signature=bytes(signature))
        for key in keys:
            if is_signed_by(key, station.pk, head):
                known[through, head.head] = Vouched(head, key)
    return known


@dataclass(frozen=True, slots=True)
class _Link:
    """A fact at its seq, and the chain's value after it."""

    seq: int
    fact: SealedFact
    value: bytes


class Grouping:
    """Takes a stream's envelopes in order and gives them back, cut where the chain meets a known head."""

    def __init__(self, known: KnownHeads, *, before: bytes) -> None:
        """Make a grouping. ``before`` is the chain's value before the first fact."""
        self._known = known
        self._value = before
        self._links: list[_Link] = []

    def add(self, envelope: Envelope) -> Iterator[tuple[Envelope, bytes]]:
        """Take the next envelope. Yield the groups that are complete now, each with the key that signed its head."""
        for seq, fact in enumerate(envelope.facts, envelope.first):
            self._value = chain.next_head(self._value, seq=seq, digest=fact.digest())
            self._links.append(_Link(seq, fact, self._value))
            if (vouched := self._known.get((seq, self._value))) is not None:
                yield _wrapped(envelope.station, self._links, vouched.head), vouched.key
                self._links = []

    def rest(self, station: str, epoch: bytes) -> Iterator[tuple[Envelope, bytes]]:
        """Yield the facts for which no known head vouches, a few at a time.

        Their key is empty, so the signature does not verify and intake holds them.
        """
        for start in range(0, len(self._links), FACTS_A_TIME):
            links = self._links[start : start + FACTS_A_TIME]
            head = SignedHead(epoch=epoch, through=links[-1].seq, head=links[-1].value, signature=UNSIGNED)
            yield _wrapped(station, links, head), b""


def _wrapped(station: str, links: list[_Link], head: SignedHead) -> Envelope:
    return Envelope(station=station, first=links[0].seq, facts=[link.fact for link in links], head=head)
