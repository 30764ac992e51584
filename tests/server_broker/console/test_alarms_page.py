"""The page 告警 stays quick however many alarms were resolved: the newest by an index, and no count of all of them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.console.views import alarms as alarms_page
from server_broker.fleet.models import Alarm
from tests.cast import OPERATOR, SHILI
from tests.server_broker.county import FictionalCounty, alarm, signed_in
from tests.server_broker.pages import text_of

pytestmark = pytest.mark.django_db
MANY = 6000


@pytest.fixture
def resolved(county: FictionalCounty) -> None:
    now = timezone.now()
    Alarm.objects.bulk_create(
        Alarm(
            station=county.stations[SHILI],
            code=f"held:{n}",
            severity="minor",
            opened_at=now - dt.timedelta(hours=n),
            last_at=now - dt.timedelta(hours=n),
            resolved_at=now,
        )
        for n in range(MANY)
    )
    with connection.cursor() as cursor:
        # In the order in which they came, as in a county: what tests took back left holes, which fill first.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("CLUSTER fleet_alarm USING fleet_alarm_pkey")
        cursor.execute("ANALYZE fleet_alarm")


@pytest.mark.usefixtures("resolved")
def test_resolved_alarms_come_from_an_index_and_are_counted_no_further_than_they_are_shown() -> None:
    operator = signed_in(OPERATOR)
    with CaptureQueriesContext(connection) as caught:
        html = text_of(operator, "/alarms/?state=resolved")
    assert f'已解除<span class="n">{alarms_page.MOST_RESOLVED}</span>' in html
    assert "更早的请在上面选一个日子" in html
    plans = {sql: plan_of(sql) for query in caught if 'FROM "fleet_alarm"' in (sql := query["sql"])}
    assert plans
    assert [sql for sql, plan in plans.items() if "Seq Scan on fleet_alarm" in plan] == []
    # Whoever asks for earlier ones gets them.
    before = timezone.localdate() - dt.timedelta(hours=MANY - 100)
    assert "更早的请在上面选一个日子" not in text_of(operator, f"/alarms/?state=resolved&until={before}")
    assert "held" not in text_of(operator, "/alarms/?state=resolved&until=2020-01-01")


def test_each_alarm_says_how_it_ends_if_not_with_its_cause(county: FictionalCounty) -> None:
    said = {
        "facts_lost": "要有人确认；确认后再有，另算一条，再通知",
        "bad_signature": "要有人确认；确认后停了 2 小时再有，另算一条，再通知",
        "blob_corrupted": "1 天没有再来，自动解除",
        "station_floods": "10 分钟没有再来，自动解除",
    }
    for code in (*said, "station_silent"):
        alarm(county.stations[SHILI], code)
    html = text_of(signed_in(OPERATOR), "/alarms/")
    assert [ending for ending in said.values() if html.count(ending) != 1] == []
    assert html.count("自动解除</span>") == 2


@pytest.mark.usefixtures("resolved")
def test_a_poll_of_the_open_ones_scans_no_resolved_ones() -> None:
    operator = signed_in(OPERATOR)
    with CaptureQueriesContext(connection) as caught:
        operator.get("/alarms/", headers={"HX-Request": "true"})
    plans = [plan_of(sql) for query in caught if 'FROM "fleet_alarm"' in (sql := query["sql"])]
    assert plans
    assert [plan for plan in plans if "Seq Scan on fleet_alarm" in plan] == []


def plan_of(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(row[0] for row in cursor.fetchall())
