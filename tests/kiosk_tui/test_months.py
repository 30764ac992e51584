"""A person looks at their month, objects to a line, reports a missing touch, and takes a request back."""

from copy import replace

import msgspec
import pytest

from kiosk_tui.places import keeping
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import HelpView, HomeView, VisitView
from kiosk_tui.views.months import (
    ChoiceView,
    ConfirmView,
    MonthLineView,
    MonthView,
    RequestsView,
    RequestView,
    TakenView,
)
from kiosk_tui.words import months as words_months
from protocol.kiosk import Sorry
from protocol.kiosk_months import (
    MakeRequest,
    MonthLine,
    MonthShown,
    OpenMonth,
    OpenRequests,
    OwnRequest,
    RequestsShown,
    RequestTaken,
    Withdraw,
)
from protocol.kiosk_visits import VisitShown
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import OpenKiosk
from tests.kiosk_tui.test_visits import Kiosk

VISIT = samples.VISIT.visit
LONG_NAME = "阿布都热西提·买买提吐尔逊"


def test_a_line_is_disputed_by_five_keys_and_recorded_only_when_the_agent_says_so() -> None:
    kiosk = OpenKiosk("visit")
    kiosk.press("1")
    kiosk.flow.agent_said(samples.MONTH)
    kiosk.press("1")
    assert kiosk.flow.view() == MonthLineView(VISIT, samples.MONTH.lines[0])
    kiosk.press("1", "1")
    view = kiosk.flow.view()
    assert isinstance(view, ConfirmView)
    assert (view.kind, view.code, view.line, view.waiting) == ("objection", "time", samples.MONTH.lines[0], False)
    kiosk.said.clear()
    kiosk.press("1")
    assert kiosk.said == [MakeRequest(visit=VISIT, kind="objection", code="time", line=0)]
    waiting = kiosk.flow.view()
    assert isinstance(waiting, ConfirmView)
    assert waiting.waiting
    kiosk.press("1", "0", "enter")
    assert len(kiosk.said) == 1
    kiosk.flow.agent_said(RequestTaken(visit=VISIT, number="482913", state="open"))
    assert isinstance(kiosk.flow.view(), TakenView)
    assert words_months.taken(samples.TAKEN)[0] == "✓ 已记录，编号 482913"
    kiosk.press("0")
    assert kiosk.said[1:] == [OpenMonth(visit=VISIT)]
    assert isinstance(kiosk.flow.view(), MonthView)


def test_a_touch_whose_objection_waits_can_not_be_disputed_again() -> None:
    kiosk = OpenKiosk("visit-month-line")
    kiosk.press("1")
    assert isinstance(kiosk.flow.view(), MonthLineView)
    assert kiosk.said == []
    assert words_months.touch_state(samples.MONTH.lines[1]) == "… 已说不对，等镇办答复"
    assert "已说不对，等镇办答复（编号 482913）" in words_months.touch_more(samples.MONTH.lines[1])
    answered = replace(samples.MONTH.lines[1], request_state="refused")
    assert MonthLineView(VISIT, answered).can_object


def test_a_missing_touch_is_reported_for_a_day_that_is_chosen() -> None:
    kiosk = OpenKiosk("visit-month")
    kiosk.press("6", "8", "2")
    view = kiosk.flow.view()
    assert isinstance(view, ChoiceView)
    assert (view.ask, view.day) == ("mark", samples.MONTH.days[7])
    kiosk.press("2", "enter")
    day = samples.MONTH.days[7]
    assert kiosk.said == [MakeRequest(visit=VISIT, kind="correction", code="departure", day=day)]


def test_a_touch_without_a_direction_is_not_said_to_have_the_wrong_one() -> None:
    kiosk = OpenKiosk("visit-month")
    kiosk.press("1", "1")
    view = kiosk.flow.view()
    assert isinstance(view, ChoiceView)
    assert view.options == ("time", "not_mine", "missing", "other")
    kiosk.press("2", "1")
    assert kiosk.said == [MakeRequest(visit=VISIT, kind="objection", code="not_mine", line=0)]


def test_a_missing_touch_names_the_window_in_which_it_is_missing() -> None:
    kiosk = OpenKiosk("visit-month-windows")
    view = kiosk.flow.view()
    assert isinstance(view, ChoiceView)
    assert [words_months.option("window", code, view.windows) for code in view.options] == [
        "上午坐班 08:30-12:00",
        "下午坐班 14:00-17:30",
        "别的时候",
    ]
    kiosk.press("2", "1")
    confirm = kiosk.flow.view()
    assert isinstance(confirm, ConfirmView)
    assert (confirm.code, confirm.day, confirm.window) == ("arrival", samples.MONTH.days[0], "下午坐班")
    wish = words_months.wish(confirm.kind, confirm.code, confirm.day, window=confirm.window)
    assert wish == "11月24日 周二 下午坐班 少打的卡：上班卡"
    kiosk.press("1")
    asked = MakeRequest(visit=VISIT, kind="correction", code="arrival", day=samples.MONTH.days[0], start=840)
    assert kiosk.said == [asked]


