"""A visit stands where home was, and after it nothing of it is on the screen, behind a key or in memory."""

import gc
from collections.abc import Callable
from copy import replace

import pytest

from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import AskCardView, EntryView, HelpView, HomeView, TouchView, VisitView
from kiosk_tui.views.learning import MapView
from kiosk_tui.views.months import MonthView
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from kiosk_tui.words import visits as words_visits
from protocol.kiosk import Sorry
from protocol.kiosk_learning import OpenMap, OpenPack
from protocol.kiosk_months import OpenMonth, OpenRequests
from protocol.kiosk_visits import (
    ClockByNumber,
    EndVisit,
    EnterNumber,
    OpenVisit,
    PinAsked,
    SetPin,
    VisitShown,
)
from tests.kiosk_tui import learning_samples, samples
from tests.kiosk_tui.rig import NUMBER, PIN, STATES, OpenKiosk

PERSONAL = [state for state in STATES if state.startswith("visit")]
SIGNING_IN = ["entry-number", "entry-pin", "entry-judged", "entry-wrong", "entry-locked"]
SETTING = ["entry-new", "entry-again", "entry-common", "entry-touch", "entry-set"]
VISIT = samples.VISIT.visit


class Kiosk(OpenKiosk):
    def holds(self, *canaries: str) -> list[str]:
        """Return which of these texts stand in anything that the flow refers to."""
        found, todo, seen = set(), [self.flow], {id(STATES), id(samples.__dict__)}
        while todo:
            one: object = todo.pop()
            if id(one) in seen or isinstance(one, type) or callable(one):
                continue
            seen.add(id(one))
            if isinstance(one, str):
                found |= {canary for canary in canaries if canary in one}
            todo += gc.get_referents(one)
        return sorted(found)


def test_1_on_the_touch_opens_the_visit_of_whoever_touched() -> None:
    kiosk = Kiosk("touch-offers-visit")
    kiosk.press("1")
    assert kiosk.said == [OpenVisit(visit=samples.OFFERED.visit)]
    kiosk.flow.agent_said(samples.VISIT)
    assert isinstance(kiosk.flow.view(), VisitView)


def test_1_on_a_touch_that_offers_none_opens_nothing() -> None:
    kiosk = Kiosk("touch-in")
    kiosk.press("1")
    assert kiosk.said == []


def test_what_the_numbers_of_a_visit_open() -> None:
    kiosk = Kiosk("visit-by-number")
    visit = samples.VISIT_BY_NUMBER.visit
    kiosk.press("1")
    assert kiosk.said.pop() == ClockByNumber(visit=visit)
    kiosk.press("2")
    assert kiosk.said.pop() == OpenMonth(visit=visit)
    assert kiosk.flow.view() == MonthView(visit, None, "")
    kiosk.press("0", "3")
    assert kiosk.said.pop() == OpenRequests(visit=visit)
    kiosk.press("0", "4")
    assert kiosk.said.pop() == OpenMap(visit=visit)
    kiosk.press("0", "5", "7")
    assert isinstance(kiosk.flow.view(), VisitView)
    assert kiosk.said == []


def test_learning_in_a_visit_has_the_persons_stars_and_not_the_stations() -> None:
    kiosk = Kiosk("visit-map")
    kiosk.flow.agent_said(samples.HOME)
    kiosk.flow.agent_said(samples.MAP)
    view = kiosk.flow.view()
    assert isinstance(view, MapView)
    assert view.shown == learning_samples.MY_MAP
    kiosk.press("2")
    assert kiosk.said == [OpenPack(visit=VISIT, pack="law")]


