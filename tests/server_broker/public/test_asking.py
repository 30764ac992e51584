"""A person asks on their telephone, follows what becomes of it, takes it back, and nobody else sees any of it."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of
from server_broker.duty.models import Absence
from server_broker.people.models import Person
from server_broker.requests.asking import Wish
from server_broker.requests.deciding import decide_case
from server_broker.requests.effects import away_in
from server_broker.requests.kinds import KINDS
from server_broker.requests.models import CountyRequest, Outcome
from server_broker.requests.refused import RequestRefused
from server_broker.requests.turns import turn_of
from server_broker.requests.withdrawing import agree
from tests.cast import LI, SECRETARY, SHILI, TOWNSHIP_OFFICER, WANG, ZHANG
from tests.server_broker.county import FictionalCounty, requested, touch, user_of
from tests.server_broker.pages import words_of
from tests.server_broker.public.door import signed_in_telephone, telephone
from tests.server_broker.requests.asked_here import MONDAY, approves, asks, days, duty, key, now_is, refuses

ACTS = ("", "withdraw/", "agree/")


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    person = county.people[ZHANG]
    duty(person)
    return person


def leave(**more: str) -> dict[str, str]:
    return {"code": "sick", "from_other": str(MONDAY), "part": "all"} | more


def read(phone: Client, path: str) -> str:
    answer = phone.get(path)
    assert answer.status_code == 200
    return words_of(answer.content.decode())


def test_a_person_asks_for_a_half_day_and_reads_who_agreed(zhang: Person) -> None:
    phone = signed_in_telephone(zhang)
    assert all(word in read(phone, "/ask/") for word in KINDS.values())
    form = phone.get("/ask/leave/").content.decode()
    assert all(word in form for word in ("今天", "明天", "上午", "下午", "全天"))
    sent = phone.post("/ask/leave/", leave(part="pm", note="头疼"), follow=True)
    said = words_of(sent.content.decode())
    when = f"{MONDAY.month}月{MONDAY.day}日 下午 请假：病假"
    assert all(word in said for word in (when, "等村书记答复", "头疼"))
    made = CountyRequest.objects.get()
    assert (made.asked_by, made.person) == ("", zhang)
    entry = AuditEntry.objects.get(action="request.entered")
    assert (entry.actor, entry.source) == ("person:a1", "phone")
    approves(SECRETARY, made, at=timezone.now())
    assert "✓ 同意（示例村 村书记）" in read(phone, f"/asked/{made.pk}/")
    month = read(phone, "/")
    assert when in month
    assert "✓ 同意（示例村 村书记）" in month


def test_what_does_not_fit_is_said_and_the_fields_stay_filled(zhang: Person) -> None:
    phone = signed_in_telephone(zhang)
    for values, said in (
        (leave(to=str(MONDAY - dt.timedelta(days=3))), "结束要在开始以后"),
        (leave(code=""), "请选哪种假"),
        (leave(from_other="昨天"), "请选日期"),
        (leave(to="9999-12-31"), "请选日期"),
    ):
        answer = phone.post("/ask/leave/", values | {"note": "头疼"})
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert 'value="头疼"' in answer.content.decode()
    assert not CountyRequest.objects.exists()
    assert phone.get("/ask/raise/").status_code == 404


def test_a_person_takes_back_what_waits_and_is_told_when_it_is_too_late(zhang: Person) -> None:
    phone, now = signed_in_telephone(zhang), timezone.now()
    waiting, refused = asks(zhang, days(0), at=now), asks(zhang, days(1), at=now)
    once = words_of(phone.post(f"/asked/{waiting.pk}/withdraw/").content.decode())
    assert "确定撤回吗？" in once
    assert "批过的假" not in once
    assert now_is(waiting).state == "open", "one tap takes nothing back"
    sure = phone.post(f"/asked/{waiting.pk}/withdraw/", {"sure": "yes"}, follow=True)
    assert "已撤回" in words_of(sure.content.decode())
    refuses(SECRETARY, refused, at=now)
    answer = phone.post(f"/asked/{refused.pk}/withdraw/")
    assert answer.status_code == 409
    assert "不能再撤回" in answer.content.decode()
    assert "答复：那天人手不够" in read(phone, f"/asked/{refused.pk}/")


def test_a_request_by_proxy_is_told_and_may_be_taken_back(zhang: Person) -> None:
    asked = asks(zhang, days(0), at=timezone.now(), officer=TOWNSHIP_OFFICER.username)
    phone = signed_in_telephone(zhang)
    assert "由镇村代您提的。不是您的意思，请撤回" in read(phone, "/")
    phone.post(f"/asked/{asked.pk}/withdraw/", {"sure": "yes"})
    asked.refresh_from_db()
    assert asked.withdrawn_by == "person:a1"


def test_coming_back_and_a_lost_card_hold_at_once(county: FictionalCounty, zhang: Person) -> None:
    phone, now = signed_in_telephone(zhang), timezone.now()
    assert "您没有在休的假" in read(phone, "/ask/leave_ended/")
    approves(SECRETARY, asks(zhang, days(0), at=now), at=now)
    assert "请假" in read(phone, "/ask/leave_ended/")
    phone.post("/ask/leave_ended/", {"absence": str(Absence.objects.get().pk), "back": "now"})
    assert away_in(Absence.objects.get()) == []
    assert "✓ 已挂失" in words_of(phone.post("/ask/card_lost/", {}, follow=True).content.decode())
    county.cards[ZHANG].refresh_from_db()
    assert county.cards[ZHANG].lost_at is not None


def test_the_other_person_agrees_to_a_swap(county: FictionalCounty, zhang: Person) -> None:
    phone, window = signed_in_telephone(zhang), zhang.windows.get()
    li = county.add(LI)
    turn = f"{window.pk}:{MONDAY}"
    assert f'value="{turn}"' in phone.get("/ask/swap/").content.decode()
    phone.post("/ask/swap/", {"turn": turn, "substitute": li.number})
    made = CountyRequest.objects.get()
    other = signed_in_telephone(li)
    assert "张示例想换给您" in read(other, "/")
    # Only who was asked agrees, and only who asked takes it back.
    assert phone.post(f"/asked/{made.pk}/agree/", {"agrees": "yes"}).status_code == 404
    assert other.post(f"/asked/{made.pk}/withdraw/").status_code == 404
    other.post(f"/asked/{made.pk}/agree/", {"agrees": "yes"})
    made.refresh_from_db()
    assert made.agrees
    assert "✓ 对方答应" in read(phone, f"/asked/{made.pk}/")


def test_who_takes_a_window_over_is_chosen_or_named_by_digits_or_name(county: FictionalCounty, zhang: Person) -> None:
    phone, window, li = signed_in_telephone(zhang), zhang.windows.get(), county.add(LI)
    form = phone.get("/ask/swap/").content.decode()
    assert f'<option value="{li.pk}">{li.name}</option>' in form
    # Only what is read: the form's hidden token has any two letters in it, once in a while.
    assert li.number not in words_of(form), "a name is enough for a colleague"
    turn = f"{window.pk}:{MONDAY}"
    digits = "".join(letter for letter in li.number if letter.isdecimal())
    Person.objects.filter(pk=zhang.pk).update(number="示例77")
    for named in ({"colleague": str(li.pk)}, {"substitute": li.name}, {"substitute": digits}):
        phone.post("/ask/swap/", {"turn": turn, **named})
        made = CountyRequest.objects.latest("pk")
        assert made.substitute == li
        phone.post(f"/asked/{made.pk}/withdraw/", {"sure": "yes"})
    assert CountyRequest.objects.count() == 3
    wang = county.people[WANG]
    for named in ({"substitute": "张三"}, {"colleague": str(wang.pk)}, {}):
        assert phone.post("/ask/swap/", {"turn": turn, **named}).status_code == 422


def test_the_other_person_denies_what_an_officer_wrote_down(county: FictionalCounty, zhang: Person) -> None:
    window, li, now = zhang.windows.get(), county.add(LI), timezone.now()
    made = asks(zhang, Wish(kind="swap", window=window.pk, day=MONDAY, substitute=li), at=now)
    agree(made, True, now=now, officer=user_of(TOWNSHIP_OFFICER).username)
    assert f"对方答应，是 {TOWNSHIP_OFFICER.username} 记的" in read(signed_in_telephone(zhang), f"/asked/{made.pk}/")
    other = signed_in_telephone(li)
    said = read(other, f"/asked/{made.pk}/")
    assert all(word in said for word in (f"您答应，是 {TOWNSHIP_OFFICER.username} 记的", "我没有答应"))
    assert turn_of(li, window.pk, MONDAY) is not None
    done = words_of(other.post(f"/asked/{made.pk}/agree/", {"agrees": "no"}, follow=True).content.decode())
    assert "× 对方没答应" in done
    assert "我没有答应" not in done
    assert (turn_of(li, window.pk, MONDAY), turn_of(zhang, window.pk, MONDAY) is None) == (None, False)
    # Their own word is not taken back so, and neither is what has begun.
    again = asks(zhang, Wish(kind="swap", window=window.pk, day=MONDAY, substitute=li), at=now)
    agree(again, True, now=now)
    assert other.post(f"/asked/{again.pk}/agree/", {"agrees": "no"}).status_code == 409


def test_nobody_else_reads_or_changes_it(county: FictionalCounty, zhang: Person) -> None:
    asked = asks(zhang, days(0, note="家里有事"), at=timezone.now())
    strangers = (signed_in_telephone(county.people[WANG]), signed_in_telephone(county.add(LI)))
    for phone in strangers:
        assert [(phone.post if act else phone.get)(f"/asked/{asked.pk}/{act}").status_code for act in ACTS] == [404] * 3
        assert asked.number not in read(phone, "/")
    for path in ("/ask/", "/ask/leave/", f"/asked/{asked.pk}/"):
        assert telephone().get(path)["Location"] == "/sign-in/"
    for path in ("/ask/leave/", f"/asked/{asked.pk}/withdraw/", f"/asked/{asked.pk}/agree/"):
        assert telephone().post(path, leave())["Location"] == "/sign-in/"
    assert CountyRequest.objects.get().withdrawn_at is None
    assert key(asked) == f"c{asked.pk}"


def test_a_form_of_another_site_asks_for_nothing(zhang: Person) -> None:
    phone = telephone(enforce_csrf_checks=True)
    phone.cookies = signed_in_telephone(zhang).cookies
    assert phone.post("/ask/leave/", leave()).status_code == 403
    assert not CountyRequest.objects.exists()


def many(person: Person, count: int, *, officer: str = "") -> None:
    now, rows = timezone.now(), [bytes([number]) * 16 for number in range(count)]
    CountyRequest.objects.bulk_create(
        CountyRequest(request=row, person=person, asked_at=now, asked_by=officer) for row in rows
    )


def test_too_many_a_day_are_not_taken(zhang: Person) -> None:
    many(zhang, 30)
    phone = signed_in_telephone(zhang)
    assert "一天里提得太多了" in phone.post("/ask/leave/", leave()).content.decode()
    # A card that is lost is lost all the same, once.
    assert "✓ 已挂失" in words_of(phone.post("/ask/card_lost/", {}, follow=True).content.decode())
    assert "已经挂失" in phone.post("/ask/card_lost/", {}).content.decode()
    assert CountyRequest.objects.filter(kind="card_lost").count() == 1


def test_what_an_officer_wrote_down_shuts_nobody_out(county: FictionalCounty, zhang: Person) -> None:
    officer = user_of(TOWNSHIP_OFFICER).username
    many(zhang, 200, officer=officer)
    phone = signed_in_telephone(zhang)
    assert "等村书记答复" in words_of(phone.post("/ask/leave/", leave(), follow=True).content.decode())
    with pytest.raises(RequestRefused, match="您今天代提得太多了"):
        asks(county.add(LI), days(1), at=timezone.now(), officer=officer)


def test_leave_of_a_kiosk_is_said_in_words_with_the_office_that_decided(county: FictionalCounty, zhang: Person) -> None:
    station, now = county.stations[SHILI], timezone.now()
    begin = begin_of(MONDAY)
    by = touch(station, ZHANG.token, at=now)
    values = {"begin_at": begin, "end_at": begin + dt.timedelta(days=1), "about_epoch": None, "about_seq": None}
    asked = requested(station, by, kind="leave", code="sick", **values)
    phone = signed_in_telephone(zhang)
    when = f"{MONDAY.month}月{MONDAY.day}日 全天 请假：病假"
    assert all(word in read(phone, "/") for word in (when, "… 等答复", asked.number))
    decide_case(f"s{asked.pk}", Outcome.ACCEPTED, text="", user=user_of(SECRETARY), at=now)
    assert "✓ 同意（示例村 村书记）" in read(phone, "/")
