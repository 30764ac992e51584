"""A village's month as pages and files show it: from what was kept, and nothing is settled for it."""

from fractions import Fraction

import pytest

from server_broker.closing.month import month_of
from server_broker.settling.models import SettleDue
from tests.cast import LI, SHILI_VILLAGE, ZHANG
from tests.server_broker.closing.lived_month import APRIL, LATE, MISSED, MONTH, LivedMonth, village
from tests.server_broker.county import FictionalCounty
from tests.server_broker.settling.lived import MONDAY, at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]


def test_a_month_shows_everybodys_windows_and_what_they_add_up_to(county: FictionalCounty) -> None:
    LivedMonth(county)
    shown = month_of(village().identity, MONTH, at(APRIL, 8))
    assert (shown.code, shown.name, shown.state, shown.waiting) == (SHILI_VILLAGE, "示例村", "可公示", ())
    zhang, li = shown.people
    assert [(one.number, one.name) for one in (zhang, li)] == [(ZHANG.number, ZHANG.name), (LI.number, LI.name)]
    assert [one.result.result for one in zhang.on(LATE)] == ["迟"]
    assert [one.result.result for one in li.on(MISSED)] == ["缺"]
    assert [zhang.totals.due, zhang.totals.present, zhang.totals.of("√")] == [13, 13, 12]
    assert (zhang.totals.late_times, zhang.totals.late_minutes) == (1, 22)
    assert li.totals.of("缺") == Fraction(1)
    assert shown.totals.due == 26
    assert shown.open == []


def test_a_month_says_which_dates_are_about_to_be_settled_again(county: FictionalCounty) -> None:
    LivedMonth(county)
    assert month_of(village().identity, MONTH, at(MONDAY, 8)).state == "进行中"
    SettleDue.objects.create(village=village(), day=MISSED, why=["touch"], marked_at=at(APRIL, 9))
    assert month_of(village().identity, MONTH, at(APRIL, 9)).waiting == (MISSED,)
