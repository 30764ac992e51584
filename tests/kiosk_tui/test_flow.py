"""What is shown when: a touch before everything, the way back to where one was, ten seconds, two minutes."""

from copy import replace

import pytest

from kiosk_tui.flow import COUNTDOWN_MS, IDLE_MS
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import (
    AskCardView,
    DutyView,
    HelpView,
    HomeView,
    IdleView,
    LiveBannerView,
    RestView,
    TouchView,
)
from kiosk_tui.views.learning import QuestionView
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from protocol.kiosk import LiveShown
from protocol.kiosk_visits import EndVisit
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import GUARD_S, STATES, OpenKiosk, press

SIGNING_IN = ("entry-number", "entry-pin", "entry-judged", "entry-wrong", "entry-locked")
"""Whoever types here has turned to the reader, or somebody else has come: what was typed is dropped."""
PLACES = [state for state in STATES if not state.startswith(("away", "touch"))]


@pytest.mark.parametrize("state", STATES)
def test_a_touch_is_answered_from_every_screen_and_leads_back(state: str) -> None:
    kiosk = OpenKiosk(state)
    before = kiosk.flow.view()
    kiosk.flow.agent_said(samples.LEAVING)
    shown = kiosk.flow.view()
    assert isinstance(shown, TouchView)
    assert shown.touch == samples.LEAVING
    kiosk.clock.pass_s(10)
    after = kiosk.flow.view()
    if isinstance(before, IdleView):
        assert after == IdleView(before.seconds_left - 10)
    elif state in SIGNING_IN:
        assert isinstance(after, AskCardView)
    elif state == "follow-answered":  # and so is an answer that was read
        assert isinstance(after, HomeView)
    elif state in PLACES and not isinstance(before, HomeView | RestView):
        assert after == before
    else:
        assert not isinstance(after, TouchView | IdleView)


def test_the_next_card_interrupts_at_once() -> None:
    kiosk = OpenKiosk("touch-in")
    kiosk.flow.agent_said(samples.UNKNOWN)
    view = kiosk.flow.view()
    assert isinstance(view, TouchView)
    assert view.touch == samples.UNKNOWN
    assert view.correction is None


def test_a_result_without_a_correction_goes_after_six_seconds() -> None:
    kiosk = OpenKiosk("touch-repeat")
    kiosk.clock.pass_s(5.9)
    assert isinstance(kiosk.flow.view(), TouchView)
    kiosk.clock.pass_s(0.1)
    assert isinstance(kiosk.flow.view(), HomeView)


@pytest.mark.parametrize("key", ["0", "enter"])
def test_a_key_puts_the_result_away(key: str) -> None:
    kiosk = OpenKiosk("touch-in")
    press(kiosk.flow, kiosk.clock, "0" if key == "0" else "enter")
    assert isinstance(kiosk.flow.view(), HomeView)


@pytest.mark.parametrize("state", ["map", "question-single", "marked-right", "over-passed", "help"])
def test_nobody_there_for_two_minutes_and_thirty_seconds_leads_home(state: str) -> None:
    kiosk = OpenKiosk(state)
    kiosk.clock.pass_s(119.9)
    before = kiosk.flow.view()
    assert not isinstance(before, IdleView)
    kiosk.clock.pass_s(0.1)
    assert kiosk.flow.view() == IdleView(30)
    kiosk.clock.pass_s(29)
    assert kiosk.flow.view() == IdleView(1)
    press(kiosk.flow, kiosk.clock, "5")
    assert kiosk.flow.view() == before
    assert kiosk.said == []
    kiosk.clock.pass_s(150)
    assert isinstance(kiosk.flow.view(), HomeView)


def test_touches_do_not_keep_an_abandoned_question_alive() -> None:
    kiosk = OpenKiosk("question-single")
    for _ in range(5):
        kiosk.clock.pass_s(25)
        kiosk.flow.agent_said(samples.GREEN)
        press(kiosk.flow, kiosk.clock, "0")
    assert isinstance(kiosk.flow.view(), IdleView)
    kiosk.clock.pass_s(25)
    assert isinstance(kiosk.flow.view(), HomeView)


def test_home_stays_home() -> None:
    kiosk = OpenKiosk("home")
    kiosk.clock.pass_s(10_000)
    assert isinstance(kiosk.flow.view(), HomeView)


def test_the_clock_runs_on_between_two_messages() -> None:
    kiosk = OpenKiosk("home")
    kiosk.clock.pass_s(60 * 61)
    view = kiosk.flow.view()
    assert isinstance(view, HomeView)
    assert view.minute == samples.MORNING + 61 * 60_000


def test_star_keeps_a_result_that_is_still_there_but_not_for_ever() -> None:
    kiosk = OpenKiosk("touch-repeat")
    kiosk.clock.pass_s(5)
    press(kiosk.flow, kiosk.clock, "repeat")
    kiosk.clock.pass_s(4)
    view = kiosk.flow.view()
    assert isinstance(view, TouchView)
    assert (view.touch, view.correction) == (samples.REPEAT, None)
    seconds = 9
    while isinstance(kiosk.flow.view(), TouchView):
        press(kiosk.flow, kiosk.clock, "repeat")
        kiosk.clock.pass_s(1)
        seconds += 1
    assert seconds < 45


