"""What is shown when: a touch before everything, the way back to where one was, ten seconds, two minutes."""

import msgspec
import pytest

from kiosk_tui.flow import COUNTDOWN_MS, IDLE_MS
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import (
    AskCardView,
    AwayView,
    DutyView,
    HelpView,
    HomeView,
    IdleView,
    LevelsView,
    LiveBannerView,
    MarkedView,
    OverView,
    QuestionView,
    RestView,
    ReviewView,
    TouchView,
)
from kiosk_tui.words import common as words
from protocol.kiosk import LiveShown, Sorry
from protocol.kiosk_learning import AnswerQuestion, NextQuestion, OpenLevel
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


@pytest.mark.parametrize("state", ["levels", "question-single", "marked-right", "over-passed", "help"])
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


def test_star_in_a_question_comes_back_to_the_same_question() -> None:
    kiosk = OpenKiosk("question-multiple")
    before = kiosk.flow.view()
    press(kiosk.flow, kiosk.clock, "repeat")
    assert kiosk.flow.view() == HelpView(words.NOTHING_TO_SAY, resumes=True)
    press(kiosk.flow, kiosk.clock, "0")
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
        ("question-single", ["enter"], words.CHOOSE_FIRST),
        ("question-multiple", ["0", "0", "enter"], words.CHOOSE_FIRST),
        ("question-ordering", ["enter"], words.CHOOSE_ALL),
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


def test_a_level_is_played_right_and_wrong() -> None:
    kiosk = OpenKiosk("home")
    press(kiosk.flow, kiosk.clock, "3", "1")
    kiosk.flow.agent_said(samples.QUESTION)
    press(kiosk.flow, kiosk.clock, "2", "3")
    kiosk.flow.agent_said(samples.RIGHT)
    assert kiosk.flow.view() == MarkedView(samples.QUESTION, samples.RIGHT, leaving=False)
    press(kiosk.flow, kiosk.clock, "1", "0", "enter", "enter")
    kiosk.flow.agent_said(samples.MULTIPLE)
    press(kiosk.flow, kiosk.clock, "enter", "1", "2", "3", "3", "enter")
    kiosk.flow.agent_said(samples.WRONG)
    assert kiosk.flow.view() == MarkedView(samples.MULTIPLE, samples.WRONG, leaving=False)
    press(kiosk.flow, kiosk.clock, "enter")
    kiosk.flow.agent_said(samples.ORDERING)
    press(kiosk.flow, kiosk.clock, "2", "4", "1", "enter", "3", "enter")
    assert kiosk.said == [
        OpenLevel(pack="sample-common", level="first"),
        AnswerQuestion(run="r1", question="fire-number", chosen=[1]),
        NextQuestion(run="r1"),
        AnswerQuestion(run="r1", question="three-disclosures", chosen=[0, 1]),
        NextQuestion(run="r1"),
        AnswerQuestion(run="r1", question="four-steps", chosen=[1, 3, 0, 2]),
    ]
    kiosk.flow.agent_said(samples.FAILED)
    assert isinstance(kiosk.flow.view(), OverView)
    press(kiosk.flow, kiosk.clock, "1")
    assert kiosk.said[-1] == OpenLevel(pack="sample-common", level="first")


def test_a_level_is_left_only_by_a_second_zero() -> None:
    kiosk = OpenKiosk("question-single")
    press(kiosk.flow, kiosk.clock, "0")
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert view.leaving
    press(kiosk.flow, kiosk.clock, "8")
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert not view.leaving
    press(kiosk.flow, kiosk.clock, "0", "0")
    assert isinstance(kiosk.flow.view(), LevelsView)


def test_an_explanation_is_left_by_a_second_zero_too() -> None:
    kiosk = OpenKiosk("marked-wrong")
    press(kiosk.flow, kiosk.clock, "0")
    assert kiosk.flow.view() == MarkedView(samples.MULTIPLE, samples.WRONG, leaving=True)
    press(kiosk.flow, kiosk.clock, "5")
    assert kiosk.flow.view() == MarkedView(samples.MULTIPLE, samples.WRONG, leaving=False)
    press(kiosk.flow, kiosk.clock, "0", "0")
    assert isinstance(kiosk.flow.view(), LevelsView)
    assert kiosk.said == []


