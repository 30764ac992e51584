"""Each screen is drawn empty, with one thing, with many, offline, with an error, and with the longest names and texts.

The rows are the screens that the app has, so a new screen fails here until its states are named. Where a state can't
be, the reason stands in its place. That the link changes nothing on a screen is tried, too.
"""

import re
from copy import replace
from typing import Any

import pytest

from kiosk_tui import app
from kiosk_tui.views import common as views
from kiosk_tui.views import feedback as views_feedback
from kiosk_tui.views import learning as views_learning
from kiosk_tui.views import meetings as views_meetings
from kiosk_tui.views import months as views_months
from kiosk_tui.views import reading as views_reading
from kiosk_tui.views import results as views_results
from kiosk_tui.views import wishes as views_wishes
from tests.kiosk_tui import samples
from tests.kiosk_tui.edges import DRAWN, OFFLINE
from tests.kiosk_tui.rig import HandClock, OpenKiosk

KINDS = ("empty", "one", "many", "offline", "error", "longest")


class Never(str):
    """Why a screen can't be in a state."""


SAME = Never("the link changes nothing on it")
NO_LIST = Never("it shows one thing and lists nothing")
ALWAYS = Never("it is only there because of the thing that it shows")
FIXED = Never("its words are the kiosk's own and no longer anywhere")
CODES = Never("what stands here are words of codes, which the catalogue bounds")
NO_ASKING = Never("nothing is asked for here, so nothing is refused")
ELSEWHERE = Never("what goes wrong is said on the screen that it leads back to")
NO_AGENT = Never("there is no agent, and with it neither a link nor anything to show")