def test_star_shows_nobody_whose_touch_it_was_before() -> None:
    """Whoever stands there a few seconds later is another person; the card alone proves who asks."""
    for state in ("touch-in", "touch-repeat", "touch-longest", "touch-lost"):
        kiosk = OpenKiosk(state)
        while isinstance(kiosk.flow.view(), TouchView):
            kiosk.clock.pass_s(1)
        press(kiosk.flow, kiosk.clock, "repeat")
        assert kiosk.flow.view() == HelpView(words.NOTHING_TO_REPEAT)
        kiosk = OpenKiosk(state)
        press(kiosk.flow, kiosk.clock, "0")
        press(kiosk.flow, kiosk.clock, "repeat")
        assert kiosk.flow.view() == HelpView(words.NOTHING_TO_REPEAT)


def test_nine_opens_help_which_calls_nobody_and_zero_leads_back() -> None:
    kiosk = OpenKiosk("question-multiple")
    before = kiosk.flow.view()
    press(kiosk.flow, kiosk.clock, "9")
    assert isinstance(kiosk.flow.view(), HelpView)
    press(kiosk.flow, kiosk.clock, "0")
    assert kiosk.flow.view() == before
    assert kiosk.said == []


def test_star_in_a_question_stays_with_it() -> None:
    kiosk = OpenKiosk("question-multiple")
    before = kiosk.flow.view()
    press(kiosk.flow, kiosk.clock, "repeat")
    assert isinstance(before, QuestionView)
    assert kiosk.flow.view() == replace(before, note=words.NOTHING_TO_SAY)
    press(kiosk.flow, kiosk.clock, "7")
    assert kiosk.flow.view() == before


def test_the_rules_are_one_key_further_than_the_call_and_lead_back_to_it() -> None:
    kiosk = OpenKiosk("help")
    press(kiosk.flow, kiosk.clock, "2", "1")
    assert kiosk.flow.view() == HelpView("", rules=True)
    assert kiosk.said == []
    press(kiosk.flow, kiosk.clock, "0")
    assert kiosk.flow.view() == HelpView("")


@pytest.mark.parametrize(
    ("state", "keys", "note"),
    [
        ("question-single", ["enter"], words_learning.CHOOSE_FIRST),
        ("question-multiple", ["0", "0", "enter"], words_learning.CHOOSE_FIRST),
        ("question-ordering", ["enter"], words_learning.CHOOSE_ALL),
    ],
)
def test_enter_without_a_choice_says_what_to_press_first(state: str, keys: list[Key], note: str) -> None:
    kiosk = OpenKiosk(state)
    press(kiosk.flow, kiosk.clock, *keys)
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert (view.note, view.asked) == (note, False)
    assert kiosk.said == []


def test_the_board_stands_in_the_order_of_the_day() -> None:
    view = OpenKiosk("duty-afternoon").flow.view()
    assert isinstance(view, DutyView)
    assert [row.start for row in view.rows] == sorted(row.start for row in samples.AFTERNOON.duty)


def test_who_looks_is_said_until_the_lease_ends_whatever_is_on_the_screen() -> None:
    kiosk = OpenKiosk("home")
    assert kiosk.flow.banner() is None
    kiosk.flow.agent_said(LiveShown(viewer="示例镇办", left_s=90))
    press(kiosk.flow, kiosk.clock, "1")
    kiosk.flow.agent_said(samples.LEAVING)
    kiosk.clock.pass_s(30.5 - GUARD_S)
    assert kiosk.flow.banner() == LiveBannerView("示例镇办", 60)
    press(kiosk.flow, kiosk.clock, "0", "0", "9")
    assert kiosk.flow.banner() is not None
    kiosk.clock.pass_s(60)
    assert kiosk.flow.banner() is None


def test_the_end_of_a_live_view_and_the_end_of_the_agent_are_seen_at_once() -> None:
    kiosk = OpenKiosk("home")
    kiosk.flow.agent_said(LiveShown(viewer="", left_s=90))
    kiosk.flow.agent_said(LiveShown())
    assert kiosk.flow.banner() is None
    kiosk.flow.agent_said(LiveShown(viewer="", left_s=90))
    kiosk.flow.agent_away()
    assert kiosk.flow.banner() is None
    assert words.live("", 61) == "● 县里正在通过摄像头看本室 · 剩余 1:01"


@pytest.mark.parametrize("state", ["visit-month", "rest", "map", "touch-offers-visit"])
def test_to_look_at_the_view_says_nothing_and_ends_nothing(state: str) -> None:
    kiosk = OpenKiosk(state)
    before = kiosk.flow.kept()
    kiosk.clock.now += IDLE_MS + COUNTDOWN_MS
    seen = [kiosk.flow.view() for _ in range(2)]
    assert seen[0] == seen[1]
    assert (kiosk.said, kiosk.flow.kept()) == ([], before)


def test_time_ends_a_visit_by_the_tick() -> None:
    kiosk = OpenKiosk("visit-month")
    kiosk.clock.now += IDLE_MS + COUNTDOWN_MS
    kiosk.flow.tick()
    assert kiosk.said == [EndVisit(visit=samples.VISIT.visit, why="time")]
    assert isinstance(kiosk.flow.view(), HomeView)
