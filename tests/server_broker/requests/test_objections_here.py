"""An objection to what a window came to, made in the county: the township answers, and nothing changes."""

import datetime as dt

import pytest

from server_broker.dated.days import begin_of
from server_broker.people.models import Person
from server_broker.requests.asking import Wish
from server_broker.requests.deciding import decide_case
from server_broker.requests.models import Answer, Correction, CountyRequest, Outcome
from server_broker.requests.refused import RequestRefused
from tests.cast import OTHER_TOWNSHIP_OFFICER, SECRETARY, TOWNSHIP_OFFICER, WANG, ZHANG, Account
from tests.server_broker.county import FictionalCounty, signed_in, user_of
from tests.server_broker.requests.asked_here import MONDAY, asks, duty, key, now_is

pytestmark = pytest.mark.django_db

NOW = begin_of(MONDAY) + dt.timedelta(days=1, hours=9)
ANSWER = "那天站点停电，县里已登记停用"


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    person = county.people[ZHANG]
    duty(person)
    return person


def objects(
    person: Person, *, note: str = "那天停电，打不了卡", now: dt.datetime = NOW, days: int = 0
) -> CountyRequest:
    window = Person.objects.get(number=ZHANG.number).windows.get()
    wish = Wish(kind="objection", window=window.pk, day=MONDAY + dt.timedelta(days=days), note=note)
    return asks(person, wish, at=NOW)


def answers(account: Account, asked: CountyRequest, text: str = ANSWER, outcome: Outcome = Outcome.ACCEPTED) -> Answer:
    return decide_case(key(asked), outcome, text=text, user=user_of(account), at=NOW)


def test_the_township_answers_and_nothing_follows(zhang: Person) -> None:
    asked = objects(zhang)
    with pytest.raises(RequestRefused, match="要镇里来定"):
        answers(SECRETARY, asked)
    with pytest.raises(RequestRefused, match="没有审批权限"):
        answers(OTHER_TOWNSHIP_OFFICER, asked)
    for outcome in Outcome:
        with pytest.raises(RequestRefused, match="至少 4 个字"):
            answers(TOWNSHIP_OFFICER, asked, text="好", outcome=outcome)
    made = answers(TOWNSHIP_OFFICER, asked)
    assert (made.text, made.is_last, now_is(asked).state) == (ANSWER, True, "accepted")
    assert not Correction.objects.exists()


def test_what_does_not_fit_is_refused(county: FictionalCounty, zhang: Person) -> None:
    with pytest.raises(RequestRefused, match="请写明哪里不对"):
        objects(zhang, note="不对")
    with pytest.raises(RequestRefused, match="还没有结果"):
        objects(zhang, days=3)
    with pytest.raises(RequestRefused, match="不是本人的"):
        objects(county.people[WANG])
    with pytest.raises(RequestRefused, match="请选对哪天"):
        asks(zhang, Wish(kind="objection", note="哪天都不对"), at=NOW)
    first = objects(zhang)
    with pytest.raises(RequestRefused, match=f"已经提过 {first.number} 号异议"):
        objects(zhang)
    answers(TOWNSHIP_OFFICER, first)
    objects(zhang)


def test_it_is_not_for_the_villages_own(zhang: Person) -> None:
    asked = objects(zhang)
    secretary, officer = signed_in(SECRETARY), signed_in(TOWNSHIP_OFFICER)
    for state in ("mine", "others", "done"):
        assert asked.number not in secretary.get(f"/todo/?state={state}").content.decode()
    assert secretary.get(f"/todo/{key(asked)}/").status_code == 404
    assert asked.number in officer.get("/todo/").content.decode()
    assert officer.get(f"/todo/{key(asked)}/").status_code == 200
    form = f"/todo/new/?person={ZHANG.number}&kind=objection"
    assert "哪里不对" in officer.get(form).content.decode()
    assert "哪里不对" not in secretary.get(form).content.decode()
    sent = {"person": ZHANG.number, "kind": "objection", "turn": f"{zhang.windows.get().pk}:{MONDAY}", "note": "不对的"}
    assert "没有提：请选办什么事" in secretary.post("/todo/add/", sent, follow=True).content.decode()
