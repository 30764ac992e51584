"""No key counts on a screen that nobody can have seen yet, and none that a held key repeats."""

import msgspec
import pytest

from kiosk_tui.flow import Flow
from kiosk_tui.guard import CHOICE_MS, REPEAT_MS, SCREEN_MS
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import HelpView, HomeView, IdleView, LiveBannerView, View
from kiosk_tui.views.learning import MapView, MarkedView, QuestionView
from protocol.kiosk import LiveShown, ToAgent
from protocol.kiosk_learning import AnswerQuestion, OpenLevel, OpenMap, OpenPack
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import STATES, HandClock, press


class Screen:
    """A flow whose view is painted a moment after each change, as a terminal does it."""

    def __init__(self, state: str = "home") -> None:
        self.clock = HandClock()
        self.said: list[ToAgent] = []
        self.flow = Flow(mono_ms=self.clock, say=self.said.append)
        STATES[state](self.flow, self.clock)
        self.said.clear()
        self.paint()

    def paint(self) -> View:
        view = self.flow.view()
        self.flow.painted(view)
        return view

    def key(self, key: Key) -> View:
        self.flow.key(key)
        self.clock.pass_s(0.02)
        return self.paint()

    def hold(self, key: Key, *, for_s: float, delay_s: float, a_second: int) -> None:
        """Hold a key: it comes once, and after a delay so often a second."""
        self.key(key)
        self.clock.pass_s(delay_s - 0.02)
        for _ in range(round((for_s - delay_s) * a_second)):
            self.key(key)
            self.clock.pass_s(1 / a_second - 0.02)


@pytest.mark.parametrize(("delay_s", "a_second"), [(0.25, 11), (0.4, 33), (0.6, 25), (0.66, 25)])
def test_a_held_key_presses_once(delay_s: float, a_second: int) -> None:
    screen = Screen()
    screen.clock.pass_s(5)
    screen.hold("3", for_s=5, delay_s=delay_s, a_second=a_second)
    assert isinstance(screen.flow.view(), MapView)
    assert screen.said == [OpenMap()]


def test_a_held_key_answers_nothing() -> None:
    screen = Screen("pack")
    screen.clock.pass_s(5)
    screen.key("1")
    assert screen.said == [OpenLevel(pack="sample-common", level="一")]
    screen.flow.agent_said(samples.QUESTION)
    screen.paint()
    for _ in range(200):
        screen.clock.pass_s(0.04)
        screen.key("1")
    assert not any(isinstance(message, AnswerQuestion) for message in screen.said)
    screen.clock.pass_s(REPEAT_MS / 1000)  # let go
    screen.key("1")
    assert isinstance(screen.said[-1], AnswerQuestion)


@pytest.mark.parametrize("state", ["question-single", "marked-right"])
def test_a_held_zero_does_not_leave_a_level(state: str) -> None:
    screen = Screen(state)
    screen.clock.pass_s(5)
    screen.hold("0", for_s=5, delay_s=0.6, a_second=25)
    view = screen.flow.view()
    assert isinstance(view, QuestionView | MarkedView)
    assert view.leaving


@pytest.mark.parametrize(
    ("state", "key", "deaf_ms"),
    [
        ("home", "1", SCREEN_MS),
        ("map", "0", SCREEN_MS),
        ("visit-map", "enter", SCREEN_MS),
        ("visit-amended", "enter", SCREEN_MS),
        ("visit-pack-menu", "enter", SCREEN_MS),
        ("pack", "1", SCREEN_MS),
        ("visit-begin-enough", "1", SCREEN_MS),
        ("question-picture-large", "0", SCREEN_MS),
        ("question-single", "1", CHOICE_MS),
        ("marked-right", "enter", SCREEN_MS),
        ("visit-over", "1", SCREEN_MS),
        ("help", "0", SCREEN_MS),
        ("touch-in", "0", CHOICE_MS),
        ("touch-again", "7", CHOICE_MS),
        ("idle", "5", SCREEN_MS),
    ],
)
def test_no_key_counts_on_a_screen_before_it_was_seen(state: str, key: Key, deaf_ms: int) -> None:
    screen = Screen(state)
    before = screen.flow.view()
    screen.clock.pass_s((deaf_ms - 1) / 1000)
    assert not screen.flow.listens()
    screen.flow.key(key)
    assert type(screen.flow.view()) is type(before)
    assert screen.said == []
    screen.clock.pass_s(REPEAT_MS / 1000)
    assert screen.flow.listens()
    screen.flow.key(key)
    assert screen.flow.view() != before or screen.said


