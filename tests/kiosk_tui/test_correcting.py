"""A key on the second touch's own screen asks the agent for a direction; what comes of it, the agent says."""

import msgspec
import pytest

from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import AwayView, Correction, HomeView, TodayView, TouchView
from kiosk_tui.views.learning import QuestionView
from kiosk_tui.words import common as words
from protocol.kiosk import ChooseDirection, KeepDirection, Sorry
from protocol.kiosk_notices import AskNotices
from protocol.units import Direction, FactRef
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import GUARD_S, OpenKiosk

PAD: list[Key] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "repeat", "text_size", "enter"]


class Kiosk(OpenKiosk):
    @property
    def shown(self) -> TouchView:
        view = self.flow.view()
        assert isinstance(view, TouchView)
        return view

    @property
    def corrections(self) -> list[Direction]:
        return [message.direction for message in self.said if isinstance(message, ChooseDirection)]


def test_seven_on_the_second_touch_asks_and_the_card_makes_it_so() -> None:
    kiosk = Kiosk("touch-again")
    kiosk.press("7")
    assert kiosk.said == [ChooseDirection(touch=samples.TOUCH, direction="out")]
    kiosk.flow.agent_said(samples.CHOSEN)
    shown = kiosk.shown
    assert shown.correction == Correction(10, (), "out")
    kiosk.flow.agent_said(samples.CORRECTED)
    shown = kiosk.shown
    assert (shown.touch, shown.correction, shown.note) == (samples.CORRECTED, None, words.CORRECTED)
    kiosk.clock.pass_s(6)
    assert isinstance(kiosk.flow.view(), HomeView)


def test_until_the_agent_answers_nothing_more_is_asked() -> None:
    kiosk = Kiosk("touch-again")
    kiosk.press("7", "7", "enter")
    assert len(kiosk.said) == 1
    assert not isinstance(kiosk.flow.view(), TouchView)  # Enter puts a result away that offers nothing


@pytest.mark.parametrize("key", [key for key in PAD if key != "0"])
def test_no_key_makes_a_choice_so(key: Key) -> None:
    kiosk = Kiosk("touch-again-chosen")
    kiosk.press(key, key)
    assert kiosk.said == []
    assert kiosk.shown.correction is not None
    assert kiosk.shown.correction.chosen == "out"


def test_nought_takes_the_choice_back() -> None:
    kiosk = Kiosk("touch-again-chosen")
    kiosk.press("0")
    assert kiosk.said == [KeepDirection(touch=samples.TOUCH)]
    kiosk.flow.agent_said(msgspec.structs.replace(samples.REPEAT_LATER, again_within_ms=3_000))
    assert (kiosk.shown.correction, kiosk.shown.note, kiosk.shown.again_s) == (None, "", 3)
    kiosk.press("0")
    assert isinstance(kiosk.flow.view(), HomeView)


def test_a_choice_that_nobody_confirms_is_over_after_ten_seconds() -> None:
    kiosk = Kiosk("touch-again-chosen")
    seen = []
    while (correction := kiosk.shown.correction) is not None:
        seen.append(correction.seconds_left)
        kiosk.clock.pass_s(1)
    assert seen == list(range(10, 0, -1))
    kiosk.clock.pass_s(3)
    assert isinstance(kiosk.flow.view(), HomeView)
    assert kiosk.said == []


@pytest.mark.parametrize("state", ["touch-in", "touch-undirected", "touch-undated", "touch-repeat"])
def test_the_first_touch_is_corrected_by_no_key(state: str) -> None:
    for first in PAD:
        for second in PAD:
            kiosk = Kiosk(state)
            kiosk.press(first, second)
            assert kiosk.corrections == []


@pytest.mark.parametrize("key", [key for key in PAD if key != "7"])
def test_no_other_key_asks(key: Key) -> None:
    kiosk = Kiosk("touch-again")
    kiosk.press(key, key)
    assert kiosk.said == []


@pytest.mark.parametrize("state", ["touch-again-undirected", "touch-again-undated"])
@pytest.mark.parametrize(("key", "direction"), [("7", "in"), ("8", "out")])
def test_a_touch_without_a_direction_gets_one(state: str, key: Key, direction: str) -> None:
    kiosk = Kiosk(state)
    kiosk.press(key)
    assert kiosk.corrections == [direction]


def test_keys_are_deaf_until_the_touch_was_seen_for_long_enough() -> None:
    assert GUARD_S >= 0.8
    kiosk = Kiosk("home")
    kiosk.flow.painted(kiosk.flow.view())
    kiosk.clock.pass_s(5)
    kiosk.flow.agent_said(samples.AGAIN)
    for _ in range(2):  # not painted yet, however long that takes
        kiosk.clock.pass_s(1)
        kiosk.flow.key("7")
    kiosk.flow.painted(kiosk.flow.view())
    kiosk.clock.pass_s(GUARD_S - 0.001)
    kiosk.flow.key("7")
    assert kiosk.said == []
    kiosk.clock.pass_s(0.201)
    kiosk.flow.key("7")
    assert kiosk.corrections == ["out"]


