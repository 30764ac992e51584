"""A person's month at the kiosk: the county's list and this station's own touches, and what the person objects to."""

from pathlib import Path

import pytest
from msgspec import UNSET

from agent.kiosk.own_month import MAX_LINES, OwnTouch, _Seen
from protocol.bundle_contents import Month
from protocol.facts import RequestMade, RequestWithdrawn, Touch
from protocol.facts_requests import request_number
from protocol.kiosk import Sorry
from protocol.kiosk_months import (
    MakeRequest,
    MonthLine,
    MonthShown,
    OpenMonth,
    OpenRequests,
    OwnRequest,
    RequestsShown,
    RequestTaken,
    Withdraw,
)
from protocol.kiosk_requests import AskFor
from protocol.kiosk_visits import EndVisit, VisitShown
from protocol.months import MonthRequest, MonthSwap, MonthTouch, OfStream
from protocol.receipts import Receipt
from protocol.units import FactRef, WallMs
from tests.agent.bench import LI, STATION, ZHANG, Bench, bench, desired
from tests.agent.kiosk.village_pins import allow_numbers, enter, open_by_card
from tests.fakes.clockwork import FakeSystemClock

HOUR_MS = 3_600_000
REQUEST = bytes(range(16))


def look(station: Bench, visit: VisitShown, page: int = 0) -> MonthShown:
    (shown,) = station.ask(OpenMonth(visit=visit.visit, page=page))
    assert isinstance(shown, MonthShown)
    return shown


def requests_of(station: Bench, visit: VisitShown) -> list[OwnRequest]:
    (shown,) = station.ask(OpenRequests(visit=visit.visit))
    assert isinstance(shown, RequestsShown)
    return shown.requests


def newest(station: Bench) -> FactRef:
    return [ref for ref, fact in station.recent_now() if isinstance(fact, Touch)][-1]


def send_month(
    station: Bench,
    *touches: MonthTouch,
    person: str = "p1",
    held: list[OfStream] | None = None,
    requests: list[MonthRequest] | None = None,
    swaps: list[MonthSwap] | None = None,
) -> None:
    month = Month(
        person=person,
        month="2026-11",
        as_of=0,
        streams=[station.outbox.epoch],
        touches=list(touches),
        held=held or [],
        requests=requests or [],
        swaps=swaps or UNSET,
    )
    station.bundles.put("month", month, name=person)


def receive_all(station: Bench) -> None:
    """Have the county say that it has everything."""
    head = station.outbox.signed_head()
    receipt = Receipt(station=STATION, epoch=head.epoch, through=head.through, head=head.head, generation=1)
    assert station.outbox.take_receipt(receipt)


def test_own_touches_stand_in_the_month_before_the_county_names_them(station: Bench, system: FakeSystemClock) -> None:
    visit = open_by_card(station, ZHANG)
    shown = look(station, visit)
    assert (shown.page, shown.pages, shown.begins) == (0, 1, None)
    (line,) = shown.lines
    assert (line.state, line.day, line.minute, line.direction) == ("waiting", "2026-11-24", 510, "in")
    assert [one.marks for one in shown.lacking] == [["departure"]]
    receive_all(station)
    assert look(station, visit).lines[0].state == "received"


def test_the_countys_word_stands_for_a_touch_that_it_names(station: Bench, system: FakeSystemClock) -> None:
    station.touch(ZHANG)
    first = newest(station)
    system.pass_ms(3 * HOUR_MS)
    visit = open_by_card(station, ZHANG)
    wall = station.clock.now().wall
    send_month(
        station,
        MonthTouch(at=wall - 2 * HOUR_MS, state="corrected", direction="in", touch=OfStream(stream=0, seq=first.seq)),
        MonthTouch(at=wall - 30 * HOUR_MS, direction="out", where="演示村"),
        MonthTouch(at=wall, state="undated", touch=OfStream(stream=0, seq=900)),
    )
    shown = look(station, visit)
    assert shown.begins == "2026-11-01"
    assert [(line.state, line.day, line.where) for line in shown.lines] == [
        ("undated", None, ""),
        ("waiting", "2026-11-24", ""),
        ("corrected", "2026-11-24", ""),
        ("counted", "2026-11-23", "演示村"),
    ]


