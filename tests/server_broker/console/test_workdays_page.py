"""The page 工作日历: each day with its source, the notices of one's regions, and who may change what."""

import datetime as dt

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from server_broker import trust
from server_broker.dated.writing import Period
from server_broker.regions.models import Region
from server_broker.workdays.county_table import county_days
from server_broker.workdays.libraries import note_libraries
from server_broker.workdays.models import StopNotice, StopRecord
from server_broker.workdays.notices import set_notice
from tests.cast import (
    COUNTY,
    OPERATOR,
    ORGANISER,
    OTHER_TOWNSHIP,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    TOWNSHIP_OPERATOR,
)
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.pages import text_of, words_of

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def county() -> None:
    trust.prepare(settings.HOME)
    make_county()
    note_libraries()


def said(client: Client, month: str) -> str:
    return words_of(text_of(client, f"/workdays/?month={month}"))


def stop(region: str, *, begin: dt.datetime | None = None) -> StopNotice:
    begin = begin or timezone.now()
    return set_notice(Region.objects.get(pk=region), Period(begin, begin + 4 * HOUR), "防汛", actor="service")


def form(region: str, **more: str) -> dict[str, str]:
    return {"region": region, "from": "2027-07-01T08:30", "to": "2027-07-01T17:00", "reason": "防汛"} | more


def test_each_day_says_what_it_is_and_by_whose_word() -> None:
    secretary = signed_in(SECRETARY)
    assert "14 星期六 ✓ 上班 春节调休 国家公布" in said(secretary, "2026-02")
    assert "17 星期二 – 放假 春节 国家公布" in said(secretary, "2026-02")
    assert "1 星期五 – 放假 国庆节 按法定节日推算 暂定" in said(secretary, "2027-10")
    assert "1 星期五 ✓ 上班 按星期 暂定" in said(secretary, "2060-10")
    assert "记录" not in text_of(secretary, "/workdays/"), "a secretary only looks"


@pytest.mark.parametrize("asked", ["", "2026-13", "9999-01", "昨天", "2026-2"])
def test_any_month_that_is_asked_for_gives_a_page(asked: str) -> None:
    assert f"{timezone.localdate():%Y年}" in text_of(signed_in(SECRETARY), f"/workdays/?month={asked}")


def test_the_county_says_what_a_day_is_and_takes_it_back() -> None:
    organiser = signed_in(ORGANISER)
    day = {"date": "2027-10-01", "word": "work", "name": "换班", "reason": "县里定的"}
    assert "1 星期五 ✓ 上班 换班 本县定" in words_of(
        organiser.post("/workdays/day/", day, follow=True).content.decode()
    )
    answer = organiser.post("/workdays/day/", day | {"word": "back"}, follow=True).content.decode()
    assert "国庆节 按法定节日推算" in words_of(answer)
    assert county_days() == {}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"date": "2027-02-30"}, "没有这个日期"),
        ({"date": ""}, "请选日期"),
        ({"date": "2019-01-01"}, "日期要在"),
        ({"reason": "11010519491231002X 要的"}, "不要写身份证号"),
        ({"word": "back"}, "本来就是这样"),
    ],
)
def test_a_day_that_makes_no_sense_is_refused(wrong: dict[str, str], words: str) -> None:
    day = {"date": "2027-10-01", "word": "work", "name": "", "reason": "县里定的"} | wrong
    assert words in signed_in(OPERATOR).post("/workdays/day/", day, follow=True).content.decode()
    assert county_days() == {}


def test_a_township_writes_nothing_into_the_countys_table() -> None:
    township = signed_in(TOWNSHIP_OPERATOR)
    assert township.post("/workdays/day/", {"date": "2027-10-01", "word": "work"}).status_code == 404
    assert township.get("/workdays/import/").status_code == 404
    assert "改一天" not in text_of(township, "/workdays/")


