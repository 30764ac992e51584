"""What a telephone is shown, and to whom."""

import datetime as dt

import pytest
from django.urls import get_resolver, resolve
from django.utils import timezone

from server_broker.attendance.touches import touch_rows, touches_of_day
from server_broker.people.changes import change_person
from server_broker.people.models import Person
from server_broker.people.private_numbers import reveal, set_number
from server_broker.pins.voiding import reset_pin
from server_broker.public.middleware import COOKIE
from server_broker.public.models import PhoneSession
from server_broker.public.sessions import LIFETIME, drop_ended, open_session, session_of
from server_broker.requests.answering import answer
from server_broker.requests.models import Outcome
from tests.cast import LI, OPERATOR, SHILI, SHILI_VILLAGE, TOWNSHIP_OFFICER, WANG, YANGBAN, ZHANG
from tests.server_broker.county import FictionalCounty, requested, signed_in, touch, user_of
from tests.server_broker.people.numbers import IDENTITY
from tests.server_broker.public.door import HOST, ago, show_code, signed_in_telephone, telephone

PAGES = {
    "/": 302,
    "/months/2026-01/": 302,
    "/windows/2026-01-05/510/": 302,
    "/sign-in/": 200,
    "/K": 200,
    "/sign-out/": 405,
    "/learning/": 302,
    "/ask/": 302,
    "/ask/leave/": 302,
    "/asked/1/": 302,
    "/asked/1/withdraw/": 405,
    "/asked/1/agree/": 405,
    "/b/990101001001/": 404,
    "/favicon.ico": 302,
}
"""Every address of the front door, and what somebody gets there who has not signed in."""


def test_these_are_all_addresses(county: FictionalCounty) -> None:
    patterns = [str(pattern.pattern) for pattern in get_resolver().url_patterns]
    assert sorted(resolve(path).route for path in PAGES) == sorted(patterns)
    assert {path: telephone().get(path).status_code for path in PAGES} == PAGES


