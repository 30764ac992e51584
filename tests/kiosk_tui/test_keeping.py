"""A kiosk that takes another one's place goes on where that one stood; what was typed is gone."""

from typing import Any

import msgspec
import pytest

from kiosk_tui.flow import Flow
from kiosk_tui.places import keeping
from kiosk_tui.places.asking_card import AskCardKept
from kiosk_tui.places.lesson import LessonKept
from kiosk_tui.views.common import AskCardView, AwayView, EntryView, HomeView, IdleView, TouchView, VisitView, WaitView
from kiosk_tui.views.learning import MarkedView, QuestionView
from protocol.kiosk import Sorry, ToAgent
from protocol.kiosk_documents import AskPicture, OpenDocument, OpenShelf, ShelfEntry, ShelfShown
from protocol.kiosk_feedback import FollowUp
from protocol.kiosk_find import Search
from protocol.kiosk_keeping import MAX_STATE_CHARACTERS, Keep, Kept
from protocol.kiosk_learning import AnswerQuestion, NextQuestion, OpenMap, OpenPack
from protocol.kiosk_months import OpenMonth, OpenRequests, OpenResults
from protocol.kiosk_notices import AskNotices, OpenNotice
from protocol.kiosk_requests import OpenAsking
from protocol.kiosk_sound import AskSound
from protocol.kiosk_visits import PhoneCode, ShowPhoneCode
from tests.kiosk_tui import document_samples, learning_samples, samples
from tests.kiosk_tui.rig import NUMBER, PIN, STATES, HandClock, OpenKiosk, press

TYPED = [state for state in STATES if state.startswith("entry") and state not in ("entry-touch", "entry-set")]
"""Places that hold figures, or fall back to typing them."""
NOT_KEPT = [*TYPED, "wish-first", *(state for state in STATES if state.startswith(("touch", "away", "home", "rest")))]
OTHER_HOMES = [
    state
    for state in STATES
    if state.startswith(("today-troubled", "today-by_week", "today-off", "duty-", "mine-asking-"))
]
"""Made of another home than the next kiosk hears."""
MAPS = {
    "visit-map-full": learning_samples.FULL_MAP,
    "visit-map-longest": learning_samples.LONGEST_MAP,
    "visit-map-enough": learning_samples.ENOUGH_MAP,
    "visit-map-undated": learning_samples.UNDATED_MAP,
}
PACKS = {
    "visit-pack-enough": learning_samples.ENOUGH_PACK,
    "visit-pack-menu": learning_samples.MENU_PACK,
    "visit-pack-chosen": learning_samples.CHOSEN_PACK,
    "visit-pack-given-up": learning_samples.MENU_PACK,
    "visit-pack-longest": learning_samples.LONGEST_PACK,
}
HOMES = {
    "help-called": samples.HELP_SENT,
    "help-seen": samples.HELP_SEEN,
    "visit-map-undated": samples.RESTORED,
}
ALWAYS: dict[type[Any], Any] = {
    FollowUp: samples.FOLLOWED,
    OpenRequests: samples.REQUESTS,
}


class Next:
    """The kiosk that takes another one's place, on the same machine and so with the same clock."""

    def __init__(self, before: OpenKiosk) -> None:
        self.clock: HandClock = before.clock
        self.said: list[ToAgent] = []
        self.flow = Flow(mono_ms=self.clock, say=self.said.append, resumes=True)
        self.clock.passed = self.flow.tick
        self.state = keeping.encode(before.flow.kept())
        self.home = samples.HOME
        self.visit = samples.VISIT if before.flow.visiting else None

    def hears(self, *, state: str | None = None) -> None:
        self.flow.agent_said(self.home)
        if self.visit is not None:
            self.flow.agent_said(self.visit)
        self.flow.agent_said(Kept(state=self.state if state is None else state))


