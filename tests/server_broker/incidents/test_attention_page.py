"""The page 需要处理: what needs somebody, to whom it shows, how it is answered, and that it stays quick."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from server_broker.audit.models import AuditEntry
from server_broker.console.words import ALARMS, REMEDIES
from server_broker.fleet.models import Alarm, Station, StationStatus
from server_broker.incidents.kinds import KINDS
from server_broker.incidents.models import Acknowledgement, Silence
from server_broker.regions.models import Region
from tests.cast import (
    AUDITOR,
    CLERK,
    COUNTY,
    COUNTY_OFFICER,
    OPERATOR,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    STRAY,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    YANGBAN,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, add_station, alarm, make_county, signed_in, touch
from tests.server_broker.incidents.many_stations import lose, make_stations, raise_for
from tests.server_broker.pages import text_of, words_of

pytestmark = pytest.mark.django_db
HERE = f"/attention/disk/s:{SHILI}/"


@pytest.fixture
def county() -> FictionalCounty:
    made = make_county()
    StationStatus.objects.update(reader_ready=True)
    return made


def rows(client: Client, query: str = "") -> list[str]:
    """Return what each row of the list says."""
    html = text_of(client, f"/attention/{query}")
    return [words_of(row) for row in re.findall(r'<tr id="incident-[^"]+">(.*?)</tr>', html, re.DOTALL)]


def answer(client: Client, path: str, **form: str) -> str:
    return words_of(client.post(f"{path}answer/", form, follow=True).content.decode())


def test_one_cause_is_one_row_with_its_action_and_the_gravest_township_first(county: FictionalCounty) -> None:
    alarm(county.stations[SHILI], "undervoltage", "minor")
    alarm(county.stations[YANGBAN], "disk_error", "critical")
    alarm(county.stations[YANGBAN], "disk_short", "minor")
    operator = signed_in(OPERATOR)
    first, second = rows(operator)
    assert "磁盘快满或出了故障" in first
    assert "紧急" in first
    assert "样板村" in first
    assert "供电电压不足" in second
    assert "5V/3A" in second
    html = text_of(operator, "/attention/")
    assert html.index("样板镇</strong>") < html.index("示例镇</strong>")
    assert rows(operator, "?kind=power") == [second]
    assert rows(operator, f"?township={TOWNSHIP}&severity=critical") == []
    # Whatever else stands in the address changes nothing.
    assert rows(operator, "?kind=%01&severity=x&township=1&page=-9&state=gone") == [first, second]


@pytest.mark.parametrize(
    "code", ["county_went_back", "media_folder", "county_disk", "backup_overdue", "help_asked", ""]
)
def test_a_station_s_own_alarm_never_looks_like_one_of_the_county(county: FictionalCounty, code: str) -> None:
    said = "吊销名册已损坏，请联系 138"
    own = alarm(county.stations[SHILI], code, "critical", origin="station", detail=said)
    operator = signed_in(OPERATOR)
    (row,) = rows(operator)
    assert "站点自报的其他告警 站点自报" in row
    assert "请打电话向村里核实；站点丢失或可疑，照常吊销。" in row
    ours = [word for name, word in ALARMS.items() if name == code] + [
        REMEDIES[code] for _ in [code] if code in REMEDIES
    ]
    ours += [text for kind in KINDS if code in kind.codes for text in (kind.word, kind.action)]
    pages = [f"/attention/said/s:{SHILI}/", "/attention/", "/alarms/", f"/stations/{SHILI}/"]
    for page in pages:
        html = words_of(text_of(operator, page))
        assert "站点自报" in html
        assert [text for text in ours if text in html.replace("站点自报", "")] == []
    operator.post(f"/alarms/{own.pk}/acknowledge/")
    audit = words_of(text_of(signed_in(AUDITOR), "/audit/"))
    assert "站点自报" in audit
    assert [text for text in ours if text in audit] == []


def test_who_answers_what_a_station_says_has_not_answered_what_the_county_found(county: FictionalCounty) -> None:
    found = alarm(county.stations[SHILI], "unexplained_facts", "critical")
    own = alarm(county.stations[SHILI], "unexplained_facts", "critical", origin="station")
    answer(signed_in(OPERATOR), f"/attention/said/s:{SHILI}/", act="acknowledge", note="问过了")
    found.refresh_from_db()
    own.refresh_from_db()
    assert own.acknowledged_at is not None
    assert found.acknowledged_at is None


def test_what_waits_of_a_revoked_station_is_listed_and_leads_there(county: FictionalCounty) -> None:
    shili, yangban = county.stations[SHILI], county.stations[YANGBAN]
    Station.objects.filter(pk=SHILI).update(revoked_at=timezone.now())
    StationStatus.objects.filter(station__in=[SHILI, YANGBAN]).update(reader_ready=False, vitals_at=timezone.now())
    alarm(shili, "held:carried_revoked", "major")
    officer = signed_in(TOWNSHIP_OFFICER)
    (row,) = rows(officer)
    assert "有记录待审" in row
    assert f"{shili.name}（已吊销）" in row
    assert f'<a href="/held/?state=held&amp;station={SHILI}">' in text_of(officer, "/attention/")
    assert "吊销" in words_of(text_of(officer, f"/attention/held/s:{SHILI}/"))
    # Nobody waits for it any more: that its reader is gone is nobody's business, unlike that of the other one.
    assert [yangban.name in row for row in rows(signed_in(OPERATOR))] == [True, False]


def test_unreadable_messages_lead_to_their_own_tab(county: FictionalCounty) -> None:
    alarm(county.stations[SHILI], "quarantined:unknown_version", "major")
    alarm(None, "quarantined:unknown_station", "major")
    html = text_of(signed_in(OPERATOR), "/attention/")
    assert f'<a href="/held/?state=messages&amp;station={SHILI}">请到“待审 › 读不懂的消息”看原因' in html
    assert '<a href="/held/?state=messages">请到“待审 › 读不懂的消息”看原因' in html


def test_who_mends_stations_begins_here_and_others_as_before(county: FictionalCounty) -> None:
    # Before the first touch the way to it is more useful.
    assert "站点列表" in text_of(signed_in(OPERATOR), "/")
    touch(county.stations[SHILI], ZHANG.token, at=timezone.now() - dt.timedelta(days=2))
    begin = signed_in(OPERATOR).get("/")
    assert (begin.status_code, begin["Location"]) == (302, "/attention/")
    assert "站点列表" in text_of(signed_in(OPERATOR), "/?state=alarms")
    assert "站点列表" in text_of(signed_in(COUNTY_OFFICER), "/")


def test_each_sees_its_own_subtree_alone(county: FictionalCounty) -> None:
    alarm(county.stations[SHILI], "disk_error", "critical")
    alarm(None, "backup_overdue", "major")
    assert len(rows(signed_in(COUNTY_OFFICER))) == 2
    for account in (TOWNSHIP_OFFICER, CLERK):
        assert [("磁盘" in row) for row in rows(signed_in(account))] == [True]
    for account in (OTHER_TOWNSHIP_OFFICER, STRAY):
        stranger = signed_in(account)
        assert rows(stranger) == []
        assert stranger.get(HERE).status_code == 404
        assert stranger.post(f"{HERE}answer/", {"act": "acknowledge"}).status_code == 404
        assert stranger.get(f"/attention/backup/r:{COUNTY}/").status_code == 404
    assert signed_in(AUDITOR).get("/attention/").status_code == 403
    # Whoever may look, but not answer, is told who may.
    secretary = signed_in(SECRETARY)
    assert "由县运维、镇办干部来做" in text_of(secretary, HERE)
    assert secretary.post(f"{HERE}answer/", {"act": "acknowledge"}).status_code == 403
    assert not Acknowledgement.objects.exists()


def test_an_acknowledgement_has_a_note_takes_the_alarms_along_and_is_taken_back(county: FictionalCounty) -> None:
    opened = alarm(county.stations[SHILI], "disk_short", "minor")
    officer = signed_in(TOWNSHIP_OFFICER)
    assert "已确认" in answer(officer, HERE, act="acknowledge", note="下午去村里")
    assert rows(officer) == []
    assert "下午去村里" in rows(officer, "?state=acknowledged")[0]
    assert Alarm.objects.get(pk=opened.pk).acknowledged_by is not None
    assert "chen-shili 已经确认过" in answer(signed_in(COUNTY_OFFICER), HERE, act="acknowledge")
    assert "已收回确认" in answer(officer, HERE, act="take_back")
    assert len(rows(officer)) == 1
    assert Alarm.objects.get(pk=opened.pk).acknowledged_at is None
    assert "这件事没有确认过" in answer(officer, HERE, act="take_back")
    said = AuditEntry.objects.filter(subject=f"disk s:{SHILI}").order_by("pk").values_list("action", flat=True)
    assert list(said) == ["incident.acknowledged", "incident.taken_back"]


def test_who_has_seen_it_has_not_seen_what_came_after(county: FictionalCounty) -> None:
    alarm(county.stations[SHILI], "disk_short", "minor")
    officer = signed_in(TOWNSHIP_OFFICER)
    answer(officer, HERE, act="acknowledge")
    later = timezone.now() + dt.timedelta(seconds=1)
    alarm(county.stations[SHILI], "disk_error", "critical", opened_at=later)
    assert len(rows(officer)) == 1


def test_a_silence_has_a_reason_and_an_end_and_can_be_lifted(county: FictionalCounty) -> None:
    alarm(county.stations[SHILI], "disk_short", "minor")
    officer, today = signed_in(TOWNSHIP_OFFICER), timezone.localdate()
    for reason, day, why in (
        ("短", today, "请写明理由"),
        ("换卡之前先这样", today - dt.timedelta(days=1), "最多 30 天"),
        ("换卡之前先这样", today + dt.timedelta(days=31), "最多 30 天"),
        ("换卡之前先这样", "2026-02-31", "请写明静默到哪天"),
        ("身份证 11010519491231002X", today, "请不要写身份证号"),
    ):
        assert why in answer(officer, HERE, act="silence", note=reason, last_day=str(day))
    assert not Silence.objects.exists()
    done = answer(officer, HERE, act="silence", note="换卡之前先这样", last_day=str(today + dt.timedelta(days=30)))
    assert "已静默" in done
    assert rows(officer) == []
    assert "换卡之前先这样" in rows(officer, "?state=silenced")[0]
    assert "已经静默了" in answer(officer, HERE, act="silence", note="再静默一次吧", last_day=str(today))
    assert "已取消静默" in answer(officer, HERE, act="lift")
    assert len(rows(officer)) == 1


def test_a_silence_ends_by_itself(county: FictionalCounty) -> None:
    alarm(county.stations[SHILI], "disk_short", "minor")
    officer = signed_in(TOWNSHIP_OFFICER)
    answer(officer, HERE, act="silence", note="换卡之前先这样", last_day=str(timezone.localdate()))
    now = timezone.now()
    Silence.objects.update(at=now - dt.timedelta(hours=2), ends_at=now - dt.timedelta(seconds=1))
    assert len(rows(officer)) == 1


def test_a_silence_of_an_outage_covers_the_stations_of_its_township(county: FictionalCounty) -> None:
    now = timezone.now()
    made = make_stations(60)
    township = made[0].village_id[:9] + "000"
    lose(made[:15], at=now - dt.timedelta(minutes=50))
    operator = signed_in(OPERATOR)
    (row,) = rows(operator)
    assert "疑似停电或断网" in row
    assert "15 个站点" in row
    today = str(timezone.localdate())
    answer(operator, f"/attention/outage/r:{township}/", act="silence", note="供电所计划停电", last_day=today)
    # Some come back. The rest is no outage any more, and still nobody is bothered by it.
    StationStatus.objects.filter(station__in=made[:10]).update(online=True)
    Alarm.objects.filter(station__in=made[:10]).update(resolved_at=now)
    assert rows(operator) == []
    assert len(rows(operator, "?state=silenced")) == 5
    one = f"/attention/silent/s:{made[14].pk}/"
    assert "要在那一条里取消" in answer(operator, one, act="lift")


def test_what_is_over_says_so_and_what_never_was_is_no_page(county: FictionalCounty) -> None:
    officer = signed_in(TOWNSHIP_OFFICER)
    assert "这件事已经过去了" in text_of(officer, HERE)
    assert "不用再处理" in answer(officer, HERE, act="acknowledge")
    for path in ("/attention/nothing/s:shili-01/", "/attention/disk/s:nobody-01/", "/attention/disk/r:999999999999/"):
        assert officer.get(path).status_code == 404


def test_a_reader_that_is_gone_needs_somebody_even_without_an_alarm(county: FictionalCounty) -> None:
    StatusOf = StationStatus.objects.filter(station=SHILI)
    StatusOf.update(reader_ready=False, vitals_at=timezone.now())
    (row,) = rows(signed_in(OPERATOR))
    assert "读卡器用不了" in row
    assert "USB 线" in row
    # A station that is away says nothing of its reader.
    StatusOf.update(online=False)
    assert rows(signed_in(OPERATOR)) == []


def test_a_poll_gets_the_list_alone_and_nothing_if_nothing_changed(county: FictionalCounty) -> None:
    alarm(county.stations[SHILI], "disk_short", "minor")
    operator = signed_in(OPERATOR)
    part = operator.get("/attention/", headers={"HX-Request": "true"})
    assert b"<select" not in part.content
    assert b"csrfmiddlewaretoken" not in part.content
    again = operator.get("/attention/", headers={"HX-Request": "true", "If-None-Match": part["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("count", [500, 2000])
def test_the_page_asks_as_few_questions_at_any_size(
    count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    made = make_stations(count)
    lose(made[:18], at=now - dt.timedelta(hours=1))
    raise_for(made[40::9], "held", "minor", at=now, count=4)
    raise_for(made[41::11], "undervoltage", "major", at=now)
    StationStatus.objects.filter(station__in=made[60::50]).update(reader_ready=False)
    operator = signed_in(OPERATOR)
    operator.get("/attention/")
    with django_assert_max_num_queries(15):
        html = text_of(operator, "/attention/")
    assert "疑似停电或断网" in html
    assert html.count('<tr id="incident-') == 50


def test_one_more_query_for_each_station_would_be_seen(county: FictionalCounty) -> None:
    counts = []
    operator = signed_in(OPERATOR)
    for name in ("more-01", "more-02", "more-03"):
        alarm(add_station(county, name, Region.objects.get(code__endswith="001002").pk), "held", "minor")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            rows(operator)
        counts.append(len(caught))
    assert counts[1] == counts[2]


def test_a_broker_that_does_not_follow_has_advice_of_its_own_and_the_county_is_named_once(
    county: FictionalCounty,
) -> None:
    alarm(None, "broker_lists", "critical")
    operator = signed_in(OPERATOR)
    [row] = rows(operator)
    assert "消息服务没有照站点名册办" in row
    assert "cunhui-server doctor" in row
    assert "审计员" not in row
    assert "doctor" in words_of(text_of(operator, "/alarms/"))
    html = text_of(operator, f"/attention/broker/r:{COUNTY}/")
    [lead] = re.findall(r'<p class="lead">(.*?)</p>', html)
    assert lead.count(Region.objects.get(pk=COUNTY).name) == 1
