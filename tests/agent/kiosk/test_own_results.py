"""What windows came to, at the kiosk: what the county's list says, and what this station knows of the window."""

from msgspec import UNSET

from protocol.bundle_contents import Month
from protocol.kiosk import Sorry
from protocol.kiosk_months import MakeRequest, OpenResults, RequestTaken, ResultsShown
from protocol.kiosk_visits import EndVisit, VisitShown
from protocol.months import MonthResult, MonthResults
from tests.agent.bench import ZHANG, Bench
from tests.agent.kiosk.village_pins import open_by_card
from tests.fakes.clockwork import FakeSystemClock

TODAY, LONG_AGO = "2026-11-24", "2026-11-02"
DAY_MS = 86_400_000


def settle(station: Bench, *results: MonthResult, through: str = "2026-11-15") -> None:
    told = station.clock.now().wall - DAY_MS
    settled = MonthResults(through=through, told=told, results=list(results))
    station.bundles.put("month", Month(person="p1", month="2026-11", as_of=0, settled=settled), name="p1")


def look(station: Bench, visit: VisitShown, page: int = 0) -> ResultsShown:
    (shown,) = station.ask(OpenResults(visit=visit.visit, page=page))
    assert isinstance(shown, ResultsShown)
    return shown


def late(day: str = TODAY, start: int = 510) -> MonthResult:
    return MonthResult(day=day, start=start, result="late", late=12, why="8:42 到，迟 12 分钟；12:05 走。")


def test_results_can_be_opened_where_the_county_has_said_something(station: Bench) -> None:
    settle(station)
    visit = open_by_card(station, ZHANG)
    assert visit.can[:3] == ["month", "results", "requests"]
    shown = look(station, visit)
    assert (shown.through, shown.told, shown.lines) == ("2026-11-15", "2026-11-23", [])


def test_a_county_that_has_said_nothing_offers_none(station: Bench) -> None:
    assert "results" not in open_by_card(station, ZHANG).can


def test_a_month_without_results_offers_none(station: Bench) -> None:
    station.bundles.put("month", Month(person="p1", month="2026-11", as_of=0, settled=UNSET), name="p1")
    visit = open_by_card(station, ZHANG)
    assert "results" not in visit.can
    assert look(station, visit).through is None


def test_a_line_has_what_the_county_says_and_the_window_that_the_station_knows(station: Bench) -> None:
    settle(station, late(), MonthResult(day=LONG_AGO, start=840, result="awaiting", waits=["演示村"]))
    first, second = look(station, open_by_card(station, ZHANG)).lines
    assert (first.result, first.late, first.why) == ("late", 12, "8:42 到，迟 12 分钟；12:05 走。")
    assert (first.window, first.end, first.may_report) == ("am", 720, True)
    # Of a window that the station does not know it only says what the county says.
    assert (second.result, second.waits, second.window, second.end, second.may_report) == (
        "awaiting", ["演示村"], "", None, False,
    )  # fmt: skip


def test_results_come_page_by_page(station: Bench) -> None:
    settle(station, *(late(start=start) for start in range(12)))
    visit = open_by_card(station, ZHANG)
    pages = [look(station, visit, page) for page in range(4)]
    assert [(one.page, one.pages, len(one.lines)) for one in pages] == [(0, 3, 5), (1, 3, 5), (2, 3, 2), (2, 3, 2)]


def test_a_missing_touch_that_was_reported_of_a_window_is_named_there(station: Bench) -> None:
    settle(station, late())
    visit = open_by_card(station, ZHANG)
    (taken,) = station.ask(MakeRequest(visit=visit.visit, kind="correction", code="arrival", day=TODAY, start=510))
    assert isinstance(taken, RequestTaken)
    (line,) = look(station, visit).lines
    assert (line.request, line.request_state) == (taken.number, "open")


def test_nobody_sees_another_s_results_nor_their_own_after_the_visit(station: Bench, system: FakeSystemClock) -> None:
    settled = MonthResults(through="2026-11-15", told=0, results=[late()])
    station.bundles.put("month", Month(person="p2", month="2026-11", as_of=0, settled=settled), name="p2")
    visit = open_by_card(station, ZHANG)
    assert look(station, visit).lines == []
    station.ask(EndVisit(visit=visit.visit, why="left"))
    (said,) = station.ask(OpenResults(visit=visit.visit))
    assert isinstance(said, Sorry)
