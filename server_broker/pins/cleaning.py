"""Delete what this room keeps no longer."""

import datetime as dt

from server_broker.pins.counting import TRIES_KEPT
from server_broker.pins.models import KioskTry, NumberEntry, PinClaim

ENTRIES_KEPT = dt.timedelta(days=180)
CLAIMS_KEPT = dt.timedelta(days=400)


def drop_old_entries(now: dt.datetime) -> int:
    """Delete old entries of numbers that are no touches, old claims of PINs and old wrong tries; return how many."""
    entries, _ = NumberEntry.objects.filter(clocks=False, received_at__lt=now - ENTRIES_KEPT).delete()
    claims, _ = PinClaim.objects.filter(received_at__lt=now - CLAIMS_KEPT).delete()
    tries, _ = KioskTry.objects.filter(at__lt=now - TRIES_KEPT).delete()
    return entries + claims + tries
