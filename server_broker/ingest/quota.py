"""How much the county takes of one station in a day, so that no station can fill its disk.

**How much.** By default 200,000 facts and 128 MB of them, and 512 MB of pictures. A village with 50 cards makes about
400 facts a day with its pictures, so a station that was cut off for a year comes back within the day, and so does one
that has to say 100,000 facts again. A hostile one gets a thousandth of what it could send. The operator raises all
three by ``facts_a_day`` in ``county.toml``.

**What is beyond** is not taken: no receipt is sent and no question about a picture is answered. So the station keeps
it, and nothing is lost; it goes on the next day. An alarm tells people.

**What is counted** is what came, repeats too. A worker counts in memory and adds to a station's row whenever the
station has used another `STEP` of its day there, so that a station in good order costs no row. A worker that starts
anew has forgotten less than a step.

**Several workers.** A station speaks in at most two shards (`server_broker.platform.shards`), so at most two workers
count it. Each adds to the same row and reads back what it says then. So the other one takes beyond the day what it has
of the station in one batch (8 envelopes of 500 facts, or 8 pieces of pictures) and less than a step: 2.5 % of the day
by default, beside the envelope that crosses its end, as with one worker.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from protocol.blobs import BlobChunk
from protocol.china_time import CHINA
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

_KEPT = timedelta(days=7)
# Sorted, so that two workers lock the rows in the same order.
_ADD = f"""
INSERT INTO {DayTaken._meta.db_table} AS kept (station_id, day, facts, fact_bytes, blob_bytes)
SELECT station, %s, facts, fact_bytes, blob_bytes
FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[]) AS w (station, facts, fact_bytes, blob_bytes)
ORDER BY station
ON CONFLICT (station_id, day) DO UPDATE SET
    facts = kept.facts + EXCLUDED.facts,
    fact_bytes = kept.fact_bytes + EXCLUDED.fact_bytes,
    blob_bytes = kept.blob_bytes + EXCLUDED.blob_bytes
