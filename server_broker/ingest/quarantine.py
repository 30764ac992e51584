"""Quarantine: messages of which no fact could be receipted. They are kept raw, with the reason, and a person is told.

There is a bound on what one station can put into the table in an hour. Beyond it, its messages are only counted. Each
worker counts by itself and begins anew when it starts: a station speaks in at most two shards
(`server_broker.platform.shards`), so two workers may take twice the bound of it in an hour, and no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from server_broker.fleet.alarm_codes import QUARANTINED
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.ingest.messages import Incoming
from server_broker.ingest.models import Quarantined
from server_broker.ingest.reasons import reason_word
from server_broker.platform.database_text import shown_line

ROWS_AN_HOUR = 2_000
BYTES_AN_HOUR = 32 * 2**20
_HOUR = timedelta(hours=1)

QUARANTINED_KEPT = timedelta(days=400)
"""A year of assessment, and the weeks in which people object to it."""


@dataclass(frozen=True, slots=True)
class ToQuarantine:
    """A message that could not be taken. ``station`` is None when the county knows no such station."""

    station: str | None
    incoming: Incoming
    reason: str
    detail: str


@dataclass(slots=True)
class _Spent:
    """What one station has put into the table since the beginning of its hour."""

    since: datetime
    rows: int = 0
    octets: int = 0


class Quarantine:
    """Puts messages aside.

    One object lives as long as the worker, because it remembers what each station has used of its hour.
    """

    def __init__(self) -> None:
        self._spent: dict[str | None, _Spent] = {}

    def put(self, messages: Sequence[ToQuarantine], *, now: datetime) -> None:
        """Keep messages, inside the caller's transaction, and raise one alarm for each station and reason."""
        if not messages:
            return
        # Copies, which replace the originals once this is committed.
        spent: dict[str | None, _Spent] = {}
        for station in {one.station for one in messages}:
            before = self._spent.get(station)
            spent[station] = _Spent(now) if before is None or now - before.since > _HOUR else replace(before)
        rows = []
        for one in messages:
            used = spent[one.station]
            used.rows += 1
            used.octets += len(one.incoming.payload)
            # Beyond the bound the raw message is not kept. The alarm below counts it all the same.
            if used.rows <= ROWS_AN_HOUR and used.octets <= BYTES_AN_HOUR:
                rows.append(
                    Quarantined(
                        station_id=one.station,
                        topic=shown_line(one.incoming.topic)[:128],
                        raw=one.incoming.payload,
                        reason=one.reason[:24],
                        detail=shown_line(one.detail)[:400],
                        received_at=now,
                    )
                )
        Quarantined.objects.bulk_create(rows)
        # Only a COMMIT uses up the hour: the worker repeats a batch that failed, and must not pay for it twice.
        transaction.on_commit(lambda: self._spent.update(spent))
        raise_alarms(
            [
                AlarmCall(one.station, f"{QUARANTINED}:{one.reason}", "major", reason_word(one.reason))
                for one in messages
            ],
            at=now,
        )


def drop_old_quarantined(now: datetime) -> int:
    """Delete messages put aside more than `QUARANTINED_KEPT` before ``now``; return how many."""
    dropped, _ = Quarantined.objects.filter(received_at__lt=now - QUARANTINED_KEPT).delete()
    return dropped
