"""At a meeting: what the keys do for who comes, who vouches and who is in the chair, and that nothing of it stays."""

from copy import replace

import pytest

from kiosk_tui.places.touch import STAY_MS, VOUCH_STAY_MS
from kiosk_tui.terminal.keys import HELD, Key
from kiosk_tui.views.common import HomeView, TodayView, TouchView, VisitView
from kiosk_tui.views.meetings import AbsentView, AgendaView, HandsView, ItemView, MeetingsView, MeetingView
from kiosk_tui.words import meetings as words_meetings
from protocol.kiosk import Sorry, ToAgent, ToKiosk
from protocol.kiosk_meetings import (
    EnterPerson,
    EnterVotes,
    MeetingCount,
    OpenMeeting,
    StepMeeting,
    TakeBackPerson,
    Vouch,
    Vouched,
)
from protocol.kiosk_visits import OpenVisit, VisitShown
from tests.kiosk_tui import meeting_samples as meetings
from tests.kiosk_tui import rig, samples
from tests.kiosk_tui.rig import OpenKiosk

VISIT = meetings.VISIT.visit


class At(OpenKiosk):
    """A kiosk at a place, with what it says from there on."""

    def __init__(self, *told: ToKiosk) -> None:
        super().__init__(rig._shows(meetings.MEETS, *told))

    def keys(self, *keys: Key) -> list[ToAgent]:
        """Press keys, and return what the kiosk asked for at them."""
        before = len(self.said)
        self.press(*keys)
        return self.said[before:]


def chair(*keys: Key) -> At:
    at = At(meetings.VISIT)
    at.keys("1")
    at.flow.agent_said(meetings.CHAIRED)
    at.keys(*keys)
    return at


def test_while_a_meeting_is_near_home_leads_there_and_from_there_to_today() -> None:
    at = At()
    assert [line.word for line in at.flow.view().menu][:2] == ["会议", "我的"]  # type: ignore[union-attr]
    at.keys("1")
    assert isinstance(at.flow.view(), MeetingsView)
    at.keys("1")
    assert isinstance(at.flow.view(), TodayView)
    at.keys("0", "0")
    at.flow.agent_said(meetings.ANNOUNCED)
    view = at.flow.view()
    assert isinstance(view, HomeView)
    assert [line.word for line in view.menu][:2] == ["今日", "我的"]


def test_who_makes_the_quorum_is_told_from_who_came_and_does_not_vote() -> None:
    count = MeetingCount(expected=12, came=6, voters=11, voters_came=5, needed=7)
    assert words_meetings.in_short(count) == "有表决权的到了 5 人，还差 2 人；另有列席 1 人"
    assert words_meetings.missing(count) == "列席 1 人、未到 6 人"
    assert words_meetings.quorum(count) == "有表决权的到了 5 人，法定人数 7，还差 2 人"
    nobody_else = replace(count, came=7, voters_came=7)
    assert words_meetings.in_short(nobody_else) == "有表决权的到了 7 人，已够"
    all_vote = replace(count, voters=12, voters_came=6)
    assert words_meetings.in_short(all_vote) == "应到 12 人，实到 6 人，法定人数 7，还差 1 人"
    no_quorum = replace(count, needed=None)
    assert (words_meetings.in_short(no_quorum), words_meetings.quorum(no_quorum)) == ("应到 12 人，实到 6 人", "")


def test_the_numbers_follow_who_comes() -> None:
    at = At()
    at.keys("1")
    at.flow.agent_said(meetings.ENOUGH)
    view = at.flow.view()
    assert isinstance(view, MeetingsView)
    assert view.lines[0].count == meetings.COUNT


def test_one_key_vouches_and_the_screen_says_when_it_is_recorded() -> None:
    at = At(meetings.ASKED_TO_VOUCH)
    assert at.keys("2") == [Vouch(touch=samples.TOUCH, meeting="m1", person="p4")]
    assert at.keys("2") == [], "once is enough"
    at.flow.agent_said(Vouched(touch=samples.TOUCH, count=meetings.COUNT))
    view = at.flow.view()
    assert isinstance(view, TouchView)
    assert (view.vouch, view.note) == (None, words_meetings.VOUCHED)


