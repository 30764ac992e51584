"""Delete old links, sessions and unfinished set-ups. The audit log keeps who signed in and when."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django_otp.plugins.otp_totp.models import TOTPDevice

from server_broker.accounts.models import SignInLink

LINKS_KEPT = timedelta(days=30)
"""Links are kept so long after their end, so that a used link can be told from one that never existed."""


def drop_old_links(now: datetime) -> int:
    """Delete sign-in links that ended long ago, used or not; return how many."""
    dropped, _ = SignInLink.objects.filter(expires_at__lt=now - LINKS_KEPT).delete()
    return dropped


def drop_ended_sessions(now: datetime) -> int:
    """Delete sessions that have ended; return how many."""
    dropped, _ = Session.objects.filter(expire_date__lt=now).delete()
    return dropped


def drop_abandoned_set_ups(now: datetime) -> int:
    """Delete second factors whose set-up was not finished within a session's longest life; return how many."""
    # A set-up belongs to a session (`accounts.views.BEGUN`), so nobody can finish one that is older.
    begun_before = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    dropped, _ = TOTPDevice.objects.filter(confirmed=False, created_at__lt=begun_before).delete()
    return dropped