def test_a_touch_that_the_county_holds_is_said_to_wait_there(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    send_month(station, held=[OfStream(stream=0, seq=newest(station).seq), OfStream(stream=7, seq=1)])
    assert [line.state for line in look(station, visit).lines] == ["held"]


def test_a_month_of_four_hundred_lines_comes_page_by_page(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    now = station.clock.now().wall
    send_month(station, *(MonthTouch(at=now - one * HOUR_MS, where="很长的村名" * 12) for one in range(1, 401)))
    first = look(station, visit)
    assert (first.pages, len(first.lines)) == (81, 5)
    assert [line.line for line in look(station, visit, 80).lines] == [400]
    assert look(station, visit, 199).page == 80


def test_another_person_s_month_is_nobody_else_s(station: Bench) -> None:
    send_month(station, MonthTouch(at=1), MonthTouch(at=2), person="p2")
    visit = open_by_card(station, ZHANG)
    assert len(look(station, visit).lines) == 1
    assert len(look(station, open_by_card(station, LI)).lines) == 3


def object_to(station: Bench, visit: VisitShown, line: MonthLine, code: str = "time") -> object:
    (answer,) = station.ask(MakeRequest(visit=visit.visit, kind="objection", code=code, line=line.line))
    return answer


def test_an_objection_is_on_the_disk_before_it_is_shown(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    line = look(station, visit).lines[0]
    touch, wall = newest(station), station.clock.now().wall
    taken = object_to(station, visit, line)
    (fact,) = station.of(RequestMade)
    assert (fact.request_kind, fact.code, fact.about, fact.by, fact.begin) == ("objection", "time", touch, touch, wall)
    number = request_number(fact.request)
    assert taken == RequestTaken(visit=visit.visit, number=number, state="open", kind="objection")
    assert len(number) == 6
    before = station.recorded.order
    committed = next(place for place, (who, what) in enumerate(before) if who == "commit" and fact in list(what))  # type: ignore[call-overload]
    assert committed < before.index(("kiosk 1", taken))
    shown = look(station, visit).lines[0]
    assert (shown.request, shown.request_state) == (number, "open")
    assert object_to(station, visit, line, "other") == Sorry(reason="asked_already", asked="make_request")


def test_what_the_disk_does_not_take_is_not_recorded(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    line = look(station, visit).lines[0]
    station.outbox.fill_disk()
    assert object_to(station, visit, line) == Sorry(reason="not_recorded", asked="make_request")
    station.outbox.error = None
    assert look(station, visit).lines[0].request_state is None
    assert station.of(RequestMade) == []


def test_an_objection_stands_after_a_restart_and_without_a_line(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as made:
        made.accept(desired())
        visit = open_by_card(made, ZHANG)
        object_to(made, visit, look(made, visit).lines[0], "direction")
    system.pass_ms(HOUR_MS)
    with bench(tmp_path, system) as again:
        again.accept(desired())
        visit = open_by_card(again, ZHANG)
        lines = look(again, visit).lines
        assert [line.request_state for line in lines] == [None, "open"]
        (own,) = requests_of(again, visit)
        assert (own.kind, own.code, own.state, own.listed, own.minute) == ("objection", "direction", "open", False, 510)


def test_a_touch_made_elsewhere_is_disputed_by_its_time(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    at = station.clock.now().wall - 30 * HOUR_MS
    send_month(station, MonthTouch(at=at, where="演示村"))
    object_to(station, visit, look(station, visit).lines[1], "not_mine")
    (fact,) = station.of(RequestMade)
    assert (fact.about, fact.begin) == (None, at)
    assert [line.request_state for line in look(station, visit).lines] == [None, "open"]


def report(
    station: Bench,
    visit: VisitShown,
    code: str = "arrival",
    day: str | None = "2026-11-23",
    start: int | None = None,
) -> object:
    (answer,) = station.ask(MakeRequest(visit=visit.visit, kind="correction", code=code, day=day, start=start))
    return answer


def test_a_missing_touch_is_reported_for_a_day(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    assert look(station, visit).days[:2] == ["2026-11-24", "2026-11-23"]
    assert isinstance(report(station, visit), RequestTaken)
    (fact,) = station.of(RequestMade)
    # Midnight in the village.
    assert (fact.request_kind, fact.code, fact.begin) == ("correction", "arrival", 1_795_363_200_000)
    assert report(station, visit) == Sorry(reason="asked_already", asked="make_request")
    assert isinstance(report(station, visit, "departure"), RequestTaken)
    assert report(station, visit, day="2026-10-01") == Sorry(reason="gone", asked="make_request")
    assert report(station, visit, day=None) == Sorry(reason="gone", asked="make_request")
    assert [(one.kind, one.code, one.day) for one in requests_of(station, visit)] == [
        ("correction", "departure", "2026-11-23"),
        ("correction", "arrival", "2026-11-23"),
    ]


def test_both_halves_of_a_day_are_reported_each_with_its_window(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    windows = [one for one in look(station, visit).windows if one.day == "2026-11-23"]
    assert [(one.window, one.start, one.end) for one in windows] == [("am", 510, 720), ("pm", 870, 1_050)]
    for window in windows:
        assert isinstance(report(station, visit, start=window.start), RequestTaken)
    assert report(station, visit, start=870) == Sorry(reason="asked_already", asked="make_request")
    assert report(station, visit, start=871) == Sorry(reason="gone", asked="make_request")
    midnight = 1_795_363_200_000
    assert [(fact.begin, fact.end) for fact in station.of(RequestMade)] == [
        (midnight + start * 60_000, midnight + end * 60_000) for start, end in ((510, 720), (870, 1_050))
    ]
    assert [(one.day, one.minute) for one in requests_of(station, visit)] == [("2026-11-23", 870), ("2026-11-23", 510)]


def test_a_request_is_said_to_be_under_way_until_its_receipt_also_after_a_restart(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as made:
        made.accept(desired())
        visit = open_by_card(made, ZHANG)
        report(made, visit)
        assert [one.received for one in requests_of(made, visit)] == [False]
    with bench(tmp_path, system) as again:
        again.accept(desired())
        visit = open_by_card(again, ZHANG)
        assert [one.received for one in requests_of(again, visit)] == [False]
        receive_all(again)
        assert [one.received for one in requests_of(again, visit)] == [True]


def test_without_the_date_a_missing_touch_names_no_day(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        visit = open_by_card(station, ZHANG)
        shown = look(station, visit)
        assert (shown.days, shown.lines[0].day, shown.lines[0].state) == ([], None, "waiting")
        taken = report(station, visit, day=None)
        assert isinstance(taken, RequestTaken)
        assert taken.undated
        (own,) = requests_of(station, visit)
        assert (own.day, own.made, own.code) == (None, None, "arrival")
        assert report(station, visit, day="2026-11-23") == Sorry(reason="gone", asked="make_request")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"kind": "objection", "code": "time", "line": 7}, "gone"),
        ({"kind": "objection", "code": "time"}, "gone"),
        ({"kind": "objection", "code": "a_later_code", "line": 0}, "not_here"),
        ({"kind": "leave", "code": "arrival", "day": "2026-11-23"}, "not_here"),
    ],
)
def test_what_can_not_be_asked_is_not_recorded(station: Bench, asked: dict[str, object], reason: str) -> None:
    visit = open_by_card(station, ZHANG)
    look(station, visit)
    assert station.ask(MakeRequest(visit=visit.visit, **asked)) == [Sorry(reason=reason, asked="make_request")]  # type: ignore[arg-type]
    assert station.of(RequestMade) == []


def test_one_person_may_have_so_many_open_requests(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    for day in look(station, visit).days:
        for code in ("arrival", "departure"):
            last = report(station, visit, code, day)
    assert last == Sorry(reason="too_many", asked="make_request")
    assert len(station.of(RequestMade)) == 12
    other = open_by_card(station, LI)
    assert isinstance(report(station, other), RequestTaken)
    assert len(requests_of(station, other)) == 1


def test_what_others_wrote_down_for_a_person_takes_no_room_from_what_they_report(station: Bench) -> None:
    written = [
        MonthRequest(request=bytes([number]) * 16, kind="field_duty", made=1, begin=number, end=number + 1)
        for number in range(1, 13)
    ]
    visit = open_by_card(station, ZHANG)
    line = look(station, visit).lines[0]
    same = MonthRequest(request=REQUEST, kind="correction", code="arrival", made=1, begin=1_795_363_200_000)
    send_month(station, requests=[*written, same])
    assert report(station, visit) == Sorry(reason="asked_already", asked="make_request")
    assert isinstance(report(station, visit, "departure"), RequestTaken)
    assert isinstance(object_to(station, visit, line), RequestTaken)


def test_a_lost_card_takes_no_room_from_a_missing_touch(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    days = look(station, visit).days
    assert isinstance(station.ask(AskFor(visit=visit.visit, kind="card_lost"))[0], RequestTaken)
    for day in days[:12]:
        assert isinstance(report(station, visit, day=day), RequestTaken)
    assert report(station, visit, day=days[12]) == Sorry(reason="too_many", asked="make_request")


def test_a_request_is_taken_back_only_by_its_person_and_while_it_waits(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    report(station, visit)
    (own,) = requests_of(station, visit)
    other = open_by_card(station, LI)
    assert station.ask(Withdraw(visit=other.visit, request=own.request)) == [Sorry(reason="gone", asked="withdraw")]
    visit = open_by_card(station, ZHANG)
    taken = RequestTaken(visit=visit.visit, number=own.number, state="withdrawn", kind="correction")
    assert station.ask(Withdraw(visit=visit.visit, request=own.request)) == [taken]
    (fact,) = station.of(RequestWithdrawn)
    assert fact.request.hex() == own.request
    assert [one.state for one in requests_of(station, visit)] == ["withdrawn"]
    assert station.ask(Withdraw(visit=visit.visit, request=own.request)) == [
        Sorry(reason="answered_already", asked="withdraw")
    ]


def _listed(state: str, made: WallMs = 1_795_420_800_000) -> MonthRequest:
    answer = "已核对" if state != "open" else ""
    return MonthRequest(
        request=REQUEST, kind="correction", code="arrival", made=made, begin=made, state=state, answer=answer
    )


def test_the_countys_answer_is_read_and_can_not_be_taken_back(station: Bench) -> None:
    send_month(station, requests=[_listed("refused")])
    visit = open_by_card(station, ZHANG)
    (own,) = requests_of(station, visit)
    assert (own.state, own.answer, own.listed) == ("refused", "已核对", True)
    assert station.ask(Withdraw(visit=visit.visit, request=own.request)) == [
        Sorry(reason="answered_already", asked="withdraw")
    ]
    assert station.of(RequestWithdrawn) == []


def test_a_withdrawal_that_the_county_has_not_heard_of_stands(station: Bench) -> None:
    send_month(station, requests=[_listed("open")])
    visit = open_by_card(station, ZHANG)
    station.ask(Withdraw(visit=visit.visit, request=REQUEST.hex()))
    assert [(one.state, one.taken_back) for one in requests_of(station, visit)] == [("withdrawn", True)]
    # Unless the answer was there first.
    send_month(station, requests=[_listed("accepted")])
    assert [(one.state, one.taken_back) for one in requests_of(station, visit)] == [("accepted", True)]
    send_month(station, requests=[_listed("withdrawn")])
    assert [(one.state, one.taken_back) for one in requests_of(station, visit)] == [("withdrawn", False)]


def test_nothing_of_a_visit_is_kept_after_it(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    look(station, visit)
    station.ask(EndVisit(visit=visit.visit))
    assert station.ask(OpenMonth(visit=visit.visit)) == [Sorry(reason="too_late", asked="open_month")]
    assert station.ask(OpenRequests(visit=visit.visit)) == [Sorry(reason="too_late", asked="open_requests")]
    assert station.kiosk.own_month._seen == {}


def test_a_month_is_opened_by_number_too(station: Bench) -> None:
    allow_numbers(station)
    visit = enter(station, "508213")
    assert isinstance(visit, VisitShown)
    assert look(station, visit).lines == []
    assert isinstance(report(station, visit), RequestTaken)


def test_a_line_keeps_its_number_when_the_list_changes_in_the_visit(station: Bench, system: FakeSystemClock) -> None:
    visit = open_by_card(station, ZHANG)
    first = look(station, visit).lines[0]
    system.pass_ms(HOUR_MS)
    station.touch(ZHANG)
    send_month(station, MonthTouch(at=station.clock.now().wall - 1, where="演示村"))
    shown = look(station, visit)
    assert [line.line for line in shown.lines] == [1, 2, first.line]
    object_to(station, visit, first)
    (fact,) = station.of(RequestMade)
    assert fact.begin == station.clock.now().wall - HOUR_MS


def test_requests_stand_the_newest_first_also_after_one_is_taken_back(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    days = look(station, visit).days[:3]
    for day in days:
        report(station, visit, day=day)
    first = requests_of(station, visit)[-1]
    assert first.day == days[0]
    station.ask(Withdraw(visit=visit.visit, request=first.request))
    shown = [(one.day, one.state) for one in requests_of(station, visit)]
    assert shown == [(days[2], "open"), (days[1], "open"), (days[0], "withdrawn")]


def test_a_visit_numbers_only_so_many_touches_however_often_the_list_changes() -> None:
    seen = _Seen()
    for seq in (0, MAX_LINES, 2 * MAX_LINES):
        refs = (FactRef(epoch=REQUEST, seq=seq + one) for one in range(MAX_LINES + 1))
        seen.put([OwnTouch(wall=None, state="received", direction=None, by_number=False, touch=ref) for ref in refs])
    assert [one.touch.seq for one in seen.touches if one.touch] == list(range(2 * MAX_LINES))
    assert seen.order == []
