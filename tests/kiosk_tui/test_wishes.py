"""A person asks for leave in four keys after the card, types days, swaps a window, and answers whoever asks them."""

import pytest
from msgspec.structs import replace

from kiosk_tui.places import keeping
from kiosk_tui.places.own_wishes import WISHES, day_typed
from kiosk_tui.screens.wishes import wish_text
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import HomeView, VisitView
from kiosk_tui.views.months import MonthView, TakenView
from kiosk_tui.views.wishes import SwapAskedView, WishOpeningView, WishView
from kiosk_tui.words import months as words_months
from kiosk_tui.words import wishes as words_wishes
from protocol.kiosk import Sorry
from protocol.kiosk_months import OpenMonth, RequestTaken
from protocol.kiosk_requests import Agree, AskFor, OpenAsking
from protocol.kiosk_visits import EndVisit, OpenVisit, VisitShown
from tests.kiosk_tui import samples
from tests.kiosk_tui.edges import DRAWN
from tests.kiosk_tui.rig import OpenKiosk

VISIT = samples.VISIT.visit
CAN_ASK = VisitShown(visit=samples.OFFERED.visit, name="张示例", can=["month", "ask"])


def step(kiosk: OpenKiosk) -> str:
    view = kiosk.flow.view()
    assert isinstance(view, WishView), view
    return view.step


def asked(kiosk: OpenKiosk) -> AskFor:
    (said,) = [one for one in kiosk.said if isinstance(one, AskFor)]
    return said


def test_leave_this_morning_takes_four_keys_after_the_card() -> None:
    kiosk = OpenKiosk("touch-offers-visit")
    kiosk.press("3")
    assert kiosk.said.pop() == OpenVisit(visit=samples.OFFERED.visit)
    kiosk.flow.agent_said(CAN_ASK)
    assert kiosk.said == [OpenAsking(visit=CAN_ASK.visit)]
    kiosk.flow.agent_said(samples.ASKING.__class__(visit=CAN_ASK.visit, today=samples.ASKING.today))
    kiosk.press("2", "2", "1")
    day = samples.ASKING.today
    assert asked(kiosk) == AskFor(visit=CAN_ASK.visit, kind="leave", code="sick", first=day, last=day, until_noon=True)
    assert step(kiosk) == "waiting"
    kiosk.press("1", "0")
    assert len(kiosk.said) == 2
    kiosk.flow.agent_said(RequestTaken(visit=CAN_ASK.visit, number="482914", state="open"))
    assert isinstance(kiosk.flow.view(), TakenView)
    kiosk.press("0")
    assert isinstance(kiosk.flow.view(), VisitView)


def test_key_1_after_the_card_opens_no_more_than_before() -> None:
    kiosk = OpenKiosk("touch-offers-visit")
    kiosk.press("1")
    kiosk.flow.agent_said(CAN_ASK)
    assert isinstance(kiosk.flow.view(), VisitView)


@pytest.mark.parametrize(
    ("page", "kind", "code"), [(0, "field_duty", None), (1, "residency", None), (2, "leave", "injury")]
)
def test_every_kind_has_its_figure(page: int, kind: str, code: str | None) -> None:
    kiosk = OpenKiosk("wish-kind")
    place = WISHES.index(code or kind)
    kiosk.press(*["8"] * page, str(place % 6 + 1), "4", "enter")  # type: ignore[arg-type]
    assert (asked(kiosk).kind, asked(kiosk).code, asked(kiosk).first) == (kind, code, "2026-11-25")


def test_days_are_typed_and_half_days_chosen() -> None:
    kiosk = OpenKiosk("wish-half")
    kiosk.press("4", "1")
    wanted = asked(kiosk)
    assert (wanted.first, wanted.last, wanted.from_noon, wanted.until_noon) == ("2026-12-01", "2026-12-03", True, True)
    assert words_months.span("2026-12-01", "2026-12-03", from_noon=True, until_noon=True) == (
        "12月1日 周二 下午 至 12月3日 周四 上午"
    )


