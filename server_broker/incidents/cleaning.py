"""Delete what is no longer of use: who was on call, what was acknowledged or silenced, and what was sent."""

from datetime import datetime, timedelta

from django.utils import timezone

from server_broker.incidents.models import Acknowledgement, Episode, Notification, OnCall, Silence

ANSWERS_KEPT = timedelta(days=400)
"""Long enough to see over a year what came again."""
SENT_KEPT = timedelta(days=90)


def drop_old(now: datetime) -> int:
    """Delete what is too old, and return how many rows there were."""
    before = now - ANSWERS_KEPT
    old = [
        Acknowledgement.objects.filter(at__lt=before),
        Silence.objects.filter(ends_at__lt=before),
        OnCall.objects.filter(last_day__lt=timezone.localdate(before)),
        # With an episode go the notes that it was told. An open one keeps them, or it would be told again.
        Episode.objects.filter(over_at__lt=now - SENT_KEPT),
        Notification.objects.filter(made_at__lt=now - SENT_KEPT, mentions=None),
    ]
    return sum(rows.delete()[0] for rows in old)
