"""An officer undoes somebody's approved leave with a reason, by the rank that it needed, and it is seen who did."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.audit.models import AuditEntry
from server_broker.duty.models import Absence
from server_broker.people.models import Person
from server_broker.public.own_requests import one_of
from server_broker.requests.asking import Wish
from server_broker.requests.effects import away_in
from server_broker.requests.models import CountyRequest
from server_broker.requests.refused import RequestRefused
from server_broker.requests.withdrawing import WITHDREW, withdraw
from tests.cast import CLERK, LI, SECRETARY, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in, user_of
from tests.server_broker.pages import text_of, words_of
from tests.server_broker.requests.asked_here import MONDAY, NOW, approves, asks, days, duty, key, now_is

pytestmark = pytest.mark.django_db
WHY = "防汛要全员到岗"


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    person = county.people[ZHANG]
    duty(person)
    return person


@pytest.fixture
def leave(zhang: Person) -> CountyRequest:
    """Two days that the township approved."""
    now = timezone.now()
    asked = asks(zhang, days(0, 2), at=now)
    approves(TOWNSHIP_OFFICER, asked, at=now)
    return asked


def test_what_waits_is_taken_back_for_somebody_with_a_reason_that_they_read(zhang: Person) -> None:
    now = timezone.now()
    waits = asks(zhang, days(3, 4), at=now)
    name = user_of(SECRETARY).username
    with pytest.raises(RequestRefused, match="写明理由"):
        withdraw(waits, now=now, officer=name)
    withdraw(waits, now=now, officer=name, reason="本人说不请了")
    assert "替您撤回的，理由：本人说不请了" in " ".join(one_of(now_is(waits), zhang).notes)


@pytest.mark.parametrize("kind", ["correction", "objection"])
def test_what_somebody_says_against_a_result_they_alone_take_back(kind: str, zhang: Person) -> None:
    waits = asks(zhang, days(3))
    CountyRequest.objects.filter(pk=waits.pk).update(kind=kind, window=zhang.windows.get(), day=MONDAY)
    page = signed_in(TOWNSHIP_OFFICER)
    assert "/withdraw/" not in text_of(page, f"/todo/{key(waits)}/")
    page.post(f"/todo/{key(waits)}/withdraw/", {"reason": "不像真的"})
    assert now_is(waits).state == "open"
    withdraw(waits, now=NOW)
    assert now_is(waits).state == "withdrawn"


def test_whoever_undoes_it_has_the_rank_and_a_reason_that_is_kept(leave: CountyRequest) -> None:
    now, absence = timezone.now(), Absence.objects.get()
    back = Wish(kind="leave_ended", absence=absence, note=WHY)
    refused = ((SECRETARY, WHY, "这是镇里批的，要镇里来撤销，您是村级"), (TOWNSHIP_OFFICER, "  ", "写明理由"))
    for account, why, said in refused:
        name = user_of(account).username
        with pytest.raises(RequestRefused, match=said):
            withdraw(leave, now=now, officer=name, reason=why)
        with pytest.raises(RequestRefused, match=said):
            asks(leave.person, Wish(kind="leave_ended", absence=absence, note=why), at=now, officer=name)
    assert away_in(absence) == [(leave.begin_at, leave.end_at)]
    clerk = user_of(CLERK)
    clerk.person = leave.person
    clerk.save()
    with pytest.raises(OwnAffair):
        asks(leave.person, back, at=now, officer=clerk.username)
    withdraw(leave, now=now, officer=TOWNSHIP_OFFICER.username, reason=WHY)
    assert away_in(absence) == []
    entry = AuditEntry.objects.get(action=WITHDREW)
    assert (entry.actor, entry.detail["reason"]) == (TOWNSHIP_OFFICER.username, WHY)


def test_the_person_needs_neither(leave: CountyRequest) -> None:
    absence, now = Absence.objects.get(), timezone.now()
    asks(leave.person, Wish(kind="leave_ended", absence=absence), at=now)
    assert away_in(absence) == []


def test_the_person_and_the_first_approver_read_who_when_and_why(zhang: Person, leave: CountyRequest) -> None:
    now, page = timezone.now(), signed_in(CLERK)
    second = asks(zhang, days(7), at=now)
    approves(SECRETARY, second, at=now)
    absence = Absence.objects.latest("pk")
    assert "您不能替本人撤回：这是镇里批的" in text_of(page, f"/todo/{key(leave)}/")
    page.post(f"/todo/{key(second)}/withdraw/", {"reason": WHY})
    assert now_is(second).state == "withdrawn"
    name = user_of(CLERK).username
    for said in (
        words_of(text_of(signed_in(SECRETARY), "/todo/")),
        words_of(text_of(page, f"/todo/{key(second)}/")),
        " ".join(one_of(now_is(second), zhang).notes),
    ):
        assert all(word in said for word in (name, WHY, f"{timezone.localtime(now):%H:}"))
    assert away_in(absence) == []


def test_shortening_is_shown_beside_the_leave(county: FictionalCounty, zhang: Person) -> None:
    now, name = timezone.now(), user_of(CLERK).username
    asked = asks(zhang, days(0), at=now)
    approves(SECRETARY, asked, at=now)
    until = asked.begin_at + dt.timedelta(hours=12) if asked.begin_at else None
    made = asks(
        zhang, Wish(kind="leave_ended", absence=Absence.objects.get(), begin=until, note=WHY), at=now, officer=name
    )
    for said in (
        words_of(text_of(signed_in(SECRETARY), "/todo/")),
        words_of(text_of(signed_in(SECRETARY), f"/todo/{key(asked)}/")),
        " ".join(one_of(now_is(made), zhang).notes),
    ):
        assert all(word in said for word in (name, WHY))
    assert "您同意过的" not in text_of(signed_in(TOWNSHIP_OFFICER), "/todo/")
    assert not county.add(LI).requests.exists()