@pytest.mark.parametrize("state", [state for state in STATES if state not in NOT_KEPT])
def test_the_next_kiosk_shows_the_same(state: str) -> None:
    before = OpenKiosk(state)
    shown = before.flow.view()
    after = Next(before)
    after.visit = {"visit-by-number": samples.VISIT_BY_NUMBER, "visit-longest": samples.VISIT_LONGEST}.get(
        state, samples.VISIT_WITH_PHONE if "phone" in state else after.visit
    )
    after.home = HOMES.get(state, after.home)
    assert after.flow.view() == WaitView()
    after.hears()
    if not state.startswith("question-picture"):
        document_samples.DocumentAgent(after.flow).answer([*after.said])
    for asked in after.said:
        _answer(after.flow, asked, state)
        _answer_of_learning(after.flow, asked, state)
    if state in OTHER_HOMES:
        assert type(after.flow.view()) is type(shown)
    else:
        assert after.flow.view() == shown


def _answer_of_learning(flow: Flow, asked: ToAgent, state: str) -> None:
    """Say what the agent would say again of packs and pictures."""
    match asked:
        case OpenMap() if asked.visit:
            flow.agent_said(MAPS.get(state, learning_samples.MY_MAP))
        case OpenMap():
            flow.agent_said(samples.MAP)
        case OpenPack():
            flow.agent_said(PACKS.get(state, learning_samples.LAW_PACK if asked.visit else samples.PACK))
        case AskPicture() if "picture-comes" not in state:
            flow.agent_said(learning_samples.NO_SIGN if "lacks" in state else learning_samples.SIGN)


def _answer(flow: Flow, asked: ToAgent, state: str) -> None:
    """Say what the agent would say again."""
    match asked:
        case OpenAsking():
            flow.agent_said({"swap-asked": samples.SWAPS, "wish-undated": samples.NO_DATE}.get(state, samples.ASKING))
        case AskNotices() if "noticed" in state:
            flow.agent_said(samples.NOTICES)
        case Search():
            found = {
                "find-nothing": samples.FOUND_NOTHING,
                "find-some": samples.FOUND,
                "find-many": samples.FOUND_MANY,
                "find-newest": samples.NEWEST,
            }
            if state in found:
                flow.agent_said(found[state])
        case OpenNotice() if state != "notice-asked":
            answers = {"notice-over": samples.NOTICE_OVER, "notice-longest": samples.NOTICE_LONGEST}
            flow.agent_said(answers.get(state, samples.NOTICE))
        case OpenMonth() if state == "visit-month-undated":
            flow.agent_said(samples.MONTH_UNDATED)
        case OpenMonth() if state != "visit-month-asked":
            flow.agent_said(samples.MONTH_LONGEST if state.endswith("longest") else samples.MONTH)
        case OpenResults() if state != "visit-results-asked":
            flow.agent_said(samples.RESULTS_LONGEST if state.endswith("longest") else samples.RESULTS)
        case OpenRequests() | FollowUp():
            flow.agent_said(ALWAYS[type(asked)])
        case ShowPhoneCode() if state == "visit-phone-refused":
            flow.agent_said(Sorry(reason="no_line"))
        case ShowPhoneCode() if state != "visit-phone-asked":
            longest: PhoneCode = samples.PHONE_CODE_LONGEST
            flow.agent_said(longest if state.endswith("longest") else samples.PHONE_CODE)


@pytest.mark.parametrize("state", TYPED)
def test_what_was_typed_is_in_no_state(state: str) -> None:
    before = OpenKiosk(state)
    kept = before.flow.kept()
    assert kept.over in ((), (AskCardKept(),))
    after = Next(before)
    typed = {"".join(key for key in keys if key != "enter") for keys in (NUMBER, PIN)}
    assert not any(figures[:3] in after.state.partition("}")[2] for figures in typed)
    after.hears()
    assert isinstance(after.flow.view(), VisitView if before.flow.visiting else AskCardView)


def test_a_question_keeps_its_chosen_options_and_its_lives() -> None:
    after = Next(OpenKiosk("question-multiple"))
    after.hears()
    view = after.flow.view()
    assert isinstance(view, QuestionView)
    assert (view.chosen, view.question) == ((0, 2), samples.MULTIPLE)
    assert after.said == [OpenMap(), OpenPack(pack="sample-common"), AskSound(run=samples.MULTIPLE.run)]