def test_a_person_reads_who_saw_their_number_and_why(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    set_number(zhang, "identity", IDENTITY, actor="wu-yunwei", reason="照证件登记")
    assert "谁看过我的号码" not in signed_in_telephone(zhang).get("/").content.decode()
    reveal(zhang, "identity", account=user_of(TOWNSHIP_OFFICER), reason="核对发放名单", now=timezone.now())
    html = signed_in_telephone(zhang).get("/").content.decode()
    assert "示例镇 镇办干部" in html
    assert "看了您的身份证号" in html
    assert "理由：核对发放名单" in html
    assert IDENTITY not in html
    assert "谁看过" not in signed_in_telephone(county.people[WANG]).get("/").content.decode()


@pytest.mark.parametrize(
    "path", ["/admin/", "/people/", "/today/", "/audit/", "/stations/shili-01/", "/enrol", "/packs/" + "0" * 64, "/k"]
)
def test_nothing_of_the_county_is_here(county: FictionalCounty, path: str) -> None:
    answer = signed_in_telephone(county.people[ZHANG]).get(path)
    assert answer.status_code == 404
    assert "没有这个页面" in answer.content.decode()


@pytest.mark.parametrize("path", [*PAGES, "/nothing/", "/static/public/phone.css"])
def test_every_answer_has_the_policy(county: FictionalCounty, path: str) -> None:
    answer = telephone().get(path)
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert answer["Strict-Transport-Security"] == "max-age=31536000"
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert answer["Referrer-Policy"] == "same-origin"


def test_another_host_s_name_is_refused(county: FictionalCounty) -> None:
    assert telephone().get("/sign-in/", headers={"Host": "county.example"}).status_code == 400


def test_the_cookies_are_of_this_host_alone(county: FictionalCounty) -> None:
    browser = telephone()
    browser.get("/sign-in/")
    form = browser.cookies["__Host-cunhui-phone-form"]
    assert (form["secure"], form["path"], form["domain"], form["httponly"]) == (True, "/", "", True)


def test_a_form_of_another_site_is_refused(county: FictionalCounty) -> None:
    browser = telephone(enforce_csrf_checks=True)
    for path in ("/sign-in/", "/K", "/sign-out/"):
        answer = browser.post(path, {"code": "x"}, headers={"Origin": "https://evil.example"})
        assert (answer.status_code, "重新填" in answer.content.decode()) == (403, True)


def test_a_session_of_the_console_opens_nothing_here(county: FictionalCounty) -> None:
    console = signed_in(OPERATOR).cookies["sessionid"].value
    browser = telephone()
    for name in ("sessionid", COOKIE):
        browser.cookies[name] = console
    assert browser.get("/").status_code == 302


def test_each_sees_the_own_month_alone(county: FictionalCounty) -> None:
    county.add(LI)
    touch(county.stations[SHILI], LI.token, at=ago(seconds=90))
    touch(county.stations[YANGBAN], WANG.token, at=ago(seconds=90))
    touch(county.stations[SHILI], ZHANG.token, at=ago(seconds=60), direction="in")
    touch(county.stations[YANGBAN], ZHANG.token, at=ago(seconds=30), direction="out")
    browser = signed_in_telephone(county.people[ZHANG])
    numbers = f"?person={county.people[WANG].pk}&number={WANG.number}&month=2020-01"
    for path in ("/", f"/{numbers}"):
        page = browser.get(path).content.decode()
        assert ZHANG.name in page
        assert "县里收到 2 次打卡" in page
        assert "样板村" in page, "a touch at a neighbour's station is the person's too"
        assert LI.name not in page
        assert WANG.name not in page


def test_a_touch_by_a_number_that_was_corrected_is_counted_as_the_console_counts_it(county: FictionalCounty) -> None:
    zhang, today = county.people[ZHANG], timezone.localdate()
    for number in ("z8", "z9"):
        change_person(zhang, since=today, number=number, actor="service", reason="写错了")
    touch(county.stations[SHILI], b"", at=ago(seconds=90), person_number="z8")
    assert [row.person for row in touch_rows(list(touches_of_day(SHILI_VILLAGE, today)))] == [zhang]
    assert "县里收到 1 次打卡" in signed_in_telephone(zhang).get("/").content.decode()


def test_what_waits_and_what_is_down_is_said(county: FictionalCounty) -> None:
    touch(county.stations[SHILI], ZHANG.token, at=ago(days=400), quality="unknown", received_at=ago(seconds=5))
    status = county.stations[SHILI].status
    status.online, status.heard_at = False, ago(minutes=5)
    status.save()
    page = signed_in_telephone(county.people[ZHANG]).get("/").content.decode()
    assert "站点当时不知道准确时间，待审" in page
    assert "没有连上县里。这以后的打卡还没送到，不算缺卡。" in page


def test_the_township_s_answer_is_read_here(county: FictionalCounty) -> None:
    asked = requested(county.stations[SHILI], touch(county.stations[SHILI], ZHANG.token))
    browser = signed_in_telephone(county.people[ZHANG])
    assert "… 等镇办答复" in browser.get("/").content.decode()
    answer(asked, Outcome.ACCEPTED, text="按您说的算", actor="chen-shili", at=timezone.now())
    page = browser.get("/").content.decode()
    for words in ("打卡不对：时间不对", "✓ 镇办同意", "答复：按您说的算", "同意只是答复，考勤还没改", asked.number):
        assert words in page
    assert "请到大屏看" not in page


def test_last_month_is_not_this_month(county: FictionalCounty) -> None:
    touch(county.stations[SHILI], ZHANG.token, at=ago(days=40))
    assert "这个月县里还没有您的打卡" in signed_in_telephone(county.people[ZHANG]).get("/").content.decode()


def test_a_name_is_no_script(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    zhang.name = "<script>alert(1)</script>"
    zhang.save()
    assert "<script>alert" not in signed_in_telephone(zhang).get("/").content.decode()


def test_a_session_ends_by_itself(county: FictionalCounty) -> None:
    now = timezone.now()
    token = open_session(county.people[ZHANG], by="number", now=now)
    assert session_of(token, now + LIFETIME - dt.timedelta(seconds=1)) is not None
    assert session_of(token, now + LIFETIME) is None
    assert session_of(token, now - dt.timedelta(seconds=1)) is None, "a clock that was set back lengthens nothing"
    assert drop_ended(now + LIFETIME + dt.timedelta(seconds=1)) == 1


def test_who_has_left_sees_nothing_more(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    browser = signed_in_telephone(zhang)
    shown = show_code(county.stations[SHILI], zhang, touch(county.stations[SHILI], ZHANG.token, at=ago(seconds=20)))
    Person.objects.filter(pk=zhang.pk).update(left=True)
    assert browser.get("/").status_code == 302
    answer = telephone().post("/K", {"code": shown})
    assert (answer.status_code, "联系镇办" in answer.content.decode()) == (403, True)


def test_another_telephone_ends_it(county: FictionalCounty) -> None:
    first, second = (signed_in_telephone(county.people[ZHANG]) for _ in range(2))
    assert (first.get("/").status_code, second.get("/").status_code) == (302, 200)


def test_signing_out_ends_it_on_the_server_too(county: FictionalCounty) -> None:
    browser = signed_in_telephone(county.people[ZHANG])
    stolen = browser.cookies[COOKIE].value
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"
    assert not PhoneSession.objects.exists()
    again = telephone()
    again.cookies[COOKIE] = stolen
    assert again.get("/").status_code == 302


def test_the_demonstration_names_the_authority(county: FictionalCounty, settings: object) -> None:
    page = telephone().get("/sign-in/").content.decode()
    assert "只供演示" not in page
    settings.PRIVATE_AUTHORITY = "村慧演示专用 1234"  # type: ignore[attr-defined]
    page = telephone().get("/sign-in/").content.decode()
    assert "“村慧演示专用 1234”签发，不是公共机构" in page
    assert HOST not in page


def test_a_pin_that_is_taken_back_ends_what_it_opened(county: FictionalCounty) -> None:
    zhang, now = county.people[ZHANG], timezone.now()
    token = open_session(zhang, by="number", now=now)
    later = now + dt.timedelta(minutes=1)
    assert session_of(token, later) is not None
    reset_pin(zhang, actor="anybody", reason="别人知道了密码", at=later)
    assert session_of(token, later) is None
    by_code = open_session(zhang, by="code", now=now, station=county.stations[SHILI])
    assert session_of(by_code, later) is not None, "the card opened it"
