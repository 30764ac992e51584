"""Process a batch of messages in one transaction, and return what to send once it is committed.

Each message is read, its sender is looked up, and it goes to the part that takes its kind: `intake` takes facts,
`presence` what stations say of themselves, `server_broker.media` pictures, and `quarantine` what cannot be read.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
from server_broker.fleet.alarms import raise_alarms
from server_broker.fleet.generation import StatedGenerations, generation
from server_broker.ingest import stream_tables
from server_broker.ingest.intake import Intake
from server_broker.ingest.messages import Incoming, Outgoing, UpMessage, read_message, read_topic
from server_broker.ingest.presence import Presence, answer_compares, take_presence
from server_broker.ingest.quarantine import Quarantine, ToQuarantine
from server_broker.ingest.quota import DayQuota
from server_broker.ingest.stream_tables import SenderRow
from server_broker.ingest.twins import TwinWatch
from server_broker.media.files import MediaFolder
from server_broker.media.intake import BlobIntake
from server_broker.platform.county_config import FACTS_A_DAY


@dataclass(slots=True)
class _Sorted:
    """A batch, sorted by the kinds of its messages. Within a kind they keep the order in which they came."""

    envelopes: list[tuple[SenderRow, Envelope]] = field(default_factory=list)
    presence: list[tuple[SenderRow, Presence]] = field(default_factory=list)
    compares: list[tuple[SenderRow, Compare]] = field(default_factory=list)
    chunks: list[tuple[Incoming, BlobChunk]] = field(default_factory=list)
    """Each with the message that it came in, which goes into quarantine if the chunk is refused."""
    queries: list[tuple[SenderRow, BlobQuery]] = field(default_factory=list)
    to_quarantine: list[ToQuarantine] = field(default_factory=list)

    def add(self, sender: SenderRow, incoming: Incoming, message: UpMessage) -> None:
        """Put a message that was read among those of its kind."""
        match message:
            case Envelope():
                self.envelopes.append((sender, message))
            case Birth() | Gone() | Vitals() | Reported():
                self.presence.append((sender, message))
            case Compare():
                self.compares.append((sender, message))
            case BlobChunk():
                self.chunks.append((incoming, message))
            case BlobQuery():
                self.queries.append((sender, message))


class BatchProcessor:
    """Processes batches. One object lives as long as the worker, because some things are counted over many batches.

    Quarantine has a bound for each hour, and which machine a station was is asked at its next birth.
    """

    def __init__(self, *, clock: Callable[[], datetime], facts_a_day: int = FACTS_A_DAY) -> None:
        self._clock = clock
        self._quota = DayQuota(facts_a_day)
        self._quarantine = Quarantine()
        self._stated = StatedGenerations()
        self._twins = TwinWatch(time.monotonic)

    def process_batch(self, batch: Sequence[Incoming], *, careful: bool = False, hold: str = "") -> list[Outgoing]:
        """Store what a batch brings, COMMIT, and return the messages to publish.

        Args:
            careful: Find by halves the facts whose rows the database refuses, and hold them. It is for a message that
                failed before.
            hold: Store new facts unread with this reason and derive nothing from them. It is for what the database
                refused even so.

        Raises:
            django.db.Error: Nothing of the batch was stored.
            OSError: The media folder cannot be written. Nothing of the batch was stored.
        """
        now = self._clock()
        with transaction.atomic():
            self._quota.begin(now)
            sorted_ = self._sort(batch)
            births = [(sender, message) for sender, message in sorted_.presence if isinstance(message, Birth)]
            stated = {sender.id: birth.generation for sender, birth in births if birth.generation is not None}
            # Before everything else, because each receipt and welcome below states the county's generation.
            number = self._stated.judge(stated, own=generation(), now=now)
            outgoing = []
            if sorted_.envelopes:
                sorted_.envelopes = self._quota.envelopes(sorted_.envelopes, now=now)
            if sorted_.envelopes:
                outgoing += Intake(now=now, generation=number, careful=careful, hold=hold).take(sorted_.envelopes)
            # After the facts, so that the welcomes of this batch and its comparisons know of them.
            outgoing += take_presence(sorted_.presence, now=now, generation=number)
            raise_alarms(self._twins.calls(births), at=now)
            outgoing += answer_compares(sorted_.compares)
            outgoing += self._take_blobs(sorted_, now)
            # Last, because chunks that were refused above go into quarantine too.
            self._quarantine.put(sorted_.to_quarantine, now=now)
            # Last of all: another worker may wait for these rows until the COMMIT.
            self._quota.keep()
        return outgoing

    def put_in_quarantine(self, incoming: Incoming, reason: str, detail: str) -> None:
        """Put a message into quarantine that could not be processed at all.

        Raises:
            django.db.Error: It is not kept.
        """
        with transaction.atomic():
            try:
                station = read_topic(incoming).station
            except Refused:
                station = None
            known = station is not None and station in stream_tables.load_senders([station])
            message = ToQuarantine(station if known else None, incoming, reason, detail)
            self._quarantine.put([message], now=self._clock())

    def _sort(self, batch: Sequence[Incoming]) -> _Sorted:
        """Read each message. What cannot be read, or comes from nobody who may send, goes to ``to_quarantine``."""
        sorted_ = _Sorted()
        placed: list[tuple[Incoming, Topic]] = []
        for incoming in batch:
            try:
                placed.append((incoming, read_topic(incoming)))
            except Refused as refused:
                sorted_.to_quarantine.append(ToQuarantine(None, incoming, refused.reason, refused.detail))
        # The topics first and then all senders with one statement.
        senders = stream_tables.load_senders({topic.station for _, topic in placed})
        for incoming, topic in placed:
            sender = senders.get(topic.station)
            if sender is None:
                sorted_.to_quarantine.append(ToQuarantine(None, incoming, "unknown_station", topic.station))
            elif sender.revoked or sender.record_key is None:
                reason = "revoked" if sender.revoked else "not_enrolled"
                sorted_.to_quarantine.append(ToQuarantine(sender.id, incoming, reason, topic.station))
            else:
                try:
                    # It hears its answers where it speaks. Another shard's number was given to it since, or before.
                    if sender.shard != topic.shard:
                        sender = replace(sender, shard=topic.shard)
                    sorted_.add(sender, incoming, read_message(topic, incoming))
                except Refused as refused:
                    sorted_.to_quarantine.append(ToQuarantine(sender.id, incoming, refused.reason, refused.detail))
        return sorted_

    def _take_blobs(self, sorted_: _Sorted, now: datetime) -> list[Outgoing]:
        if not sorted_.chunks and not sorted_.queries:
            return []
        blobs = BlobIntake(MediaFolder(settings.HOME.media), now=now)
        # By `id`, because a station may send the same chunk twice, and each message is set aside by itself.
        came_in = {id(chunk): incoming for incoming, chunk in sorted_.chunks}
        for chunk, why in blobs.take(self._quota.chunks([chunk for _, chunk in sorted_.chunks], now=now)):
            incoming = came_in[id(chunk)]
            sorted_.to_quarantine.append(ToQuarantine(chunk.station, incoming, "blob_refused", str(why)))
        return [
            Outgoing(sender.shard, blobs.missing_of(query))
            for sender, query in sorted_.queries
            if self._quota.takes_blobs(sender.id)
        ]
