"""The console's pages: what they show, what their buttons do, and that no input makes them fail."""

import datetime as dt
import errno
import gzip
import io
import re
import secrets
import uuid
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from protocol import MINOR
from protocol.claim import parse_claim_code
from server_broker import broker, trust
from server_broker.accounts import urls as accounts_urls
from server_broker.attendance.models import DutyWindow
from server_broker.audit.models import AuditEntry
from server_broker.console import urls as console_urls
from server_broker.enrolment.models import Claim
from server_broker.fleet.models import Alarm, Station, StationStatus
from server_broker.ledger import station_page
from server_broker.ledger.consistency import TookTooLong
from server_broker.ledger.ledger import Ledger
from server_broker.media.models import Blob
from server_broker.people.cards import report_lost
from server_broker.people.models import Card, Person
from server_broker.platform.home import CountyHome
from server_broker.regions.models import Region
from tests.cast import (
    ADMINISTRATOR,
    AUDITOR,
    COUNTY,
    COUNTY_OFFICER,
    OPERATOR,
    SHILI,
    SHILI_VILLAGE,
    STRAY,
    WANG,
    YANGBAN,
    YANSHI,
    ZHANG,
)
from tests.server_broker.county import (
    FictionalCounty,
    add_station,
    alarm,
    event,
    make_county,
    signed_in,
    snapshot,
    touch,
    user_of,
    waiting_station,
    window,
)
from tests.server_broker.pages import cells_of, text_of, words_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(county: FictionalCounty) -> Client:
    return signed_in(OPERATOR)


def test_the_fleet_says_in_words_how_each_station_is(page: Client, county: FictionalCounty) -> None:
    add_station(county, "station-off", SHILI_VILLAGE, online=False)
    waiting_station(YANSHI)
    said = StationStatus.objects.filter(pk=SHILI)
    said.update(waiting=7, clock_quality="restored", simulated=True, contract=MINOR)
    alarm(county.stations[YANGBAN])
    html = text_of(page, "/")
    name, state, village, *_, waiting, clock, _, alarms = cells_of(html, f"station-{SHILI}")
    assert (name, state, village) == (f"示例村站 {SHILI} 模拟", "● 在线", "示例村 示例镇")
    assert (waiting, clock, alarms) == ("↑ 7", "△ 未校时", "无")
    states = {station: cells_of(html, f"station-{station}")[1] for station in ("station-off", YANSHI)}
    assert states == {"station-off": "○ 离线", YANSHI: "◌ 未接入"}
    assert cells_of(html, f"station-{YANGBAN}")[-1] == "▲ 1 条"
    assert "station-off" in text_of(page, "/?state=offline")
    assert SHILI not in text_of(page, "/?state=offline")
    assert YANGBAN in text_of(page, "/?state=alarms")
    assert "没有符合条件" in text_of(page, "/?q=没有的")


def test_a_station_of_an_earlier_release_says_so_in_one_word(page: Client, county: FictionalCounty) -> None:
    said = StationStatus.objects.filter(pk=SHILI)
    for contract, old in ((MINOR - 1, True), (MINOR, False)):
        said.update(contract=contract)
        assert ("旧版" in cells_of(text_of(page, "/"), f"station-{SHILI}")[0]) is old
        assert ("旧版" in text_of(page, f"/stations/{SHILI}/")) is old


def test_a_station_that_may_be_gone_is_neither_online_nor_offline(page: Client, county: FictionalCounty) -> None:
    assert "待确认" not in text_of(page, "/")
    StationStatus.objects.filter(pk=SHILI).update(doubted_at=timezone.now())
    assert "待确认" in text_of(page, "/")
    assert "待确认" in text_of(page, "/stations/shili-01/")
    for state, there in (("doubted", True), ("online", False), ("offline", False)):
        assert (SHILI in text_of(page, f"/?state={state}")) is there


def test_an_alarm_says_whose_word_it_is(page: Client, county: FictionalCounty) -> None:
    for path in ("/alarms/", "/stations/shili-01/"):
        Alarm.objects.all().delete()
        alarm(county.stations[SHILI], "held:malformed")
        assert '<span class="tag">站点自报' not in text_of(page, path)
        alarm(county.stations[SHILI], "held:malformed", origin="station")
        assert text_of(page, path).count('<span class="tag">站点自报') == 1
    assert text_of(page, "/alarms/").count('href="/held/?state=held') == 1
    Alarm.objects.update(resolved_at=timezone.now(), resolved_because="revoked")
    assert "站点已吊销，随之关闭" in text_of(page, "/alarms/?state=resolved")


