"""待办: each sees and decides what is theirs, writes requests down for others, and names a deputy."""

import datetime as dt
import secrets
from importlib import import_module

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.attendance.models import DutyWindow
from server_broker.dated.days import begin_of
from server_broker.duty.models import Absence
from server_broker.requests.asking import Wish
from server_broker.requests.models import Answer, CountyRequest, Deputy, Request, StationCase
from server_broker.requests.refused import RequestRefused
from server_broker.requests.station_cases import judge_new
from server_broker.requests.taking_up import take_up
from server_broker.requests.withdrawing import agree
from tests.cast import CLERK, LI, OTHER_TOWNSHIP_OFFICER, SECRETARY, SHILI, STRAY, TOWNSHIP_OFFICER, ZHANG, ZHAO
from tests.server_broker.county import FictionalCounty, requested, signed_in, touch, user_of
from tests.server_broker.pages import text_of, words_of
from tests.server_broker.requests.asked_here import MONDAY, approves, asks, days, deputy_of, duty, key

pytestmark = pytest.mark.django_db
COUNT = '<span class="count" aria-label="{} 条待处理">'


@pytest.fixture
def asked(county: FictionalCounty) -> CountyRequest:
    """One day of Zhang's, asked for yesterday."""
    duty(county.people[ZHANG])
    return asks(county.people[ZHANG], days(0), at=timezone.now() - dt.timedelta(days=1, hours=1))


def test_a_secretary_sees_what_waits_opens_it_and_agrees(county: FictionalCounty, asked: CountyRequest) -> None:
    page = signed_in(SECRETARY)
    listed = text_of(page, "/todo/")
    assert COUNT.format(1) in listed
    assert all(word in listed for word in ("请假：事假", "张示例", "1 天", "还剩", "村书记以上定", asked.number))
    one = text_of(page, f"/todo/{key(asked)}/")
    assert f"{MONDAY.month}月{MONDAY.day}日 全天" in one
    done = page.post(f"/todo/{key(asked)}/decide/", {"outcome": "accepted", "text": ""}, follow=True).content.decode()
    assert "已定：同意" in done
    assert "没有等您定的" in done
    assert COUNT.format(1) not in done
    assert Absence.objects.count() == 1
    assert "示例村 村书记" in words_of(text_of(page, f"/todo/{key(asked)}/"))
    assert "请假：事假" in text_of(page, "/todo/?state=done")


def test_two_who_have_it_open_are_told_who_was_first(county: FictionalCounty, asked: CountyRequest) -> None:
    first, second = signed_in(SECRETARY), signed_in(TOWNSHIP_OFFICER)
    address = f"/todo/{key(asked)}/decide/"
    first.post(address, {"outcome": "refused", "text": "那天人手不够"})
    late = second.post(address, {"outcome": "accepted", "text": ""}, follow=True).content.decode()
    assert f"没有定：{SECRETARY.username}" in late
    assert "已经定了：不同意" in late
    assert not Absence.objects.exists()