def test_what_the_agent_was_asked_for_is_asked_again() -> None:
    before = OpenKiosk("question-single")
    before.press("2")
    (answered,) = before.said
    after = Next(before)
    after.hears()
    assert isinstance(answered, AnswerQuestion)
    assert after.said[2:] == [AskSound(run=answered.run), answered]
    after.flow.agent_said(samples.RIGHT)
    assert isinstance(after.flow.view(), MarkedView)
    press(after.flow, after.clock, "enter")
    later = Next(OpenKiosk("home"))
    later.state = keeping.encode(after.flow.kept())
    later.hears()
    assert later.said[2:] == [NextQuestion(run=samples.QUESTION.run)]


def test_what_is_personal_is_made_again_in_its_own_visit_only() -> None:
    before = OpenKiosk("visit-month")
    after = Next(before)
    after.visit = None
    after.hears()
    assert isinstance(after.flow.view(), HomeView)
    other = Next(before)
    other.visit = msgspec.structs.replace(samples.VISIT, visit="f" * 16)
    other.hears()
    assert isinstance(other.flow.view(), VisitView)
    assert after.said == other.said == []


def test_a_crash_lengthens_no_visit() -> None:
    before = OpenKiosk("visit-month")
    before.clock.pass_s(119)
    after = Next(before)
    after.hears()
    after.clock.pass_s(2)
    assert isinstance(after.flow.view(), IdleView)
    after.clock.pass_s(30)
    assert isinstance(after.flow.view(), HomeView)


def test_a_touch_is_shown_before_the_agent_has_said_what_was_kept() -> None:
    after = Next(OpenKiosk("question-single"))
    after.flow.agent_said(samples.GREEN)
    assert isinstance(after.flow.view(), TouchView)


@pytest.mark.parametrize("state", ["", "{", "[]", '{"life":"x"}', '{"life":1,"over":[{"type":"dance"}]}', "[" * 9_000])
def test_a_state_that_nobody_understands_is_home(state: str) -> None:
    after = Next(OpenKiosk("question-single"))
    after.hears(state=state)
    assert isinstance(after.flow.view(), HomeView)


def test_an_agent_that_keeps_nothing_or_does_not_answer_is_not_waited_for() -> None:
    after = Next(OpenKiosk("question-single"))
    after.flow.agent_said(samples.HOME)
    after.flow.agent_said(Sorry(reason="malformed"))
    assert isinstance(after.flow.view(), HomeView)
    silent = Next(OpenKiosk("question-single"))
    silent.clock.pass_s(2)
    assert isinstance(silent.flow.view(), AwayView)
    silent.hears()
    assert isinstance(silent.flow.view(), HomeView)


def test_a_size_that_somebody_chose_is_kept() -> None:
    before = OpenKiosk("question-single")
    before.press("text_size")
    after = Next(before)
    after.hears()
    assert after.flow.text_size() == "large"


def test_the_largest_state_fits_a_line_and_a_larger_one_is_cut() -> None:
    before = OpenKiosk("marked-longest")
    assert len(msgspec.json.encode(Keep(state=keeping.encode(before.flow.kept())))) < 65_536
    kept = before.flow.kept()
    *below, lesson = kept.over
    assert isinstance(lesson, LessonKept)
    assert lesson.question is not None
    huge = msgspec.structs.replace(lesson.question, stem="字" * MAX_STATE_CHARACTERS)
    cut = msgspec.structs.replace(kept, over=(*below, msgspec.structs.replace(lesson, question=huge)))
    assert keeping.decode(keeping.encode(cut)) == msgspec.structs.replace(kept, over=tuple(below))


def test_a_place_without_a_row_falls_back_to_what_lies_under_it() -> None:
    before = OpenKiosk("entry-number")
    assert isinstance(before.flow.view(), EntryView)
    assert before.flow.kept().over == (AskCardKept(),)


def test_a_document_that_was_read_is_opened_again() -> None:
    before = OpenKiosk("home")
    before.press("4")
    entry = ShelfEntry(
        bundle="library-000001",
        document="d1",
        title="示例",
        kind="library",
        period="",
        published="2026-11-01",
        source="示例镇",
    )
    before.flow.agent_said(ShelfShown(what="all", start=0, entries=[entry], total=1))
    before.press("1")
    after = Next(before)
    after.hears()
    assert (
        after.said
        == before.said
        == [
            OpenShelf(what="all"),
            OpenDocument(bundle="library-000001", document="d1"),
        ]
    )
