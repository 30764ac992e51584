"""What one station signs never keeps the county from the requests of all others."""

import datetime as dt
from collections.abc import Sequence

import psycopg
import pytest
from django.db import OperationalError
from django.utils import timezone

from protocol.facts import RequestMade
from server_broker.attendance.models import Swap
from server_broker.fleet.alarm_codes import HELD, REQUEST_SET_ASIDE
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact
from server_broker.people.models import Person
from server_broker.requests import setting_aside, station_cases, taking_up
from server_broker.requests.cases import Case, cases_of_stations
from server_broker.requests.models import Agreement, Request, SetAside, StationCase
from server_broker.requests.reading import who_agreed
from server_broker.requests.setting_aside import TRIED_AGAIN
from server_broker.requests.station_cases import judge_again, judge_new
from server_broker.requests.taking_up import take_up
from tests.cast import COUNTY_OFFICER, LI, SHILI, ZHANG
from tests.server_broker.county import FictionalCounty, agreed
from tests.server_broker.requests.asked_here import NOW, duty
from tests.server_broker.requests.test_from_stations import (
    BEGIN,
    DAY,
    MINUTE,
    SHIFT,
    at_kiosk,
    card,
    state_of,
    waits_for,
)
from tests.server_broker.station_double import StationDouble, moment, touch

pytestmark = pytest.mark.django_db
FAR = dt.datetime(9999, 12, 31, 10, tzinfo=dt.UTC)
CENTURIES = 1000 * 365


def alarms() -> list[tuple[str | None, int]]:
    return list(Alarm.objects.filter(code=REQUEST_SET_ASIDE, resolved_at=None).values_list("station", "count"))


def test_one_that_cannot_be_judged_is_set_aside_and_the_others_go_on(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    by = card(county, ZHANG)
    # Stored before such times were held.
    poison = at_kiosk(by, begin=FAR - DAY, end_at=FAR)
    fine = at_kiosk(by, received_at=NOW + MINUTE)
    assert judge_new(NOW) == 1
    assert waits_for(COUNTY_OFFICER) == [fine]
    kept = SetAside.objects.get(request=poison)
    assert (kept.failure.split(" ")[0], kept.tries, alarms()) == ("OverflowError", 1, [(SHILI, 1)])
    assert judge_new(NOW + MINUTE) == 0
    assert (judge_new(NOW + TRIED_AGAIN), SetAside.objects.get().tries, alarms()) == (0, 2, [(SHILI, 1)])
    Request.objects.filter(pk=poison.pk).update(begin_at=BEGIN + 7 * DAY, end_at=BEGIN + 8 * DAY)
    assert judge_new(NOW + 2 * TRIED_AGAIN) == 1
    assert (SetAside.objects.count(), alarms()) == (0, [])
    assert judge_again(NOW + 4 * TRIED_AGAIN) == 2


def test_a_swap_that_cannot_be_taken_up_keeps_no_lost_card_in_use(county: FictionalCounty) -> None:
    li = county.add(LI)
    duty(county.people[ZHANG])
    at_kiosk(card(county, ZHANG), kind="swap", begin=FAR, count=0, at=NOW - 30 * DAY, substitute="a2")
    now = timezone.now()
    at_kiosk(card(county, LI, now - 5 * MINUTE), "card_lost", now - MINUTE, at=now - MINUTE)
    assert take_up(now) == 1
    assert not li.cards.filter(lost_at=None).exists()
    assert (SetAside.objects.count(), len(alarms())) == (1, 1)


def test_of_many_that_are_read_together_the_one_that_fails_is_found_by_halves(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty(county.people[ZHANG])
    by = card(county, ZHANG)
    made = [at_kiosk(by, received_at=NOW + number * MINUTE) for number in range(20)]
    poison, reads = made[13], 0

    def fails_over_it(asked: Sequence[Request]) -> list[Case]:
        nonlocal reads
        reads += 1
        if poison in asked:
            raise OverflowError("date value out of range")
        return cases_of_stations(asked)

    monkeypatch.setattr(setting_aside, "cases_of_stations", fails_over_it)
    assert (judge_new(NOW), SetAside.objects.get().request, alarms()) == (19, poison, [(SHILI, 1)])
    assert reads == 11, "not each by itself"
    assert (judge_new(NOW), SetAside.objects.get().tries) == (0, 1), "later"


def test_what_the_database_always_refuses_is_set_aside_and_what_passes_by_itself_is_not(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty(county.people[ZHANG])
    poison, fine = at_kiosk(card(county, ZHANG)), at_kiosk(card(county, ZHANG), received_at=NOW + MINUTE)
    judge = station_cases._judge
    cause: psycopg.Error = psycopg.errors.DeadlockDetected()

    def refused(case: Case, now: dt.datetime) -> None:
        if case.asked == poison:
            raise OperationalError("refused") from cause
        judge(case, now)

    monkeypatch.setattr(station_cases, "_judge", refused)
    with pytest.raises(OperationalError):
        judge_new(NOW)
    assert not SetAside.objects.exists()
    cause = psycopg.errors.StatementTooComplex()
    assert (judge_new(NOW), StationCase.objects.get().request) == (1, fine)
    assert (SetAside.objects.get().request, alarms()) == (poison, [(SHILI, 1)])


def test_an_agreement_that_cannot_be_read_keeps_no_other_from_being_heard(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.add(LI)
    duty(county.people[ZHANG])
    asked = at_kiosk(card(county, ZHANG), "swap", SHIFT, substitute=LI.number)
    assert take_up(NOW) == 1
    poison = agreed(bytes(asked.request), card(county, ZHANG), at=NOW)
    agreed(bytes(asked.request), card(county, LI), at=NOW)

    def fails_over_it(said: Sequence[Agreement]) -> dict[int, Person]:
        if poison in said:
            raise OverflowError("date value out of range")
        return who_agreed(said)

    monkeypatch.setattr(taking_up, "who_agreed", fails_over_it)
    assert take_up(NOW + MINUTE) == 1
    assert (Swap.objects.count(), SetAside.objects.get().agreement, alarms()) == (1, poison, [(SHILI, 1)])


def test_a_time_that_no_honest_station_states_is_held_and_has_its_receipt(
    county: FictionalCounty, processor: BatchProcessor
) -> None:
    double = StationDouble()
    double.enrol()
    begin = round(FAR.timestamp() * 1000)
    by = double.ref(1)
    asked = RequestMade(at=moment(), request=bytes(16), by=by, request_kind="leave", code="sick", begin=begin)
    double.add(touch(), asked)
    assert len(processor.process_batch([double.facts_message()])) == 1, "a receipt"
    assert [(fact.seq, fact.held_reason) for fact in Fact.objects.exclude(held_reason="")] == [(2, "out_of_range")]
    assert (Request.objects.count(), Alarm.objects.filter(code__startswith=HELD).count()) == (0, 1)


def test_longer_than_a_year_is_answered_and_never_reckoned(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    long = at_kiosk(card(county, ZHANG), count=CENTURIES // 10)
    assert judge_new(NOW) == 1
    assert state_of(long) == ("refused", "一次最多提 366 天，请分次提")
    assert (StationCase.objects.get(request=long).length, waits_for(COUNTY_OFFICER)) == (None, [])
    assert long.answers.get().office == "系统核对"
    noon_to_noon = at_kiosk(card(county, ZHANG), begin=BEGIN + DAY / 2, count=366)
    judge_new(NOW)
    assert state_of(noon_to_noon) == ("refused", "一次最多提 366 天，请分次提")
