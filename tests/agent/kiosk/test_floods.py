"""Nobody fills the disk or the township's desk by keys: what people state is bounded, also over restarts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.kiosk import feedback, help_calls
from agent.kiosk.help_calls import HELP_EVERY_MS
from agent.kiosk.request_book import MAX_KEPT, MOST_A_DAY, MOST_A_DAY_HERE
from protocol.facts import FeedbackGiven, HelpAsked, RequestMade
from protocol.kiosk import AskHelp, Sorry
from protocol.kiosk_feedback import GiveFeedback
from protocol.kiosk_months import (
    MakeRequest,
    MonthShown,
    OpenMonth,
    OpenRequests,
    RequestsShown,
    RequestTaken,
    Withdraw,
)
from protocol.kiosk_visits import VisitShown
from tests.agent.bench import LI, ZHANG, Bench, bench, desired
from tests.agent.kiosk.village_pins import open_by_card
from tests.fakes.clockwork import FakeSystemClock

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
QUESTION = GiveFeedback(topic="lamps", matter="broken")
CALL = AskHelp(screen="home")


def ask(station: Bench) -> list[object]:
    return station.ask(QUESTION)


def call(station: Bench) -> list[object]:
    station.system.pass_ms(HELP_EVERY_MS)
    return station.ask(CALL)


@pytest.mark.parametrize(
    ("do", "fact", "most"),
    [(ask, FeedbackGiven, feedback.MOST_AN_HOUR), (call, HelpAsked, help_calls.MOST_AN_HOUR)],
)
@pytest.mark.parametrize("plug_pulled", [False, True])
def test_restarts_give_no_more_within_the_hour(
    tmp_path: Path,
    system: FakeSystemClock,
    do: Callable[[Bench], list[object]],
    fact: type[FeedbackGiven] | type[HelpAsked],
    most: int,
    plug_pulled: bool,
) -> None:
    for boot in range(4):
        with bench(tmp_path, system) as station:
            station.accept(desired())
            for _ in range(most // 2):
                last = do(station)
            assert len(station.of(fact)) == min(most, (boot + 1) * (most // 2))
        if plug_pulled:
            wall = system.wall
            system.reboot(b"boot-%011d" % boot)
            system.wall = wall + 60_000
    assert [one.reason for one in last if isinstance(one, Sorry)] == ["too_many"]
    system.pass_ms(HOUR_MS)
    with bench(tmp_path, system) as station:
        station.accept(desired())
        assert not any(isinstance(one, Sorry) for one in do(station))
        assert len(station.of(fact)) == most + 1


def report_and_withdraw(station: Bench, visit: VisitShown) -> object:
    [month] = station.ask(OpenMonth(visit=visit.visit))
    assert isinstance(month, MonthShown)
    day = month.days[0] if month.days else None
    [made] = station.ask(MakeRequest(visit=visit.visit, kind="correction", code="arrival", day=day))
    [shown] = station.ask(OpenRequests(visit=visit.visit))
    assert isinstance(shown, RequestsShown)
    if shown.requests and shown.requests[0].state == "open":
        station.ask(Withdraw(visit=visit.visit, request=shown.requests[0].request))
    return made


def test_whoever_takes_each_request_back_makes_no_more_than_a_day_takes(
    station: Bench, system: FakeSystemClock
) -> None:
    visit = open_by_card(station, ZHANG)
    for _ in range(MOST_A_DAY + 5):
        last = report_and_withdraw(station, visit)
    assert last == Sorry(reason="too_many_today", asked="make_request")
    assert len(station.of(RequestMade)) == MOST_A_DAY
    other = open_by_card(station, LI)
    assert isinstance(report_and_withdraw(station, other), RequestTaken)
    system.pass_ms(DAY_MS)
    assert isinstance(report_and_withdraw(station, open_by_card(station, ZHANG)), RequestTaken)


def test_a_restart_gives_nobody_more_requests_and_a_clock_set_back_locks_nobody_out(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        visit = open_by_card(station, ZHANG)
        for _ in range(MOST_A_DAY):
            report_and_withdraw(station, visit)
    with bench(tmp_path, system) as station:
        station.accept(desired())
        assert report_and_withdraw(station, open_by_card(station, ZHANG)) == Sorry(
            reason="too_many_today", asked="make_request"
        )
        book = station.kiosk.request_book
        assert book.are_too_many("p1", system.wall)
        assert not book.are_too_many("p1", system.wall - DAY_MS - HOUR_MS)


def test_the_day_of_a_whole_village_is_bounded_below_what_is_remembered() -> None:
    assert MOST_A_DAY < MOST_A_DAY_HERE <= MAX_KEPT // 2
