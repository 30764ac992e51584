"""What was approved and has not begun is taken back whole at a kiosk, as on a telephone, by the time of its fact."""

import datetime as dt

import pytest

from server_broker.attendance.models import Touch
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of
from server_broker.duty.models import Absence
from server_broker.duty.reading import Asked, turns_of
from server_broker.people.models import Person
from server_broker.requests.asking import Wish
from server_broker.requests.cases import Case, case_of
from server_broker.requests.deciding import decide_case
from server_broker.requests.effects import away_in
from server_broker.requests.models import Outcome, Request, Withdrawal
from server_broker.requests.reading import request_rows
from server_broker.requests.taking_back import take_back
from tests.cast import COUNTY_OFFICER, LI, SECRETARY, SHILI, ZHANG
from tests.server_broker.county import FictionalCounty, requested, touch, user_of, withdrawn
from tests.server_broker.requests.asked_here import MONDAY, NOW, approves, asks, days, duty, now_is

pytestmark = pytest.mark.django_db
BEGIN, HOUR, DAY = begin_of(MONDAY), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    duty(county.people[ZHANG])
    return county.people[ZHANG]


@pytest.fixture
def by(county: FictionalCounty, zhang: Person) -> Touch:
    return touch(county.stations[SHILI], ZHANG.token, at=NOW)


def leave_at_kiosk(by: Touch, outcome: Outcome | None = Outcome.ACCEPTED) -> Request:
    values = {"begin_at": BEGIN, "end_at": BEGIN + DAY, "wall": NOW, "received_at": NOW}
    asked = requested(by.station, by, kind="leave", code="sick", about_epoch=None, about_seq=None, **values)
    if outcome is not None:
        decide_case(f"s{asked.pk}", outcome, text="那天人手不够", user=user_of(SECRETARY), at=NOW)
    return asked


def case(asked: Request) -> Case:
    found = case_of(f"s{asked.pk}")
    assert found is not None
    return found


def heard(back: Withdrawal, *, at: dt.datetime, **more: object) -> None:
    Withdrawal.objects.filter(pk=back.pk).update(received_at=at, **more)


def test_approved_leave_ends_whole_and_the_windows_are_due_again(zhang: Person, by: Touch) -> None:
    asked = leave_at_kiosk(by)
    assert [turn.due for turn in turns_of([zhang.pk], Asked(MONDAY, MONDAY))] == [True]
    assert away_in(Absence.objects.get()) == [(BEGIN, BEGIN + DAY)]
    withdrawn(asked, at=NOW + HOUR)
    assert (take_back(NOW + HOUR), take_back(NOW + HOUR)) == (1, 0)
    assert (case(asked).state, away_in(Absence.objects.get())) == ("withdrawn", [])
    said = AuditEntry.objects.filter(action="request.withdrawn").get()
    assert (said.actor, said.subject) == ("person:a1", f"s{asked.pk}")


def test_what_a_telephone_asked_for_is_taken_back_at_a_kiosk_too(zhang: Person, by: Touch) -> None:
    asked = asks(zhang, days(0))
    approves(SECRETARY, asked)
    withdrawn(requested(by.station, by, request=asked.request), at=NOW + HOUR)
    assert take_back(NOW + DAY) == 1
    asked.refresh_from_db()
    assert (asked.withdrawn_at, asked.withdrawn_by) == (NOW + DAY, "person:a1")
    assert now_is(asked).taken_back_at == NOW + HOUR, "as the person said"
    assert (now_is(asked).state, away_in(Absence.objects.get())) == ("withdrawn", [])


def test_it_counts_by_the_time_of_its_fact_and_not_when_the_county_heard(by: Touch) -> None:
    in_time = leave_at_kiosk(by)
    heard(withdrawn(in_time, at=BEGIN - HOUR), at=BEGIN + 3 * DAY)
    assert (take_back(BEGIN + 3 * DAY), case(in_time).state) == (1, "withdrawn")
    too_late = leave_at_kiosk(by)
    withdrawn(too_late, at=BEGIN)
    assert (take_back(BEGIN), case(too_late).state) == (0, "accepted")
    (row,) = request_rows([too_late])
    assert (row.taken_back_at, row.too_late is not None) == (None, True)


def test_undated_it_counts_by_the_last_dated_fact_before_it(by: Touch) -> None:
    asked = leave_at_kiosk(by)
    back = withdrawn(asked, at=NOW)
    heard(back, at=BEGIN + DAY, epoch=by.epoch, seq=by.seq + 1, quality="unsynced")
    assert (take_back(BEGIN + DAY), case(asked).state) == (1, "withdrawn")
    other = leave_at_kiosk(by)
    heard(withdrawn(other, at=NOW), at=BEGIN + DAY, quality="unsynced")
    assert (take_back(BEGIN + DAY), case(other).state) == (0, "accepted")


def test_a_refusal_stands_and_nobody_takes_back_what_is_another_s(county: FictionalCounty, by: Touch) -> None:
    refused = leave_at_kiosk(by, Outcome.REFUSED)
    withdrawn(refused, at=NOW + HOUR)
    county.add(LI)
    li = touch(county.stations[SHILI], LI.token, at=NOW)
    mine = leave_at_kiosk(by)
    withdrawn(requested(by.station, li, request=mine.request), at=NOW + HOUR)
    assert (take_back(NOW + HOUR), case(refused).state, case(mine).state) == (0, "refused", "accepted")


def test_what_holds_by_their_own_word_stays(zhang: Person, by: Touch) -> None:
    leave = asks(zhang, days(0, 3))
    approves(COUNTY_OFFICER, leave)
    back = asks(zhang, Wish(kind="leave_ended", absence=Absence.objects.get()), at=NOW)
    withdrawn(requested(by.station, by, request=back.request), at=NOW + HOUR)
    assert (take_back(NOW + HOUR), now_is(back).state) == (0, "accepted")
