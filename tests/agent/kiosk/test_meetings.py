"""A touch signs in to a meeting, its screen says the quorum, and a restart in the middle costs nothing."""

from pathlib import Path

import msgspec
import pytest

from agent.kiosk.meeting_book import AFTER_MS
from protocol.facts import PersonVouched, Touch
from protocol.kiosk import TouchShown
from protocol.kiosk_meetings import MeetingCount, MeetingLine
from protocol.kiosk_visits import ClockByNumber, VisitShown
from tests.agent.bench import LI, LOST, STRANGER, ZHANG, Bench, bench
from tests.agent.kiosk.village_meetings import BEGIN, GUEST, WANG, announce, meeting, of, shown_to
from tests.agent.kiosk.village_pins import ZHANG_PIN, allow_numbers, enter, open_by_card
from tests.fakes.bundles import Held
from tests.fakes.clockwork import HOUR_MS, MINUTE_MS, FakeSystemClock

COUNT = MeetingCount(expected=5, came=0, excused=1, voters=4, needed=3)


def line(station: Bench, name: str = "m1") -> MeetingLine:
    return next(one for one in station.home.current().meetings if one.id == name)


def count(station: Bench) -> MeetingCount:
    found = line(station).count
    assert found is not None
    return found


def states(station: Bench, card: str) -> list[str]:
    return [one.state for one in station.touch(card).meetings]


@pytest.fixture
def near(station: Bench) -> Bench:
    """A station half an hour before the begin."""
    announce(station, meeting())
    return station


def test_home_says_what_is_near_and_how_many_have_come(near: Bench) -> None:
    found = line(near)
    assert (found.title, found.place, found.begin, found.count) == ("支部党员大会", "党群活动室", BEGIN, COUNT)
    (told,) = near.touch(LI).meetings
    assert (told.state, told.count.came, told.count.voters_came, told.count.needed) == ("signed_in", 1, 1, 3)
    assert count(near) == told.count
    assert [type(fact) for fact in near.facts()[-1:]] == [Touch]


def test_a_touch_counts_from_an_hour_before_the_begin_through_the_end(station: Bench, system: FakeSystemClock) -> None:
    announce(station, meeting(begin=BEGIN + 31 * MINUTE_MS, end=BEGIN + 60 * MINUTE_MS))
    assert states(station, LI) == []
    assert line(station).count is None
    system.pass_ms(MINUTE_MS)
    assert (states(station, LI), count(station).came) == (["signed_in"], 1), "the repeat signs in by itself"
    system.pass_ms(90 * MINUTE_MS)
    assert states(station, WANG) == []
    assert (count(station).came, count(station).voters_came) == (1, 1)


def test_who_comes_more_than_ten_minutes_late_is_late_and_has_come(near: Bench, system: FakeSystemClock) -> None:
    near.touch(ZHANG)
    system.pass_ms(40 * MINUTE_MS + 59_000)
    assert (states(near, LI), count(near).began_with) == (["signed_in"], None)
    system.pass_ms(1_000)
    assert states(near, WANG) == ["late"]
    found = count(near)
    assert (found.came, found.late, found.voters_came, found.began_with) == (3, 1, 2, 2)
    assert states(near, ZHANG) == ["again"]


def test_a_guest_a_stranger_and_a_lost_card_sign_nobody_in(near: Bench) -> None:
    assert [states(near, card) for card in (GUEST, STRANGER, LOST)] == [[], [], []]
    assert count(near) == COUNT


def test_a_card_that_is_bound_later_has_signed_in(station: Bench) -> None:
    station.bundles.put("meetings", of(meeting()))
    assert states(station, WANG) == []
    announce(station, meeting())
    assert count(station).came == 1


def test_the_excused_who_come_have_come(near: Bench) -> None:
    announce(near, meeting(expected=[one for one in meeting().expected if one.person != "p2"]))
    assert states(near, LI) == []
    announce(near, meeting())
    assert count(near) == MeetingCount(expected=5, came=1, excused=1, voters=4, voters_came=1, needed=3)


def test_a_number_signs_in_where_the_person_chose_to_clock(near: Bench, system: FakeSystemClock) -> None:
    allow_numbers(near)
    near.bundles.put("meetings", of(meeting()))
    visit = enter(near, ZHANG_PIN)
    assert isinstance(visit, VisitShown)
    assert count(near).came == 0
    assert "meeting" in visit.can
    (shown,) = near.ask(ClockByNumber(visit=visit.visit))
    assert isinstance(shown, TouchShown)
    assert [one.state for one in shown.meetings] == ["signed_in"]
    assert count(near).came == 1


