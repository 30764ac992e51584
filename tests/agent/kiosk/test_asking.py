"""A person asks at the kiosk for leave and the like, swaps a window, and says yes or no to one whom others offer."""

from pathlib import Path

import pytest

from agent.kiosk.asking import LEAVES
from agent.kiosk.colleagues import not_free
from protocol.duty_days import DutyCrew, DutyDay, DutyDays, DutyLess, DutyPerson, DutyTerms
from protocol.facts import Agreed, RequestMade, RequestWithdrawn
from protocol.facts_requests import request_number
from protocol.kiosk import Sorry
from protocol.kiosk_months import DayWindow, OpenRequests, OwnRequest, RequestsShown, RequestTaken, Withdraw
from protocol.kiosk_requests import Agree, AskFor, AskingShown, OpenAsking
from protocol.kiosk_visits import EndVisit, VisitShown
from protocol.months import MonthRequest, MonthSwap
from server_broker.requests.kinds import LEAVES as OF_THE_COUNTY
from tests.agent.bench import LI, ZHANG, Bench, bench, dates_of, desired, village
from tests.agent.kiosk.test_months import send_month
from tests.agent.kiosk.village_pins import open_by_card
from tests.fakes.clockwork import FakeSystemClock

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
TODAY, TOMORROW = "2026-11-24", "2026-11-25"
MIDNIGHT = 1_795_449_600_000
"""Of today in the village, where it is half past eight."""


def shown(station: Bench, visit: VisitShown) -> AskingShown:
    (answer,) = station.ask(OpenAsking(visit=visit.visit))
    assert isinstance(answer, AskingShown)
    return answer


def ask(station: Bench, visit: VisitShown, kind: str = "leave", code: str | None = "sick", **more: object) -> object:
    wanted = {"first": TODAY, "last": TODAY} if kind in ("leave", "field_duty", "residency") else {}
    (answer,) = station.ask(AskFor(visit=visit.visit, kind=kind, code=code, **(wanted | more)))  # type: ignore[arg-type]
    return answer


def own(station: Bench, visit: VisitShown) -> list[OwnRequest]:
    (answer,) = station.ask(OpenRequests(visit=visit.visit))
    assert isinstance(answer, RequestsShown)
    return answer.requests


def refusal(station: Bench, visit: VisitShown, **more: object) -> str:
    answer = ask(station, visit, **more)  # type: ignore[arg-type]
    assert isinstance(answer, Sorry)
    return answer.reason