def test_a_touch_that_is_missing_in_no_window_names_the_day_alone() -> None:
    kiosk = OpenKiosk("visit-month-windows")
    kiosk.press("3", "2", "1")
    day = samples.MONTH.days[0]
    assert kiosk.said == [MakeRequest(visit=VISIT, kind="correction", code="departure", day=day)]


@pytest.mark.parametrize(
    ("changes", "line", "said"),
    [
        ({"received": False}, "… 还没传到县里", "还没传到县里。有网就会传，不用再提。"),
        ({"received": True}, "… 等镇办答复", "已经传到县里，等镇办答复。"),
        ({"listed": True}, "… 等镇办答复", "已经传到县里，等镇办答复。"),
        ({}, "… 等镇办答复", "镇办答复了，第二天这里能看到。"),
        ({"state": "withdrawn", "taken_back": True}, "已撤回", "镇办要是已经答复，以答复为准。"),
        ({"state": "accepted", "taken_back": True}, "✓ 镇办同意", "您后来撤回过，答复在先，以答复为准。"),
        ({"state": "accepted"}, "✓ 镇办同意", "同意只是答复，考勤还没改，镇办另外办。"),
    ],
)
def test_how_far_a_request_is_is_said_as_this_station_knows_it(
    changes: dict[str, object], line: str, said: str
) -> None:
    one = msgspec.structs.replace(samples.REQUESTS.requests[0], **changes)
    assert words_months.request_line(one).endswith(line)
    assert said in words_months.request_more(one)
    assert [text for text in words_months.request_more(one) if "登记" in text] == []


def test_a_request_names_the_window_by_its_begin() -> None:
    one = msgspec.structs.replace(samples.REQUESTS.requests[1], minute=840)
    assert words_months.request_line(one) == "11月19日 周四 14:00 开始的班 少打的卡：上班卡  × 镇办没同意"


def test_a_missing_touch_beside_another_is_of_its_day() -> None:
    kiosk = OpenKiosk("visit-month")
    kiosk.press("3", "1", "4", "1", "1")
    assert kiosk.said == [MakeRequest(visit=VISIT, kind="correction", code="arrival", day="2026-11-23")]


def test_without_the_date_the_request_names_none_and_the_screen_says_why() -> None:
    kiosk = OpenKiosk("visit-month-undated")
    kiosk.press("1", "1")
    assert kiosk.said == [MakeRequest(visit=VISIT, kind="correction", code="arrival")]
    kiosk.flow.agent_said(samples.TAKEN)
    assert words_months.NO_DAY_KNOWN in words_months.taken(samples.TAKEN)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("gone", "列表变了，请重新选。"),
        ("asked_already", "这一次已经提过了，等镇办答复。"),
        ("not_recorded", "刚才的操作没有记录，请再试一次。"),
    ],
)
def test_what_was_not_recorded_is_said_on_the_list(reason: str, said: str) -> None:
    kiosk = OpenKiosk("visit-month-confirm")
    kiosk.press("1")
    kiosk.flow.agent_said(Sorry(reason=reason))
    assert kiosk.flow.view() == MonthView(VISIT, samples.MONTH, said)
    assert kiosk.said[1:] == [OpenMonth(visit=VISIT)]
    kiosk.flow.agent_said(samples.MONTH)
    assert kiosk.flow.view() == MonthView(VISIT, samples.MONTH, said)


def test_pages_turn_round_by_7_and_8() -> None:
    kiosk = OpenKiosk("visit-month")
    kiosk.press("7")
    kiosk.flow.agent_said(replace(samples.MONTH, page=8, lines=samples.MONTH.lines[:1]))
    kiosk.press("8")
    assert kiosk.said == [OpenMonth(visit=VISIT, page=8), OpenMonth(visit=VISIT, page=0)]


def test_keys_without_a_line_open_nothing() -> None:
    kiosk = OpenKiosk("visit-month-asked")
    kiosk.press("1", "6", "8", "enter")
    assert kiosk.flow.view() == MonthView(VISIT, None, "")
    kiosk.flow.agent_said(replace(samples.MONTH, pages=1, lines=samples.MONTH.lines[:1]))
    kiosk.press("2", "5", "7", "8")
    assert kiosk.said == []
    assert isinstance(kiosk.flow.view(), MonthView)


