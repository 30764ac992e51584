"""A question is asked by keys, is recorded before its number is shown, and is looked up by that number."""

import msgspec
import pytest

from kiosk_tui.places.asking import About, Questions, QuestionsKept
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import HomeView, VisitView
from kiosk_tui.views.feedback import AskView, CallView, FollowedView, NumberView, ReceiptView
from kiosk_tui.words import feedback as words
from protocol.kiosk import AskHelp, Sorry, ToAgent
from protocol.kiosk_feedback import FeedbackTaken, FollowedUp, FollowUp, GiveFeedback, RateAnswer
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import ASKED, RECEIPT, OpenKiosk

NUMBER = samples.RECEIPT.number


def asks(kiosk: OpenKiosk) -> AskView:
    view = kiosk.flow.view()
    assert isinstance(view, AskView)
    return view


def test_five_keys_ask_and_the_number_comes_with_the_agents_word_alone() -> None:
    kiosk = OpenKiosk("home")
    kiosk.press(*ASKED)
    assert kiosk.said == [GiveFeedback(topic="lamps", matter="broken")]
    assert asks(kiosk).ask == words.SENDING
    kiosk.press("enter", "0", "1")
    assert len(kiosk.said) == 1
    kiosk.flow.agent_said(samples.RECEIPT)
    assert kiosk.flow.view() == ReceiptView(NUMBER)
    # Another person's card takes away no number that somebody writes down.
    kiosk.flow.agent_said(samples.GREEN)
    kiosk.clock.pass_s(30)
    assert kiosk.flow.view() == ReceiptView(NUMBER)
    kiosk.press("0", "0")
    assert isinstance(kiosk.flow.view(), HomeView)


def test_the_other_topics_stand_on_the_page_behind_8_and_0_goes_a_step_back() -> None:
    kiosk = OpenKiosk("home")
    kiosk.press("5", "1", "8", "6")
    assert asks(kiosk).ask == words.MATTER_ASK
    kiosk.press("0")
    assert words.TOPIC["other"] in asks(kiosk).options
    kiosk.press("0")
    assert asks(kiosk).turn == ("8", words.MORE)
    kiosk.press("0")
    assert asks(kiosk).options == words.MENU
    kiosk.press("1", "8", "7", "8", "5", "3", "enter")
    assert kiosk.said == [GiveFeedback(topic="cadres", matter="question")]


@pytest.mark.parametrize("reason", ["too_many", "not_recorded", "of_a_later_version"])
def test_what_was_refused_is_not_shown_as_recorded_and_can_be_sent_again(reason: str) -> None:
    kiosk = OpenKiosk("home")
    kiosk.press(*ASKED)
    kiosk.flow.agent_said(Sorry(reason=reason))
    assert asks(kiosk).note == words.sorry(reason)
    kiosk.press("enter")
    assert len(kiosk.said) == 2


def test_an_agent_that_dies_has_recorded_nothing_as_far_as_the_screen_says() -> None:
    kiosk = OpenKiosk("home")
    kiosk.press(*ASKED)
    kiosk.flow.agent_away()
    kiosk.flow.agent_said(samples.HOME)
    assert asks(kiosk).note == words.FAILED


def test_in_a_visit_the_person_says_whether_they_leave_their_name() -> None:
    visit = msgspec.structs.replace(samples.VISIT, can=["feedback"])
    choices: list[tuple[Key, str | None]] = [("1", None), ("2", visit.visit)]
    for key, named in choices:
        kiosk = OpenKiosk("home")
        kiosk.flow.agent_said(visit)
        kiosk.press("1", "1", "1", "1", key, "enter")
        assert kiosk.said == [GiveFeedback(topic="lamps", matter="broken", visit=named)]
        kiosk.flow.agent_said(FeedbackTaken(number=NUMBER, named=named is not None))
        kiosk.flow.agent_said(msgspec.structs.replace(visit, ended="card"))
        assert isinstance(kiosk.flow.view(), HomeView)


def test_a_question_about_a_document_says_which_and_needs_two_keys() -> None:
    said: list[ToAgent] = []
    place = Questions(say=said.append, about=About("finance-2026-11", "lamps", "修路灯的明细", "finance"))
    view = place.view()
    assert isinstance(view, AskView)
    assert view.title == "提意见：修路灯的明细"
    assert words.MATTER["broken"] not in view.options, "an account is not broken"
    for key in ("3", "enter"):
        place.key(key)
    assert said == [GiveFeedback(topic="accounts", matter="question", about="finance-2026-11", item="lamps")]
    place.agent_said(samples.RECEIPT)
    assert place.key("0") == "leave"


