"""Delete what the front door needs no longer."""

import datetime as dt

from protocol.china_time import milliseconds
from protocol.pin_tries import PinTries, standing
from server_broker.public.brake import drop_old_tries
from server_broker.public.models import DoorTries, NobodysTries
from server_broker.public.sessions import drop_ended


def drop_old(now: dt.datetime) -> int:
    """Delete sessions that are over, used codes, and tries that count no longer; return how many rows."""
    return drop_ended(now) + drop_old_tries(now) + _drop_forgotten(now)


def _drop_forgotten(now: dt.datetime) -> int:
    """Delete the counts of numbers of which no wrong try counts any more (`protocol.pin_tries`)."""
    now_ms, dropped = milliseconds(now), 0
    for rows in (DoorTries.objects, NobodysTries.objects):
        counts = rows.exclude(last=None).values_list("pk", "fails", "last")
        over = [pk for pk, fails, last in counts if last and not standing(_tries(fails, last), now_ms)]
        dropped += rows.filter(pk__in=over, last__lte=now).delete()[0]
    return dropped


def _tries(fails: int, last: dt.datetime) -> PinTries:
    return PinTries(fails=fails, last=milliseconds(last))