type Cell = str | tuple[str, ...]
TABLE: dict[type[Any], tuple[Cell, Cell, Cell, Cell, Cell, Cell]] = {
    views.HomeView: (
        ("home-empty", "home-not-public"),
        "home-one",
        ("home", "home-names-only"),
        "home-offline",
        ("home-no-reader", "home-troubled"),
        "home-longest",
    ),
    views.TodayView: ("today-empty", "today-one", "today-noticed", "today-offline", "today-troubled", "today-longest"),
    views.NoticeView: ("notice-asked", "notice", NO_LIST, SAME, "notice-over", "notice-longest"),
    views.RestView: (ALWAYS, "rest-one", "rest", SAME, "rest-undated", "rest-longest"),
    views.DutyView: (
        ("duty-empty", "duty-not-public"),
        "duty-one",
        ("duty", "duty-many", "duty-names-only"),
        SAME,
        "duty-unknown",
        "duty-longest",
    ),
    views.AskCardView: (ALWAYS, "mine-asking", NO_LIST, SAME, "mine-asking-no-reader", FIXED),
    views.TouchView: (
        "touch-unknown",
        "touch-in",
        "touch-longest",
        SAME,
        "touch-not-recorded",
        ("touch-longest", "touch-twelve", "touch-minority"),
    ),
    views_learning.MapView: (
        ("map-empty", "map-asked", "visit-map-ahead"),
        "map-one",
        ("map", "visit-map", "visit-map-full"),
        SAME,
        ("map-refused", "visit-map-enough", "visit-map-undated"),
        "visit-map-longest",
    ),
    views_learning.AmendedView: (
        ALWAYS,
        "visit-amended",
        "visit-amended-wrong",
        SAME,
        NO_ASKING,
        "visit-amended-longest",
    ),
    views_learning.PackView: (
        "pack-asked",
        "pack-one",
        ("pack", "visit-pack", "visit-pack-menu", "visit-pack-chosen", "visit-pack-given-up"),
        SAME,
        ("pack-gone", "visit-pack-closed", "visit-pack-enough"),
        "visit-pack-longest",
    ),
    views_learning.BeginView: (
        ALWAYS,
        "begin",
        NO_LIST,
        SAME,
        ("begin-gone", "begin-again", "visit-begin-enough", "visit-begin-done", "visit-begin-nothing"),
        FIXED,
    ),
    views_learning.QuestionView: (
        ALWAYS,
        ("question-single", "question-sound", "question-picture", "question-picture-comes", "visit-question-review"),
        "question-longest",
        SAME,
        ("question-refused", "question-picture-lacks", "question-nothing-to-say"),
        ("question-longest", "visit-question-leaving"),
    ),
    views_learning.PictureView: (
        ALWAYS,
        "question-picture-large",
        NO_LIST,
        SAME,
        Never("a picture that does not come is said on the question"),
        Never("the picture takes all of the screen"),
    ),
    views_learning.MarkedView: (
        ALWAYS,
        ("marked-right", "visit-marked-review"),
        "marked-longest",
        SAME,
        ELSEWHERE,
        "marked-longest",
    ),
    views_learning.ReviewView: (ALWAYS, "review", NO_LIST, SAME, NO_ASKING, Never("it is drawn as the explanation is")),
    views_learning.OverView: (
        ALWAYS,
        ("over-passed", "over-failed", "visit-over-all-right", "visit-over-book-done"),
        ("visit-over", "visit-over-complete", "visit-over-review", "visit-over-enough", "visit-over-done-today"),
        SAME,
        ELSEWHERE,
        "over-longest",
    ),
    views.HelpView: (ALWAYS, "help", NO_LIST, SAME, "help-note", FIXED),
    views.AwayView: (ALWAYS, ("away", "away-interrupted"), NO_LIST, NO_AGENT, NO_ASKING, FIXED),
    views.WaitView: (ALWAYS, "wait", NO_LIST, SAME, NO_ASKING, FIXED),
    views.IdleView: (ALWAYS, "idle", NO_LIST, SAME, NO_ASKING, FIXED),
    views.EntryView: (
        "entry-empty",
        "entry-number",
        "entry-pin",
        SAME,
        ("entry-wrong", "entry-locked", "entry-common"),
        "entry-longest",
    ),
    views.VisitView: (
        "visit-empty",
        ("visit-one", "visit-meeting-next"),
        "visit-by-number",
        SAME,
        ELSEWHERE,
        ("visit-longest", "visit-twelve", "visit-minority"),
    ),
    views.PhoneView: (
        "visit-phone-asked",
        "visit-phone",
        NO_LIST,
        "visit-phone-refused",
        "visit-phone-refused",
        "visit-phone-longest",
    ),
    views_months.MonthView: (
        ("visit-month-asked", "visit-month-empty"),
        "visit-month-one",
        "visit-month",
        SAME,
        "visit-month-refused",
        "visit-month-longest",
    ),
    views_months.MonthLineView: (ALWAYS, "visit-month-line", NO_LIST, SAME, NO_ASKING, "visit-month-line-longest"),
    views_results.ResultsView: (
        ("visit-results-empty", "visit-results-nothing", "visit-results-asked"),
        "visit-results-one",
        "visit-results",
        SAME,
        "visit-results-refused",
        "visit-results-longest",
    ),
    views_results.ResultView: (
        ALWAYS,
        ("visit-result", "visit-result-asked"),
        NO_LIST,
        SAME,
        NO_ASKING,
        "visit-result-longest",
    ),
    views_months.ChoiceView: (ALWAYS, "visit-month-reason", "visit-month-days", SAME, NO_ASKING, CODES),
    views_months.ConfirmView: (
        ALWAYS,
        ("visit-month-confirm", "visit-month-writing"),
        NO_LIST,
        SAME,
        ELSEWHERE,
        CODES,
    ),
    views_months.TakenView: (
        ALWAYS,
        ("visit-month-taken", "wish-taken", "wish-agreed"),
        NO_LIST,
        SAME,
        NO_ASKING,
        FIXED,
    ),
    views_months.RequestsView: (
        "visit-requests-empty",
        "visit-requests-one",
        "visit-requests",
        SAME,
        "visit-requests-refused",
        CODES,
    ),
    views_months.RequestView: (
        ALWAYS,
        ("visit-request-open", "visit-request-withdrawing", "visit-request-away"),
        NO_LIST,
        SAME,
        ELSEWHERE,
        "visit-request",
    ),
    views_meetings.MeetingsView: (
        "meetings-over",
        "meetings",
        "meetings-enough",
        SAME,
        "meetings-undated",
        "meetings-longest",
    ),
    views_meetings.MeetingView: (
        "visit-meeting-asked",
        "visit-meeting",
        ("visit-meeting-chair", "visit-meeting-closing"),
        SAME,
        "visit-meeting-gone",
        "visit-meeting-longest",
    ),
    views_meetings.AbsentView: (
        ("visit-meeting-nobody", "visit-meeting-absent-vouched"),
        ("visit-meeting-absent", "visit-meeting-absent-back"),
        "visit-meeting-absent-many",
        SAME,
        "visit-meeting-entering",
        "visit-meeting-absent-many",
    ),
    views_meetings.AgendaView: (
        "visit-meeting-no-agenda",
        "visit-meeting-agenda",
        "visit-meeting-agenda-many",
        SAME,
        ELSEWHERE,
        "visit-meeting-agenda-many",
    ),
    views_meetings.ItemView: (
        ALWAYS,
        "visit-meeting-item",
        "visit-meeting-voted",
        SAME,
        ELSEWHERE,
        "visit-meeting-item-longest",
    ),
    views_meetings.HandsView: (
        "visit-meeting-hands",
        "visit-meeting-hands-typed",
        "visit-meeting-hands-all",
        SAME,
        "visit-meeting-hands-too-many",
        "visit-meeting-hands-saving",
    ),
    views_wishes.WishView: (
        "wish-first",
        ("wish-length", "wish-confirm", "wish-writing", "wish-half", "wish-swap", "wish-last", "wish-late"),
        ("wish-kind", "wish-turn"),
        SAME,
        "wish-note",
        ("wish-undated", "wish-who"),
    ),
    views_wishes.SwapAskedView: (ALWAYS, "swap-writing", "swap-asked", SAME, "swap-refused", CODES),
    views_wishes.WishOpeningView: ("wish-opening", "wish-refused", NO_LIST, SAME, "wish-refused", FIXED),
    views_feedback.AskView: (ALWAYS, "ask-menu", "ask-topic", SAME, "ask-refused", CODES),
    views_feedback.ReceiptView: (ALWAYS, "ask-receipt", NO_LIST, SAME, NO_ASKING, FIXED),
    views_feedback.NumberView: ("follow-empty", "follow-typed", NO_LIST, SAME, "follow-unknown", "follow-unknown"),
    views_feedback.FollowedView: ("follow-sent", "follow-answered", NO_LIST, SAME, ELSEWHERE, "follow-longest"),
    views_feedback.CallView: ("help-calling", "help-called", NO_LIST, "help-offline", "help-refused", "help-seen"),
    views_reading.ShelfView: (
        ("shelf-asked", "shelf-empty"),
        "shelf-one",
        "shelf-many",
        SAME,
        ELSEWHERE,
        "shelf-longest",
    ),
    views_reading.DocumentView: (
        "document-asked",
        "document",
        "document-long",
        SAME,
        ELSEWHERE,
        ("document-wide", "document-picture"),
    ),
    views_reading.FindView: ("find-nothing", "find-one", ("find-some", "find-many"), SAME, "find-unready", "find-many"),
}
NAMED = (views.HomeView, views.DutyView, views.TouchView, views.VisitView, views_meetings.AbsentView)
"""Screens on which people are named."""
IN_DARK = {views.HomeView: "home-dark", views.TouchView: "touch-dark", views_learning.QuestionView: "question-dark"}


