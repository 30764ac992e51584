"""What people ask for at stations: found by region and rank in SQL, and what holds by their own word taken up."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.attendance.models import Swap, SwapRecord, Touch
from server_broker.dated.days import begin_of
from server_broker.duty.models import Absence
from server_broker.people.models import Binding, Person
from server_broker.requests.cases import case_of, cases_of_stations, of_stations
from server_broker.requests.deciding import decide_case
from server_broker.requests.effects import away_in
from server_broker.requests.models import Answer, CountyRequest, Outcome, Request, StationCase
from server_broker.requests.reading import request_rows
from server_broker.requests.station_cases import JUDGED_AGAIN, judge_again, judge_new
from server_broker.requests.taking_up import take_up
from server_broker.requests.waiting import Waiting
from server_broker.requests.withdrawing import agree
from tests.cast import (
    COUNTY_OFFICER,
    LI,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    TOWNSHIP_OFFICER,
    WANG,
    YANGBAN,
    ZHANG,
    Account,
    Cadre,
)
from tests.server_broker.county import FictionalCounty, agreed, requested, signed_in, touch, user_of, withdrawn
from tests.server_broker.pages import text_of
from tests.server_broker.requests.asked_here import MONDAY, NOW, approves, asks, days, duty, now_is

pytestmark = pytest.mark.django_db
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
BEGIN = begin_of(MONDAY)
SHIFT = BEGIN + dt.timedelta(hours=8, minutes=30)


def card(county: FictionalCounty, whose: Cadre, at: dt.datetime = NOW) -> Touch:
    return touch(county.stations[SHILI], whose.token, at=at)


def at_kiosk(
    by: Touch,
    kind: str = "leave",
    begin: dt.datetime | None = BEGIN,
    count: float = 1,
    at: dt.datetime = NOW,
    **more: object,
) -> Request:
    """Something that is asked for at the station where a card was touched."""
    end = begin + count * DAY if begin is not None and kind in ("leave", "field_duty", "swap") else None
    values = {"begin_at": begin, "end_at": end, "wall": at, "received_at": at, "about_epoch": None, "about_seq": None}
    return requested(by.station, by, kind=kind, code="sick" if kind == "leave" else "", **values | more)


def waits_for(account: Account) -> list[Request]:
    found = list(Waiting(user_of(account), NOW).at_stations())
    assert Waiting(user_of(account), NOW).count() == len(found)
    return found


def state_of(one: Request) -> tuple[str, str]:
    (row,) = request_rows([one])
    return row.state, row.answer.text if row.answer is not None else ""


def test_it_waits_for_those_of_the_rank_and_region(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    by = card(county, ZHANG)
    short, long = at_kiosk(by), at_kiosk(by, begin=BEGIN + 7 * DAY, count=5)
    elsewhere = at_kiosk(card(county, WANG))
    assert judge_new(NOW) == 3
    assert waits_for(SECRETARY) == waits_for(TOWNSHIP_OFFICER) == [short]
    assert list(Waiting(user_of(SECRETARY), NOW).at_stations_for_others()) == [long]
    assert waits_for(COUNTY_OFFICER) == [short, long, elsewhere]
    assert waits_for(OTHER_TOWNSHIP_OFFICER) == [elsewhere]
    withdrawn(short, at=NOW)
    assert (judge_again(NOW), waits_for(SECRETARY)) == (1, [])


def test_a_township_sees_its_own_beyond_hundreds_of_others_with_as_many_queries(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    own = at_kiosk(card(county, ZHANG), at=NOW + MINUTE)
    by, user = card(county, WANG), user_of(TOWNSHIP_OFFICER)

    def queries() -> int:
        while judge_new(NOW):
            pass
        with CaptureQueriesContext(connection) as asked:
            assert Waiting(user, NOW).count() == 1
            assert list(Waiting(user, NOW).at_stations()) == [own]
            assert len(cases_of_stations(Waiting(user, NOW).at_stations_for_others())) == 0
        return len(asked)

    few = queries()
    requests = [at_kiosk(by, begin=BEGIN + number * DAY) for number in range(2)]
    assert queries() == few
    rows = StationCase.objects.filter(request__in=requests)
    others = Request.objects.bulk_create(
        [
            Request(
                **{
                    field.attname: getattr(requests[0], field.attname)
                    for field in Request._meta.fields
                    if not field.primary_key
                }
                | {"seq": 10 + number}
            )
            for number in range(300)
        ]
    )
    stood = rows[0]
    StationCase.objects.bulk_create(
        [
            StationCase(request=one, person=stood.person, asked_at=NOW, needed=1, taken_back=False, judged_at=NOW)
            for one in others
        ]
    )
    assert queries() == few
    assert own.number in text_of(signed_in(TOWNSHIP_OFFICER), "/todo/")


def test_a_card_that_is_bound_later_brings_its_request(county: FictionalCounty) -> None:
    asked = at_kiosk(card(county, LI))
    judge_new(NOW)
    assert waits_for(COUNTY_OFFICER) == []
    county.add(LI)
    judge_again(NOW)
    assert waits_for(COUNTY_OFFICER) == [asked]


def test_what_it_needs_is_judged_anew_after_a_time(county: FictionalCounty) -> None:
    asked = at_kiosk(card(county, ZHANG), begin=BEGIN, count=4)
    judge_new(NOW)
    assert waits_for(TOWNSHIP_OFFICER) == []
    # Who has a window on few days is away on few dates.
    duty(county.people[ZHANG])
    StationCase.objects.update(judged_at=NOW - JUDGED_AGAIN)
    assert judge_again(NOW) == 1
    StationCase.objects.filter(request=asked).delete()
    assert (judge_new(NOW), StationCase.objects.get().person) == (1, county.people[ZHANG])


@pytest.fixture
def shift(county: FictionalCounty) -> tuple[Person, Person, int]:
    zhang, li = county.people[ZHANG], county.add(LI)
    return zhang, li, duty(zhang).pk


def swap_at_kiosk(county: FictionalCounty, whose: Cadre = ZHANG, to: Cadre = LI) -> Request:
    return at_kiosk(card(county, whose), "swap", SHIFT, substitute=to.number)


def test_a_swap_of_a_kiosk_holds_once_the_other_agrees_at_a_kiosk(
    county: FictionalCounty, shift: tuple[Person, Person, int]
) -> None:
    zhang, li, window = shift
    asked = swap_at_kiosk(county)
    assert take_up(NOW) == 1
    here = CountyRequest.objects.get()
    assert (here.person, here.substitute, here.window_id, here.day, here.number) == (
        *(zhang, li, window, MONDAY),
        asked.number,
    )
    # Not the word of the asker, nor of anybody else.
    agreed(bytes(asked.request), card(county, ZHANG), at=NOW)
    agreed(bytes(asked.request), card(county, WANG), at=NOW)
    assert (take_up(NOW), now_is(here).state) == (0, "partner")
    by = card(county, LI)
    agreed(bytes(asked.request), by, at=NOW + MINUTE)
    agreed(bytes(asked.request), by, at=NOW + 2 * MINUTE, agrees=False)
    # It comes long after the window, from a station that had no line.
    assert (take_up(SHIFT + DAY), take_up(SHIFT + DAY)) == (1, 0)
    swap = Swap.objects.get()
    assert (swap.giver, swap.taker, now_is(here).state) == (zhang, li, "accepted")
    here.refresh_from_db()
    assert here.agreed_at == NOW + MINUTE


def test_who_agrees_too_late_is_told_so_and_nothing_is_swapped(
    county: FictionalCounty, shift: tuple[Person, Person, int]
) -> None:
    asked = swap_at_kiosk(county)
    agreed(bytes(asked.request), card(county, LI), at=SHIFT)
    take_up(SHIFT)
    here = CountyRequest.objects.get()
    assert (now_is(here).state, Answer.objects.get().text) == ("refused", "这个班已经开始，不能再换")
    assert (take_up(SHIFT), Swap.objects.count()) == (0, 0)


def test_who_does_not_agree_says_so(county: FictionalCounty, shift: tuple[Person, Person, int]) -> None:
    asked = swap_at_kiosk(county)
    agreed(bytes(asked.request), card(county, LI), at=NOW, agrees=False)
    take_up(NOW)
    assert (now_is(CountyRequest.objects.get()).state, Swap.objects.count()) == ("refused", 0)


def test_who_did_not_agree_says_so_at_a_kiosk_too(county: FictionalCounty, shift: tuple[Person, Person, int]) -> None:
    asked = swap_at_kiosk(county)
    take_up(NOW)
    made, officer = CountyRequest.objects.get(), user_of(TOWNSHIP_OFFICER).username
    agree(made, True, now=NOW + MINUTE, officer=officer)
    # What they said before the officer wrote it down is older than that.
    agreed(bytes(asked.request), card(county, LI), at=NOW, agrees=False)
    assert (take_up(NOW + 2 * MINUTE), now_is(made).state) == (0, "accepted")
    agreed(bytes(asked.request), card(county, LI), at=NOW + 2 * MINUTE, agrees=False)
    assert (take_up(NOW + 3 * MINUTE), now_is(made).state) == (1, "refused")
    assert not SwapRecord.objects.known().filter(withdrawn=False).exists()


def test_a_swap_that_does_not_fit_is_answered(county: FictionalCounty, shift: tuple[Person, Person, int]) -> None:
    not_theirs, outsider = swap_at_kiosk(county, LI, ZHANG), swap_at_kiosk(county, ZHANG, WANG)
    take_up(NOW)
    assert state_of(not_theirs) == ("refused", "那天的这个班不是本人的")
    assert state_of(outsider) == ("refused", "本镇没有要换给的那个人")
    assert not CountyRequest.objects.exists()


def test_a_swap_taken_back_at_the_kiosk_is_not_taken_up(
    county: FictionalCounty, shift: tuple[Person, Person, int]
) -> None:
    withdrawn(swap_at_kiosk(county), at=NOW)
    assert (take_up(NOW), CountyRequest.objects.count()) == (0, 0)


def test_who_is_back_early_says_so_at_a_kiosk(county: FictionalCounty) -> None:
    leave = asks(county.people[ZHANG], days(0, 3))
    approves(COUNTY_OFFICER, leave)
    back = BEGIN + DAY + 9 * 60 * MINUTE
    asked = at_kiosk(card(county, ZHANG, back), "leave_ended", back, at=back)
    take_up(back + 3 * DAY)
    assert away_in(Absence.objects.get()) == [(BEGIN, back)]
    assert not request_rows(Request.objects.filter(pk=asked.pk))[0].answers
    again = at_kiosk(card(county, ZHANG, back), "leave_ended", back + DAY, at=back + DAY)
    take_up(back + 3 * DAY)
    assert state_of(again) == ("refused", "那时没有批过的假，不用销")


def test_a_lost_card_is_lost_at_once(county: FictionalCounty) -> None:
    now = timezone.now()
    by = card(county, ZHANG, now - 5 * MINUTE)
    at_kiosk(by, "card_lost", now - MINUTE, at=now - MINUTE)
    take_up(now)
    assert county.people[ZHANG].cards.filter(lost_at=None).count() == 0


def test_a_station_says_nothing_of_a_card_s_past(county: FictionalCounty) -> None:
    """A kiosk reports a card lost from the minute in which somebody asks for it."""
    now = timezone.now()
    bound = Binding.objects.get(subject__person=county.people[ZHANG])
    assert bound.valid_from is None or bound.valid_from < now - 9 * DAY
    by = card(county, ZHANG, now - 5 * MINUTE)
    at_kiosk(by, "card_lost", now - 9 * DAY, at=now - MINUTE)
    take_up(now)
    assert lost_since(county) == (now - MINUTE).replace(second=0, microsecond=0)


def test_a_loss_that_came_late_reaches_three_days_back_and_says_so(county: FictionalCounty) -> None:
    now = timezone.now()
    asked_at = now - 9 * DAY
    by = card(county, ZHANG, asked_at)
    at_kiosk(by, "card_lost", asked_at, at=asked_at, received_at=now - MINUTE)
    take_up(now)
    assert lost_since(county) == (now - MINUTE - 3 * DAY).replace(second=0, microsecond=0)
    assert "更早的打卡请镇村核对" in CountyRequest.objects.get().note


def lost_since(county: FictionalCounty) -> dt.datetime | None:
    return Binding.objects.known().get(subject__person=county.people[ZHANG], state="lost").valid_from


def test_a_station_of_another_township_speaks_for_nobody_here(
    county: FictionalCounty, shift: tuple[Person, Person, int]
) -> None:
    now = timezone.now()
    by = touch(county.stations[YANGBAN], ZHANG.token, at=now - 5 * MINUTE)
    asked = at_kiosk(by, "card_lost", now - MINUTE, at=now - MINUTE)
    take_up(now)
    assert county.people[ZHANG].cards.filter(lost_at=None).exists()
    assert state_of(asked) == ("refused", "这台终端不是本镇的，请到本镇的村里办，或请镇村代办")
    swap = swap_at_kiosk(county)
    take_up(NOW)
    agreed(bytes(swap.request), touch(county.stations[YANGBAN], LI.token, at=NOW), at=NOW)
    take_up(NOW + MINUTE)
    assert now_is(CountyRequest.objects.get()).state == "partner"


def test_a_request_that_is_decided_waits_for_nobody(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    asked = at_kiosk(card(county, ZHANG))
    judge_new(NOW)
    decide_case(f"s{asked.pk}", Outcome.ACCEPTED, text="", user=user_of(SECRETARY), at=NOW)
    assert waits_for(TOWNSHIP_OFFICER) == []
    case = case_of(f"s{asked.pk}")
    assert case is not None
    assert case.state == "accepted"
    assert of_stations().count() == 1
