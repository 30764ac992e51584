"""What tokens read is counted by day, and the counts go after a year and a month."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.api_tokens.models import ApiUse
from server_broker.api_tokens.uses import USES_KEPT, count_use, drop_old_uses
from server_broker.audit.models import AuditEntry
from tests.cast import OPERATOR
from tests.server_broker.county import api_token, make_county

pytestmark = pytest.mark.django_db


def test_each_day_has_a_row_and_an_entry_and_old_rows_go() -> None:
    make_county()
    token, now = api_token(OPERATOR).token, timezone.now()
    old = now - USES_KEPT - dt.timedelta(days=1)
    for at, rows in ((old, 7), (now, 1), (now, 2)):
        count_use(token, "people", rows, now=at)
    assert list(ApiUse.objects.order_by("day").values_list("requests", "rows")) == [(1, 7), (2, 3)]
    assert AuditEntry.objects.filter(action="api.read").count() == 2
    assert drop_old_uses(now) == 1
    assert ApiUse.objects.get().day == timezone.localdate(now)
    assert AuditEntry.objects.filter(action="api.read").count() == 2, "the log only grows"
