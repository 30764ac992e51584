"""A person looks at what their windows came to, at why, and reports a touch that is missing in one of them."""

from copy import replace

import pytest

from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.months import ChoiceView, ConfirmView, MonthView
from kiosk_tui.views.results import ResultsView, ResultView
from kiosk_tui.words import results as words_results
from protocol.kiosk_months import MakeRequest, OpenMonth, OpenResults, ResultLine
from tests.kiosk_tui import samples
from tests.kiosk_tui.rig import OpenKiosk

VISIT = samples.VISIT.visit
LATE, ASKED, WAITS, LEAVE, ABSENT = samples.RESULTS.lines


def test_each_line_says_what_came_of_the_window() -> None:
    assert [words_results.in_list(line) for line in samples.RESULTS.lines] == [
        "11月23日 周一 08:30  ! 迟到 12 分",
        "11月20日 周五 14:00  … 已经报过，等镇办答复。",
        "11月19日 周四 08:30  … 数据未到",
        "11月12日 周四 08:30  · 病假",
        "11月5日 周四 08:30  × 旷工",
    ]


def test_a_line_says_why_and_what_is_awaited() -> None:
    assert words_results.when(LATE) == "11月23日 周一 上午坐班 08:30-12:00"
    assert words_results.more(LATE) == ["8:42 到，迟 12 分钟；12:05 走。", "到得比上班时间晚。"]
    assert words_results.more(WAITS)[1:] == ["先等着，不算缺卡，也不算旷工。", "在等演示村的记录。"]
    assert words_results.more(ASKED)[-1] == "… 等镇办答复（编号 482913）"
    assert words_results.more(ABSENT)[-1] == words_results.TOO_LONG_AGO
    assert words_results.TOO_LONG_AGO not in words_results.more(LEAVE)


def test_a_result_with_both_minutes_and_one_of_a_later_county() -> None:
    both = replace(LATE, result="missing", late=12, early=5)
    assert words_results.result(both) == "缺卡、迟到 12 分、早退 5 分"
    later = ResultLine(day="2026-11-23", start=510, result="a_later_word")
    assert words_results.in_list(later) == "11月23日 周一 08:30  · a_later_word"
    assert words_results.more(later) == []


def test_the_month_begins_with_results_only_where_the_county_has_said_some() -> None:
    kiosk = OpenKiosk("visit-results")
    assert isinstance(kiosk.flow.view(), ResultsView)
    kiosk = OpenKiosk("visit-month")
    assert isinstance(kiosk.flow.view(), MonthView)


def test_what_is_not_listed_and_since_when_it_holds_is_said() -> None:
    assert words_results.rest(samples.RESULTS) == "没列出的，到 11月15日 周日 都正常。"
    assert words_results.rest(replace(samples.RESULTS, lines=[])) == "到 11月15日 周日 都正常。"
    assert words_results.told(samples.RESULTS) == "县里 11月24日 周二 的结果，有新数据再算。"
    nothing = replace(samples.RESULTS, through=None, told=None, lines=[])
    assert words_results.rest(nothing) == words_results.NOTHING_YET


def test_pages_turn_and_6_leads_to_the_touches_and_0_back() -> None:
    kiosk = OpenKiosk("visit-results")
    kiosk.press("8")
    assert kiosk.said == [OpenResults(visit=VISIT, page=1)]
    kiosk.press("6")
    assert isinstance(kiosk.flow.view(), MonthView)
    assert kiosk.said[-1] == OpenMonth(visit=VISIT)
    kiosk.press("0")
    assert isinstance(kiosk.flow.view(), ResultsView)


def test_a_missing_touch_is_reported_of_the_window_that_is_open() -> None:
    kiosk = OpenKiosk("visit-result")
    assert isinstance(kiosk.flow.view(), ResultView)
    kiosk.press("1")
    view = kiosk.flow.view()
    assert isinstance(view, ChoiceView)
    assert (view.ask, view.day, view.window) == ("mark", "2026-11-23", "上午坐班")
    kiosk.press("1")
    assert isinstance(kiosk.flow.view(), ConfirmView)
    kiosk.press("1")
    asked = MakeRequest(visit=VISIT, kind="correction", code="arrival", day="2026-11-23", start=510)
    assert kiosk.said[-1] == asked
    kiosk.flow.agent_said(samples.TAKEN)
    # The list beneath is asked for anew, so that it has the report.
    assert OpenResults(visit=VISIT) in kiosk.said


@pytest.mark.parametrize(("key", "line"), [("2", ASKED), ("3", WAITS), ("5", ABSENT)])
def test_nothing_is_reported_where_it_was_or_can_not_be(key: Key, line: ResultLine) -> None:
    kiosk = OpenKiosk("visit-results")
    kiosk.press(key)
    assert kiosk.flow.view() == ResultView(VISIT, line)
    kiosk.press("1")
    assert isinstance(kiosk.flow.view(), ResultView)
