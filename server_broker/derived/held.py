"""Whether a fact that nobody has read is honestly held, though it reads well now and its station signed for it.

Whoever calls a fact held makes its rows disappear. So such a fact is a finding, unless its reason is one whose cause
may have gone since, and the chore that reads those again (`server_broker.ingest.after_upgrade`) may be yet to come.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from server_broker.derived.findings import Place
from server_broker.fleet.models import Station, Stream
from server_broker.fleet.tables import STREAMS
from server_broker.ingest.after_upgrade import LATER, has_caught_up
from server_broker.ingest.held import BY_DATABASE, is_to_be_accepted
from server_broker.ingest.models import Fact
from server_broker.ingest.reread import UNVOUCHED, reads_now
from server_broker.ingest.tables import FACTS
from server_broker.platform.sql import query

_TURNS = timedelta(days=2)
"""The chore comes every day."""


class LeftOvers:
    """Tells of held facts of one station whether an honest county may still have them held: for a cause that is gone.

    What came after its station was revoked waits until a person accepts it, however long that takes. What the database
    refused may be refused again. Whether it would be asks `would_be_read`, where writing is allowed.
    """

    def __init__(self, station: str, *, now: datetime) -> None:
        self._station = station
        self._since = now - _TURNS
        self._revoked_at = Station.objects.values_list("revoked_at", flat=True).get(pk=station)
        self._vouched: dict[bytes, int] = {}

    def has(self, place: Place, reason: str, received_at: datetime) -> bool:
        """Tell it of one fact."""
        if is_to_be_accepted(reason, received_at, revoked_at=self._revoked_at):
            return True
        if reason not in (*LATER, *UNVOUCHED, *BY_DATABASE):
            return False  # with any other reason it could be read on the day on which it came
        if not has_caught_up(settings.HOME):
            return True
        if reason in UNVOUCHED:
            return place.seq >= self._vouched_before(place.epoch)
        return reason in BY_DATABASE

    def _vouched_before(self, epoch: bytes) -> int:
        """Return before which seq of a stream everything has been signed for so long that the chore had its turn.

        A later fact was read then, so its signature covers what comes before it. Asked once a stream, because a station
        may have sent very many facts that nobody signed for.
        """
        if (known := self._vouched.get(epoch)) is None:
            [(last,)] = query(
                f"""SELECT max(f.seq) FROM {FACTS} f JOIN {STREAMS} s ON s.id = f.stream_id
                WHERE s.station_id = %s AND s.epoch = %s AND f.held_reason = '' AND f.received_at < %s""",  # noqa: S608
                [self._station, epoch, self._since],
            )
            known = self._vouched[epoch] = last or 0
        return known


def would_be_read(station: str, place: Place) -> bool:
    """Tell whether a fact that the database refused would be read now. It is tried, and nothing of it stays."""
    with transaction.atomic():
        stream = Stream.objects.get(station=station, epoch=place.epoch)
        read = reads_now(station, stream, Fact.objects.get(stream=stream, seq=place.seq))
        transaction.set_rollback(True)
    return read


def is_due(reason: str, received_at: datetime, *, now: datetime) -> bool:
    """Tell whether the chore has had its turn with a fact that the database refused."""
    return reason in BY_DATABASE and has_caught_up(settings.HOME) and received_at < now - _TURNS
