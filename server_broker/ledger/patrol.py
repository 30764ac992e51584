"""Count the ledger of one station after the other, for ever, so that unexplained facts raise an alarm.

The patrol runs beside the ingest worker and not in it. So traffic does not keep it from its round, and it keeps no
facts waiting. A ledger is counted for `LEDGER_S` at most. A station whose ledger takes longer gets an alarm and is left
out for a day. So a round of N stations ends within N times `LEDGER_S`. The ledger of a station with 200,000 facts takes
0.13 s; with 2,000 such stations a round takes half an hour.
"""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError

from server_broker.fleet.alarm_codes import LEDGER_TOO_LARGE
from server_broker.fleet.alarms import raise_alarm
from server_broker.fleet.models import Station
from server_broker.ledger.consistency import TookTooLong
from server_broker.ledger.ledger import check_ledger

_log = logging.getLogger(__name__)

EVERY_S = 1.0
SHARE_S = 0.25
"""How much of each second the patrol works. A ledger that it has begun is counted to its end."""
LEDGER_S = 5.0
SELDOM_S = 24 * 3600.0
"""How often a station's ledger is counted if the station is revoked, or if its ledger takes too long."""


class LedgerPatrol:
    """Goes round all stations. One object lives as long as the program, because it remembers where it is."""

    def __init__(self, *, monotonic_s: Callable[[], float], ledger_s: float = LEDGER_S) -> None:
        self._monotonic_s = monotonic_s
        self._ledger_s = ledger_s
        self._round: deque[str] = deque()
        self._not_before: dict[str, float] = {}
        """Stations that are left out for now, each with the monotonic time at which it is due again."""

    def go_on(self, now: datetime) -> None:
        """Check ledgers for `SHARE_S`. At least one is checked, and none twice in a call.

        Raises:
            django.db.OperationalError, django.db.InterfaceError: The database is away; the same station is next again.
        """
        if not self._round:
            self._round.extend(self._due())
        until = self._monotonic_s() + SHARE_S
        while self._round:
            # Removed only after its check, so that the same station is next if the database goes away meanwhile.
            self._check(self._round[0], now)
            self._round.popleft()
            if self._monotonic_s() >= until:
                return

    def _due(self) -> list[str]:
        """Return the stations of the next round, those at work before the revoked ones."""
        known = Station.objects.exclude(enrolled_at=None).order_by("pk").values_list("pk", "revoked_at")
        at_work = [station for station, revoked_at in known if revoked_at is None]
        revoked = [station for station, revoked_at in known if revoked_at is not None]
        now_s = self._monotonic_s()
        self._not_before = {station: due for station, due in self._not_before.items() if due > now_s}
        due = [station for station in (*at_work, *revoked) if station not in self._not_before]
        self._not_before |= dict.fromkeys(set(revoked).intersection(due), now_s + SELDOM_S)
        return due

    def _check(self, station_id: str, now: datetime) -> None:
        try:
            check_ledger(station_id, at=now, limit_s=self._ledger_s)
        except (OperationalError, InterfaceError):
            raise
        except TookTooLong as error:
            _log.warning(
                "%s: the ledger cannot be counted in time: %s", station_id, error, extra={"station": station_id}
            )
            self._not_before[station_id] = self._monotonic_s() + SELDOM_S
            detail = "这个站点的记录流或签名过多，账目没有数完"
            raise_alarm(station=station_id, code=LEDGER_TOO_LARGE, severity="major", detail=detail, at=now)
        except Exception:  # noqa: BLE001 - one station's rows must not keep the patrol from all the other stations
            _log.exception("%s: the ledger cannot be counted", station_id, extra={"station": station_id})
