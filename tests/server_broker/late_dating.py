"""Date what waits to be dated, as the county's worker does a piece each second."""

from datetime import datetime
from itertools import count

from server_broker.ingest.dating.walk import LateDating
from server_broker.ingest.models import DatingDue


def date_all_due(at: datetime) -> None:
    """Date all boots that wait, however long stations would have to rest."""
    hours = count(step=3_600)
    dating = LateDating(shards=range(64), clock=lambda: next(hours))
    while DatingDue.objects.exists():
        dating.step(now=at)
