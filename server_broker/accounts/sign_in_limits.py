"""How often somebody may try passwords: of one account from one address, and from all addresses together.

The tenth wrong try locks the pair of account and address, and each later one locks it again: for two minutes, then four
and so on up to `LONGEST_WAIT`. The lock is short because an office shares an address, and one colleague must not keep
another out for long.

Who has many addresses gets `FROM_ALL_ADDRESSES` tries an hour at one account. Then only addresses go on from which the
account has signed in before, so that a stranger can't keep its owner out of it. From a new address its owner needs a
one-time link. A name that is no account's is treated alike.
"""

from datetime import datetime, timedelta
from typing import Any, override

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_failure_limit
from axes.models import AccessAttempt
from django.db.models import Max, Sum
from django.http import HttpRequest
from django.utils import timezone

from server_broker.accounts.network import client_address
from server_broker.audit.models import AuditEntry
from server_broker.platform.network import network_source

FROM_ALL_ADDRESSES = 30
LONGEST_WAIT = timedelta(minutes=15)
_FIRST_WAIT = timedelta(minutes=2)
_HOUR = timedelta(hours=1)
_KNOWN_FOR = timedelta(days=90)


def wait_after(wrong: int, limit: int) -> timedelta:
    """Return how long a pair of account and address is locked after so many wrong tries, at least ``limit``."""
    doubled = 1 << min(wrong - limit, 8)
    return min(LONGEST_WAIT, _FIRST_WAIT * doubled)


class SignInLimits(AxesDatabaseHandler):
    """Counts wrong tries in django-axes' table and says when there were too many."""

    @override
    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return the wrong tries that count now; fewer than the limit unless this one is refused."""
        limit: int = get_failure_limit(request, credentials)
        now = request.axes_attempt_time or timezone.now()  # type: ignore[attr-defined]
        wrong, last = 0, now
        for pair in self.get_user_attempts(request, credentials):
            counted = pair.aggregate(wrong=Sum("failures_since_start"), last=Max("attempt_time"))
            wrong, last = counted["wrong"] or 0, counted["last"] or now
        if wrong >= limit and now < last + wait_after(wrong, limit):
            return wrong
        name = get_client_username(request, credentials)
        if _of_all_addresses(name, since=now - _HOUR) >= FROM_ALL_ADDRESSES and not _was_here(name, request, now):
            return limit
        return min(wrong, limit - 1)


def _of_all_addresses(name: str | None, *, since: datetime) -> int:
    """Return the wrong tries at an account; of an address that tried lately also the earlier ones."""
    tried = AccessAttempt.objects.filter(username=name, attempt_time__gte=since)
    return tried.aggregate(wrong=Sum("failures_since_start"))["wrong"] or 0


def _was_here(name: str | None, request: HttpRequest, now: datetime) -> bool:
    """Tell whether the account has signed in from the network of this request lately."""
    lately = AuditEntry.objects.filter(at__gte=now - _KNOWN_FOR)  # by its index: the log has years
    sign_ins = lately.filter(actor=name or "", action="account.signed_in").order_by()
    sources = sign_ins.values_list("source", flat=True).distinct()
    here = client_address(request)
    return here is not None and here in {network_source(source).partition("/")[0] for source in sources}