def test_a_power_cut_in_the_middle_costs_nobody_their_sign_in(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        announce(station, meeting())
        station.touch(ZHANG)
        station.touch(LI)
        before, held = count(station), station.bundles.bundles("meetings")[0]
    system.reboot(b"boot-two--------")
    system.wall = BEGIN
    with bench(tmp_path, system) as station:
        station.bundles.take(held)
        assert count(station) == before


def test_without_the_time_nobody_signs_in_and_the_county_judges(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        announce(station, meeting())
        station.touch(ZHANG)
        held = station.bundles.bundles("meetings")[0]
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as station:
        station.bundles.take(held)
        assert not station.clock.dated
        (told,) = station.touch(LI).meetings
        assert (told.state, told.count.came, told.count.undated) == ("undated", 1, 1)
        assert told.count.began_with is None
        system.pass_ms(MINUTE_MS)
        station.county_told(BEGIN + 12 * MINUTE_MS)
        found = count(station)
        assert (found.came, found.undated, found.late) == (2, 0, 1), "the county's time dates this boot's touches"


def test_what_an_earlier_boot_never_dated_stays_undated(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        announce(station, meeting())
        held = station.bundles.bundles("meetings")[0]
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as station:
        station.bundles.take(held)
        station.touch(LI)
    system.reboot(b"boot-three------")
    system.wall = BEGIN
    with bench(tmp_path, system) as station:
        station.bundles.take(held)
        assert (count(station).came, count(station).undated) == (0, 1)
        assert states(station, LI) == ["signed_in"]
        assert count(station).undated == 0


def test_a_meeting_that_is_put_off_or_called_off_while_people_come(near: Bench) -> None:
    near.touch(LI)
    near.bundles.put("meetings", of(meeting(begin=BEGIN + 31 * MINUTE_MS)))
    assert (line(near).begin, line(near).count) == (BEGIN + 31 * MINUTE_MS, None)
    near.bundles.put("meetings", of(meeting(cancelled=True)))
    assert (line(near).cancelled, line(near).count, states(near, ZHANG)) == (True, None, [])
    near.bundles.put("meetings", of())
    assert near.home.current().meetings == []
    near.bundles.put("meetings", of(meeting()))
    assert count(near).came == 2


def test_one_touch_signs_in_to_two_meetings_at_once(near: Bench) -> None:
    announce(near, meeting(), meeting(id="m2", title="村委会", expected=meeting().expected[1:2], quorum=None))
    told = near.touch(LI).meetings
    assert [(one.title, one.state, one.count.needed) for one in told] == [
        ("支部党员大会", "signed_in", 3),
        ("村委会", "signed_in", None),
    ]


def test_a_meeting_elsewhere_is_announced_and_nobody_signs_in(near: Bench) -> None:
    announce(near, meeting(here=False))
    assert (line(near).here, line(near).count, states(near, LI)) == (False, None, [])


def test_what_is_over_or_far_off_is_not_announced(near: Bench, system: FakeSystemClock) -> None:
    announce(near, meeting(), meeting(id="far", begin=BEGIN + 8 * 24 * HOUR_MS, end=BEGIN + 9 * 24 * HOUR_MS))
    assert [one.id for one in near.home.current().meetings] == ["m1"]
    system.pass_ms(2 * HOUR_MS + AFTER_MS)
    assert near.home.current().meetings == []
    assert near.kiosk.meetings.lines() == []


def test_only_the_expected_are_offered_the_meeting(near: Bench) -> None:
    assert "meeting" not in open_by_card(near, GUEST).can
    shown = shown_to(near, LI)
    assert (shown.own, shown.chairs, shown.absent, shown.agenda) == ("signed_in", False, [], [])
    assert near.of(PersonVouched) == []


def test_a_bundle_that_cannot_be_read_costs_only_the_meetings(near: Bench) -> None:
    held = near.bundles.bundles("meetings")[0]
    near.bundles.take(_broken(held))
    shown = near.touch(LI)
    assert (shown.answer, shown.meetings, near.home.current().meetings) == ("recorded", [], [])


def _broken(held: Held) -> Held:
    return msgspec.structs.replace(held, sha256=bytes(32), bundle=msgspec.structs.replace(held.bundle, content=b"\xc1"))


def test_a_visit_names_the_next_meeting_of_the_person_that_is_not_near(near: Bench, system: FakeSystemClock) -> None:
    coming = meeting(id="m2", begin=BEGIN + 24 * HOUR_MS, end=BEGIN + 25 * HOUR_MS)
    later = meeting(id="m3", begin=BEGIN + 48 * HOUR_MS, end=BEGIN + 49 * HOUR_MS)
    called_off = meeting(id="m4", begin=BEGIN + 2 * HOUR_MS, end=BEGIN + 3 * HOUR_MS, cancelled=True)
    announce(near, meeting(), called_off, coming, later)
    own = open_by_card(near, LI).meeting
    assert own is not None
    assert (own.id, own.count) == ("m2", None)
    assert open_by_card(near, GUEST).meeting is None
    near.bundles.put("meetings", of(meeting()))
    assert open_by_card(near, WANG).meeting is None
