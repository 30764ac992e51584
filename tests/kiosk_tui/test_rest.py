"""The notices by turns while nobody is here: when they come, what ends them, and that no key acts unseen."""

import msgspec
import pytest

from kiosk_tui.places.notices import REST_TURN_MS
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import AwayView, DutyView, HomeView, NoticeView, RestView, TodayView, TouchView
from protocol.kiosk_notices import AskNotices, NoticesShown, OpenNotice
from tests.kiosk_tui import meeting_samples, samples
from tests.kiosk_tui.rig import OpenKiosk

TURN_S = REST_TURN_MS / 1000
KEYS: list[Key] = ["0", "1", "3", "8", "9", "enter", "repeat"]


def _shown(kiosk: OpenKiosk) -> str:
    view = kiosk.flow.view()
    assert isinstance(view, RestView)
    return view.line.id


def _home_that_rests() -> OpenKiosk:
    kiosk = OpenKiosk("home")
    kiosk.flow.agent_said(samples.RESTING)
    kiosk.flow.view()
    return kiosk


def test_the_notices_come_after_two_minutes_without_a_key_or_a_touch() -> None:
    kiosk = _home_that_rests()
    kiosk.clock.pass_s(119.9)
    assert isinstance(kiosk.flow.view(), HomeView)
    assert kiosk.said == []
    kiosk.clock.pass_s(0.1)
    kiosk.flow.view()
    assert kiosk.said == [AskNotices()]
    kiosk.flow.agent_said(samples.NOTICES)
    assert _shown(kiosk) == "n1"
    assert kiosk.said == [AskNotices(), OpenNotice(id="n1")]


def test_without_a_notice_home_stays() -> None:
    kiosk = _home_that_rests()
    kiosk.clock.pass_s(1_000)
    kiosk.flow.view()
    kiosk.flow.agent_said(NoticesShown(notices=[]))
    assert isinstance(kiosk.flow.view(), HomeView)


def test_each_stands_for_its_time_and_the_first_comes_round_again() -> None:
    kiosk = OpenKiosk("rest")
    seen = []
    for _ in range(len(samples.NOTICE_LINES) + 1):
        seen.append(_shown(kiosk))
        kiosk.clock.pass_s(TURN_S)
    assert seen == [*(line.id for line in samples.NOTICE_LINES), "n1"]


def test_a_notice_that_is_withdrawn_leaves_the_screen_by_the_next_turn() -> None:
    kiosk = OpenKiosk("rest")
    kiosk.clock.pass_s(TURN_S)
    assert _shown(kiosk) == "n2"
    assert kiosk.said[0] == AskNotices()
    kiosk.flow.agent_said(NoticesShown(notices=samples.NOTICE_LINES[:1]))
    assert _shown(kiosk) == "n1"


@pytest.mark.parametrize("key", KEYS)
def test_a_key_only_wakes_home(key: Key) -> None:
    kiosk = OpenKiosk("rest")
    kiosk.flow.painted(kiosk.flow.view())
    kiosk.flow.key(key)
    assert isinstance(kiosk.flow.view(), HomeView)
    assert kiosk.said == []
    kiosk.flow.painted(kiosk.flow.view())
    kiosk.flow.key("1")
    assert isinstance(kiosk.flow.view(), HomeView)
    kiosk.press("1")
    assert isinstance(kiosk.flow.view(), TodayView)


def test_a_card_acts_at_once_and_home_is_under_it() -> None:
    kiosk = OpenKiosk("rest")
    kiosk.flow.agent_said(samples.GREEN)
    assert isinstance(kiosk.flow.view(), TouchView)
    while isinstance(kiosk.flow.view(), TouchView):
        kiosk.clock.pass_s(1)
    assert isinstance(kiosk.flow.view(), HomeView)
    kiosk.clock.pass_s(118)
    assert isinstance(kiosk.flow.view(), HomeView)
    kiosk.clock.pass_s(2)
    assert isinstance(kiosk.flow.view(), RestView)