@pytest.mark.parametrize(
    ("typed", "today", "since", "day"),
    [
        ("1124", "2026-11-24", "", "2026-11-24"),
        ("0105", "2026-11-24", "", "2027-01-05"),
        ("1001", "2026-11-24", "", "2026-10-01"),
        ("0801", "2026-11-24", "", "2027-08-01"),
        ("0103", "2026-11-24", "2026-12-30", "2027-01-03"),
        ("0229", "2026-11-24", "", None),
        ("0229", "2027-11-24", "", "2028-02-29"),
        ("1332", "2026-11-24", "", None),
        ("11", "2026-11-24", "", None),
        ("20270305", None, "", "2027-03-05"),
        ("0305", None, "", None),
    ],
)
def test_a_day_means_one_day(typed: str, today: str | None, since: str, day: str | None) -> None:
    assert day_typed(typed, today=today, since=since) == day


def test_what_is_no_day_is_said_and_typed_again_and_a_star_takes_back() -> None:
    kiosk = OpenKiosk("wish-first")
    kiosk.press("enter")
    view = kiosk.flow.view()
    assert isinstance(view, WishView)
    assert (view.note, view.typed) == ("没有这一天。请输 4 个数字。", "")
    kiosk.press("1", "9", "repeat", "2", "0", "1", "enter", "enter")
    assert step(kiosk) == "half"
    kiosk.press("0", "0")
    assert isinstance(kiosk.flow.view(), VisitView)


def test_without_the_date_days_are_typed_with_their_year_and_said_as_typed() -> None:
    kiosk = OpenKiosk("wish-undated")
    assert step(kiosk) == "first"
    keys: tuple[Key, ...] = ("2", "0", "2", "7", "0", "3", "0", "5", "enter")
    kiosk.press(*keys, "2", "0", "2", "7", "0", "3", "0", "4", "enter")
    view = kiosk.flow.view()
    assert isinstance(view, WishView)
    assert view.note == "到的日子比起的日子还早，请重选。"
    kiosk.press("enter", "1")
    view = kiosk.flow.view()
    assert isinstance(view, WishView)
    assert "按您选的日子报" in repr(wish_text(view, kiosk.flow.room).blocks)
    kiosk.press("1")
    assert (asked(kiosk).first, asked(kiosk).last) == ("2027-03-05", "2027-03-05")


def test_a_swap_names_the_window_and_who_takes_it() -> None:
    kiosk = OpenKiosk("wish-swap")
    kiosk.press("1")
    turn = samples.ASKING.turns[1]
    wanted = asked(kiosk)
    assert (wanted.kind, wanted.first, wanted.start, wanted.substitute) == ("swap", turn.day, turn.start, "a2")


def test_who_has_no_window_to_come_is_told_so() -> None:
    kiosk = OpenKiosk(DRAWN["wish-opening"])
    kiosk.flow.agent_said(samples.NO_DATE)
    kiosk.press("5")
    view = kiosk.flow.view()
    assert isinstance(view, WishView)
    assert (view.step, view.note) == ("kind", "本站时间没对准，换班请用手机或找镇办。")


def test_coming_back_is_two_keys_and_a_missing_touch_is_reported_in_the_month() -> None:
    kiosk = OpenKiosk("wish-kind")
    kiosk.press("6", "1")
    assert asked(kiosk) == AskFor(visit=VISIT, kind="leave_ended")
    kiosk = OpenKiosk("wish-kind")
    kiosk.press("8", "2")
    assert isinstance(kiosk.flow.view(), MonthView)
    assert kiosk.said[-1] == OpenMonth(visit=VISIT)


def test_whoever_is_asked_to_take_a_window_over_answers_by_one_key() -> None:
    for key, agrees in (("1", True), ("2", False)):
        kiosk = OpenKiosk("swap-asked")
        kiosk.press(key, key)  # type: ignore[arg-type]
        assert [one for one in kiosk.said if isinstance(one, Agree)] == [
            Agree(visit=VISIT, request=samples.SWAPS.swaps[0].request, agrees=agrees)
        ]
        state = "accepted" if agrees else "refused"
        taken = RequestTaken(visit=VISIT, number="482915", state=state)
        kiosk.flow.agent_said(taken)
        assert words_months.taken(taken)[0].endswith("您答应换班" if agrees else "您不答应换班")
        assert isinstance(kiosk.flow.view(), TakenView)


