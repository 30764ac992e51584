"""A correction is asked for, and approved, where the engine lets it hold, and nowhere else (docs/rules.md, 8.10)."""

import datetime as dt

import pytest

from server_broker.attendance.models import DutyWindow
from server_broker.closing.county_months import CountyMonths
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.duty.stopping import stop_work
from server_broker.duty.windows import Terms, add_window
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.requests.asking import Wish, ask
from server_broker.requests.deciding import decide_case
from server_broker.requests.models import CountyRequest, Outcome
from server_broker.requests.refused import RequestRefused
from server_broker.requests.wishes import turn_choices
from server_broker.twin.station_settings import choose
from tests.cast import COUNTY, COUNTY_OFFICER, SHILI_VILLAGE, TOWNSHIP, TOWNSHIP_OFFICER, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, user_of
from tests.server_broker.settling.lived import BY, MONDAY, TUESDAY, LivedStation, announced, at, morning, settled

pytestmark = pytest.mark.django_db

EVENING = at(MONDAY, 20)
MONTHS = CountyMonths()
IN, OUT = "arrival", "departure"


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    announced()
    return county.people[ZHANG]


def asks(person: Person, window: DutyWindow, mark: str, clock: str, now: dt.datetime = EVENING) -> CountyRequest:
    """Somebody asks for a mark at a time of Monday, such as 8:25; empty: that there was none."""
    hour, _, minute = clock.partition(":")
    mark_at = at(MONDAY, int(hour), int(minute)) if clock else None
    wish = Wish(kind="correction", window=window.pk, day=MONDAY, mark=mark, mark_at=mark_at, note="忘了打卡，有人作证")
    return ask(person, wish, now=now, months=MONTHS)


def fits(person: Person, window: DutyWindow, mark: str, clock: str) -> str:
    """Why a correction is refused; empty: it is taken."""
    try:
        asks(person, window, mark, clock).delete()
    except RequestRefused as refusal:
        return str(refusal)
    return ""


def approve(asked: CountyRequest, now: dt.datetime = EVENING) -> None:
    decide_case(f"c{asked.pk}", Outcome.ACCEPTED, text="", user=user_of(TOWNSHIP_OFFICER), at=now, months=MONTHS)


def away(person: Person, since: dt.datetime, until: dt.datetime, kind: str = "leave") -> None:
    absence = Absence.objects.create(person=person, kind=kind, source="")
    put(AbsenceRecord, [absence.pk], Period(since, until), {"code": "sick", "ended": False}, actor=BY)


def result(person: Person, start: int = 510) -> str:
    return settled(MONDAY, MONDAY, at(TUESDAY, 20))[str(person.pk), MONDAY, start].result


def duty(person: Person, start: int, end: int, *, village: str = SHILI_VILLAGE, marks: str = "each") -> DutyWindow:
    terms = Terms(f"值班 {start}", [1, 2, 3, 4, 5], start, end, [person.pk], marks=marks)
    return add_window(Region.objects.get(pk=village), terms, since=MONDAY - dt.timedelta(days=1), actor=BY)


def test_either_mark_lies_within_both_spans(zhang: Person) -> None:
    window, station = morning(zhang), LivedStation()
    station.closed(at(MONDAY, 15, 1))
    station.send(at(MONDAY, 15, 2))
    for clock in ("7:00", "14:59"):
        assert fits(zhang, window, IN, clock) == fits(zhang, window, OUT, clock) == ""
    for clock in ("6:59", "15:00"):
        assert fits(zhang, window, IN, clock) == "时间离这个班太远，要在 07:00 以后、15:00 以前，请核对"
    # The middle of the window is 10:15.
    approve(asks(zhang, window, IN, "10:20"))
    approve(asks(zhang, window, OUT, "12:01"))
    assert result(zhang) == "迟"


def test_a_neighbour_cuts_what_can_be_corrected(zhang: Person) -> None:
    first = morning(zhang)
    second = duty(zhang, 780, 1020, village=YANSHI_VILLAGE)
    assert fits(zhang, first, OUT, "12:29") == fits(zhang, second, IN, "12:30") == ""
    assert "要在 07:00 以后、12:30 以前" in fits(zhang, first, OUT, "12:30")
    assert "要在 12:30 以后、20:00 以前" in fits(zhang, second, IN, "12:29")


def test_what_is_taken_of_a_window_leaves_its_outer_edges(zhang: Person) -> None:
    window = morning(zhang)
    snow = Period(at(MONDAY, 8), at(MONDAY, 10))
    stop_work(Region.objects.get(pk=COUNTY), snow, "大雪封路", by=user_of(COUNTY_OFFICER), now=at(MONDAY, 7))
    away(zhang, at(MONDAY, 11), at(MONDAY, 18))
    assert fits(zhang, window, IN, "7:00") == fits(zhang, window, OUT, "14:59") == ""
    # It has ended when the whole of it has.
    with pytest.raises(RequestRefused, match="还没有结束"):
        asks(zhang, window, IN, "10:05", at(MONDAY, 11, 59))
    assert turn_choices(zhang, "correction", at(MONDAY, 11, 59)) == []


def test_of_windows_with_one_arrival_and_one_departure_the_outer_marks_alone_can_be_corrected(zhang: Person) -> None:
    windows = [duty(zhang, *times, marks="ends") for times in ((510, 600), (630, 720), (840, 1020))]
    assert [fits(zhang, one, IN, "8:20") for one in windows] == ["", "这个班不打卡，不用补", "这个班不打上班卡，不用补"]
    assert [fits(zhang, one, OUT, "") for one in windows] == ["这个班不打下班卡，不用补", "这个班不打卡，不用补", ""]
    approve(asks(zhang, windows[0], IN, "8:20"))
    approve(asks(zhang, windows[2], OUT, "17:05"))
    assert [result(zhang, start) for start in (510, 630, 840)] == ["√"] * 3


def test_nothing_is_to_be_corrected_of_a_window_that_nobody_judges(zhang: Person) -> None:
    window = morning(zhang)
    asked = asks(zhang, window, IN, "8:25")
    away(zhang, at(MONDAY, 8), at(MONDAY, 18))
    assert fits(zhang, window, OUT, "12:01") == "这个班批了请假，不用补卡"
    with pytest.raises(RequestRefused, match="这个班批了请假，不用补卡"):
        approve(asked)
    assert fits(zhang, duty(zhang, 780, 1020), OUT, "17:01") == "这个班批了请假，不用补卡"


def test_what_a_neighbour_has_cut_since_is_not_approved(zhang: Person) -> None:
    window = morning(zhang)
    asked = asks(zhang, window, OUT, "14:00")
    duty(zhang, 780, 1020)
    with pytest.raises(RequestRefused, match="要在 07:00 以后、12:30 以前"):
        approve(asked)


def test_spans_reach_as_far_as_the_village_of_the_roster_has_it(zhang: Person) -> None:
    window = morning(zhang, village=YANSHI_VILLAGE)
    assert "15:00 以前" in fits(zhang, window, OUT, "15:20")
    choose(Region.objects.get(pk=TOWNSHIP), "open_after_min", "300", actor="county", now=EVENING)
    assert fits(zhang, window, OUT, "15:20") == ""


def test_a_window_with_an_arrival_alone_needs_no_departure(zhang: Person) -> None:
    window = morning(zhang, marks="arrival")
    assert fits(zhang, window, OUT, "12:01") == "这个班不打下班卡，不用补"
    assert fits(zhang, window, IN, "11:59") == ""
    assert "要在 07:00 以后、12:00 以前" in fits(zhang, window, IN, "12:00")
