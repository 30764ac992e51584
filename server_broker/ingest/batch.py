"""A batch of messages in one transaction: who sent what, each to the part that takes it, answers for afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from protocol.birth import Birth, Compare, Gone
from protocol.blobs import BlobChunk, BlobQuery
from protocol.envelope import Envelope
from protocol.refusal import Refused
from protocol.topics import Topic
from protocol.twin import Reported
from protocol.vitals import Vitals
from server_broker.fleet.generation import generation
from server_broker.fleet.went_back import StatedGenerations
from server_broker.ingest import stream_tables
from server_broker.ingest.answers import Answer
from server_broker.ingest.compare import answer_compares
from server_broker.ingest.intake import Intake
from server_broker.ingest.messages import Incoming, UpMessage, read_message, read_topic
from server_broker.ingest.presence import Presence, take_presence
from server_broker.ingest.quarantine import Quarantine, Unread
from server_broker.ingest.stream_tables import SenderRow
from server_broker.media.files import MediaFolder
from server_broker.media.intake import BlobIntake

_BLOB_LEAVES = ("blob", "asked")


def is_about_blobs(incoming: Incoming) -> bool:
    """Tell whether a message goes under the facts: its topic's leaf says so."""
    return incoming.leaf in _BLOB_LEAVES


@dataclass(slots=True)
class _Sorted:
    """A batch by what each message is. Within a kind the order is that in which they came."""

    envelopes: list[tuple[SenderRow, Envelope]] = field(default_factory=list)
    presence: list[tuple[SenderRow, Presence]] = field(default_factory=list)
    compares: list[tuple[SenderRow, Compare]] = field(default_factory=list)
    chunks: dict[int, tuple[SenderRow, BlobChunk]] = field(default_factory=dict)
    """By ``id`` of the chunk."""
    queries: list[tuple[SenderRow, BlobQuery]] = field(default_factory=list)
    came_as: dict[int, Incoming] = field(default_factory=dict)
    """The message that a chunk came in."""
    unread: list[Unread] = field(default_factory=list)


class BatchProcessor:
    """Settles batches. One for the worker's life."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._quarantine = Quarantine()
        self._stated = StatedGenerations()

    def process_batch(self, batch: Sequence[Incoming], *, careful: bool = False, hold: str = "") -> list[Answer]:
        """Store what a batch brings and return the answers to publish, once this function has returned.

        Args:
            careful: Give each fact a savepoint of its own; for what the database refused as a whole.
            hold: Store new facts unread with this reason and derive nothing; for what it refused even so.

        Raises:
            django.db.Error: Nothing of the batch was stored.
            OSError: Likewise; the media folder cannot be written.
        """
        now = self._clock()
        with transaction.atomic():
            sorted_ = self._sort(batch)
            stated = {
                sender.id: message.generation
                for sender, message in sorted_.presence
                if isinstance(message, Birth) and message.generation is not None
            }
            number = self._stated.heed(stated, own=generation(), now=now)
            answers = []
            if sorted_.envelopes:
                answers += Intake(now=now, generation=number, careful=careful, hold=hold).take(sorted_.envelopes)
            answers += take_presence(sorted_.presence, now=now, generation=number)
            answers += answer_compares(sorted_.compares)
            answers += self._take_blobs(sorted_, now)
            self._quarantine.put(sorted_.unread, now=now)
        return answers

    def set_aside(self, incoming: Incoming, reason: str, detail: str) -> None:
        """Keep a message that could not be settled at all.

        Raises:
            django.db.Error: It is not kept.
        """
        with transaction.atomic():
            station = _sender_of(incoming)
            known = station is not None and station in stream_tables.load_senders([station])
            unread = Unread(station if known else None, incoming, reason, detail)
            self._quarantine.put([unread], now=self._clock())

    def _sort(self, batch: Sequence[Incoming]) -> _Sorted:
        sorted_ = _Sorted()
        placed: list[tuple[Incoming, Topic]] = []
        for incoming in batch:
            try:
                placed.append((incoming, read_topic(incoming)))
            except Refused as refused:
                sorted_.unread.append(Unread(None, incoming, refused.reason, refused.detail))
        senders = stream_tables.load_senders({topic.station for _, topic in placed})
        for incoming, topic in placed:
            sender = senders.get(topic.station)
            problem = _problem(sender)
            if sender is None or problem:
                sorted_.unread.append(Unread(sender.id if sender else None, incoming, problem, topic.station))
                continue
            try:
                _place(sorted_, sender, incoming, read_message(topic, incoming))
            except Refused as refused:
                sorted_.unread.append(Unread(sender.id, incoming, refused.reason, refused.detail))
        return sorted_

    def _take_blobs(self, sorted_: _Sorted, now: datetime) -> list[Answer]:
        if not sorted_.chunks and not sorted_.queries:
            return []
        blobs = BlobIntake(MediaFolder(settings.HOME.media), now=now)
        for chunk, why in blobs.take([chunk for _, chunk in sorted_.chunks.values()]):
            incoming = sorted_.came_as[id(chunk)]
            sorted_.unread.append(Unread(chunk.station, incoming, "blob_refused", str(why)))
        return [Answer(sender.shard, blobs.answer(query)) for sender, query in sorted_.queries]


def _problem(sender: SenderRow | None) -> str:
    if sender is None:
        return "unknown_station"
    if sender.revoked:
        return "revoked"
    return "" if sender.record_key is not None else "not_enrolled"


def _place(sorted_: _Sorted, sender: SenderRow, incoming: Incoming, message: UpMessage) -> None:
    match message:
        case Envelope():
            sorted_.envelopes.append((sender, message))
        case Birth() | Gone() | Vitals() | Reported():
            sorted_.presence.append((sender, message))
        case Compare():
            sorted_.compares.append((sender, message))
        case BlobChunk():
            sorted_.chunks[id(message)] = (sender, message)
            sorted_.came_as[id(message)] = incoming
        case BlobQuery():
            sorted_.queries.append((sender, message))


def _sender_of(incoming: Incoming) -> str | None:
    try:
        return read_topic(incoming).station
    except Refused:
        return None