def test_a_swap_that_is_put_off_gives_way_to_the_next_and_then_to_ones_own_wishes() -> None:
    kiosk = OpenKiosk("swap-asked")
    kiosk.press("0")
    view = kiosk.flow.view()
    assert isinstance(view, SwapAskedView)
    assert (view.swap, view.more) == (samples.SWAPS.swaps[1], 0)
    kiosk.press("0")
    assert step(kiosk) == "kind"


def test_why_nothing_was_recorded_is_said_and_nothing_stands_after_the_visit() -> None:
    kiosk = OpenKiosk(DRAWN["wish-opening"])
    kiosk.flow.agent_said(Sorry(reason="too_late", asked="open_asking"))
    view = kiosk.flow.view()
    assert isinstance(view, WishOpeningView)
    assert view.note
    kiosk = OpenKiosk("wish-confirm")
    kiosk.flow.agent_said(VisitShown(visit=VISIT, ended="card"))
    assert isinstance(kiosk.flow.view(), HomeView)
    assert "张示例" not in repr(kiosk.flow.kept())


def test_another_kiosk_asks_for_the_figures_of_a_day_again() -> None:
    kept = OpenKiosk("wish-first").flow.kept()
    (place,) = keeping.make_again(kept, visit=VISIT, say=list[object]().append)
    place.agent_said(samples.ASKING)
    view = place.view()
    assert isinstance(view, WishView)
    assert (view.step, view.typed, view.wish.code) == ("first", "", "annual")


def test_leaving_it_says_nothing_but_that_the_visit_is_over() -> None:
    kiosk = OpenKiosk("wish-kind")
    kiosk.said.clear()
    kiosk.press("0", "0")
    assert kiosk.said == [EndVisit(visit=VISIT)]


def test_who_is_in_the_window_or_away_is_not_among_those_who_can_take_it() -> None:
    busy = [replace(samples.ASKING.people[0], not_for=[0, 1]), replace(samples.ASKING.people[1], not_for=[1])]
    kiosk = OpenKiosk("wish-kind")
    kiosk.flow.agent_said(replace(samples.ASKING, people=busy))
    kiosk.press("5", "2")
    view = kiosk.flow.view()
    assert isinstance(view, WishView)
    assert (view.step, view.note) == ("turn", words_wishes.NOBODY_FREE)
    kiosk.press("1")
    view = kiosk.flow.view()
    assert isinstance(view, WishView)
    assert [one.person for one in view.people] == ["a3"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"state": "open", "kind": "swap"}, words_months.TOLD_THEM),
        ({"state": "open", "kind": "leave"}, words_months.TOLD),
        ({"state": "withdrawn", "kind": "leave", "whole": True}, words_months.BACK_WHOLE),
        ({"state": "withdrawn", "kind": "leave", "undated": True}, words_months.BACK_UNDATED),
        ({"state": "withdrawn", "kind": "leave"}, words_months.BACK_DECIDED),
        ({"state": "withdrawn", "kind": "swap"}, words_months.BACK_AGREED),
        ({"state": "withdrawn", "kind": "card_lost"}, words_months.BACK_DONE),
        ({"state": "withdrawn", "kind": "objection"}, words_months.ANSWER_FIRST),
        ({"state": "withdrawn"}, words_months.ANSWER_FIRST),
    ],
)
def test_what_is_recorded_says_who_answers_and_what_holds(more: dict[str, object], said: str) -> None:
    taken = RequestTaken(visit=VISIT, number="482915", **more)  # type: ignore[arg-type]
    assert said in words_months.taken(taken)
    assert (words_months.TOLD in words_months.taken(taken)) == (said == words_months.TOLD)
