"""Wrong sign-ins and the data tables' own list of changes go after 30 days; the audit log has what counts."""

import datetime as dt

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import CHANGE, LogEntry
from django.test import Client
from django.utils import timezone

from server_broker.accounts.cleaning import LINKS_KEPT, drop_old_traces
from tests.cast import ADMINISTRATOR, OPERATOR
from tests.server_broker.county import make_county, user_of

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def test_old_traces_go_and_young_ones_stay() -> None:
    make_county()
    user_of(OPERATOR)
    Client().post("/sign-in/", {"username": OPERATOR.username, "password": "wrong"})
    LogEntry.objects.create(user=user_of(ADMINISTRATOR), object_repr=OPERATOR.username, action_flag=CHANGE)
    assert AccessAttempt.objects.get().username == OPERATOR.username
    now = timezone.now()
    assert drop_old_traces(now + LINKS_KEPT - DAY) == 0
    assert drop_old_traces(now + LINKS_KEPT + DAY) == 2
    assert not AccessAttempt.objects.exists()
    assert not LogEntry.objects.exists()