def test_the_next_who_was_entered_is_another_question() -> None:
    at = At(meetings.ASKED_TO_VOUCH)
    at.keys("2")
    before = at.flow.view().face
    following = replace(meetings.VOUCH, person="p5", name="孙示例")
    at.flow.agent_said(Vouched(touch=samples.TOUCH, count=meetings.COUNT, next=following))
    assert at.flow.view().face != before
    assert at.keys("2") == [Vouch(touch=samples.TOUCH, meeting="m1", person="p5")]


@pytest.mark.parametrize("reason", ["too_late", "not_recorded", "not_allowed", "of_a_later_version"])
def test_a_word_that_was_not_recorded_is_told(reason: str) -> None:
    at = At(meetings.ASKED_TO_VOUCH)
    at.keys("2")
    at.flow.agent_said(Sorry(reason=reason, touch=samples.TOUCH, asked="vouch"))
    view = at.flow.view()
    assert isinstance(view, TouchView)
    assert (view.vouch, view.note) == (None, words_meetings.NOT_VOUCHED)


def test_without_an_agent_nobody_has_vouched() -> None:
    at = At(meetings.ASKED_TO_VOUCH)
    at.keys("2")
    at.flow.agent_away()
    view = at.flow.view()
    assert isinstance(view, TouchView)
    assert view.note == words_meetings.NOT_VOUCHED
    assert at.keys("2") == []


def test_the_question_stays_longer_than_a_result_and_goes_with_it() -> None:
    at = At(meetings.ASKED_TO_VOUCH)
    at.clock.pass_s(max(STAY_MS, samples.OFFERED.again_within_ms) / 1000)
    assert isinstance(at.flow.view(), TouchView)
    at.clock.pass_s(VOUCH_STAY_MS / 1000)
    assert isinstance(at.flow.view(), HomeView)
    assert "周示例" not in repr(at.flow.view())
    assert at.keys("2") != [Vouch(touch=samples.TOUCH, meeting="m1", person="p4")]


def test_the_next_card_takes_the_question_away() -> None:
    at = At(meetings.ASKED_TO_VOUCH, samples.OFFERED)
    assert at.keys("2") == []


def test_a_person_reaches_their_meeting_by_two_keys_after_the_touch() -> None:
    at = At(meetings.SIGNED_IN)
    assert at.keys("1") == [OpenVisit(visit=samples.OFFERED.visit)]
    at.flow.agent_said(meetings.VISIT)
    assert at.keys("1") == [OpenMeeting(visit=VISIT)]
    at.flow.agent_said(meetings.SHOWN)
    view = at.flow.view()
    assert isinstance(view, MeetingView)
    assert (view.can, view.note) == ((), "")
    assert at.keys("1", "2", "3") == [], "only the chair enters anything"


def test_the_chair_enters_somebody_by_two_keys_and_is_told() -> None:
    at = chair()
    assert at.keys("1", "2") == [EnterPerson(visit=VISIT, meeting="m1", person="p2")]
    entered = [replace(one, entered=True) if one.person == "p2" else one for one in meetings.ABSENT]
    at.flow.agent_said(replace(meetings.CHAIRED, absent=entered))
    view = at.flow.view()
    assert isinstance(view, AbsentView)
    assert view.note == words_meetings.entered("吴示例")
    assert at.keys("8") == [], "there is one page"
    at.flow.agent_said(meetings.MANY)
    assert at.keys("8", "7") == [
        OpenMeeting(visit=VISIT, meeting="m1", page=1),
        OpenMeeting(visit=VISIT, meeting="m1", page=3),
    ]


@pytest.mark.parametrize("state", ["entered", "vouched"])
def test_the_chair_takes_an_entry_back_by_two_more_keys_and_is_told(state: str) -> None:
    at = chair("1")
    held = replace(meetings.ABSENT[0], entered=state == "entered", vouched=state == "vouched")
    at.flow.agent_said(replace(meetings.CHAIRED, absent=[held, *meetings.ABSENT[1:]]))
    assert at.keys("1", "0", "1", "3") == [], "it is asked first, and 0 keeps it"
    view = at.flow.view()
    assert isinstance(view, AbsentView)
    assert view.asks == held
    assert at.keys("1") == [TakeBackPerson(visit=VISIT, meeting="m1", person="p4")]
    at.flow.agent_said(replace(meetings.CHAIRED, absent=[held, *meetings.ABSENT[1:]]))
    at.flow.agent_said(replace(meetings.CHAIRED, absent=[replace(held, entered=False, vouched=False)]))
    view = at.flow.view()
    assert isinstance(view, AbsentView)
    assert (view.asks, view.note) == (None, words_meetings.taken_back("周示例"))


