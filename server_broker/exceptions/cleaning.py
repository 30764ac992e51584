"""Delete what was found long ago, with what was said of it."""

import datetime as dt

from django.utils import timezone

from server_broker.exceptions.models import Notable
from server_broker.retention.keepings import EXCEPTIONS_KEPT


def drop_old(now: dt.datetime) -> int:
    """Delete the exceptions of dates that are over so long, and return how many rows went."""
    dropped, _ = Notable.objects.filter(day__lt=timezone.localdate(now) - EXCEPTIONS_KEPT).delete()
    return dropped
