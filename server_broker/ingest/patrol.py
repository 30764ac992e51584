"""The ledger of one station after the other, while no facts wait: what is unexplained becomes an alarm."""

from collections import deque
from datetime import datetime

from django.db import transaction

from server_broker.fleet.ledger import check_ledger
from server_broker.fleet.models import Station


class LedgerPatrol:
    """Goes round the stations of a shard for ever."""

    def __init__(self, *, shard: int) -> None:
        self._shard = shard
        self._round: deque[str] = deque()

    def check_next(self, *, now: datetime) -> None:
        """Check the next station's ledger.

        Raises:
            django.db.Error: The same station is next again.
        """
        if not self._round:
            self._round.extend(Station.objects.filter(shard=self._shard).values_list("id", flat=True))
        if self._round:
            with transaction.atomic():
                check_ledger(self._round[0], at=now)
            self._round.popleft()
