"""The ledger of one station after the other, while no facts wait: what is unexplained becomes an alarm."""

import logging
from collections import deque
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from server_broker.fleet.ledger import check_ledger
from server_broker.fleet.models import Station

_log = logging.getLogger(__name__)


class LedgerPatrol:
    """Goes round the stations of a shard for ever."""

    def __init__(self, *, shard: int) -> None:
        self._shard = shard
        self._round: deque[str] = deque()

    def check_next(self, *, now: datetime) -> None:
        """Check the next station's ledger.

        Raises:
            django.db.OperationalError, django.db.InterfaceError: The database is away; the same station is next again.
        """
        if not self._round:
            self._round.extend(Station.objects.filter(shard=self._shard).values_list("id", flat=True))
        if not self._round:
            return
        station_id = self._round[0]
        try:
            with transaction.atomic():
                check_ledger(station_id, at=now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - as at the top of the worker: neighbours go on
            # What one station said must not keep the worker from all the others.
            _log.exception("%s: the ledger cannot be counted", station_id)
        self._round.popleft()