def test_the_next_persons_touch_takes_the_choice_with_it() -> None:
    kiosk = Kiosk("touch-again-chosen")
    theirs = FactRef(epoch=bytes(16), seq=8)
    kiosk.flow.agent_said(msgspec.structs.replace(samples.AGAIN, name="李示例", touch=theirs))
    assert kiosk.shown.correction is not None
    assert kiosk.shown.correction.chosen is None
    kiosk.press("7")
    assert kiosk.said == [ChooseDirection(touch=theirs, direction="out")]


def test_a_second_touch_over_a_running_level_corrects_and_the_level_goes_on() -> None:
    kiosk = Kiosk("question-ordering")
    before = kiosk.flow.view()
    kiosk.flow.agent_said(samples.GREEN)
    kiosk.press("1", "7", "8")
    kiosk.flow.agent_said(samples.AGAIN)
    kiosk.press("1", "2", "7")
    assert kiosk.said == [ChooseDirection(touch=samples.TOUCH, direction="out")]
    kiosk.flow.agent_said(samples.CHOSEN)
    kiosk.flow.agent_said(samples.CORRECTED)
    kiosk.press("0")
    assert kiosk.flow.view() == before


def test_the_countdown_runs_from_ten_to_one_and_then_an_office_is_named() -> None:
    kiosk = Kiosk("touch-again")
    seen = []
    while (correction := kiosk.shown.correction) is not None:
        seen.append(correction.seconds_left)
        kiosk.clock.pass_s(1)
    assert seen == list(range(10, 0, -1))
    kiosk.press("7")
    assert kiosk.said == []
    kiosk.clock.pass_s(3 - GUARD_S)
    assert isinstance(kiosk.flow.view(), HomeView)


def test_the_first_touch_says_for_ten_seconds_that_the_card_can_be_touched_again() -> None:
    kiosk = Kiosk("touch-in")
    seen = []
    while isinstance(view := kiosk.flow.view(), TouchView):
        seen.append(view.again_s)
        kiosk.clock.pass_s(1)
    assert seen == list(range(10, 0, -1))


def test_after_ten_seconds_one_is_the_menu_again() -> None:
    kiosk = Kiosk("touch-in")
    kiosk.clock.pass_s(10)
    kiosk.press("1")
    assert kiosk.said == [AskNotices()]
    assert isinstance(kiosk.flow.view(), TodayView)


def test_a_choice_that_came_too_late_is_said() -> None:
    kiosk = Kiosk("touch-again")
    kiosk.press("7")
    kiosk.flow.agent_said(Sorry(reason="too_late", touch=samples.TOUCH))
    assert kiosk.shown.note == words.SORRY["too_late"]
    assert kiosk.shown.touch.direction == "in"
    kiosk.press("7")
    assert len(kiosk.said) == 1


def test_a_refused_choice_says_nothing_on_the_next_persons_screen_or_question() -> None:
    kiosk = Kiosk("question-single")
    kiosk.flow.agent_said(samples.AGAIN)
    kiosk.press("7")
    theirs = msgspec.structs.replace(samples.GREEN, name="李示例", touch=FactRef(epoch=bytes(16), seq=8))
    kiosk.flow.agent_said(theirs)
    kiosk.flow.agent_said(Sorry(reason="too_late", touch=samples.TOUCH))
    assert kiosk.shown.note == ""
    kiosk.press("0")
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert view.note == ""


@pytest.mark.parametrize(("state", "keys"), [("touch-again", ["7"]), ("touch-again-chosen", [])])
def test_a_choice_is_not_claimed_when_its_agent_is_gone(state: str, keys: list[Key]) -> None:
    kiosk = Kiosk(state)
    kiosk.press(*keys)
    kiosk.flow.agent_away()
    assert (kiosk.shown.correction, kiosk.shown.note) == (None, words.SORRY["not_recorded"])
    kiosk.press("7")
    assert len(kiosk.said) == len(keys)
    kiosk.clock.pass_s(13)
    assert isinstance(kiosk.flow.view(), AwayView)


def test_star_keeps_neither_a_correction_nor_a_result_that_was_closed() -> None:
    kiosk = Kiosk("touch-again")
    kiosk.press("0", "repeat", "7")
    assert not isinstance(kiosk.flow.view(), TouchView)
    assert kiosk.said == []


def test_whoever_was_replaced_at_once_is_named_on_the_next_screen() -> None:
    kiosk = Kiosk("home")
    for touch in samples.CROWD:
        kiosk.flow.agent_said(touch)
        kiosk.clock.pass_s(0.5)
    assert kiosk.shown.before == tuple(samples.CROWD[:3])
    kiosk.clock.pass_s(1.5)
    kiosk.flow.agent_said(samples.GREEN)
    assert kiosk.shown.before == ()


def test_ones_own_second_touch_keeps_who_was_before() -> None:
    kiosk = Kiosk("home")
    kiosk.flow.agent_said(samples.UNKNOWN)
    kiosk.flow.agent_said(samples.GREEN)
    kiosk.clock.pass_s(1)
    kiosk.flow.agent_said(samples.AGAIN)
    assert kiosk.shown.before == (samples.UNKNOWN,)