RETURNING station_id, facts, fact_bytes, blob_bytes
"""  # noqa: S608 - the name of a table of ours


class Taken(NamedTuple):
    """What was taken of a station on a day."""

    facts: int = 0
    fact_bytes: int = 0
    blob_bytes: int = 0

    def more(self, *, facts: int = 0, fact_bytes: int = 0, blob_bytes: int = 0) -> "Taken":
        """Return it with so much more."""
        return Taken(self.facts + facts, self.fact_bytes + fact_bytes, self.blob_bytes + blob_bytes)

    def __sub__(self, other: "Taken") -> "Taken":
        """Return what it has more than another."""
        return self.more(facts=-other.facts, fact_bytes=-other.fact_bytes, blob_bytes=-other.blob_bytes)

    def share(self, facts_a_day: int) -> float:
        """Return how much of the day is used, by facts and by their bytes; 1 is all of it."""
        return max(self.facts, self.fact_bytes / FACT_BYTES) / facts_a_day

    def blob_share(self, facts_a_day: int) -> float:
        """Return how much of the day is used by pictures."""
        return self.blob_bytes / BLOB_BYTES / facts_a_day


_NOTHING = Taken()


class DayQuota:
    """One object lives as long as the worker.

    `begin`, then `envelopes` and `chunks`, and `keep` at the end: all inside the transaction that stores what it lets
    through.
    """

    def __init__(self, facts_a_day: int) -> None:
        """Begin with what the database knows of the day."""
        self._most = facts_a_day
        self._day = date.min
        self._row: dict[str, Taken] = {}
        """What a station's row said when this worker last read it: what all workers had taken."""
        self._taken: dict[str, Taken] = {}
        """That, and what this worker has taken since then."""
        self._batch: dict[str, Taken] = {}
        """The same with what it takes in this transaction."""

    def begin(self, now: datetime) -> None:
        """Begin a batch. What an earlier one counted that failed is forgotten: it comes again."""
        self._batch = {}
        self._begin_day(now)

    def envelopes(
        self, came: Sequence[tuple[SenderRow, Envelope]], *, now: datetime
    ) -> list[tuple[SenderRow, Envelope]]:
        """Return the envelopes that are taken today, and count them."""
        within: list[tuple[SenderRow, Envelope]] = []
        beyond: dict[str, str] = {}
        for sender, envelope in came:
            before = self._of(sender.id)
            if before.share(self._most) >= 1:
                by_number = before.facts >= self._most
                beyond[sender.id] = f"{self._most} 条" if by_number else _size(FACT_BYTES * self._most)
                continue
            size = sum(len(fact.body) for fact in envelope.facts)
            self._batch[sender.id] = before.more(facts=len(envelope.facts), fact_bytes=size)
            within.append((sender, envelope))
        self._tell(beyond, "记录", now)
        return within

    def chunks(self, came: Sequence[BlobChunk], *, now: datetime) -> list[BlobChunk]:
        """Return the pieces of pictures that are taken today, and count them."""
        within: list[BlobChunk] = []
        beyond: dict[str, str] = {}
        for chunk in came:
            if not self.takes_blobs(chunk.station):
                beyond[chunk.station] = _size(BLOB_BYTES * self._most)
                continue
            self._batch[chunk.station] = self._of(chunk.station).more(blob_bytes=len(chunk.data))
            within.append(chunk)
        self._tell(beyond, "图片", now)
        return within

    def takes_blobs(self, station: str) -> bool:
        """Tell whether pictures of a station are taken now. If not, its questions about them stay unanswered."""
        return self._of(station).blob_share(self._most) < 1

    def keep(self) -> None:
        """Add to the rows of those stations that have used another step, and read back what they say then."""
        due = {}
        for station, used in self._batch.items():
            unwritten = used - self._row.get(station, _NOTHING)
            if self._is_step(used, unwritten):
                due[station] = unwritten
        rows = self._add(due) if due else {}
        taken = self._batch | rows
        # Only a COMMIT uses up the day: a batch that failed comes again.
        transaction.on_commit(lambda: (self._row.update(rows), self._taken.update(taken)))

    def _of(self, station: str) -> Taken:
        return self._batch.get(station) or self._taken.get(station) or _NOTHING

    def _is_step(self, used: Taken, unwritten: Taken) -> bool:
        """Tell whether what is in no row yet is a step, or the rest of the day."""
        return any(
            new * STEP >= 1 or (new > 0 and day >= 1)
            for day, new in (
                (used.share(self._most), unwritten.share(self._most)),
                (used.blob_share(self._most), unwritten.blob_share(self._most)),
            )
        )

    def _add(self, due: dict[str, Taken]) -> dict[str, Taken]:
        numbers = [(used.facts, used.fact_bytes, used.blob_bytes) for used in due.values()]
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [self._day, list(due), *map(list, zip(*numbers, strict=True))])
            return {station: Taken(*row) for station, *row in cursor.fetchall()}

    def _begin_day(self, now: datetime) -> None:
        """Load what was taken today, once a day, and close the alarms of the day before."""
        day = now.astimezone(CHINA).date()
        if day == self._day:
            return
        # Rows of days to come too: the county's clock may have been ahead.
        DayTaken.objects.filter(day__lt=day - _KEPT).delete()
        rows = DayTaken.objects.filter(day=day).values_list("station_id", "facts", "fact_bytes", "blob_bytes")
        taken = {station: Taken(*numbers) for station, *numbers in rows}
        told_of = Alarm.objects.filter(code=STATION_QUOTA, origin="county", resolved_at=None)
        for station in told_of.values_list("station_id", flat=True):
            used = taken.get(str(station), _NOTHING)
            if max(used.share(self._most), used.blob_share(self._most)) < 1:
                resolve(station=station, code=STATION_QUOTA, at=now)
        self._day, self._row, self._taken = day, taken, dict(taken)

    def _tell(self, beyond: Mapping[str, str], what: str, now: datetime) -> None:
        """Raise an alarm for each station, which says the bound that it has met."""
        alarms = [
            AlarmCall(
                station,
                STATION_QUOTA,
                "major",
                f"今天收到的{what}已到一个站点一天的上限（{bound}），余下的留在站点，明天接着收",
            )
            for station, bound in beyond.items()
        ]
        raise_alarms(alarms, at=now)


def _size(octets: int) -> str:
    """Return a size in megabytes of a million bytes, for a screen."""
    return f"{octets / 1_000_000:g} MB"
