"""Take away the nonces of renewals that nobody can use again to any end."""

from datetime import datetime, timedelta

from server_broker.enrolment.models import UsedNonce

NONCES_KEPT = timedelta(days=400)
"""A request says no time, so its nonce alone refuses a second use. Who repeats one that is older than this gets a
certificate for a TLS key four certificates ago, and would need that key too."""


def drop_old_nonces(now: datetime) -> int:
    """Delete nonces used more than `NONCES_KEPT` before ``now``; return how many."""
    dropped, _ = UsedNonce.objects.filter(used_at__lt=now - NONCES_KEPT).delete()
    return dropped