ENDS: dict[str, Callable[[Kiosk], object]] = {
    "time": lambda kiosk: kiosk.clock.pass_s(150),
    "another card": lambda kiosk: kiosk.flow.agent_said(VisitShown(visit=VISIT, ended="card")),
    "the agent's end": lambda kiosk: kiosk.flow.agent_away(),
}
OWN = ("508213", "2026-11-", "482913", "771204", "当天值班表", "演示村", "很长的村名", "触电了", "养蜂")
"""What only a visit shows or holds: figures of a PIN, days, numbers of requests, what the township says, where else,
an answer that was put right, a pack that was chosen."""


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("state", [*PERSONAL, *SETTING])
def test_after_a_visit_nothing_of_it_is_left(state: str, end: str) -> None:
    kiosk = Kiosk(state)
    if "by-number" in state or "longest" in state:
        kiosk.flow.agent_said(samples.VISIT)
    kiosk.flow.agent_said(samples.OFFERED)
    kiosk.clock.pass_s(20)
    ENDS[end](kiosk)
    kiosk.flow.agent_said(samples.AFTERNOON)
    assert isinstance(kiosk.flow.view(), HomeView)
    kiosk.flow.painted(kiosk.flow.view())
    assert kiosk.holds(VISIT, *OWN) == []
    kiosk.press("repeat")
    assert isinstance(kiosk.flow.view(), HelpView)
    assert kiosk.said in ([], [EndVisit(visit=VISIT, why="time")])


@pytest.mark.parametrize("state", PERSONAL)
def test_0_leads_out_of_a_visit_and_says_so(state: str) -> None:
    kiosk = Kiosk(state)
    kiosk.press("0", "0", "0", "0", "0")
    assert isinstance(kiosk.flow.view(), HomeView)
    assert [type(said) for said in kiosk.said if not isinstance(said, OpenMonth)] == [EndVisit]
    kiosk.press("repeat")
    kiosk.said.clear()
    assert kiosk.holds(VISIT, *OWN) == []


def test_an_end_that_is_told_late_does_not_end_the_next_visit() -> None:
    kiosk = Kiosk("visit-by-number")
    kiosk.flow.agent_said(VisitShown(visit=VISIT, ended="time"))
    assert isinstance(kiosk.flow.view(), VisitView)


def test_a_visit_is_still_there_after_ones_own_touch() -> None:
    kiosk = Kiosk("visit-month-confirm")
    before = kiosk.flow.view()
    kiosk.flow.agent_said(samples.REPEAT)
    assert isinstance(kiosk.flow.view(), TouchView)
    kiosk.clock.pass_s(15)
    assert kiosk.flow.view() == before


@pytest.mark.parametrize("state", SIGNING_IN)
def test_a_touch_takes_away_what_somebody_typed(state: str) -> None:
    kiosk = Kiosk(state)
    kiosk.flow.agent_said(samples.GREEN)
    kiosk.clock.pass_s(20)
    assert isinstance(kiosk.flow.view(), AskCardView)
    assert kiosk.holds("8800", "508213") == []


def test_number_and_pin_are_said_once_and_kept_nowhere() -> None:
    kiosk = Kiosk("mine-asking-number")
    kiosk.press("enter", *NUMBER, *PIN)
    assert kiosk.said == [EnterNumber(number="880001", pin="508213")]
    kiosk.said.clear()
    assert kiosk.holds("508213") == []
    kiosk.flow.agent_said(PinAsked(answer="wrong"))
    view = kiosk.flow.view()
    assert isinstance(view, EntryView)
    # A PIN that is typed again must not stand in the field of the number, where it can be read.
    assert (view.step, view.shown) == ("pin", "")
    assert kiosk.holds("508213") == []
    kiosk.press("repeat")
    view = kiosk.flow.view()
    assert isinstance(view, EntryView)
    assert (view.step, view.shown) == ("number", "")
    assert kiosk.holds("88000", "508213") == []
    kiosk.press("repeat")
    assert isinstance(kiosk.flow.view(), AskCardView)


def test_digits_count_at_once_while_a_note_stands_above_them() -> None:
    kiosk = Kiosk("mine-asking-number")
    kiosk.press("enter", *NUMBER, "1", "enter")
    noted = kiosk.flow.view()
    assert isinstance(noted, EntryView)
    assert noted.note
    kiosk.press("1")
    assert kiosk.flow.view().face == noted.face


def test_without_the_countys_word_nobody_is_asked_for_a_number() -> None:
    kiosk = Kiosk("mine-asking")
    kiosk.press("enter")
    assert kiosk.flow.view() == AskCardView(by_number=False, reader_ready=True, refused=True)


