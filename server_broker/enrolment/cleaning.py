"""Delete nonces of renewals that are so old that a repeated request is of no use."""

from datetime import datetime, timedelta

from server_broker.enrolment.models import UsedNonce

NONCES_KEPT = timedelta(days=400)
"""A request carries no time, so only its nonce prevents a second use. A request older than this asks for a certificate
for a TLS key that the station replaced about four certificates ago. It helps only someone who has that old key."""


def drop_old_nonces(now: datetime) -> int:
    """Delete nonces used more than `NONCES_KEPT` before ``now``; return how many."""
    dropped, _ = UsedNonce.objects.filter(used_at__lt=now - NONCES_KEPT).delete()
    return dropped
