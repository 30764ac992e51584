"""Count what tokens read: one row for each token, resource and day, and the first of a day in the audit log.

A row for each request would grow by millions a year, and the audit log takes its entries one after another. The entry
of a day says, in a chain that nobody can change unnoticed, that the token read this that day; the counter says how
often and how much.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from server_broker.api_tokens.models import ApiToken, ApiUse
from server_broker.audit.log import Detail, record

USES_KEPT = timedelta(days=400)


def count_use(token: ApiToken, resource: str, rows: int, *, now: datetime) -> None:
    """Count one request and the rows that answer it. Call this before they are sent."""
    day = timezone.localdate(now)
    if _add(token, resource, rows, day):
        return
    with transaction.atomic():
        # Another request of the token may be the first one at the same time.
        use, is_first = ApiUse.objects.get_or_create(
            token=token, resource=resource, day=day, defaults={"requests": 1, "rows": rows}
        )
        if is_first:
            detail: Detail = {"token": token.pk, "name": token.name, "owner": token.owner.get_username()}
            record(f"token:{token.pk}", "api.read", resource, detail)
        else:
            _add(token, resource, rows, use.day)


def _add(token: ApiToken, resource: str, rows: int, day: date) -> bool:
    counted = ApiUse.objects.filter(token=token, resource=resource, day=day)
    return counted.update(requests=F("requests") + 1, rows=F("rows") + rows) == 1


def drop_old_uses(now: datetime) -> int:
    """Delete the counts of days that are long over; return how many."""
    dropped, _ = ApiUse.objects.filter(day__lt=timezone.localdate(now - USES_KEPT)).delete()
    return dropped
