"""A card in the middle of a form: the form waits for its owner, or it is dropped and the card's screen says so."""

import pytest

from kiosk_tui.drawing.textsize import SMALLEST
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import AskCardView, EntryView, HomeView, TouchView
from kiosk_tui.views.feedback import AskView
from kiosk_tui.views.months import ConfirmView
from kiosk_tui.words import common as words
from kiosk_tui.words import visits as words_visits
from protocol.kiosk_months import RequestTaken
from protocol.kiosk_visits import VisitShown
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import ASKED, NUMBER, STATES, OpenKiosk, Rig

ENDED_BY_CARD = VisitShown(visit=samples.VISIT.visit, ended="card")


def touched(kiosk: OpenKiosk) -> TouchView:
    kiosk.flow.agent_said(samples.GREEN)
    view = kiosk.flow.view()
    assert isinstance(view, TouchView)
    return view


def test_a_question_without_a_name_waits_behind_the_card() -> None:
    kiosk = OpenKiosk("home")
    kiosk.press(*ASKED[:-1])
    before = kiosk.flow.view()
    assert isinstance(before, AskView)
    assert not touched(kiosk).dropped
    kiosk.clock.pass_s(10)
    assert kiosk.flow.view() == before


@pytest.mark.parametrize("state", ["visit-month-confirm", "visit-month-reason", "entry-new", "entry-touch"])
def test_another_card_drops_a_form_of_a_visit_and_its_screen_says_so_once(state: str) -> None:
    kiosk = OpenKiosk(state)
    kiosk.flow.agent_said(ENDED_BY_CARD)
    assert touched(kiosk).dropped
    kiosk.clock.pass_s(30)
    assert isinstance(kiosk.flow.view(), HomeView)
    assert not touched(kiosk).dropped


def test_what_was_recorded_is_not_called_lost() -> None:
    kiosk = OpenKiosk("visit-month-confirm")
    kiosk.press("1")
    kiosk.flow.agent_said(RequestTaken(visit=samples.VISIT.visit, number="示例", state="open"))
    kiosk.flow.agent_said(ENDED_BY_CARD)
    assert not touched(kiosk).dropped


@pytest.mark.parametrize("state", ["visit", "visit-month", "entry-set"])
def test_where_nothing_was_filled_in_nothing_is_said(state: str) -> None:
    kiosk = OpenKiosk(state)
    kiosk.flow.agent_said(ENDED_BY_CARD)
    assert not touched(kiosk).dropped


def test_ones_own_card_leaves_ones_form_as_it_was() -> None:
    kiosk = OpenKiosk("visit-month-confirm")
    before = kiosk.flow.view()
    assert isinstance(before, ConfirmView)
    assert not touched(kiosk).dropped
    kiosk.clock.pass_s(10)
    assert kiosk.flow.view() == before


@pytest.mark.parametrize(("keys", "dropped"), [(NUMBER[:3], True), (NUMBER, True), ((), False)])
def test_a_number_that_was_being_typed_is_dropped(keys: tuple[Key, ...], dropped: bool) -> None:
    kiosk = OpenKiosk("entry-number")
    kiosk.press("repeat", "repeat", "repeat", "repeat", *keys)
    assert isinstance(kiosk.flow.view(), EntryView)
    assert touched(kiosk).dropped is dropped
    kiosk.clock.pass_s(10)
    assert isinstance(kiosk.flow.view(), AskCardView)


async def test_the_screen_of_the_other_card_says_it() -> None:
    kiosk = Rig()
    async with kiosk.app.run_test(size=SMALLEST) as pilot:
        STATES["visit-month-confirm"](kiosk.app.flow, kiosk.clock)
        kiosk.app.flow.agent_said(ENDED_BY_CARD)
        kiosk.app.flow.agent_said(samples.GREEN)
        await kiosk.settle(pilot)
        assert words_visits.FORM_DROPPED in kiosk.text()
        assert words.ANSWER["recorded"] in kiosk.text()
