"""Verification finds a fact or touch that was moved to another time, though nobody signs when it was received."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from protocol.decisions import StationEnrolled
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.fleet.models import ClockRun
from server_broker.ingest.batch import BatchProcessor
from server_broker.manifest.county_check import check_county
from server_broker.manifest.daily import DUE_AFTER, make_due
from server_broker.manifest.models import DailyTable
from server_broker.manifest.received import RECEIVED
from server_broker.platform.county_clock import SYNCHRONISED, UNVOUCHED
from server_broker.platform.home import CountyHome
from tests.conftest import COUNTY_FOLDER
from tests.server_broker.county import waiting_station
from tests.server_broker.manifest.tampering import psql
from tests.server_broker.station_double import StationDouble, touch

pytestmark = pytest.mark.django_db

HOME = CountyHome(COUNTY_FOLDER)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
PINNED = "总账与现在的记录不符"


@pytest.fixture
def double() -> StationDouble:
    """A station that was taken in today, with an undated touch in each of three days and a manifest after two."""
    double = StationDouble()
    station = waiting_station(double.id, record_key=double.public, enrolled_at=timezone.now())
    with transaction.atomic():
        entry = record(f"station:{station.pk}", "station.enrolled", station.pk, {"again": False})
        decide(entry, StationEnrolled(station=station.pk, record_key=double.public), [station])
    for day in range(3):
        send(double, after=day * DAY)
        if day < 2:
            make_due(HOME, now=looked_at() + (day + 1) * DAY)
    return double


def looked_at() -> dt.datetime:
    """This moment, or half an hour after midnight, from when on a day's manifest is due."""
    now = timezone.localtime()
    return max(now, now.replace(hour=0, minute=0, second=0, microsecond=0) + DUE_AFTER)


def send(double: StationDouble, *, after: dt.timedelta) -> None:
    """Have the county receive two touches so long from now, and after the manifest that was made before."""
    first = len(double.sealed) + 1
    double.add(touch(first, quality="unknown"), touch(first + 1, quality="unknown"))
    BatchProcessor(clock=lambda: looked_at() + after).process_batch([double.facts_message(first)])


def sentences() -> list[str]:
    return [problem.sentence() for problem in check_county(now=looked_at() + 2 * DAY).problems]


def moved(by: str, *, seqs: str, tables: tuple[str, ...] = RECEIVED) -> None:
    for table in tables:
        assert psql(f"UPDATE {table} SET received_at = received_at + interval '{by}' WHERE seq IN ({seqs})") > 0


def test_what_nobody_moved_is_good_and_what_comes_later_too(double: StationDouble) -> None:
    assert sentences() == []
    make_due(HOME, now=looked_at() + 3 * DAY)
    send(double, after=3 * DAY)
    assert [problem.sentence() for problem in check_county(now=looked_at() + 3 * DAY).problems] == []


@pytest.mark.parametrize(
    ("by", "seqs", "tables", "said"),
    [
        ("-2 days", "5, 6", RECEIVED, "第 5 条（ingest_fact）：收到时间被改过：早于还没有它的那一号总账"),
        ("3 hours", "5, 6", RECEIVED, "第 5 条（ingest_fact）：收到时间被改过：晚于现在"),
        ("-30 minutes", "6", RECEIVED, "第 6 条（ingest_fact）：收到时间被改过：比前面的记录还早"),
        ("-3 hours", "1, 2", RECEIVED, "第 1 条（ingest_fact）：收到时间被改过：那时站点还没有接入"),
        ("2 days", "1, 2", RECEIVED, "第 1 条（ingest_fact）：收到时间被改过：晚于已有它的那一号总账"),
        ("1 second", "1, 2", ("ingest_fact",), "的记录（ingest_fact）收到时间被改过"),
        ("1 day", "5", ("attendance_touch",), "第 5 条（attendance_touch）：收到时间被改过：晚于现在"),
        ("1 second", "4", ("attendance_touch",), "打卡（attendance_touch）编号"),
    ],
    ids=[
        "an earlier day",
        "to come",
        "out of order",
        "before it was taken in",
        "a later day",
        "a second",
        "a row to come",
        "a row alone",
    ],
)
def test_what_was_moved_is_named(double: StationDouble, by: str, seqs: str, tables: tuple[str, ...], said: str) -> None:
    moved(by, seqs=seqs, tables=tables)
    assert [sentence for sentence in sentences() if said in sentence], sentences()


def test_all_facts_at_once_are_not_moved_unseen_either(double: StationDouble) -> None:
    moved("-40 days", seqs="1, 2, 3, 4, 5, 6")
    assert len(sentences()) > 3


def test_a_row_of_a_touch_that_was_put_in_or_dropped_is_named_by_its_manifest(double: StationDouble) -> None:
    psql("DELETE FROM attendance_touch WHERE seq = 3")
    assert [sentence for sentence in sentences() if "打卡（attendance_touch）编号" in sentence]


def test_manifests_of_an_earlier_release_tell_the_day_alone_and_the_next_one_tells_the_rest(
    double: StationDouble,
) -> None:
    """What an earlier release signed has no such leaves; here the check knows nothing of them."""
    DailyTable.objects.filter(table__in=RECEIVED).delete()
    told = [sentence for sentence in sentences() if "明细不见了" not in sentence]
    assert told == []


def test_a_county_whose_clock_was_corrected_is_judged_by_as_much_less(double: StationDouble) -> None:
    moved("-30 minutes", seqs="6")
    run(UNVOUCHED + 1, ahead_ms=-3_600_000)
    assert not [sentence for sentence in sentences() if "收到时间" in sentence]


def test_where_nobody_vouches_for_the_county_s_clock_it_is_told_and_is_no_problem(double: StationDouble) -> None:
    moved("-30 minutes", seqs="6")
    run(SYNCHRONISED)
    run(UNVOUCHED, began=timezone.now())
    verdict = check_county(now=looked_at() + 2 * DAY)
    assert not [problem for problem in verdict.problems if "收到时间" in problem.said]
    assert [notice for notice in verdict.notices if "有 2 处收到时间与先后不合" in notice]


def run(vouched: int, *, ahead_ms: int = 0, began: dt.datetime | None = None) -> None:
    number = ClockRun.objects.count()
    ClockRun.objects.create(
        run=bytes([number]) * 8,
        boot=bytes(16),
        began_ms=0,
        offset_ms=round((began or timezone.now() - DAY).timestamp() * 1000),
        vouched=vouched,
        ahead_ms=ahead_ms,
        noted_at=timezone.now(),
    )
