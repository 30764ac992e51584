"""How much the county takes of one station in a day, so that no station can fill its disk.

**How much.** By default 200,000 facts and 128 MB of them, and 512 MB of pictures. A village with 50 cards makes about
400 facts a day with its pictures, so a station that was cut off for a year comes back within the day, and so does one
that has to say 100,000 facts again. A hostile one gets a thousandth of what it could send. The operator raises all
three by ``facts_a_day`` in ``county.toml``.

**What is beyond** is not taken: no receipt is sent and no question about a picture is answered. So the station keeps
it, and nothing is lost; it goes on the next day. An alarm tells people.

**What is counted** is what came, repeats too. The worker counts in memory and writes a station's row for each
`STEP` of it, so that a station in good order costs no row. A worker that starts anew has forgotten less than a step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from protocol.blobs import BlobChunk
from protocol.envelope import Envelope
from server_broker.fleet.alarm_codes import STATION_QUOTA
from server_broker.fleet.alarms import AlarmCall, raise_alarms, resolve
from server_broker.fleet.models import Alarm
from server_broker.ingest.models import DayTaken
from server_broker.ingest.stream_tables import SenderRow

FACT_BYTES = 640
"""Bytes for each fact of the day's number: three times what a touch has."""
BLOB_BYTES = 2_560
"""Bytes of pictures for each fact of the day's number."""
STEP = 200
"""A station's row is written whenever it has used another 200th of its day."""

_ZONE = ZoneInfo("Asia/Shanghai")
_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of a station on a day."""

    facts: int = 0
    fact_bytes: int = 0
    blob_bytes: int = 0

    def share(self, facts_a_day: int) -> float:
        """Return how much of the day is used, by facts and by their bytes; 1 is all of it."""
        return max(self.facts, self.fact_bytes / FACT_BYTES) / facts_a_day

    def blob_share(self, facts_a_day: int) -> float:
        """Return how much of the day is used by pictures."""
        return self.blob_bytes / BLOB_BYTES / facts_a_day


class DayQuota:
    """One object lives as long as the worker. It is called inside the transaction that stores what it lets through."""

    def __init__(self, facts_a_day: int) -> None:
        """Begin with what the database knows of the day."""
        self._most = facts_a_day
        self._day = date.min
        self._taken: dict[str, Taken] = {}

    def envelopes(
        self, came: Sequence[tuple[SenderRow, Envelope]], *, now: datetime
    ) -> list[tuple[SenderRow, Envelope]]:
        """Return the envelopes that are taken today, and count them."""
        self._begin_day(now)
        taken: dict[str, Taken] = {}
        within, beyond = [], []
        for sender, envelope in came:
            before = taken.get(sender.id) or self._of(sender.id)
            if before.share(self._most) >= 1:
                beyond.append(sender.id)
                continue
            size = sum(len(fact.body) for fact in envelope.facts)
            taken[sender.id] = replace(
                before, facts=before.facts + len(envelope.facts), fact_bytes=before.fact_bytes + size
            )
            within.append((sender, envelope))
        self._keep(taken, now)
        self._tell(beyond, "记录", now)
        return within

    def chunks(self, came: Sequence[BlobChunk], *, now: datetime) -> list[BlobChunk]:
        """Return the pieces of pictures that are taken today, and count them."""
        self._begin_day(now)
        taken: dict[str, Taken] = {}
        within, beyond = [], []
        for chunk in came:
            before = taken.get(chunk.station) or self._of(chunk.station)
            if before.blob_share(self._most) >= 1:
                beyond.append(chunk.station)
                continue
            taken[chunk.station] = replace(before, blob_bytes=before.blob_bytes + len(chunk.data))
            within.append(chunk)
        self._keep(taken, now)
        self._tell(beyond, "图片", now)
        return within

    def takes_blobs(self, station: str) -> bool:
        """Tell whether pictures of a station are taken now. If not, its questions about them stay unanswered."""
        return self._of(station).blob_share(self._most) < 1

    def _of(self, station: str) -> Taken:
        return self._taken.get(station) or Taken()

    def _begin_day(self, now: datetime) -> None:
        """Load what was taken today, once a day, and close the alarms of the day before."""
        day = now.astimezone(_ZONE).date()
        if day == self._day:
            return
        # Rows of days to come too: the county's clock may have been ahead.
        DayTaken.objects.filter(day__lt=day - _KEPT).delete()
        rows = DayTaken.objects.filter(day=day).values_list("station_id", "facts", "fact_bytes", "blob_bytes")
        taken = {station: Taken(*numbers) for station, *numbers in rows}
        told_of = Alarm.objects.filter(code=STATION_QUOTA, origin="county", resolved_at=None)
        for station in told_of.values_list("station_id", flat=True):
            used = taken.get(str(station), Taken())
            if max(used.share(self._most), used.blob_share(self._most)) < 1:
                resolve(station=station, code=STATION_QUOTA, at=now)
        self._day, self._taken = day, taken

    def _keep(self, taken: dict[str, Taken], now: datetime) -> None:
        rows = [
            DayTaken(station_id=station, day=self._day, **_numbers(used))
            for station, used in taken.items()
            if self._steps(used) > self._steps(self._of(station))
        ]
        if rows:
            DayTaken.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["station", "day"],
                update_fields=["facts", "fact_bytes", "blob_bytes"],
            )
        # Only a COMMIT uses up the day: a batch that failed comes again.
        transaction.on_commit(lambda: self._taken.update(taken))

    def _steps(self, used: Taken) -> int:
        return int(used.share(self._most) * STEP) + int(used.blob_share(self._most) * STEP)

    def _tell(self, beyond: Sequence[str], what: str, now: datetime) -> None:
        detail = f"今天收到的{what}已到一个站点一天的上限（{self._most} 条记录），余下的留在站点，明天接着收"
        raise_alarms([AlarmCall(one, STATION_QUOTA, "major", detail) for one in dict.fromkeys(beyond)], at=now)


def _numbers(used: Taken) -> dict[str, int]:
    return {"facts": used.facts, "fact_bytes": used.fact_bytes, "blob_bytes": used.blob_bytes}
