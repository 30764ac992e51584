"""Delete old links, sessions and unfinished set-ups. The audit log keeps who signed in and when."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session

from server_broker.accounts.models import SecondFactor, SignInLink

LINKS_KEPT = timedelta(days=30)
"""Links are kept so long after their end, so that a used link can be told from one that never existed. So are the
traces of tries and of changes that the libraries keep beside the audit log."""


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
    dropped, _ = SecondFactor.objects.filter(confirmed=False, created_at__lt=begun_before).delete()
    return dropped


def drop_old_traces(now: datetime) -> int:
    """Delete old wrong sign-ins, which name an address, and the data tables' own list of changes; return how many.

    A wrong try counts for a day (``AXES_COOLOFF_TIME``).
    """
    before = now - LINKS_KEPT
    tries = sum(
        table.objects.filter(attempt_time__lt=before).delete()[0]
        for table in (AccessAttempt, AccessFailureLog, AccessLog)
    )
    changes, _ = LogEntry.objects.filter(action_time__lt=before).delete()
    return tries + changes