def test_a_list_that_has_moved_takes_no_key_before_it_is_seen() -> None:
    at = chair("1")
    before = at.flow.view().face
    at.flow.agent_said(replace(meetings.CHAIRED, absent=meetings.ABSENT[1:]))
    assert at.flow.view().face != before


def test_the_chair_opens_closes_and_changes_the_meeting() -> None:
    at = chair()
    assert at.keys("3", "0") == []
    assert at.keys("3", "1") == [StepMeeting(visit=VISIT, meeting="m1", step="closed")]
    at.flow.agent_said(replace(meetings.CHAIRED, step="closed"))
    assert at.keys("3") == [StepMeeting(visit=VISIT, meeting="m1", step="opened")]
    assert at.keys("8") == [OpenMeeting(visit=VISIT, meeting="m2")]


def test_votes_are_typed_one_option_after_the_other_and_confirmed() -> None:
    at = chair("2", "3")
    assert isinstance(at.flow.view(), ItemView)
    assert at.keys("1") == [StepMeeting(visit=VISIT, meeting="m1", step="item", item="3")]
    at.keys("0", "2", "2")
    assert at.flow.typing
    assert at.keys("1", "3", "enter", "1", "enter", "1", "enter") == []
    view = at.flow.view()
    assert isinstance(view, HandsView)
    assert (view.counts, view.is_asked, at.flow.typing) == ((13, 1, 1), False, False)
    assert at.keys("1", "1") == [EnterVotes(visit=VISIT, meeting="m1", item="2", votes=[13, 1], abstained=1)]
    at.flow.agent_said(meetings.CHAIRED)
    assert isinstance(at.flow.view(), ItemView)


def test_more_hands_than_are_left_are_typed_again() -> None:
    at = chair("2", "2", "2")
    at.keys("1", "3", "enter", "3", "enter")
    view = at.flow.view()
    assert isinstance(view, HandsView)
    assert (view.counts, view.typed, view.note) == ((13,), "", words_meetings.too_many(2))
    at.keys("9", "9", "9", "9", "9")
    assert at.flow.view().typed == "999"  # type: ignore[union-attr]
    at.keys("repeat", "repeat", "repeat", "repeat")
    assert at.flow.view().counts == ()  # type: ignore[union-attr]
    at.keys("enter")
    assert at.flow.view().note  # type: ignore[union-attr]
    at.keys(HELD)
    assert isinstance(at.flow.view(), ItemView)


def test_what_the_agent_refuses_is_said_where_it_was_asked() -> None:
    at = chair("2", "2", "2")
    at.keys("1", "enter", "0", "enter", "0", "enter", "1")
    at.flow.agent_said(Sorry(reason="too_many_votes", asked="enter_votes"))
    view = at.flow.view()
    assert isinstance(view, ItemView)
    assert view.note == words_meetings.SORRY["too_many_votes"]
    at.keys("0")
    assert isinstance(at.flow.view(), AgendaView)
    at.flow.agent_said(meetings.GONE)
    gone = at.flow.view()
    assert isinstance(gone, MeetingView)
    assert (gone.shown, gone.note) == (None, words_meetings.SORRY["gone"])
    at.keys("0")
    assert isinstance(at.flow.view(), VisitView)


def test_whoever_is_no_chair_any_more_is_led_back() -> None:
    at = chair("1")
    at.flow.agent_said(meetings.SHOWN)
    assert isinstance(at.flow.view(), MeetingView)


@pytest.mark.parametrize("keys", [(), ("1",), ("2",), ("2", "2", "2", "1", "3")])
def test_nothing_of_a_chairs_screens_stays_after_the_visit(keys: tuple[Key, ...]) -> None:
    at = chair(*keys)
    at.flow.agent_said(VisitShown(visit=VISIT, ended="card"))
    at.flow.tick()
    assert isinstance(at.flow.view(), HomeView)
    held = repr((at.flow.view(), at.flow.kept(), at.flow._over))
    assert not any(one.name in held for one in meetings.ABSENT)


def test_a_kiosk_that_takes_over_opens_the_same_meeting_and_begins_there() -> None:
    at = chair("2", "2", "2", "1", "3")
    kept = at.flow.kept()
    assert [type(one).__name__ for one in kept.over] == ["MeetingKept"]
    assert "13" not in repr(kept)