def test_the_wrong_answers_can_be_looked_at_when_the_level_is_over() -> None:
    kiosk = OpenKiosk("question-single")
    for question, marked in ((samples.QUESTION, samples.MISTAKEN), (samples.MULTIPLE, samples.WRONG)):
        kiosk.flow.agent_said(question)
        press(kiosk.flow, kiosk.clock, "1", "enter")
        kiosk.flow.agent_said(marked)
        press(kiosk.flow, kiosk.clock, "enter")
    kiosk.flow.agent_said(samples.FAILED)
    over = kiosk.flow.view()
    assert isinstance(over, OverView)
    assert over.wrong == 2
    press(kiosk.flow, kiosk.clock, "2")
    assert kiosk.flow.view() == ReviewView(samples.QUESTION, samples.MISTAKEN, 1, 2)
    press(kiosk.flow, kiosk.clock, "enter")
    assert kiosk.flow.view() == ReviewView(samples.MULTIPLE, samples.WRONG, 2, 2)
    press(kiosk.flow, kiosk.clock, "enter")
    assert kiosk.flow.view() == over
    press(kiosk.flow, kiosk.clock, "2", "0", "1")
    kiosk.flow.agent_said(samples.QUESTION)
    press(kiosk.flow, kiosk.clock, "2")
    kiosk.flow.agent_said(samples.RIGHT)
    press(kiosk.flow, kiosk.clock, "enter")
    kiosk.flow.agent_said(samples.PASSED)
    over = kiosk.flow.view()
    assert isinstance(over, OverView)
    assert over.wrong == 0


def test_zero_takes_back_the_last_pick() -> None:
    kiosk = OpenKiosk("question-ordering")
    press(kiosk.flow, kiosk.clock, "0")
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert view.chosen == (1,)


def test_an_interrupted_level_is_told_after_the_agent_is_back() -> None:
    kiosk = OpenKiosk("question-single")
    kiosk.flow.agent_away()
    assert kiosk.flow.view() == AwayView(interrupted=True)
    press(kiosk.flow, kiosk.clock, "1", "9", "enter")
    kiosk.flow.agent_said(samples.HOME)
    view = kiosk.flow.view()
    assert isinstance(view, LevelsView)
    assert view.note == words.INTERRUPTED


def test_a_run_that_the_agent_does_not_know_is_over() -> None:
    kiosk = OpenKiosk("question-single")
    press(kiosk.flow, kiosk.clock, "1")
    kiosk.flow.agent_said(Sorry(reason="unknown_run"))
    view = kiosk.flow.view()
    assert isinstance(view, LevelsView)
    assert view.note == words.INTERRUPTED


def test_an_answer_that_was_not_recorded_can_be_given_again() -> None:
    kiosk = OpenKiosk("question-single")
    press(kiosk.flow, kiosk.clock, "1")
    kiosk.flow.agent_said(Sorry(reason="not_recorded"))
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert (view.asked, view.note) == (False, words.SORRY["not_recorded"])
    press(kiosk.flow, kiosk.clock, "2")
    assert len(kiosk.said) == 2


def test_what_nobody_asked_for_is_passed_over() -> None:
    for message in (samples.QUESTION, samples.RIGHT, samples.PASSED, Sorry(reason="unknown_run")):
        for state in ("home", "levels"):
            kiosk = OpenKiosk(state)
            before = kiosk.flow.view()
            kiosk.flow.agent_said(message)
            if not isinstance(message, Sorry):
                assert kiosk.flow.view() == before
    kiosk = OpenKiosk("question-single")
    before = kiosk.flow.view()
    kiosk.flow.agent_said(msgspec.structs.replace(samples.RIGHT, run="r2"))
    kiosk.flow.agent_said(msgspec.structs.replace(samples.PASSED, run="r2"))
    kiosk.flow.agent_said(samples.MULTIPLE)
    assert kiosk.flow.view() == before


def test_seven_and_eight_turn_the_pages_of_the_levels() -> None:
    kiosk = OpenKiosk("levels-longest")
    press(kiosk.flow, kiosk.clock, "8")
    view = kiosk.flow.view()
    assert isinstance(view, LevelsView)
    assert (view.page, len(view.shown)) == (1, 2)
    press(kiosk.flow, kiosk.clock, "3")
    assert kiosk.said == []
    press(kiosk.flow, kiosk.clock, "7", "7", "2")
    assert kiosk.said == [OpenLevel(pack="fire", level="first")]


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


def test_a_list_that_was_cut_says_so() -> None:
    kiosk = OpenKiosk("home")
    kiosk.flow.agent_said(msgspec.structs.replace(samples.HOME, levels_left_out=7))
    press(kiosk.flow, kiosk.clock, "3")
    view = kiosk.flow.view()
    assert isinstance(view, LevelsView)
    assert view.note == words.levels_left_out(7)


@pytest.mark.parametrize("state", ["visit-month", "rest", "levels", "touch-offers-visit"])
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
