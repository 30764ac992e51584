"""`*` held down leads away from whatever is typed, and a bounce or a second press does not."""

import pytest

from kiosk_tui.views.common import AskCardView, EntryView, HomeView, View, VisitView
from kiosk_tui.views.feedback import AskView, NumberView
from kiosk_tui.views.reading import FindView
from tests.kiosk_tui.rig import OpenKiosk, hold


@pytest.mark.parametrize(
    ("state", "leads_to"),
    [("entry-number", AskCardView), ("entry-pin", AskCardView), ("entry-new", VisitView), ("find-some", HomeView)],
)
def test_the_star_held_down_leads_away_and_no_further(state: str, leads_to: type[View]) -> None:
    kiosk = OpenKiosk(state)
    hold(kiosk, "repeat")
    assert isinstance(kiosk.flow.view(), leads_to)


def test_it_leaves_a_receipt_number_for_the_choice_before_it() -> None:
    kiosk = OpenKiosk("home")
    kiosk.press("5", "2", "4", "8", "2", "9", "1", "3")
    hold(kiosk, "repeat")
    assert isinstance(kiosk.flow.view(), AskView)


def test_a_bounce_of_the_star_takes_back_one_figure() -> None:
    kiosk = OpenKiosk("home")
    kiosk.press("5", "2", "4", "8", "repeat")
    for _ in range(3):
        kiosk.clock.pass_s(0.02)
        kiosk.flow.key("repeat")
    assert kiosk.flow.view() == NumberView("4", "", False)


def test_what_the_agent_judges_is_not_left() -> None:
    kiosk = OpenKiosk("entry-judged")
    hold(kiosk, "repeat")
    assert isinstance(kiosk.flow.view(), EntryView)


def test_another_key_held_down_leads_nowhere() -> None:
    kiosk = OpenKiosk("find-some")
    hold(kiosk, "2")
    assert isinstance(kiosk.flow.view(), FindView)