def test_a_file_is_shown_and_then_taken() -> None:
    operator = signed_in(OPERATOR)
    file = SimpleUploadedFile("日历.csv", "日期,上班/放假,名称\n三月五日,放假,县庆\n".encode())
    page = operator.post("/workdays/import/", {"file": file, "year": "2027"}, follow=True)
    place, html = page.request["PATH_INFO"], page.content.decode()
    assert "2027-03-05" in html
    assert county_days() == {}
    shown = html.split('name="shown" value="')[1][:64]
    assert "导入完成" in operator.post(place, {"shown": shown}, follow=True).content.decode()
    assert dt.date(2027, 3, 5) in county_days()


def test_a_signed_file_that_was_changed_is_refused_in_words() -> None:
    operator = signed_in(OPERATOR)
    operator.post("/workdays/day/", {"date": "2027-10-01", "word": "work", "reason": "县里定的"})
    signed = operator.get("/workdays/signed.calendar").content
    file = SimpleUploadedFile("日历.calendar", signed.replace(b"2027-10-01", b"2027-10-02"))
    page = operator.post("/workdays/import/", {"file": file})
    assert page.status_code == 422
    assert "签名不对：文件在签发以后被改过" in page.content.decode()
    again = operator.post("/workdays/import/", {"file": SimpleUploadedFile("日历.calendar", signed)}, follow=True)
    assert "本县自己签发" in again.content.decode()


def test_an_officer_stops_work_in_the_own_township_and_takes_it_back() -> None:
    officer = signed_in(TOWNSHIP_OFFICER)
    page = words_of(officer.post("/workdays/stops/add/", form(TOWNSHIP), follow=True).content.decode())
    assert "2027-07-01 08:30 – 2027-07-01 17:00 防汛" in page
    assert "△ 有停班" in said(officer, "2027-07")
    back = {"from": "2027-07-01T12:00", "reason": "水退了"}
    place = f"/workdays/stops/{StopNotice.objects.get().pk}/end/"
    page = words_of(officer.post(place, back, follow=True).content.decode())
    assert "2027-07-01 12:00 起收回：水退了" in page


@pytest.mark.parametrize("region", [OTHER_TOWNSHIP, COUNTY, "000000000000", ""])
def test_no_officer_stops_work_elsewhere(region: str) -> None:
    assert signed_in(TOWNSHIP_OFFICER).post("/workdays/stops/add/", form(region)).status_code == 404
    assert not StopNotice.objects.exists()


@pytest.mark.parametrize("region", [TOWNSHIP, COUNTY])
def test_no_officer_takes_back_what_others_set(region: str) -> None:
    notice = stop(region)
    answer = signed_in(OTHER_TOWNSHIP_OFFICER).post(f"/workdays/stops/{notice.pk}/end/", {"reason": "水退了"})
    assert answer.status_code == 404
    assert not StopRecord.objects.filter(stands=False).exists()


def test_the_countys_notice_is_seen_below_and_another_townships_is_not() -> None:
    stop(COUNTY)
    stop(TOWNSHIP)
    assert text_of(signed_in(OTHER_TOWNSHIP_OFFICER), "/workdays/").count("停班中") == 1
    assert text_of(signed_in(TOWNSHIP_OFFICER), "/workdays/").count("停班中") == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"to": "2027-07-01T08:30"}, "结束要在开始以后"),
        ({"to": ""}, "请写明从什么时候到什么时候"),
        ({"to": "2028-07-01T08:30"}, "一次最长"),
        ({"from": "9999-99-99T99:99"}, "请写明从什么时候到什么时候"),
        ({"reason": ""}, "请写明理由"),
        ({"reason": "11010519491231002X 要的"}, "不要写身份证号"),
    ],
)
def test_a_notice_that_makes_no_sense_is_refused(wrong: dict[str, str], words: str) -> None:
    page = signed_in(OPERATOR).post("/workdays/stops/add/", form(COUNTY, **wrong), follow=True).content.decode()
    assert words in page
    assert not StopNotice.objects.exists()