def states(cell: Cell) -> tuple[str, ...]:
    """The states that a cell names."""
    return () if isinstance(cell, Never) else (cell,) if isinstance(cell, str) else cell


def _members(union: Any) -> set[Any]:
    """Return the kinds of view of a union, and of those in it."""
    return {
        kind for one in union.__value__.__args__ for kind in (_members(one) if hasattr(one, "__value__") else {one})
    }


def test_every_view_has_a_screen_and_a_row() -> None:
    kinds = _members(views.View)
    assert kinds == set(app.SCREENS)
    assert kinds == set(TABLE)


@pytest.mark.parametrize("view", TABLE, ids=lambda view: view.__name__)
def test_its_states_are_drawn_and_are_of_this_screen(view: type[Any]) -> None:
    for kind, cell in zip(KINDS, TABLE[view], strict=True):
        for state in states(cell):
            assert type(OpenKiosk(DRAWN[state]).flow.view()) is view, (kind, state)
    assert not isinstance(TABLE[view][KINDS.index("one")], Never), "a screen that is never drawn"


@pytest.mark.parametrize("view", [view for view in TABLE if TABLE[view][3] is SAME], ids=lambda view: view.__name__)
def test_the_link_changes_nothing_on_it(view: type[Any]) -> None:
    for state in states(TABLE[view][1]):
        kiosk = OpenKiosk(DRAWN[state])
        before = kiosk.flow.view()
        home = kiosk.flow._home.said
        assert home is not None
        # What home keeps is without the time, because that goes on.
        wall = samples.MORNING + kiosk.clock() - HandClock()()
        kiosk.flow.agent_said(replace(home, link=OFFLINE.link, wall=wall))
        assert kiosk.flow.view() == before


@pytest.mark.parametrize("view", NAMED, ids=lambda view: view.__name__)
def test_the_longest_names_are_of_twelve_characters_and_of_a_minority(view: type[Any]) -> None:
    shown = "".join(repr(OpenKiosk(DRAWN[state]).flow.view()) for state in states(TABLE[view][5]))
    assert samples.TWELVE in shown
    assert samples.DOTTED in shown
    assert (len(samples.TWELVE), "·" in samples.DOTTED) == (12, True)


def test_home_a_touch_and_a_question_are_drawn_in_the_dark() -> None:
    for view, state in IN_DARK.items():
        kiosk = OpenKiosk(DRAWN[state])
        assert (type(kiosk.flow.view()), kiosk.flow.theme) == (view, "dark")


def test_no_state_is_drawn_that_shows_nothing_of_its_own() -> None:
    drawn: dict[str, str] = {}
    for name, way in DRAWN.items():
        flow = OpenKiosk(way).flow
        said = re.sub(r"\s", "", repr((flow.view(), flow.banner(), flow.theme)))
        assert said not in drawn, (name, drawn[said])
        drawn[said] = name
