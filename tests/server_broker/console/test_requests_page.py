"""异议与申请: who sees what people ask for, and how it is answered there, on their page and on the telephone."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.accounts.models import User
from server_broker.dated.days import begin_of
from server_broker.public.month import month_of
from server_broker.requests.models import Answer, Request
from tests.cast import (
    OPERATOR,
    OTHER_TOWNSHIP_OFFICER,
    SHILI,
    STRAY,
    TOWNSHIP_OFFICER,
    UNKNOWN_CARD,
    WANG,
    YANGBAN,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, requested, signed_in, touch, user_of, withdrawn
from tests.server_broker.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(county: FictionalCounty) -> Request:
    station = county.stations[SHILI]
    return requested(station, touch(station, ZHANG.token))


def test_an_officer_answers_and_everybody_concerned_reads_it(county: FictionalCounty, asked: Request) -> None:
    page = signed_in(TOWNSHIP_OFFICER)
    listed = text_of(page, "/requests/")
    assert all(word in listed for word in ("异议：时间不对", "张示例", "等答复", asked.number))
    one = text_of(page, f"/requests/{asked.pk}/")
    assert "上班" in one
    done = page.post(f"/requests/{asked.pk}/answer/", {"outcome": "refused", "text": "时间没有错"}, follow=True)
    assert "已答复" in done.content.decode()
    assert "时间没有错" in done.content.decode()
    assert "异议：时间不对" not in text_of(page, "/requests/")
    assert "异议：时间不对" in text_of(page, f"/requests/?state=answered&number={asked.number}")
    person = text_of(page, f"/people/{county.people[ZHANG].pk}/")
    assert f"异议：时间不对（{asked.number}）" in person
    (seen,) = month_of(county.people[ZHANG], timezone.now()).requests
    assert (seen.number, seen.state, seen.answer) == (asked.number, "× 镇办没同意", "时间没有错")
    assert month_of(county.people[WANG], timezone.now()).requests == []


def test_agreeing_says_what_it_does_not_change(county: FictionalCounty, asked: Request) -> None:
    page = signed_in(TOWNSHIP_OFFICER)
    one = text_of(page, f"/requests/{asked.pk}/")
    assert "本系统现在还不能更正考勤" in one
    assert "另外办更正" not in one
    page.post(f"/requests/{asked.pk}/answer/", {"outcome": "accepted", "text": "按您说的"})
    (seen,) = month_of(county.people[ZHANG], timezone.now()).requests
    assert seen.notes == ["同意只是答复，考勤还没改，镇办另外办。"]


def test_who_only_looks_is_told_who_answers(county: FictionalCounty, asked: Request) -> None:
    seen = text_of(signed_in(OPERATOR), f"/requests/{asked.pk}/")
    assert "您的角色只能看，不能答复" in seen
    assert f"/requests/{asked.pk}/answer/" not in seen
    assert "您的角色只能看" not in text_of(signed_in(TOWNSHIP_OFFICER), f"/requests/{asked.pk}/")


def test_a_missing_touch_says_which_half_of_the_day(county: FictionalCounty) -> None:
    station, begin = county.stations[SHILI], timezone.localtime(begin_of(timezone.localdate()))
    with_card = touch(station, ZHANG.token)
    half, rest = begin + dt.timedelta(hours=14), begin + dt.timedelta(hours=17, minutes=30)
    requested(station, with_card, kind="correction", code="arrival", begin_at=half, end_at=rest)
    whole = requested(station, with_card, kind="correction", code="arrival", begin_at=begin)
    page = signed_in(TOWNSHIP_OFFICER)
    assert "14:00 至 17:30 的班" in text_of(page, "/requests/")
    one = Request.objects.exclude(pk=whole.pk).get()
    assert "14:00 至 17:30 的班" in text_of(page, f"/requests/{one.pk}/")
    assert "没有写哪个班，请问本人" in text_of(page, f"/requests/{whole.pk}/")
    wishes = [seen.what for seen in month_of(county.people[ZHANG], timezone.now()).requests]
    day = f"{begin.month}月{begin.day}日"
    assert sorted(wishes) == [f"{day} 14:00 至 17:30 的班 少打的卡：上班卡", f"{day} 少打的卡：上班卡"]


def test_a_withdrawal_after_the_answer_is_shown_and_what_holds(county: FictionalCounty, asked: Request) -> None:
    page = signed_in(TOWNSHIP_OFFICER)
    page.post(f"/requests/{asked.pk}/answer/", {"outcome": "accepted", "text": "按您说的"})
    withdrawn(asked, at=timezone.now() + dt.timedelta(minutes=4))
    assert "答复后本人又撤回" in text_of(page, "/requests/?state=all")
    one = text_of(page, f"/requests/{asked.pk}/")
    assert "在大屏上撤回" in one
    assert "以答复为准" in one
    (seen,) = month_of(county.people[ZHANG], timezone.now()).requests
    assert "您后来撤回过，答复在先，以答复为准。" in seen.notes


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"outcome": "refused"}, "请选同意或不同意，写明理由"),
        ({"outcome": "later", "text": "再说吧再说"}, "请选同意或不同意，写明理由"),
        ({"outcome": "accepted", "text": "11010519491231002X"}, "不要写身份证号"),
        ({"outcome": "accepted", "text": "有事打 13800138001"}, "里面有不能公开的内容：答复：像是手机号"),
    ],
)
def test_an_answer_without_a_word_is_refused(asked: Request, form: dict[str, str], said: str) -> None:
    page = signed_in(TOWNSHIP_OFFICER).post(f"/requests/{asked.pk}/answer/", form, follow=True)
    assert said in page.content.decode()
    assert not Answer.objects.exists()


def test_another_township_neither_sees_nor_answers_it(county: FictionalCounty, asked: Request) -> None:
    for account in (OTHER_TOWNSHIP_OFFICER, STRAY):
        page = signed_in(account)
        assert asked.number not in text_of(page, "/requests/?state=all")
        assert page.get(f"/requests/{asked.pk}/").status_code == 404
        answered = page.post(f"/requests/{asked.pk}/answer/", {"outcome": "accepted", "text": "按您说的"})
        assert answered.status_code == 404
    assert not Answer.objects.exists()


def test_a_guest_of_another_township_is_not_named(county: FictionalCounty) -> None:
    station = county.stations[SHILI]
    asked = requested(station, touch(station, WANG.token))
    page = signed_in(TOWNSHIP_OFFICER)
    for path in ("/requests/", f"/requests/{asked.pk}/"):
        assert asked.number in text_of(page, path)
        assert WANG.name not in text_of(page, path)
    own = signed_in(OTHER_TOWNSHIP_OFFICER)
    assert own.get(f"/requests/{asked.pk}/").status_code == 404
    theirs = text_of(own, f"/people/{county.people[WANG].pk}/")
    assert f"异议（{asked.number}）" in theirs
    assert county.stations[YANGBAN].pk != asked.station_id


def test_ones_own_request_has_no_form(county: FictionalCounty, asked: Request) -> None:
    user_of(TOWNSHIP_OFFICER)
    User.objects.filter(username=TOWNSHIP_OFFICER.username).update(person=county.people[ZHANG])
    page = signed_in(TOWNSHIP_OFFICER)
    assert "要由另一个人来答复" in text_of(page, f"/requests/{asked.pk}/")
    page.post(f"/requests/{asked.pk}/answer/", {"outcome": "accepted", "text": "我说得对的"})
    assert not Answer.objects.exists()


def test_a_card_of_nobody_waits_until_it_is_bound(county: FictionalCounty) -> None:
    station = county.stations[SHILI]
    asked = requested(station, touch(station, UNKNOWN_CARD), begin_at=None)
    page = signed_in(TOWNSHIP_OFFICER)
    assert "卡还没有绑定" in text_of(page, "/requests/")
    one = text_of(page, f"/requests/{asked.pk}/")
    assert "绑定后才能答复" in one
    assert "站点当时不知道日期" in one
    page.post(f"/requests/{asked.pk}/answer/", {"outcome": "accepted", "text": "按您说的"})
    assert not Answer.objects.exists()