def test_0_and_9_are_figures_and_star_takes_one_back_and_leads_away() -> None:
    kiosk = Kiosk("mine-asking-number")
    kiosk.press("enter", "9", "0", "repeat")
    view = kiosk.flow.view()
    assert isinstance(view, EntryView)
    assert view.shown == "9"
    kiosk.press("repeat", "repeat")
    assert isinstance(kiosk.flow.view(), AskCardView)
    assert kiosk.said == []


def test_a_new_pin_is_typed_twice_alike() -> None:
    kiosk = Kiosk("entry-again")
    kiosk.press("1", "1", "2", "2", "3", "4", "enter")
    view = kiosk.flow.view()
    assert isinstance(view, EntryView)
    assert view.step == "new_pin"
    kiosk.press(*PIN, *PIN)
    assert kiosk.said == [SetPin(visit=VISIT, pin="508213")]


def test_a_pin_that_is_too_short_goes_nowhere() -> None:
    kiosk = Kiosk("entry-new")
    kiosk.press("enter")
    view = kiosk.flow.view()
    assert isinstance(view, EntryView)
    assert (view.step, view.typed) == ("new_pin", 2)


def test_a_visit_that_is_over_for_the_agent_is_not_waited_for() -> None:
    kiosk = Kiosk("visit-month-asked")
    kiosk.flow.agent_said(Sorry(reason="too_late"))
    assert kiosk.flow.view() == MonthView(VISIT, None, words_visits.VISIT_OVER)


def test_a_page_of_ones_own_says_why_it_is_empty() -> None:
    kiosk = Kiosk("visit-month-asked")
    kiosk.flow.agent_said(Sorry(reason="not_here"))
    assert kiosk.flow.view() == MonthView(VISIT, None, words.sorry("not_here"))


@pytest.mark.parametrize(("offered", "title"), [("set_pin", "设密码"), ("change_pin", "改密码")])
def test_a_new_pin_is_named_as_it_was_chosen(offered: str, title: str) -> None:
    kiosk = Kiosk("visit")
    kiosk.flow.agent_said(replace(samples.VISIT, can=[offered]))
    kiosk.flow.painted(kiosk.flow.view())
    kiosk.press("1")
    view = kiosk.flow.view()
    assert isinstance(view, EntryView)
    assert words_visits.entry_title(view.step, changes=view.changes) == title


def test_a_code_says_where_it_is_typed() -> None:
    assert "door.example.cn/K " in words_visits.typed_at("https://door.example.cn/K")


def test_whoever_has_no_card_is_told_whom_to_ask() -> None:
    assert "没带卡" in words.PUT_RIGHT


def test_a_level_that_nobody_tried_is_not_called_failed() -> None:
    assert words_learning.stars(0) == "还没过关"


@pytest.mark.parametrize(
    ("state", "keys", "note"),
    [
        ("mine-asking-number", ["enter", "enter"], words.TYPE_FIRST),
        ("entry-pin", ["enter"], words.digits_lack(3)),
        ("entry-new", ["enter"], words.digits_lack(4)),
    ],
)
def test_enter_says_how_many_figures_are_still_to_be_typed(state: str, keys: list[Key], note: str) -> None:
    kiosk = Kiosk(state)
    kiosk.press(*keys)
    view = kiosk.flow.view()
    assert isinstance(view, EntryView)
    assert (view.note, view.waiting) == (note, False)
    assert kiosk.said == []


@pytest.mark.parametrize("first", ["set_pin", "clock"])
def test_a_visit_leaves_out_what_home_offers_too_if_six_keys_are_not_enough(first: str) -> None:
    kiosk = Kiosk("visit")
    can = [first, "meeting", "month", "requests", "learning", "ask", "phone", "feedback"]
    kiosk.flow.agent_said(replace(samples.VISIT, can=can))
    view = kiosk.flow.view()
    assert isinstance(view, VisitView)
    assert set(can) - set(view.can) == {"feedback", "learning"}