def test_a_key_that_comes_late_counts_from_when_it_was_pressed() -> None:
    screen = Screen("question-single")
    screen.clock.pass_s(5)
    screen.flow.key("1", ago_ms=3_000)
    assert len(screen.said) == 1
    screen = Screen("question-single")
    screen.clock.pass_s(1.5)
    screen.flow.key("1", ago_ms=1_501 - CHOICE_MS)
    assert screen.said == []


def test_a_key_for_what_has_left_the_screen_means_nothing() -> None:
    """The result's time is over, and the terminal still shows it: 3 is not yet 学习."""
    screen = Screen("touch-in")
    screen.clock.pass_s(10)
    assert isinstance(screen.flow.view(), HomeView)
    screen.flow.key("3")
    assert isinstance(screen.flow.view(), HomeView)
    screen.paint()
    screen.clock.pass_s(1)
    screen.flow.key("3")
    assert isinstance(screen.flow.view(), MapView)


def test_a_screen_that_comes_back_must_be_seen_anew() -> None:
    screen = Screen("question-single")
    screen.clock.pass_s(5)
    screen.flow.agent_said(samples.GREEN)
    screen.paint()
    screen.clock.pass_s(10)
    screen.paint()
    screen.flow.key("1")
    assert screen.said == []
    screen.clock.pass_s(CHOICE_MS / 1000)
    screen.flow.key("1")
    assert len(screen.said) == 1


def test_numbers_that_stand_for_other_packs_now_must_be_seen_anew() -> None:
    screen = Screen("map")
    screen.clock.pass_s(5)
    screen.flow.agent_said(msgspec.structs.replace(samples.MAP, packs=samples.MAP.packs[::-1]))
    screen.paint()
    screen.flow.key("1")
    assert screen.said == []
    screen.clock.pass_s(CHOICE_MS / 1000)
    screen.flow.key("1")
    assert screen.said == [OpenPack(pack="fire")]


def test_what_only_counts_down_stays_the_same_screen() -> None:
    screen = Screen("touch-again")
    for _ in range(10):
        screen.clock.pass_s(0.1)
        screen.paint()
    screen.flow.agent_said(LiveShown(viewer="镇办", left_s=90))
    assert screen.flow.banner() == LiveBannerView("镇办", 90)
    assert screen.flow.listens()


def test_where_no_key_counts_none_does() -> None:
    screen = Screen()
    screen.flow.painted(None)
    screen.clock.pass_s(10)
    screen.flow.key("1")
    assert isinstance(screen.flow.view(), HomeView)


def test_a_key_that_something_lies_on_keeps_nobody_there() -> None:
    screen = Screen("question-single")
    for _ in range(2 * 120 * 11):
        screen.clock.pass_s(1 / 11)
        screen.flow.key("5")
    assert isinstance(screen.flow.view(), HomeView)


def test_enter_turns_the_page_before_it_goes_on() -> None:
    turned: list[str] = []

    def turn(by: int) -> bool:
        turned.append("page" if by == 1 else "back")
        return True

    screen = Screen("marked-longest")
    screen.flow.key("enter", turn_page=turn)
    assert turned == []
    screen.clock.pass_s(1)
    screen.flow.key("enter", turn_page=turn)
    assert (turned, screen.said) == (["page"], [])


def test_the_place_under_help_is_the_same() -> None:
    screen = Screen("marked-right")
    press(screen.flow, screen.clock, "9")
    assert isinstance(screen.flow.view(), HelpView)
    press(screen.flow, screen.clock, "0")
    assert isinstance(screen.flow.view(), MarkedView)
    press(screen.flow, screen.clock, "9")
    screen.clock.pass_s(121)
    assert isinstance(screen.flow.view(), IdleView)
