"""The county's own data read as a world of the rules: what a week came to, evening by evening."""

import datetime as dt

import pytest

from protocol.facts import Reissued
from protocol.facts_station import ReaderBack, ReaderLost, ShutDown
from server_broker.attendance.models import DutyWindow
from server_broker.ingest.held import held_facts, write_off
from server_broker.requests.asking import Wish, ask
from server_broker.requests.deciding import decide_case
from server_broker.requests.models import CountyRequest, Outcome
from tests.cast import LI, TOWNSHIP_OFFICER, YANSHI, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, user_of
from tests.server_broker.settling.lived import (
    BY,
    FRIDAY,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    LivedStation,
    announced,
    at,
    morning,
    recorded,
    settled,
    words,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

EVENING = 20


@pytest.fixture
def zhang(county: FictionalCounty) -> str:
    return str(county.people[ZHANG].pk)


@pytest.fixture
def li_id(county: FictionalCounty) -> str:
    return str(county.people[LI].pk)


@pytest.fixture
def window(county: FictionalCounty) -> DutyWindow:
    announced()
    return morning(county.people[ZHANG], county.people[LI])


@pytest.fixture
def shili(county: FictionalCounty) -> LivedStation:
    return LivedStation()


def whole_day(station: LivedStation, day: dt.date, *cards: bytes) -> None:
    for card in cards:
        station.touched(card, at(day, 8, 20))
    for card in cards:
        station.touched(card, at(day, 12, 5))
    station.closed(at(day, 15, 1))


def test_a_week_comes_to_what_each_evening_knew(
    window: DutyWindow, shili: LivedStation, zhang: str, li_id: str
) -> None:
    whole_day(shili, MONDAY, ZHANG.token, LI.token)
    shili.send(at(MONDAY, 15, 2))
    assert words(MONDAY, MONDAY, at(MONDAY, EVENING)) == {(zhang, MONDAY): "√", (li_id, MONDAY): "√"}
    shili.touched(ZHANG.token, at(TUESDAY, 8, 50))
    shili.touched(ZHANG.token, at(TUESDAY, 12, 1))
    shili.closed(at(TUESDAY, 15, 1))
    # The line is down: the county hears of Tuesday on Wednesday alone.
    late = words(MONDAY, TUESDAY, at(TUESDAY, EVENING))
    assert late[zhang, TUESDAY] == late[li_id, TUESDAY] == "未"
    shili.send(at(WEDNESDAY, 9))
    now = settled(TUESDAY, TUESDAY, at(WEDNESDAY, EVENING))
    assert {place[0]: (one.result, one.late) for place, one in now.items()} == {zhang: ("迟", 20), li_id: ("旷", 0)}
    # Who asks as of Tuesday evening is told what was known then, whatever came later.
    assert words(MONDAY, TUESDAY, at(TUESDAY, EVENING)) == late


def test_the_first_evening_is_blank_until_the_last_minute(window: DutyWindow, shili: LivedStation, zhang: str) -> None:
    shili.touched(ZHANG.token, at(MONDAY, 8, 20))
    shili.send(at(MONDAY, 8, 21))
    assert words(MONDAY, MONDAY, at(MONDAY, 14))[zhang, MONDAY] == ""


def test_a_clock_that_is_corrected_dates_what_came_before(window: DutyWindow, shili: LivedStation, zhang: str) -> None:
    shili.send(at(MONDAY, 6))
    shili.booted(at(MONDAY, 7), quality="unknown", alive=at(MONDAY, 6))
    shili.touched(ZHANG.token, at(MONDAY, 8, 20), wall=at(dt.date(2020, 1, 1), 0))
    shili.touched(ZHANG.token, at(MONDAY, 12, 5), wall=at(dt.date(2020, 1, 1), 4))
    shili.send(at(MONDAY, 12, 6))
    shili.learnt(at(MONDAY, 18))
    shili.closed(at(MONDAY, 18, 1))
    shili.send(at(MONDAY, 18, 2))
    now = settled(MONDAY, MONDAY, at(MONDAY, EVENING))[zhang, MONDAY, 510]
    assert (now.result, len(now.refs)) == ("√", 2)
    before = words(MONDAY, MONDAY, at(MONDAY, 17))
    assert before[zhang, MONDAY] == "未"


def test_a_direction_chosen_counts_from_when_it_came(window: DutyWindow, shili: LivedStation, zhang: str) -> None:
    seq = shili.touched(ZHANG.token, at(MONDAY, 9))
    shili.send(at(MONDAY, 9, 1))
    shili.chose(seq, "out", at(MONDAY, 9, 0, 8))
    shili.closed(at(MONDAY, 15, 1))
    shili.send(at(MONDAY, 15, 2))
    one = settled(MONDAY, MONDAY, at(MONDAY, EVENING))[zhang, MONDAY, 510]
    assert (one.result, one.beside, one.early) == ("缺", ("早",), 180)


def test_a_roster_that_was_entered_after_the_start_blames_nobody(
    county: FictionalCounty, shili: LivedStation, zhang: str
) -> None:
    announced()
    with recorded(at(MONDAY, 10)):
        morning(county.people[ZHANG])
    for day in (MONDAY, TUESDAY):
        shili.closed(at(day, 15, 1))
    shili.send(at(TUESDAY, 16))
    assert words(MONDAY, TUESDAY, at(TUESDAY, EVENING)) == {(zhang, MONDAY): "暂", (zhang, TUESDAY): "旷"}


def test_a_touch_at_the_neighbours_counts_and_awaits_the_neighbour(
    county: FictionalCounty, window: DutyWindow, shili: LivedStation, zhang: str
) -> None:
    from tests.server_broker.county import add_station  # noqa: PLC0415

    add_station(county, YANSHI, YANSHI_VILLAGE)
    yanshi = LivedStation(YANSHI)
    shili.closed(at(MONDAY, 15, 1))
    shili.send(at(MONDAY, 15, 2))
    assert words(MONDAY, MONDAY, at(MONDAY, EVENING))[zhang, MONDAY] == "未"
    whole_day(yanshi, MONDAY, ZHANG.token)
    yanshi.send(at(TUESDAY, 9))
    one = settled(MONDAY, MONDAY, at(TUESDAY, EVENING))[zhang, MONDAY, 510]
    assert (one.result, one.flags) == ("√", ("异地",))


def test_a_month_is_read_from_a_touch_on_at_which_the_station_was_up(
    window: DutyWindow, shili: LivedStation, zhang: str, li_id: str
) -> None:
    day = MONDAY
    while day <= FRIDAY + dt.timedelta(days=7):
        if day.isoweekday() < 6:
            whole_day(shili, day, ZHANG.token)
            shili.send(at(day, 15, 2))
        day += dt.timedelta(days=1)
    friday = FRIDAY + dt.timedelta(days=7)
    now = settled(friday, friday, at(friday, EVENING))
    assert {place[0]: one.result for place, one in now.items()} == {zhang: "√", li_id: "旷"}
    # A date of which the station told long ago, without all that it told since.
    first = settled(MONDAY, MONDAY, at(friday, EVENING))
    assert {place[0]: one.result for place, one in first.items()} == {zhang: "√", li_id: "旷"}


@pytest.mark.parametrize("what", ["a shutdown without a boot", "a reader that is gone"])
def test_a_month_is_not_read_from_a_touch_of_time_that_turns_out_as_down(
    window: DutyWindow, shili: LivedStation, zhang: str, li_id: str, what: str
) -> None:
    """The station tells of touches all the time: of another reader, or because it did not go down after all."""
    whole_day(shili, MONDAY, ZHANG.token)
    off, lost = ShutDown(at=shili.moment(at(MONDAY, 16))), ReaderLost(at=shili.moment(at(MONDAY, 16)), reader="1")
    shili.state(off if what == "a shutdown without a boot" else lost)
    days = [MONDAY + dt.timedelta(days=number) for number in (1, 2, 3, 4, 7, 8, 9, 10, 11)]
    for day in days:
        whole_day(shili, day, ZHANG.token)
        shili.send(at(day, 15, 2))
    last = days[-1]
    if what == "a shutdown without a boot":
        shili.booted(at(last, 16), alive=at(last, 15, 30))
    else:
        shili.state(ReaderBack(at=shili.moment(at(last, 16)), reader="1"))
    shili.send(at(last, 16, 1))
    for day in (MONDAY, TUESDAY, days[5], last):
        one = settled(day, day, at(last, EVENING))
        li = "旷" if day == MONDAY else "停"
        assert {place[0]: result.result for place, result in one.items()} == {zhang: "√", li_id: li}


def test_nobody_is_absent_while_a_new_stream_still_issues_the_old_one_anew(
    window: DutyWindow, shili: LivedStation, zhang: str
) -> None:
    """The card is damaged while the line is down, and the line breaks again in the middle of what is issued anew."""
    shili.send(at(MONDAY, 6))
    whole_day(shili, MONDAY, ZHANG.token)
    old, matched, untold = list(shili.sealed), shili.sent, shili.epoch
    shili.begin_stream(at(TUESDAY, 9), matched=matched)
    shili.send(at(TUESDAY, 9, 1))
    assert words(MONDAY, MONDAY, at(TUESDAY, EVENING))[zhang, MONDAY] == "未"
    for seq, sealed in enumerate(old[matched:], matched + 1):
        moment = shili.moment(at(TUESDAY, 9))
        shili.state(Reissued(at=moment, epoch=untold, seq=seq, salt=sealed.salt, body=sealed.body))
    shili.closed(at(WEDNESDAY, 15, 1))
    shili.send(at(WEDNESDAY, 15, 2))
    assert words(MONDAY, MONDAY, at(WEDNESDAY, EVENING))[zhang, MONDAY] == "√"
    assert words(MONDAY, MONDAY, at(TUESDAY, EVENING))[zhang, MONDAY] == "未"


def test_what_nobody_can_read_of_what_is_issued_anew_may_have_been_a_touch_where_it_stood(
    window: DutyWindow, shili: LivedStation, zhang: str
) -> None:
    """The bytes of the arrival are damaged, so the county holds what carries them."""
    shili.send(at(MONDAY, 6))
    whole_day(shili, MONDAY, ZHANG.token)
    old, matched, untold = list(shili.sealed), shili.sent, shili.epoch
    shili.begin_stream(at(TUESDAY, 16), matched=matched)
    arrival = matched + 1
    for seq, sealed in enumerate(old[matched:], arrival):
        body = b"\xc1" if seq == arrival else sealed.body
        shili.state(
            Reissued(at=shili.moment(at(TUESDAY, 16)), epoch=untold, seq=seq, salt=sealed.salt, body=body),
        )
    shili.closed(at(TUESDAY, 17))
    shili.closed(at(WEDNESDAY, 15, 1))
    shili.send(at(WEDNESDAY, 15, 2))
    assert [one.held_reason for one in held_facts()] == ["malformed"]
    told = words(MONDAY, TUESDAY, at(WEDNESDAY, EVENING))
    assert (told[zhang, MONDAY], told[zhang, TUESDAY]) == ("待", "旷")
    write_off(held_facts(), reason="查过了", actor=BY, at=at(WEDNESDAY, 21))
    assert words(MONDAY, MONDAY, at(WEDNESDAY, 22))[zhang, MONDAY] == "缺"


def test_leave_that_was_approved_is_not_judged_again_by_when_it_was_asked(
    window: DutyWindow, shili: LivedStation, zhang: str, county: FictionalCounty
) -> None:
    """A kiosk's request may turn out to have been made after the third day. Who approved it could not know that."""
    whole_day(shili, MONDAY, LI.token)
    shili.send(at(MONDAY, 16))
    begin = at(MONDAY, 0)
    wish = Wish(kind="leave", code="sick", begin=begin, end=at(TUESDAY, 0))
    asked = ask(county.people[ZHANG], wish, now=at(WEDNESDAY, 9))
    with recorded(at(FRIDAY, 9)):
        decide_case(f"c{asked.pk}", Outcome.ACCEPTED, text="", user=user_of(TOWNSHIP_OFFICER), at=at(FRIDAY, 9))
    CountyRequest.objects.filter(pk=asked.pk).update(asked_at=at(FRIDAY, 8))
    one = settled(MONDAY, MONDAY, at(FRIDAY, EVENING))[zhang, MONDAY, 510]
    assert (one.result, one.kind, one.flags) == ("假", "病", ("补",))
