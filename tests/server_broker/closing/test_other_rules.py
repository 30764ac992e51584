"""The rules, or their numbers, change in the middle of a month's life: a month has one version, and it is said."""

import datetime as dt
from typing import Any

import pytest
from msgspec.structs import replace

from server_broker.closing.changes import Between, Change, Said, changed_since
from server_broker.closing.closing import close_month, show_month
from server_broker.closing.models import ClosedMonth
from server_broker.closing.month import month_of
from server_broker.closing.refused import MonthRefused
from server_broker.closing.slips import open_slip, signed_slip
from server_broker.console.sheet_words import why_words
from server_broker.dated.writing import Period, put
from server_broker.regions.models import Region
from server_broker.requests.asking import Wish, ask
from server_broker.requests.deciding import decide_case
from server_broker.requests.models import CountyRequest, Outcome
from server_broker.settlement.version import RULES
from server_broker.settling import windows
from server_broker.settling.models import Parameter, ParameterRecord, SettledWindow
from server_broker.settling.rounds import mark_due
from server_broker.settling.windows import settle_and_name
from tests.cast import LI, TOWNSHIP, ZHANG
from tests.server_broker.closing.lived_month import (
    APRIL,
    DAY,
    LAST,
    LATE,
    MAY_CLOSE,
    MISSED,
    MONTH,
    NEXT,
    SHOWN_AT,
    LivedMonth,
    closed,
    lived,
    lives_on,
    march,
    officer,
    shown,
    village,
)
from tests.server_broker.settling.lived import BY, MONDAY, announced, at, recorded

__all__ = ["lived", "march"]

pytestmark = pytest.mark.django_db

NEWER = "9.9"
CHANGED_AT = at(APRIL + 8 * DAY, 9)


def newer_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the county settles by a version for which nobody is late."""

    def settled(*where: Any, **how: Any) -> windows.Outcome:
        found = settle_and_name(*where, **how)
        on_time = [
            replace(one, result=replace(one.result, result="√", late=0)) if one.result.late else one
            for one in found.settled
        ]
        return found._replace(settled=on_time)

    for module in ("settling.rounds", "settling.keeping", "closing.closing", "closing.month"):
        monkeypatch.setattr(f"server_broker.{module}.RULES", NEWER)
    for module in ("settling.rounds", "settling.windows"):
        monkeypatch.setattr(f"server_broker.{module}.settle_and_name", settled)


def longer_grace(now: dt.datetime) -> None:
    """The township finds out that 30 minutes of grace held all the time."""
    made, _ = Parameter.objects.get_or_create(region=Region.objects.get(pk=TOWNSHIP), name="grace_in")
    with recorded(now):
        put(ParameterRecord, [made.pk], Period(at(MONDAY, 0)), {"value": 30}, actor=BY)
    lives_on(now + dt.timedelta(minutes=1))


def asked(lived: LivedMonth) -> CountyRequest:
    """Li asks for the mark that is missing, in time."""
    when = at(MISSED, 12, 3)
    window = lived.window.pk
    wish = Wish(kind="correction", window=window, day=MISSED, mark="departure", mark_at=when, note="忘了打卡，有人作证")
    return ask(lived.li, wish, now=at(APRIL + DAY, 9))


def approved(one: CountyRequest, now: dt.datetime) -> None:
    decide_case(f"c{one.pk}", Outcome.ACCEPTED, text="", user=officer(), at=now)
    lives_on(now + dt.timedelta(minutes=1))


def slip() -> list[Change]:
    return open_slip(village().identity, NEXT)


def test_a_shown_month_is_settled_by_the_new_version_whole_and_says_so(
    lived: LivedMonth, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown()
    newer_rules(monkeypatch)
    mark_due(at(APRIL, 10))
    waits = month_of(village().identity, MONTH, at(APRIL, 10))
    assert len(waits.waiting) == 13
    with pytest.raises(MonthRefused, match="正在结算"):
        show_month(village(), MONTH, by=officer(), now=at(APRIL, 10))
    lives_on(at(APRIL, 10, 1))
    assert {row.rules for row in SettledWindow.objects.current()} == {NEWER}
    [change] = changed_since(Between(village().identity, MONDAY.replace(day=1), LAST, SHOWN_AT))
    assert (change.name, change.day, change.was, change.now) == (ZHANG.name, LATE, Said("迟", late=22), Said("√"))
    assert why_words(change.why) == "结算规则换了版本"
    assert month_of(village().identity, MONTH, at(APRIL, 11)).state == "公示"
    made = closed()
    assert made.rules == NEWER
    assert bytes(made.content).startswith(f"rules,{NEWER}\r\n".encode())


def test_a_month_that_is_closed_before_all_is_settled_again_has_one_version_too(
    lived: LivedMonth, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown()
    newer_rules(monkeypatch)
    assert closed().rules == NEWER
    read = month_of(village().identity, MONTH, MAY_CLOSE + DAY)
    assert read.rules == NEWER
    assert {one.result.result for one in read.windows if one.result.day == LATE} == {"√"}


def test_a_closed_month_stays_by_its_version_and_the_slip_says_that_it_is_another(
    lived: LivedMonth, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = asked(lived)
    shown()
    before = bytes(closed().content)
    newer_rules(monkeypatch)
    lives_on(CHANGED_AT)
    assert {row.rules for row in SettledWindow.objects.current().filter(day__lte=LAST)} == {RULES}
    assert slip() == []
    assert month_of(village().identity, MONTH, CHANGED_AT).rules == RULES
    approved(waits, CHANGED_AT)
    # What was settled anew with it and came to the same is on no slip.
    [change] = slip()
    assert (change.name, change.day, change.was, change.now) == (LI.name, MISSED, Said("缺"), Said("√"))
    assert why_words(change.why) == "结算规则换了版本，补卡批了"
    assert bytes(ClosedMonth.objects.get().content) == before


def test_a_slip_says_that_numbers_of_the_rules_are_others(lived: LivedMonth) -> None:
    waits = asked(lived)
    shown()
    closed()
    longer_grace(CHANGED_AT)
    [change] = slip()
    assert (change.name, change.day, change.was, change.now) == (ZHANG.name, LATE, Said("迟", late=22), Said("√"))
    assert why_words(change.why) == "考勤规定的数字改过"
    approved(waits, CHANGED_AT + DAY)
    [li, zhang] = sorted(slip(), key=lambda one: one.day)
    assert why_words(li.why) == "考勤规定的数字改过，补卡批了"
    assert zhang == change


def test_what_a_slip_says_of_the_rules_is_signed_with_it(lived: LivedMonth, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = asked(lived)
    shown()
    closed()
    newer_rules(monkeypatch)
    approved(waits, CHANGED_AT)
    [change] = slip()
    announced(dt.date(2027, 4, 3), 40)
    may = dt.date(2027, 5, 1)
    for number in range((may - APRIL).days):
        lived.comes(APRIL + number * DAY)
    lives_on(at(may, 8))
    with recorded(at(may, 9)):
        show_month(village(), NEXT, by=officer(), now=at(may, 9))
    with recorded(at(may + 6 * DAY, 0)):
        april = close_month(village(), NEXT, by=officer(), known=at(may + 6 * DAY, 0))
    assert signed_slip(april) == [change]
    assert b",rules correction," in bytes(april.content)