@pytest.mark.parametrize(
    ("kind", "topic"),
    [("finance", "accounts"), ("subsidy", "subsidies"), ("land", "land"), ("policy", "other"), ("later", "other")],
)
def test_the_kind_of_a_document_says_what_a_question_is_about(kind: str, topic: str) -> None:
    assert About("示例公示", "lamps", "示例", kind).topic == topic


def test_a_number_is_looked_up_and_its_answer_rated_once() -> None:
    kiosk = OpenKiosk("home")
    kiosk.press("5", "2", *RECEIPT, "enter")
    kiosk.flow.agent_said(samples.FOLLOWED)
    assert kiosk.flow.view() == FollowedView(samples.FOLLOWED, "")
    kiosk.press("6", "4", "4")
    rated = msgspec.structs.replace(samples.FOLLOWED, rating=4)
    kiosk.flow.agent_said(rated)
    kiosk.press("1")
    assert kiosk.said == [FollowUp(number=NUMBER), RateAnswer(number=NUMBER, rating=4)]
    assert kiosk.flow.view() == FollowedView(rated, "")
    # Somebody else's card: the answer is gone with whoever read it.
    kiosk.flow.agent_said(samples.GREEN)
    kiosk.clock.pass_s(30)
    assert isinstance(kiosk.flow.view(), HomeView)


def test_a_wrong_number_and_one_that_nobody_has_are_answered_alike() -> None:
    wrong: Key = "1" if RECEIPT[0] != "1" else "2"
    kiosk = OpenKiosk("home")
    kiosk.press("5", "2", wrong, *RECEIPT[1:], "enter")
    assert kiosk.said == []
    first = kiosk.flow.view()
    assert isinstance(first, NumberView)
    # The next figure begins another number.
    kiosk.press(*RECEIPT, "enter")
    kiosk.flow.agent_said(FollowedUp(number=NUMBER))
    second = kiosk.flow.view()
    assert isinstance(second, NumberView)
    assert (first.note, second.note) == (words.NOT_FOUND, words.NOT_FOUND)
    kiosk.press("enter")
    kiosk.flow.agent_said(Sorry(reason="too_many_tries"))
    tried = kiosk.flow.view()
    assert isinstance(tried, NumberView)
    assert tried.note == words.SORRY["too_many_tries"]


def test_enter_takes_no_receipt_away() -> None:
    kiosk = OpenKiosk("ask-receipt")
    kiosk.press("enter", "enter")
    assert isinstance(kiosk.flow.view(), ReceiptView)
    kiosk.press("0")
    assert not isinstance(kiosk.flow.view(), ReceiptView)


def test_a_receipt_outlives_its_kiosk_and_a_typed_number_does_not() -> None:
    said: list[ToAgent] = []
    place = Questions(say=said.append)
    for key in ASKED[1:]:
        place.key(key)
    place.agent_said(samples.RECEIPT)
    assert Questions.again(place.kept(), said.append).view() == ReceiptView(NUMBER)
    typing = Questions(say=said.append)
    for key in ("2", *RECEIPT[:4]):
        typing.key(key)
    assert typing.kept() == QuestionsKept(open="follow")
    assert Questions.again(typing.kept(), said.append).view() == NumberView("", "", False)


def test_only_1_calls_for_help_and_the_screen_tells_what_is_known() -> None:
    kiosk = OpenKiosk("visit")
    kiosk.press("9")
    assert kiosk.said == []
    kiosk.press("1", "1")
    assert kiosk.said == [AskHelp(screen="visit")]
    kiosk.flow.agent_said(Sorry(reason="not_recorded"))
    refused = kiosk.flow.view()
    assert isinstance(refused, CallView)
    assert refused.refused
    kiosk.press("1")
    assert len(kiosk.said) == 2
    kiosk.flow.agent_said(samples.HELP_SEEN)
    assert kiosk.flow.view() == CallView(samples.HELP_SEEN.help, samples.CONTACT, "connected", "")
    kiosk.press("0")
    assert isinstance(kiosk.flow.view(), VisitView)