def test_what_others_decide_can_be_seen_and_not_decided(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    long = asks(county.people[ZHANG], days(0, 5), at=timezone.now())
    page = signed_in(SECRETARY)
    assert "没有等您定的" in text_of(page, "/todo/")
    assert "县里定" in text_of(page, "/todo/?state=others")
    one = text_of(page, f"/todo/{key(long)}/")
    assert "您现在不能定：要县里来定，您是村级" in one
    assert f"/todo/{key(long)}/decide/" not in one
    answer = page.post(f"/todo/{key(long)}/decide/", {"outcome": "accepted"}, follow=True)
    assert "没有定：要县里来定" in answer.content.decode()


def test_nobody_elsewhere_sees_it(asked: CountyRequest) -> None:
    for account in (OTHER_TOWNSHIP_OFFICER, STRAY):
        page = signed_in(account)
        assert all(asked.number not in text_of(page, f"/todo/?state={one}") for one in ("mine", "others", "done"))
        for act in ("", "decide/", "agree/", "withdraw/"):
            send = page.post if act else page.get
            assert send(f"/todo/{key(asked)}/{act}", {"outcome": "accepted"}).status_code == 404
        assert page.get("/todo/new/?name=示例").content.decode().count("张示例") == 0
        assert page.post("/todo/add/", {"person": ZHANG.number, "kind": "card_lost"}).status_code == 404
    assert CountyRequest.objects.get().withdrawn_at is None


def test_a_refusal_without_a_reason_and_one_with_a_number_are_not_taken(asked: CountyRequest) -> None:
    page = signed_in(SECRETARY)
    for text, said in (("", "写明理由"), ("证件 11010519491231002X", "没有定")):
        done = page.post(f"/todo/{key(asked)}/decide/", {"outcome": "refused", "text": text}, follow=True)
        assert said in done.content.decode()
    assert CountyRequest.objects.get().answers.count() == 0


def test_an_officer_writes_down_what_somebody_asks(county: FictionalCounty) -> None:
    page, today = signed_in(TOWNSHIP_OFFICER), timezone.localdate()
    assert "/todo/new/?person=a1" in text_of(page, f"/people/{county.people[ZHANG].pk}/")
    assert 'href="?person=a1"' in text_of(page, "/todo/new/?name=张")
    assert 'name="code"' in text_of(page, "/todo/new/?person=a1&kind=leave")
    form = {"person": "a1", "kind": "leave", "code": "sick", "from": str(today), "part": "pm", "note": "头疼，在家"}
    wrong = page.post("/todo/add/", form | {"code": ""}, follow=True).content.decode()
    assert "没有提：请选哪种假" in wrong
    done = page.post("/todo/add/", form, follow=True).content.decode()
    assert f"{TOWNSHIP_OFFICER.username} 代提" in done
    assert "头疼，在家" in done
    assert "您现在不能定：这一条是您提的" in done
    made = CountyRequest.objects.get()
    assert (made.asked_by, timezone.localtime(made.begin_at).hour) == (TOWNSHIP_OFFICER.username, 12)
    for kind in ("field_duty", "residency", "correction", "swap", "leave_ended", "card_lost"):
        assert "</form>" in text_of(page, f"/todo/new/?person=a1&kind={kind}")


def test_an_officer_writes_down_that_the_other_agrees(county: FictionalCounty) -> None:
    window, li = duty(county.people[ZHANG]), county.add(LI)
    page = signed_in(TOWNSHIP_OFFICER)
    form = {"person": "a1", "kind": "swap", "turn": f"{window.pk}:{MONDAY}", "substitute": "b1"}
    assert "本镇没有这个编号的人" in page.post("/todo/add/", form, follow=True).content.decode()
    page.post("/todo/add/", form | {"substitute": li.number})
    made = CountyRequest.objects.get()
    assert "等对方答应" in text_of(page, "/todo/?state=others")
    page.post(f"/todo/{key(made)}/agree/", {"agrees": "yes"})
    said = f"{TOWNSHIP_OFFICER.username} 记的"
    assert all(word in text_of(page, f"/todo/{key(made)}/") for word in ("李示例", "对方答应", said))
    made.refresh_from_db()
    assert (made.agrees, made.agreed_by) == (True, TOWNSHIP_OFFICER.username)


def test_an_officer_writes_down_nobody_whom_they_do_not_see(county: FictionalCounty) -> None:
    window, zhao = duty(county.people[ZHANG]), county.add(ZHAO)
    wish = Wish(kind="swap", window=window.pk, day=MONDAY, substitute=zhao)
    made = asks(county.people[ZHANG], wish, at=timezone.now())
    page = signed_in(SECRETARY)
    assert f"/todo/{key(made)}/agree/" not in text_of(page, f"/todo/{key(made)}/")
    assert page.post(f"/todo/{key(made)}/agree/", {"agrees": "yes"}).status_code == 404
    with pytest.raises(RequestRefused, match="对方不归您这里"):
        agree(made, True, now=timezone.now(), officer=SECRETARY.username)
    made.refresh_from_db()
    assert made.agrees is None


def test_nobody_is_on_duty_where_whoever_took_it_over_is_away_later(county: FictionalCounty) -> None:
    window, li, now = duty(county.people[ZHANG]), county.add(LI), timezone.now()
    made = asks(county.people[ZHANG], Wish(kind="swap", window=window.pk, day=MONDAY, substitute=li), at=now)
    agree(made, True, now=now)
    page = signed_in(TOWNSHIP_OFFICER)
    assert "没有人值班" not in text_of(page, "/todo/")
    approves(SECRETARY, asks(li, days(0, code="sick"), at=now), at=now)
    said = text_of(page, "/todo/")
    assert all(word in said for word in ("李示例 替 张示例", "没有人值班：接班的人那时已批了不在", "另排人"))
    assert "病假" not in words_of(said)


def test_a_deputy_is_named_seen_and_ended(county: FictionalCounty) -> None:
    page, day = signed_in(TOWNSHIP_OFFICER), timezone.localdate()
    user_of(CLERK)
    form = {"deputy": CLERK.username, "first": str(day), "last": str(day), "reason": "去县里学习"}
    assert "请写明理由" in page.post("/todo/deputies/add/", form | {"reason": "去"}, follow=True).content.decode()
    assert "由 he-shilicun 代办" in page.post("/todo/deputies/add/", form, follow=True).content.decode()
    assert f"您代 {TOWNSHIP_OFFICER.username} 办" in text_of(signed_in(CLERK), "/todo/")
    named = Deputy.objects.get()
    assert signed_in(CLERK).post(f"/todo/deputies/{named.pk}/end/").status_code == 404
    page.post(f"/todo/deputies/{named.pk}/end/")
    named.refresh_from_db()
    assert named.ended_at is not None
    assert deputy_of(TOWNSHIP_OFFICER, SECRETARY).ended_at is None


def test_objections_stay_on_their_own_page(county: FictionalCounty) -> None:
    station = county.stations["shili-01"]
    objection = requested(station, touch(station, ZHANG.token))
    assert "另有 1 条异议" in text_of(signed_in(TOWNSHIP_OFFICER), "/todo/")
    page = signed_in(SECRETARY)
    assert "异议" not in text_of(page, "/todo/")
    assert page.get(f"/todo/s{objection.pk}/").status_code == 404


def others_wait(like: CountyRequest, count: int) -> None:
    """So many more wait, of the same person for other days."""
    fields = {one.attname: getattr(like, one.attname) for one in CountyRequest._meta.fields if not one.primary_key}
    span = dt.timedelta(days=1)
    assert like.begin_at is not None
    begins = [like.begin_at + 2 * number * span for number in range(1, count + 1)]
    CountyRequest.objects.bulk_create(
        CountyRequest(**fields | {"request": secrets.token_bytes(16), "begin_at": begin, "end_at": begin + span})
        for begin in begins
    )


def test_the_list_takes_as_many_queries_for_hundreds_as_for_a_few(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    page = signed_in(TOWNSHIP_OFFICER)
    asked = asks(county.people[ZHANG], days(0), at=timezone.now() - dt.timedelta(minutes=1))

    def queries(waiting: int) -> int:
        others_wait(asked, waiting - CountyRequest.objects.count())
        with CaptureQueriesContext(connection) as taken:
            listed = text_of(page, "/todo/")
        assert f'等我定<span class="n">{waiting}</span>' in listed
        assert COUNT.format(waiting) in listed
        assert listed.count('href="/todo/c') == min(waiting, 50)
        return len(taken)

    few = queries(10)
    assert queries(300) == few


def test_a_decision_takes_as_many_queries_while_hundreds_wait(county: FictionalCounty) -> None:
    li = county.add(LI)
    duty(county.people[ZHANG], li)
    page, now = signed_in(TOWNSHIP_OFFICER), timezone.now()
    asked = asks(county.people[ZHANG], days(0), at=now)
    page.get("/todo/")

    def queries(own: CountyRequest, waiting: int) -> tuple[int, int]:
        others_wait(asked, waiting - CountyRequest.objects.filter(answers=None).count())
        with CaptureQueriesContext(connection) as seen:
            assert "要谁定" in text_of(page, f"/todo/{key(own)}/")
        with CaptureQueriesContext(connection) as decided:
            page.post(f"/todo/{key(own)}/decide/", {"outcome": "accepted"})
        assert own.answers.count() == 1
        return len(seen), len(decided)

    few = queries(asks(li, days(0), at=now), 10)
    assert queries(asks(li, days(7), at=now), 300) == few


def test_what_waits_for_nobody_is_over_and_an_upgrade_finds_the_same(
    county: FictionalCounty, asked: CountyRequest
) -> None:
    now, zhang, li = timezone.now(), county.people[ZHANG], county.add(LI)
    refused, taken_back, waits = (asks(zhang, days(first), at=now) for first in (7, 14, 21))
    window = DutyWindow.objects.get()
    swapped = asks(
        zhang, Wish(kind="swap", window=window.pk, day=MONDAY + dt.timedelta(days=28), substitute=li), at=now
    )
    at_kiosk, waits_at_kiosk = kiosk_asks(county, "residency", 21), kiosk_asks(county, "field_duty", 28)
    judge_new(now)
    page = signed_in(SECRETARY)
    everything: list[CountyRequest | StationCase] = [asked, refused, taken_back, swapped, at_kiosk.standing]
    left: list[CountyRequest | StationCase] = [waits, waits_at_kiosk.standing]
    assert not any(one.is_over for one in (*everything, *left))
    for one, outcome in ((key(asked), "accepted"), (key(refused), "refused"), (f"s{at_kiosk.pk}", "refused")):
        page.post(f"/todo/{one}/decide/", {"outcome": outcome, "text": "那天人手不够"})
    page.post(f"/todo/{key(taken_back)}/withdraw/", {"reason": "本人说不请了"})
    agree(swapped, True, now=now)
    lost = asks(zhang, Wish(kind="card_lost"), at=now)

    def over() -> list[bool]:
        for one in (*everything, lost, *left):
            one.refresh_from_db()
        return [one.is_over for one in (*everything, lost, *left)]

    known = over()
    assert known == [True] * 6 + [False] * 2
    CountyRequest.objects.update(is_over=False)
    StationCase.objects.update(is_over=False)
    migration = import_module("server_broker.requests.migrations.0008_what_is_over")
    with connection.cursor() as cursor:
        for statement in (migration.HERE, migration.AT_STATIONS):
            cursor.execute(statement)
    assert over() == known


def kiosk_asks(county: FictionalCounty, kind: str = "leave", ahead: int = 0, **more: object) -> Request:
    """Something that Zhang asks for at the kiosk, the later the further ahead it is."""
    now, begin = timezone.now(), begin_of(MONDAY) + dt.timedelta(days=1 + ahead)
    by = touch(county.stations[SHILI], ZHANG.token, at=now)
    said = {"wall": now + dt.timedelta(minutes=ahead), "received_at": now + dt.timedelta(minutes=ahead)}
    code = {"leave": "personal", "objection": "time"}.get(kind, "")
    values = {"begin_at": begin, "end_at": begin + dt.timedelta(days=1), "about_epoch": None, "about_seq": None}
    return requested(by.station, by, kind=kind, code=code, **said | values | more)


def test_what_was_asked_at_kiosks_stands_among_the_results_and_nowhere_else(
    county: FictionalCounty, asked: CountyRequest
) -> None:
    now, page = timezone.now(), signed_in(SECRETARY)
    accepted, refused = kiosk_asks(county), kiosk_asks(county, "field_duty", 1)
    swap = kiosk_asks(county, "swap", 2, substitute="nobody")
    objection = kiosk_asks(county, "objection", 3)
    while judge_new(now):
        pass
    take_up(now)
    judge_new(now)
    for one, outcome in ((accepted, "accepted"), (refused, "refused")):
        page.post(f"/todo/s{one.pk}/decide/", {"outcome": outcome, "text": "那天人手不够"})
    page.post(f"/todo/{key(asked)}/decide/", {"outcome": "accepted"})
    for account in (SECRETARY, TOWNSHIP_OFFICER):
        done = text_of(signed_in(account), "/todo/?state=done")
        places = [done.index(one.number) for one in (swap, refused, accepted, asked)]
        assert places == sorted(places), "the newest first, wherever it was asked"
        assert all(word in done for word in ("请假：事假", "外出报备", "换班", "全天"))
        assert 'aria-current="true">已有结果<span class="n">4</span>' in done
        assert objection.number not in done
    assert "本镇没有要换给的那个人" in text_of(page, f"/todo/s{swap.pk}/")
    listed = text_of(signed_in(TOWNSHIP_OFFICER), "/requests/?state=all")
    assert objection.number in listed
    assert all(one.number not in listed for one in (accepted, refused, swap))
    assert accepted.number not in text_of(signed_in(OTHER_TOWNSHIP_OFFICER), "/todo/?state=done")


def test_a_card_of_nobody_asks_in_words(county: FictionalCounty) -> None:
    by = touch(county.stations[SHILI], LI.token, at=timezone.now())
    begin = begin_of(MONDAY)
    values = {"begin_at": begin, "end_at": begin + dt.timedelta(days=1), "about_epoch": None, "about_seq": None}
    one = requested(by.station, by, kind="leave", code="personal", **values)
    judge_new(timezone.now())
    listed = text_of(signed_in(TOWNSHIP_OFFICER), "/requests/?state=all")
    assert one.number in listed
    assert all(word in listed for word in ("请假：事假", f"{MONDAY.month}月{MONDAY.day}日 全天"))
    assert all(word not in listed for word in ("personal", "00:00"))


def test_the_results_take_as_many_queries_however_many_there_are(county: FictionalCounty) -> None:
    page, now = signed_in(SECRETARY), timezone.now()
    page.get("/todo/?state=done")

    def queries(count: int) -> int:
        for number in range(count):
            one = kiosk_asks(county, "field_duty", 1, quality="unknown", seq=100 + number)
            judge_new(now)
            Answer.objects.create(request=one, outcome="refused", text="人手不够", at=now, actor="x", step=1)
        with CaptureQueriesContext(connection) as asked:
            page.get("/todo/?state=done")
        return len(asked)

    few = queries(1)
    assert queries(3) == few