def test_a_poll_gets_the_live_part_alone(page: Client) -> None:
    for path in ("/", "/today/", "/stations/shili-01/", "/alarms/"):
        part = page.get(path, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part
        assert f'hx-get="{path}" hx-trigger="every 5s, refresh"' in text_of(page, path)


def test_a_live_part_is_sent_again_only_when_it_is_another(page: Client, county: FictionalCounty) -> None:
    raised = alarm(county.stations[SHILI])
    for path in ("/", "/today/", "/stations/shili-01/", "/alarms/"):
        first = page.get(path, headers={"HX-Request": "true"})
        known = {"HX-Request": "true", "If-None-Match": first["ETag"]}
        again = page.get(path, headers=known)
        assert (path, again.status_code, again.content) == (path, 304, b"")
        assert page.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200
        Alarm.objects.filter(pk=raised.pk).update(detail=f"{path} 另有说明", count=F("count") + 1)
        touch(county.stations[SHILI], ZHANG.token)
        StationStatus.objects.filter(pk=SHILI).update(waiting=F("waiting") + 1)
        changed = page.get(path, headers=known)
        assert (path, changed.status_code) == (path, 200)
        assert changed["ETag"] != first["ETag"]


def test_pages_are_sent_compressed_and_pictures_as_they_are(page: Client, county: FictionalCounty) -> None:
    packed = page.get("/", headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert "示例村站" in gzip.decompress(packed.content).decode()
    lengths = {len(page.get("/", headers={"Accept-Encoding": "gzip"}).content) for _ in range(20)}
    assert len(lengths) > 3  # whoever counts bytes learns little
    assert "Content-Encoding" not in page.get("/people/template.xlsx", headers={"Accept-Encoding": "gzip"})


def test_the_choice_of_villages_is_no_part_of_what_is_refreshed(page: Client, county: FictionalCounty) -> None:
    for number in range(3, 20):
        code = f"9901010010{number:02}"
        Region.objects.create(code=code, name=f"演示{number}村")
        add_station(county, f"more-{number:02}", code)
    day = timezone.localdate() - dt.timedelta(days=1)
    whole = text_of(page, f"/today/?date={day}&village={SHILI_VILLAGE}")
    assert whole.count("<option") == 1 + 19
    assert f'<input type="hidden" name="date" value="{day}">' in whole
    part = page.get(f"/today/?village={SHILI_VILLAGE}", headers={"HX-Request": "true"}).content.decode()
    assert "<option" not in part
    assert "演示19村" not in part


def test_two_thousand_stations_take_no_more_queries_than_two(
    page: Client, county: FictionalCounty, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    touch(county.stations[SHILI], ZHANG.token, received_at=timezone.now() - dt.timedelta(days=2))
    made = [
        Station(id=f"many-{n:04}", name=f"站 {n}", village_id=SHILI_VILLAGE, enrolled_at=timezone.now())
        for n in range(2000)
    ]
    Station.objects.bulk_create(made)
    StationStatus.objects.bulk_create(StationStatus(station=station, online=True) for station in made)
    with django_assert_max_num_queries(10):
        html = text_of(page, "/?page=2")
    assert "第 2 / 41 页" in html


def test_today_shows_who_came_and_what_must_be_looked_at(page: Client, county: FictionalCounty) -> None:
    now = timezone.now()
    place = county.stations[SHILI]
    known = touch(place, ZHANG.token, at=now)
    unknown = touch(place, b"u" * 16, at=now, answer="unknown", direction="")
    undated = touch(place, b"v" * 16, at=now, quality="unknown", wall=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    touch(place, b"w" * 16, at=now - dt.timedelta(days=3))
    html = text_of(page, "/today/")
    shown = {row: cells_of(html, row) for row in re.findall(r'<tr id="(touch-\d+)">', html)}
    assert [shown[f"touch-{made.pk}"][1] for made in (known, unknown, undated)] == [ZHANG.name, "? 待核对", "? 待核对"]
    assert shown[f"touch-{undated.pk}"][-1].endswith("时间不明，按收到时间")
    assert len(shown) == 3
    earlier = timezone.localdate() - dt.timedelta(days=3)
    assert text_of(page, f"/today/?date={earlier}").count('<tr id="touch-') == 1


def test_what_counts_as_a_touch_is_counted_and_the_rest_is_named_apart(page: Client, county: FictionalCounty) -> None:
    place, card = county.stations[SHILI], ZHANG.token
    touch(place, card)
    touch(place, card, direction="out")
    touch(place, card, answer="repeat", direction="")
    touch(place, b"u" * 16, answer="unknown", direction="")
    html = text_of(page, "/today/")
    tile = re.sub(r"<[^>]+>", "", html[html.index('<div class="tile">') :].partition("</div>")[0])
    assert tile == "2次打卡另有 1 次重复、1 次待核对，不计"
    assert html.count('<tr id="touch-') == 4
    touch(place, card, answer="unknown", direction="")  # bound since: the list shows it as recorded
    report_lost(county.cards[WANG], actor="anybody")
    touch(place, WANG.token, direction="")  # lost since: the light was green, and it does not count
    html = text_of(page, "/today/")
    assert '3</span><span class="label">次打卡' in html
    assert "另有 1 次重复、1 次待核对、1 次挂失卡，不计" in re.sub(r"<[^>]+>", "", html)


@pytest.mark.parametrize("path", ["/today/", "/desk/"])
def test_a_day_that_can_not_be_shown_is_said_to_be_so(page: Client, path: str) -> None:
    ahead = timezone.localdate() + dt.timedelta(days=1)
    for given, said in (
        ("2027-13-45", "没有这个日期，已显示今天"),
        ("gestern", "没有这个日期，已显示今天"),
        (str(ahead), "还没有到这一天，已显示今天"),
        ("2019-12-31", "2020 年以前没有记录，已显示今天"),
    ):
        assert said in text_of(page, f"{path}?date={given}"), given
    for given in ("", str(timezone.localdate()), str(timezone.localdate() - dt.timedelta(days=1))):
        assert "已显示今天" not in text_of(page, f"{path}?date={given}"), given


def test_a_chosen_direction_is_shown_instead(page: Client, county: FictionalCounty) -> None:
    made = touch(county.stations[SHILI], ZHANG.token, direction="in", chosen_direction="out")
    assert cells_of(text_of(page, "/today/"), f"touch-{made.pk}")[2] == "下班 本人更正"


def test_a_station_page_shows_ledger_events_and_alarms(page: Client, county: FictionalCounty) -> None:
    place = county.stations[SHILI]
    event(place, "booted", at=timezone.now(), detail={"cause": "power_on", "software": "0.1.0"})
    event(place, "facts_lost", at=timezone.now(), detail={"first": 1, "last": 7, "epoch": "00" * 16})
    for sensor, active, flapping in (("door", True, False), ("door", False, True), ("motion", True, False)):
        detail = {"input": "大门", "sensor": sensor, "active": active, "flapping": flapping}
        event(place, "contact_changed", at=timezone.now(), detail=detail)
    alarm(place, detail="样卡")
    html = text_of(page, "/stations/shili-01/")
    events = re.findall(r'<li id="event-.*?</li>', html, re.DOTALL)
    assert sorted(words_of(re.sub(r"<time.*?</time>", "", one, flags=re.DOTALL)) for one in events) == [
        "启动 通电 · 0.1.0",
        "有记录无法恢复 第 1 至 7 条",
        "门磁或人体感应 大门：值班时间以外有人活动",
        "门磁或人体感应 大门：门关了；频繁变化，暂不逐次记录",
        "门磁或人体感应 大门：门开了",
    ]
    figures = dict(re.findall(r"<dt>(\w+)</dt><dd>(\d+)</dd>", html))
    assert (figures["站点签发"], figures["无法恢复"], figures["去向不明"]) == ("7", "7", "0")
    assert "有 7 条无法恢复" in html
    [said] = re.findall(r'<p id="alarm-.*?</strong>', html)
    assert words_of(said).endswith("有人使用挂失卡")


def test_a_station_page_says_that_the_ledger_was_not_counted(
    page: Client, county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(station_id: str, *, limit_s: float) -> Ledger:
        raise TookTooLong(f"{station_id}: more than {limit_s} s")

    event(county.stations[SHILI], "booted", at=timezone.now(), detail={"cause": "power_on", "software": "0.1.0"})
    monkeypatch.setattr(station_page, "ledger", too_long)
    html = text_of(page, "/stations/shili-01/")
    for word in ("账目没有数完", "通电"):
        assert word in html
    for word in ("每一条都有着落", "站点签发", "去向不明"):
        assert word not in html


def test_pictures_say_what_they_were_taken_for(page: Client, county: FictionalCounty) -> None:
    words = {"touch": "打卡抓拍", "random": "随机抓拍", "requested": "按要求抓拍", "door": "门磁抓拍", "later": "抓拍"}
    for number, purpose in enumerate(words):
        snapshot(county.stations[SHILI], bytes([number]) * 32, size=1, purpose=purpose)
    captions = re.findall(r'height="120">(\w+) · ', text_of(page, "/stations/shili-01/"))
    assert sorted(captions) == sorted(words.values())
    blob = Blob.objects.get(purpose="random")
    assert "<h1>随机抓拍</h1>" in text_of(page, f"/snapshots/{blob.pk}/")


def test_no_word_of_the_clock_reads_as_if_it_were_about_the_person(page: Client, county: FictionalCounty) -> None:
    """守时 is what clocks do without a network, and what people are praised for."""
    for quality in ("synced", "holdover", "restored", "unknown"):
        touch(county.stations[SHILI], ZHANG.token, quality=quality)
    touch(county.stations[SHILI], ZHANG.token, answer="repeat")
    for path in ("/today/", "/stations/shili-01/"):
        rows = text_of(page, path).split("时间依据</th>")[1].split("</table>")[0]
        for word in ("已校时", "断网走时", "未校时", "时间不明", "重复打卡"):
            assert word in rows
        assert not re.search("[^走]守时|准时|及时|迟到|按时", rows)


def test_a_claim_code_is_shown_on_its_own_page_alone(page: Client) -> None:
    trust.prepare(settings.HOME)
    answer = page.post("/stations/shili-01/claim/", follow=True)
    [code] = re.findall(r'class="code">([\d ]+)<', answer.content.decode())
    digits = parse_claim_code(code)
    assert answer["Cache-Control"] == "no-store"
    assert Claim.objects.filter(station=SHILI, burnt_at=None).count() == 1
    for path in ("/", "/stations/shili-01/", "/stations/shili-01/settings/"):
        assert digits not in re.sub(r"[\s\-]|<[^>]+>", "", text_of(page, path))


@pytest.mark.parametrize("form", [{}, {"reason": "短", "confirm": SHILI}, {"reason": "设备丢失", "confirm": "x"}])
def test_a_station_is_not_revoked_by_half_a_form(page: Client, form: dict[str, str]) -> None:
    assert "没有吊销" in page.post("/stations/shili-01/revoke/", form, follow=True).content.decode()
    assert Station.objects.get(pk=SHILI).revoked_at is None


def test_a_revoked_station_is_offered_no_claim(page: Client) -> None:
    assert "生成接入码" in text_of(page, "/stations/shili-01/")
    Station.objects.filter(pk=SHILI).update(revoked_at=timezone.now())
    html = text_of(page, "/stations/shili-01/")
    assert "已吊销" in html
    assert "生成接入码" not in html


def test_revoking_needs_the_role(county: FictionalCounty) -> None:
    client = Client()
    client.force_login(user_of(COUNTY_OFFICER))
    assert client.post("/stations/shili-01/revoke/", {"reason": "设备丢失", "confirm": SHILI}).status_code == 403
    assert "吊销站点" not in text_of(client, "/stations/shili-01/")


def test_revoking_tells_why_in_the_audit_log(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    trust.prepare(settings.HOME)
    monkeypatch.setattr(broker, "refresh", lambda home, now: False)
    monkeypatch.setattr(broker, "cut_off", lambda home, station: False)
    page.post("/stations/shili-01/revoke/", {"reason": "设备丢失", "confirm": SHILI})
    assert Station.objects.get(pk=SHILI).revoked_at is not None
    entry = AuditEntry.objects.get(action="station.revoked")
    assert (entry.actor, entry.subject, entry.detail["reason"]) == (OPERATOR.username, SHILI, "设备丢失")
    assert "已吊销" in text_of(page, "/")


def test_a_revocation_that_the_disk_kept_from_the_broker_is_not_called_done(
    page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(home: CountyHome, now: dt.datetime) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")

    trust.prepare(settings.HOME)
    monkeypatch.setattr(broker, "refresh", full)
    monkeypatch.setattr(broker, "cut_off", lambda home, station: True)
    form = {"reason": "设备丢失", "confirm": SHILI}
    shown = page.post("/stations/shili-01/revoke/", form, follow=True).content.decode()
    assert "吊销没有全部完成" in shown
    assert "站点还能连上" in shown
    assert "已断开" not in shown


def test_an_unknown_card_is_bound_at_the_desk_and_counts_back(page: Client, county: FictionalCounty) -> None:
    token = secrets.token_bytes(16)
    touch(county.stations[SHILI], token, answer="unknown", direction="")
    assert token.hex() in text_of(page, "/desk/")
    page.post("/desk/bind/", {"token": token.hex(), "person": "a1 张示例"})
    assert Card.objects.filter(token=token, person__number="a1").exists()
    assert "没有待绑定" in text_of(page, "/desk/")
    assert "待核对" not in text_of(page, "/stations/shili-01/")
    again = page.post("/desk/bind/", {"token": token.hex(), "person": "b1"}, follow=True).content.decode()
    assert "没有绑定" in again


def test_a_lost_card_is_marked_once(page: Client, county: FictionalCounty) -> None:
    card = county.cards[ZHANG]
    for _ in range(2):
        page.post(f"/cards/{card.pk}/lost/", {"confirmed": "lost"})
    assert Card.objects.get(pk=card.pk).lost_at is not None
    assert AuditEntry.objects.filter(action="card.lost").count() == 1
    assert "已挂失" in text_of(page, "/people/")


def test_an_alarm_is_acknowledged_once(page: Client, county: FictionalCounty) -> None:
    shown = alarm(county.stations[SHILI], severity="critical")
    for _ in range(2):
        page.post(f"/alarms/{shown.pk}/acknowledge/")
    assert AuditEntry.objects.filter(action="alarm.acknowledged").count() == 1
    assert "没有待处理" in text_of(page, "/alarms/")
    assert "有人使用挂失卡" in text_of(page, "/alarms/?state=acknowledged")


def test_an_acknowledgement_without_its_audit_line_is_none(
    page: Client, county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OperationalError

    shown = alarm(county.stations[SHILI])
    monkeypatch.setattr(AuditEntry, "save", full_disk)
    page.raise_request_exception = False
    page.post(f"/alarms/{shown.pk}/acknowledge/")
    shown.refresh_from_db()
    assert shown.acknowledged_at is None


def workbook(rows: list[tuple[Any, ...]]) -> SimpleUploadedFile:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = "人员"
    sheet.append(["编号", "姓名", "村代码"])
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return SimpleUploadedFile("名单.xlsx", file.getvalue())


def test_every_error_of_a_refused_file_is_listed(page: Client, county: FictionalCounty) -> None:
    window(SHILI_VILLAGE, "上午班", [county.people[ZHANG]])
    bad = page.post("/people/import/", {"file": workbook([("c1", "丙示例", SHILI_VILLAGE), ("c 2", "", "1")])})
    assert bad.status_code == 422
    html = bad.content.decode()
    assert "共 3 处错误" in html
    assert html.count("人员 第 3 行") == 3
    assert not Person.objects.filter(number="c1").exists()
    assert page.post("/people/import/").status_code == 302


def test_template_and_export_are_workbooks(page: Client) -> None:
    for name in ("template", "export"):
        answer = page.get(f"/people/{name}.xlsx")
        assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames[:2] == ["区划", "站点"]
        assert answer["Content-Disposition"].startswith("attachment")


def test_the_auditor_reads_the_log_and_nothing_else(county: FictionalCounty) -> None:
    operator, auditor = Client(), Client()
    operator.force_login(user_of(OPERATOR))
    auditor.force_login(user_of(AUDITOR))
    operator.post(f"/alarms/{alarm(county.stations[SHILI]).pk}/acknowledge/")
    assert auditor.get("/").status_code == 302
    assert "确认告警" in text_of(auditor, f"/audit/?q={OPERATOR.username}")
    assert auditor.post("/audit/").status_code == 405


STRANGE = (
    "?page=0", "?page=-1", "?page=99999999999999999999", "?page=x", "?page=%F0%9F%98%80", "?q=" + "长" * 5000, "?q=%",
    "?q=%27;--", "?q=%ff%fe", "?state=none", "?date=0000-00-00", "?date=9999-12-31", "?date=2026-02-30", "?date=x",
    "?village=1", "?village=%F0%9F%98%80", "?station=%5C", "?page=1&page=2",
    "?" + "&".join(f"a{n}=1" for n in range(900)),
)  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/today/", "/people/", "/desk/", "/alarms/", "/held/", "/stations/shili-01/"])
def test_strange_queries_get_a_page(page: Client, path: str) -> None:
    assert {query: page.get(path + query).status_code for query in STRANGE} == dict.fromkeys(STRANGE, 200)


@pytest.mark.parametrize(
    ("status", "path"),
    [
        *((400, path) for path in (
            "/?q=%00", "/today/?village=%00", "/stations/%00aaa/",
            "/admin/people/person/?q=%00", "/admin/fleet/station/%00/",
        )),
        *((404, path) for path in (
            "/stations/..%2f..%2fetc/", "/stations/" + "a" * 5000 + "/", "/" + "x" * 8000, "/static/../settings.py",
            "/snapshots/99999999999999999999999/", "/snapshots/99999999999999999999999.jpg", "/snapshots/-1/",
        )),
        (410, "/sign-in/link/" + "A" * 43 + "/"),
    ],
)  # fmt: skip
def test_strange_paths_are_refused(page: Client, status: int, path: str) -> None:
    assert page.get(path).status_code == status


def test_strange_cookies_are_refused() -> None:
    for value in ('"' + "\\000" * 12 + '"', "x" * 4000, "../../etc", '"\\377\\376"', "=;=;;"):
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={value}"}
        assert Client().get("/", headers=headers).status_code in (302, 400)


@pytest.mark.parametrize(
    "path", ["/desk/bind/", "/people/import/", "/cards/1/lost/", "/alarms/999999999999999999999/acknowledge/"]
)
def test_strange_forms_are_refused(page: Client, path: str) -> None:
    for form in (
        {},
        {"token": "zz", "person": "\x00"},
        {"file": "not a file"},
        {"token": "0" * 32, "person": "x" * 9000},
    ):
        assert page.post(path, form).status_code in (200, 302, 400, 404, 422)
    assert not Card.objects.exclude(lost_at=None).exists()
    assert Card.objects.count() == 2


def test_every_answer_carries_the_policy(page: Client) -> None:
    for path in ("/", "/sign-in/", "/nowhere/", "/stations/shili-01/"):
        answer = page.get(path)
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
        assert "no-store" in answer["Cache-Control"]
        assert "style=" not in answer.content.decode()
        assert "<script>" not in answer.content.decode()


def test_the_admin_tables_open_for_the_system_administrator(county: FictionalCounty) -> None:
    client = signed_in(ADMINISTRATOR)
    for table in (
        "",
        "people/person/",
        "fleet/station/",
        "regions/region/",
        "attendance/dutywindow/",
        "accounts/user/",
    ):
        assert client.get(f"/admin/{table}").status_code == 200
    assert client.get("/admin/people/person/add/").status_code == 403


def test_the_admin_shows_a_night_s_window_as_people_write_it(county: FictionalCounty) -> None:
    DutyWindow.objects.create(village_id=SHILI_VILLAGE, name="夜班", weekdays=[1, 5], start=22 * 60, end=30 * 60)
    html = text_of(signed_in(ADMINISTRATOR), "/admin/attendance/dutywindow/")
    assert "22:00–06:00" in html
    assert "一、五" in html


@pytest.mark.parametrize(("error", "status"), [(OperationalError, 503), (InterfaceError, 503), (RuntimeError, 500)])
def test_a_database_that_is_away_is_said_plainly(
    page: Client, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int
) -> None:
    def fail(user: object) -> None:
        raise error("away")

    monkeypatch.setattr("server_broker.console.views.fleet.listed", fail)
    page.raise_request_exception = False
    answer = page.get("/")
    assert answer.status_code == status
    assert ("站点照常打卡" in answer.content.decode()) == (status == 503)
    assert "没有改变" not in answer.content.decode()  # nobody knows how far it got


@pytest.mark.parametrize("path", ["/", "/alarms/", "/held/"])
def test_who_sees_nothing_is_not_told_that_all_is_well(county: FictionalCounty, path: str) -> None:
    alarm(county.stations[SHILI])
    html = text_of(signed_in(STRAY), path)
    assert "还没有分配区划" in html
    assert not re.search("一切正常|都读出来了", html)


def test_an_alarm_with_a_reason_in_its_code_has_a_name(page: Client, county: FictionalCounty) -> None:
    alarm(county.stations[SHILI], code="held:malformed")
    alarm(county.stations[SHILI], code="new_code", severity="odd")
    html = text_of(page, "/alarms/")
    assert "有记录待审" in html
    assert "new_code" in html


def test_whoever_opens_the_address_of_a_form_is_led_to_the_form(page: Client, county: FictionalCounty) -> None:
    """As after a refused form, whose address stays in the browser, or after signing in again."""
    led = {
        "/cards/1/lost/": "/people/",
        "/stations/shili-01/revoke/": "/stations/shili-01/",
        "/stations/shili-01/order/": "/stations/shili-01/",
        "/stations/shili-01/reread/": "/stations/shili-01/",
        f"/stations/shili-01/live/{uuid.uuid4()}/end/": "/stations/shili-01/live/",
        "/held/write-off/": "/held/",
        "/desk/bind/": "/desk/",
        "/alarms/1/acknowledge/": "/alarms/",
        "/sign-out/": "/",
    }
    for path, place in led.items():
        assert page.get(path)["Location"] == place, path
        assert page.head(path).status_code == 302, path
    assert page.get(f"/stations/NO_such/live/{uuid.uuid4()}/end/").status_code == 404
    assert page.put("/people/import/").status_code == 405


def test_no_address_of_the_console_is_an_empty_page() -> None:
    """Wherever a browser comes there is a page, or one is led to it, or told in words that there is none."""
    trust.prepare(settings.HOME)
    make_county()
    client = signed_in(OPERATOR)
    samples = {"station_id": SHILI, "pk": 1, "what": "notice", "code": COUNTY, "command_id": uuid.uuid4(), "key": "c1"}
    samples |= {
        "month": "2026-01",
        "step": "show",
        "person": 1,
        "day": "2026-01-05",
        "start": 510,
        "kind": "far",
        "exhibit": "paper",
        "name": "none.png",
        "item": "picture",
        "form": "xlsx",
        "level": 1,
        "question": 1,
        "place": 0,
        "which": "asked",
        "guide": "县级安装手册",
        "driver": "wecom",
        "about": f"s:{SHILI}",
        "picture": "duty-month-1440.png",
    }
    tokens: dict[str | None, object] = {"sign-in-link": "A" * 43}  # the other tokens are of imports
    patterns = [*console_urls.urlpatterns, *accounts_urls.urlpatterns]
    for pattern in patterns:
        wanted = pattern.pattern.regex.groupindex
        known = samples | {"token": tokens.get(pattern.name, uuid.uuid4())}
        path = reverse(str(pattern.name), kwargs={name: known[name] for name in wanted}) if pattern.name else "/"
        answer = client.get(path)
        assert answer.status_code != 405, path
        assert answer.status_code == 302 or answer.content, path


@pytest.mark.parametrize("path", ["/?q=%00", "/people/?q=a%00b", "/\x00"])
def test_a_request_with_nul_gets_a_page_with_a_way_back(page: Client, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 400
    html = answer.content.decode()
    assert '<html lang="zh-Hans">' in html
    assert "请求有误" in html
    assert 'href="/"' in html
    assert "frame-ancestors" in answer["Content-Security-Policy"]


def test_a_foreign_host_name_is_refused() -> None:
    assert Client().get("/", headers={"Host": "evil.example"}).status_code == 400