def test_a_request_is_taken_back_while_nobody_has_answered() -> None:
    kiosk = OpenKiosk("visit-requests")
    kiosk.press("1", "1", "0", "1", "1")
    assert kiosk.said == [Withdraw(visit=VISIT, request="00" * 16)]
    kiosk.flow.agent_said(RequestTaken(visit=VISIT, number="482913", state="withdrawn"))
    assert isinstance(kiosk.flow.view(), TakenView)
    kiosk.press("enter")
    assert kiosk.said[1:] == [OpenRequests(visit=VISIT)]
    assert isinstance(kiosk.flow.view(), RequestsView)


def test_what_was_answered_is_read_and_not_taken_back() -> None:
    kiosk = OpenKiosk("visit-request")
    kiosk.press("1")
    view = kiosk.flow.view()
    assert isinstance(view, RequestView)
    assert not view.withdrawing
    assert kiosk.said == []
    kiosk.press("0", "0")
    assert isinstance(kiosk.flow.view(), VisitView)


def test_a_page_of_another_visit_is_not_shown() -> None:
    kiosk = OpenKiosk("visit-month-asked")
    kiosk.flow.agent_said(replace(samples.MONTH, visit="ff" * 8))
    assert kiosk.flow.view() == MonthView(VISIT, None, "")


@pytest.mark.parametrize("end", ["idle", "card", "restart", "left"])
def test_no_name_number_or_month_is_left_after_a_visit_nor_behind_star(end: str) -> None:
    kiosk = Kiosk("home")
    kiosk.flow.agent_said(replace(samples.VISIT, name=LONG_NAME))
    kiosk.press("1")
    line = MonthLine(
        line=0, state="waiting", day="2031-05-06", minute=1, direction="in", where="密语村", request="909192"
    )
    kiosk.flow.agent_said(MonthShown(visit=VISIT, page=0, pages=1, begins="2031-05-01", lines=[line]))
    kiosk.press("1", "1", "3", "0", "0", "0", "0", "2")
    own = OwnRequest(request="ab" * 16, number="909192", kind="objection", state="open", answer="只有本人能看")
    kiosk.flow.agent_said(RequestsShown(visit=VISIT, page=0, pages=1, requests=[own]))
    kiosk.press("1", "1")
    canaries = (LONG_NAME, "2031-05", "密语村", "909192", "ab" * 16, "只有本人能看")
    assert kiosk.holds(*canaries)
    match end:
        case "idle":
            kiosk.clock.pass_s(150)
            kiosk.flow.view()
        case "card":
            kiosk.flow.agent_said(VisitShown(visit=VISIT, ended="card"))
        case "restart":
            kiosk.flow.agent_away()
            kiosk.flow.agent_said(samples.HOME)
        case _:
            kiosk.press("0", "0", "0", "0")
    assert isinstance(kiosk.flow.view(), HomeView)
    # The guard remembers the face that stood there until another one is painted.
    kiosk.flow.painted(kiosk.flow.view())
    kiosk.said.clear()
    assert kiosk.holds(*canaries) == []
    kiosk.press("repeat")
    assert isinstance(kiosk.flow.view(), HelpView)


@pytest.mark.parametrize(
    "keys", [(), ("1",), ("1", "1"), ("1", "1", "2"), ("6", "3"), ("6", "3", "1"), ("6", "1"), ("6", "1", "2", "1")]
)
def test_another_kiosk_goes_on_with_the_same_step(keys: tuple[Key, ...]) -> None:
    kiosk = OpenKiosk("visit-month")
    kiosk.press(*keys)
    again = keeping.make_again(kiosk.flow.kept(), visit=VISIT, say=kiosk.said.append)
    (place,) = again
    assert kiosk.said[-1] == OpenMonth(visit=VISIT)
    place.agent_said(samples.MONTH)
    assert place.view() == kiosk.flow.view()


def test_another_kiosk_does_not_submit_a_second_time() -> None:
    kiosk = OpenKiosk("visit-month-confirm")
    kiosk.press("1")
    (place,) = keeping.make_again(kiosk.flow.kept(), visit=VISIT, say=kiosk.said.append)
    assert isinstance(place.view(), MonthView)
    requests = OpenKiosk("visit-request")
    (place,) = keeping.make_again(requests.flow.kept(), visit=VISIT, say=requests.said.append)
    assert place.view() == requests.flow.view()
    assert keeping.make_again(requests.flow.kept(), visit="11" * 8, say=requests.said.append) == []


def test_a_request_of_a_kind_that_this_kiosk_does_not_know_is_shown_with_its_days() -> None:
    lasting = msgspec.structs.replace(samples.AWAY, code=None)
    for kind, word in (("meeting", "外出开会"), ("a_later_kind", "a_later_kind")):
        assert words_months.asked_for(msgspec.structs.replace(lasting, kind=kind)).endswith(f" {word}")