def test_leave_is_on_the_disk_before_its_number_is_said_and_stands_in_the_list(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    taken = ask(station, visit, until_noon=True)
    (fact,) = station.of(RequestMade)
    assert (fact.request_kind, fact.code, fact.begin, fact.end) == ("leave", "sick", MIDNIGHT, MIDNIGHT + 12 * HOUR_MS)
    assert taken == RequestTaken(visit=visit.visit, number=request_number(fact.request), state="open", kind="leave")
    (one,) = own(station, visit)
    assert (one.day, one.until, one.from_noon, one.until_noon, one.minute) == (TODAY, TODAY, False, True, None)
    assert refusal(station, visit) == "asked_already"
    assert isinstance(ask(station, visit, from_noon=True), RequestTaken)
    station.ask(Withdraw(visit=visit.visit, request=one.request))
    assert [fact.request.hex() for fact in station.of(RequestWithdrawn)] == [one.request]


def listed_leave(state: str) -> MonthRequest:
    return MonthRequest(
        request=bytes(16), kind="leave", code="sick", begin=MIDNIGHT + DAY_MS, end=MIDNIGHT + 2 * DAY_MS, state=state
    )


def test_approved_leave_is_taken_back_until_it_begins(station: Bench, system: FakeSystemClock) -> None:
    send_month(station, requests=[listed_leave("accepted")])
    visit = open_by_card(station, ZHANG)
    (one,) = own(station, visit)
    assert one.may_take_back
    (taken,) = station.ask(Withdraw(visit=visit.visit, request=one.request))
    assert isinstance(taken, RequestTaken)
    assert (taken.kind, taken.whole, len(station.of(RequestWithdrawn))) == ("leave", True, 1)
    (one,) = own(station, visit)
    assert (one.state, one.whole, one.may_take_back) == ("withdrawn", True, False)
    send_month(station, requests=[listed_leave("refused")])
    assert [one.state for one in own(station, visit)] == ["refused"]


def test_approved_leave_that_has_begun_is_not_taken_back(station: Bench, system: FakeSystemClock) -> None:
    send_month(station, requests=[listed_leave("accepted")])
    system.pass_ms(DAY_MS)
    visit = open_by_card(station, ZHANG)
    (one,) = own(station, visit)
    assert not one.may_take_back
    (answer,) = station.ask(Withdraw(visit=visit.visit, request=one.request))
    assert answer == Sorry(reason="begun_already", asked="withdraw")


def test_without_the_date_it_is_taken_back_and_the_county_judges(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        visit = open_by_card(station, ZHANG)
        ask(station, visit, first=TOMORROW, last=TOMORROW)
        (taken,) = station.ask(Withdraw(visit=visit.visit, request=own(station, visit)[0].request))
        assert isinstance(taken, RequestTaken)
        assert (taken.whole, taken.undated) == (False, True)


def test_both_ends_have_the_same_kinds_of_leave() -> None:
    assert set(LEAVES) == set(OF_THE_COUNTY)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"first": TOMORROW}, "ends_before"),
        ({"from_noon": True, "until_noon": True}, "ends_before"),
        ({"last": "2027-12-29"}, "too_long"),
        ({"from_noon": True, "last": "2027-11-25", "until_noon": True}, "too_long"),
        ({"first": "2027-11-27", "last": "2027-11-27"}, "too_far"),
        ({"first": "2026-11-20", "last": "2026-11-20"}, "too_late_to_ask"),
        ({"first": "2026-02-30"}, "no_such_day"),
        ({"first": "9999-12-31", "last": "9999-12-31"}, "no_such_day"),
        ({"last": None}, "no_such_day"),
        ({"code": "a_later_kind"}, "not_here"),
        ({"code": None}, "not_here"),
        ({"kind": "field_duty"}, "not_here"),
        ({"kind": "transfer"}, "not_here"),
        ({"kind": "swap", "first": TOMORROW, "start": 510, "substitute": "p1"}, "gone"),
        ({"kind": "swap", "first": TODAY, "start": 510, "substitute": "p2"}, "gone"),
    ],
)
def test_what_can_not_be_meant_is_refused(station: Bench, asked: dict[str, object], reason: str) -> None:
    visit = open_by_card(station, ZHANG)
    assert refusal(station, visit, **asked) == reason
    assert station.of(RequestMade) == []