@pytest.mark.parametrize("minutes", [0, 1, 120])
def test_the_village_says_when_it_begins(minutes: int) -> None:
    kiosk = OpenKiosk("home")
    kiosk.flow.agent_said(msgspec.structs.replace(samples.HOME, rest_min=minutes))
    kiosk.flow.view()
    kiosk.clock.pass_s(max(minutes * 60 - 1, 0))
    assert isinstance(kiosk.flow.view(), HomeView)
    kiosk.clock.pass_s(1 if minutes else 100_000)
    kiosk.flow.view()
    kiosk.flow.agent_said(samples.NOTICES)
    assert isinstance(kiosk.flow.view(), RestView if minutes else HomeView)


def test_a_machine_that_the_county_refuses_does_not_rest_because_nobody_would_see_why_not_to_touch() -> None:
    kiosk = _home_that_rests()
    kiosk.clock.pass_s(120)
    kiosk.flow.agent_said(samples.NOTICES)
    assert isinstance(kiosk.flow.view(), RestView)
    kiosk.flow.agent_said(msgspec.structs.replace(samples.RESTING, county_refuses=True))
    kiosk.flow.tick()
    assert isinstance(kiosk.flow.view(), HomeView)
    kiosk.clock.pass_s(600)
    kiosk.flow.tick()
    assert isinstance(kiosk.flow.view(), HomeView)


def test_who_left_a_place_open_has_home_for_two_minutes_before_it_rests() -> None:
    kiosk = _home_that_rests()
    kiosk.press("1")
    kiosk.clock.pass_s(151)
    assert isinstance(kiosk.flow.view(), HomeView)
    kiosk.clock.pass_s(119)
    assert isinstance(kiosk.flow.view(), HomeView)


def test_an_agent_that_is_gone_is_said_before_any_notice() -> None:
    kiosk = OpenKiosk("rest")
    kiosk.flow.agent_away()
    kiosk.flow.tick()
    assert isinstance(kiosk.flow.view(), AwayView)
    kiosk.flow.agent_said(samples.RESTING)
    assert isinstance(kiosk.flow.view(), HomeView)


def test_a_visit_is_never_covered_by_a_notice() -> None:
    kiosk = _home_that_rests()
    kiosk.flow.agent_said(samples.VISIT)
    kiosk.flow.agent_said(samples.NOTICES)
    for _ in range(14):
        kiosk.clock.pass_s(10)
        assert not isinstance(kiosk.flow.view(), RestView)


def test_today_opens_the_board_and_each_notice_by_the_number_beside_it() -> None:
    kiosk = OpenKiosk("today-noticed")
    kiosk.press("1")
    assert isinstance(kiosk.flow.view(), DutyView)
    kiosk.press("0", "8", "1")
    view = kiosk.flow.view()
    assert isinstance(view, NoticeView)
    assert view.line.id == "n6"
    kiosk.press("0", "7", "2")
    view = kiosk.flow.view()
    assert isinstance(view, NoticeView)
    assert view.line.id == "n1"
    assert kiosk.said == [OpenNotice(id="n6"), OpenNotice(id="n1")]


def test_a_number_that_opens_another_notice_now_must_be_read_anew() -> None:
    kiosk = OpenKiosk("today-noticed")
    kiosk.flow.painted(kiosk.flow.view())
    kiosk.clock.pass_s(5)
    kiosk.flow.agent_said(NoticesShown(notices=samples.NOTICE_LINES[::-1]))
    kiosk.flow.key("2")
    assert isinstance(kiosk.flow.view(), TodayView)


def test_a_page_that_is_gone_with_its_notices_leads_to_one_that_is_there() -> None:
    kiosk = OpenKiosk("today-noticed")
    kiosk.press("8")
    kiosk.flow.agent_said(NoticesShown(notices=samples.NOTICE_LINES[:1]))
    view = kiosk.flow.view()
    assert isinstance(view, TodayView)
    assert (view.page, view.pages, len(view.rows)) == (0, 1, 2)


def test_while_people_come_to_a_meeting_home_says_how_many() -> None:
    kiosk = _home_that_rests()
    kiosk.flow.agent_said(msgspec.structs.replace(samples.RESTING, meetings=meeting_samples.MEETS.meetings))
    kiosk.clock.pass_s(1_000)
    assert (kiosk.said, isinstance(kiosk.flow.view(), HomeView)) == ([], True)
    kiosk.flow.agent_said(samples.RESTING)
    kiosk.clock.pass_s(1)
    assert kiosk.said == [AskNotices()]
