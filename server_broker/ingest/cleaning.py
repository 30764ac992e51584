"""Take away messages that were put aside longer ago than anybody asks about them."""

from datetime import datetime, timedelta

from server_broker.ingest.models import Quarantined

QUARANTINED_KEPT = timedelta(days=400)
"""A year of assessment, and the weeks in which people object to it."""


def drop_old_quarantined(now: datetime) -> int:
    """Delete messages put aside more than `QUARANTINED_KEPT` before ``now``; return how many."""
    dropped, _ = Quarantined.objects.filter(received_at__lt=now - QUARANTINED_KEPT).delete()
    return dropped