def test_what_is_late_by_three_days_at_most_is_taken(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    assert isinstance(ask(station, visit, first="2026-11-21", last="2026-11-21"), RequestTaken)


def test_the_disk_and_the_flood_of_one_person(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    station.outbox.fill_disk()
    assert refusal(station, visit) == "not_recorded"
    station.outbox.error = None
    for _ in range(20):
        assert isinstance(ask(station, visit), RequestTaken)
        station.ask(Withdraw(visit=visit.visit, request=own(station, visit)[0].request))
    assert refusal(station, visit) == "too_many_today"


def test_a_lost_card_is_taken_once_however_much_was_asked(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    for first in range(12):
        day = f"2026-12-{first + 1:02d}"
        assert isinstance(ask(station, visit, first=day, last=day), RequestTaken)
    assert refusal(station, visit) == "too_many"
    assert isinstance(ask(station, visit, "card_lost", None), RequestTaken)
    assert refusal(station, visit, kind="card_lost", code=None) == "asked_already"
    station.ask(Withdraw(visit=visit.visit, request=own(station, visit)[0].request))
    for _ in range(7):
        takes_leave_back(station, visit)
        assert isinstance(ask(station, visit, first="2026-12-20", last="2026-12-20"), RequestTaken)
    takes_leave_back(station, visit)
    assert refusal(station, visit, first="2026-12-20", last="2026-12-20") == "too_many_today"
    assert isinstance(ask(station, visit, "card_lost", None), RequestTaken)


def takes_leave_back(station: Bench, visit: VisitShown) -> None:
    newest = next(one.request for one in own(station, visit) if one.kind == "leave" and one.state == "open")
    station.ask(Withdraw(visit=visit.visit, request=newest))


def test_what_others_asked_for_somebody_does_not_shut_them_out(station: Bench) -> None:
    begin = MIDNIGHT + 20 * DAY_MS
    listed = [
        MonthRequest(request=bytes([n]) * 16, kind="field_duty", made=MIDNIGHT, begin=begin, end=begin + DAY_MS)
        for n in range(12)
    ]
    send_month(station, requests=listed)
    visit = open_by_card(station, ZHANG)
    assert isinstance(ask(station, visit), RequestTaken)


def test_without_the_date_the_days_that_were_typed_stand(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        visit = open_by_card(station, ZHANG)
        offered = shown(station, visit)
        assert (offered.today, offered.turns) == (None, [])
        assert isinstance(ask(station, visit, first="2020-01-01", last="2020-01-03"), RequestTaken)
        (fact,) = station.of(RequestMade)
        assert (fact.at.quality, fact.end is not None and fact.begin is not None and fact.end - fact.begin) == (
            "unknown",
            3 * DAY_MS,
        )
        assert refusal(station, visit, kind="swap", code=None, first=TOMORROW, start=510, substitute="p2") == "no_time"
        back = ask(station, visit, "leave_ended", None)
        assert isinstance(back, RequestTaken)
        assert back.undated
        assert station.of(RequestMade)[-1].begin is None


def test_coming_back_and_a_lost_card_hold_from_this_minute(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    for kind in ("leave_ended", "card_lost"):
        assert isinstance(ask(station, visit, kind, None), RequestTaken)
    now = station.clock.now().wall
    assert [fact.begin for fact in station.of(RequestMade)] == [now // 60_000 * 60_000] * 2


def test_a_swap_is_offered_asked_and_agreed_to_at_one_station_without_a_line(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        visit = open_by_card(station, ZHANG)
        offered = shown(station, visit)
        # The morning of today has begun.
        assert [(one.day, one.start) for one in offered.turns[:3]] == [(TODAY, 870), (TOMORROW, 510), (TOMORROW, 870)]
        assert [one.name for one in offered.people] == ["李示例"]
        ask(station, visit, "swap", None, first=TOMORROW, start=870, substitute="p2")
        (fact,) = station.of(RequestMade)
        assert (fact.substitute, fact.begin) == ("p2", MIDNIGHT + DAY_MS + 870 * 60_000)
        assert refusal(station, visit, kind="swap", code=None, first=TOMORROW, start=870, substitute="p2") == (
            "asked_already"
        )
        assert own(station, visit)[0].whom == "李示例"
        assert shown(station, visit).swaps == []
        # Nobody else may answer.
        answer = station.ask(Agree(visit=visit.visit, request=fact.request.hex(), agrees=True))
        assert answer == [Sorry(reason="gone", asked="agree")]
    with bench(tmp_path, system) as again:
        again.accept(desired())
        visit = open_by_card(again, LI)
        (swap,) = shown(again, visit).swaps
        assert (swap.name, swap.day, swap.start, swap.end) == ("张示例", TOMORROW, 870, 1_050)
        (taken,) = again.ask(Agree(visit=visit.visit, request=swap.request, agrees=True))
        assert taken == RequestTaken(visit=visit.visit, number=request_number(fact.request), state="accepted")
        (said,) = again.of(Agreed)
        assert (said.request, said.agrees) == (fact.request, True)
        assert shown(again, visit).swaps == []
    with bench(tmp_path, system) as third:
        third.accept(desired())
        assert shown(third, open_by_card(third, LI)).swaps == []


def test_who_is_in_the_window_or_away_then_is_not_offered_it(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    offered = shown(station, visit)
    busy = [offered.turns[place].start for place in offered.people[0].not_for]
    assert (set(busy), {one.start for one in offered.turns} - set(busy)) == ({510}, {870})
    assert refusal(station, visit, kind="swap", code=None, first=TOMORROW, start=510, substitute="p2") == "not_free"
    assert station.of(RequestMade) == []


def test_who_is_away_on_that_date_is_not_offered_it_either() -> None:
    turns = DutyDays(
        first=TODAY,
        people=[DutyPerson(id="p1"), DutyPerson(id="p2"), DutyPerson(id="p3")],
        windows=[
            DutyTerms(id="am", name="上午", start=510, end=720),
            DutyTerms(id="pm", name="下午", start=870, end=1050),
        ],
        crews=[DutyCrew(window=0, people=[1, 2]), DutyCrew(window=1, people=[0])],
        days=[
            DutyDay(crews=[0, 1]),
            DutyDay(crews=[0, 1], less=[DutyLess(window=0, person=1, why="leave", begin=510, end=510)]),
            DutyDay(crews=[0, 1], less=[DutyLess(window=0, person=1, why="leave", begin=600, end=720)]),
        ],
    )
    dates = dates_of(village(), turns)
    after = "2026-11-26"
    asked = [(TODAY, 870, 1050), (TOMORROW, 870, 1050), (after, 870, 1050), (TODAY, 700, 900)]
    wanted = [DayWindow(day=day, start=start, end=end, window="") for day, start, end in asked]
    assert not_free(dates, wanted) == [{"p1"}, {"p1", "p2"}, {"p1"}, {"p1", "p2", "p3"}]
    assert not_free(dates, []) == []


def test_a_swap_that_the_county_names_is_refused_or_is_too_late(station: Bench, system: FakeSystemClock) -> None:
    begin = station.clock.now().wall + HOUR_MS
    swaps = [
        MonthSwap(request=bytes([number]) * 16, name="王样板", begin=begin, end=begin + HOUR_MS, window="夜班")
        for number in (1, 2)
    ]
    send_month(station, person="p2", swaps=swaps)
    visit = open_by_card(station, LI)
    assert [(one.name, one.window) for one in shown(station, visit).swaps] == [("王样板", "夜班")] * 2
    (taken,) = station.ask(Agree(visit=visit.visit, request=swaps[0].request.hex(), agrees=False))
    assert isinstance(taken, RequestTaken)
    assert (taken.state, [fact.agrees for fact in station.of(Agreed)]) == ("refused", [False])
    system.pass_ms(HOUR_MS)
    late = station.ask(Agree(visit=visit.visit, request=swaps[1].request.hex(), agrees=True))
    assert late == [Sorry(reason="begun", asked="agree")]
    assert shown(station, visit).swaps == []


def test_the_countys_answer_has_its_office_and_its_time(station: Bench) -> None:
    answered = MonthRequest(
        request=bytes(16),
        kind="leave",
        code="annual",
        begin=MIDNIGHT + 12 * HOUR_MS,
        end=MIDNIGHT + 3 * DAY_MS,
        state="accepted",
        answer="示例镇 镇干部：同意",
        answered=MIDNIGHT,
    )
    send_month(station, requests=[answered])
    (one,) = own(station, open_by_card(station, ZHANG))
    assert (one.day, one.until, one.from_noon, one.answer) == (TODAY, "2026-11-26", True, "示例镇 镇干部：同意")


def test_nothing_can_be_asked_after_the_visit(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    station.ask(EndVisit(visit=visit.visit))
    for message in (OpenAsking(visit=visit.visit), AskFor(visit=visit.visit, kind="card_lost")):
        (answer,) = station.ask(message)
        assert isinstance(answer, Sorry)
        assert answer.reason == "too_late"
