"""What changes after the closing goes on the slip of the month that is open, once, and never into the signed sheet."""

import csv
import datetime as dt
import io

import pytest
from django.db import connection, transaction

from server_broker.closing.changes import OFF, Change, Said
from server_broker.closing.content import content_of
from server_broker.closing.models import ClosedMonth, SlipLine
from server_broker.closing.month import month_of
from server_broker.closing.slips import changed_after_closing, open_slip, signed_slip
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.manifest.closed_months_check import check_closed_months
from server_broker.people.cards import bind_card
from server_broker.requests.asking import Wish, ask
from server_broker.requests.deciding import decide_case
from server_broker.requests.models import Outcome
from server_broker.settlement.version import RULES
from server_broker.settling.moments import moment
from server_broker.settling.sheet import VillageSheet
from server_broker.settling.span import Span
from server_broker.settling.windows import settle
from server_broker.workdays.county_table import CountyWord, write_days
from tests.cast import LI, UNKNOWN_CARD, YANSHI, YANSHI_VILLAGE, ZHANG
from tests.server_broker.closing.lived_month import (
    APRIL,
    DAY,
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
from tests.server_broker.county import add_station
from tests.server_broker.settling.lived import BY, LivedStation, announced, at, recorded

__all__ = ["lived", "march"]

pytestmark = pytest.mark.django_db

MAY = dt.date(2027, 5, 1)


def show_and_close(month: str, at_: dt.datetime, known: dt.datetime) -> ClosedMonth:
    shown(at_, month)
    return closed(known, month)


def slip(month: str) -> list[Change]:
    return open_slip(village().identity, month)


def day_off(day: dt.date, now: dt.datetime, *, off: bool = True) -> None:
    """The county says that a date was none to work on, or takes that back."""
    with recorded(now):
        write_days({day: CountyWord(not off, "放假" if off else "")}, actor=BY)
    lives_on(now + dt.timedelta(minutes=1))


class Closed:
    """March is closed. 演示村's station has not told what happened on the date of Li's missing touch."""

    def __init__(self, lived: LivedMonth) -> None:
        add_station(lived.county, YANSHI, YANSHI_VILLAGE)
        self.yanshi = LivedStation(YANSHI)
        self.yanshi.send(at(MISSED - DAY, 17))
        self.yanshi.touched(UNKNOWN_CARD, at(MISSED, 12, 20))
        self.yanshi.closed(at(MISSED, 15, 1))
        self.lived = lived
        lives_on(at(APRIL, 8))
        self.march = show_and_close(MONTH, SHOWN_AT, MAY_CLOSE)

    def late_data(self) -> None:
        """The touch comes to light, and the card is Li's."""
        self.yanshi.send(at(APRIL + 8 * DAY, 9))
        with recorded(at(APRIL + 8 * DAY, 10)):
            bind_card(UNKNOWN_CARD, self.lived.li, actor=BY)
        lives_on(at(APRIL + 8 * DAY, 10, 1))

    def lives_through_april(self) -> None:
        announced(dt.date(2027, 4, 3), 40)
        day = APRIL
        while day < MAY:
            self.lived.comes(day)
            day += DAY
        lives_on(at(MAY, 8))


def test_late_data_go_on_the_slip_of_the_month_that_is_open(lived: LivedMonth) -> None:
    closed = Closed(lived)
    before = bytes(closed.march.content)
    assert slip(NEXT) == []
    where = village().identity
    assert changed_after_closing([where], NEXT) == set()
    closed.late_data()
    assert changed_after_closing([where], NEXT) == {where}
    assert changed_after_closing([where], MONTH) == set()
    [change] = slip(NEXT)
    assert (change.name, change.month, change.day) == (LI.name, MONTH, MISSED)
    assert (change.was, change.now) == (Said("缺"), Said("√"))
    assert change.came_at == at(APRIL + 8 * DAY, 10, 1)
    assert "card" in change.why
    assert [fact.station for fact in change.facts] == [YANSHI]
    # The page of March shows what was signed, and that of April the slip.
    march, april = (month_of(village().identity, one, at(APRIL + 9 * DAY, 9)) for one in (MONTH, NEXT))
    [li] = [one for one in march.people if one.name == LI.name]
    assert [one.result.result for one in li.on(MISSED)] == ["缺"]
    assert (march.slip, april.slip) == ((), (change,))
    assert bytes(ClosedMonth.objects.get().content) == before


def test_a_slip_is_signed_with_its_month_and_once(lived: LivedMonth) -> None:
    closed = Closed(lived)
    closed.late_data()
    [change] = slip(NEXT)
    closed.lives_through_april()
    april = show_and_close(NEXT, at(MAY, 9), at(MAY + 6 * DAY, 0))
    assert signed_slip(april) == [change]
    rows = list(csv.reader(io.StringIO(bytes(april.content).decode())))
    [line] = [row for row in rows if row and row[0] == MONTH and len(row) > 2]
    assert line[1:6] == [LI.number, LI.name, MISSED.isoformat(), "08:30", "缺"]
    assert line[11] == "√"
    assert slip("2027-05") == []
    assert [one.name for one in month_of(village().identity, NEXT, at(MAY + 7 * DAY, 9)).slip] == [LI.name]


def test_what_was_signed_with_its_slip_comes_of_it_again_whatever_comes_later(lived: LivedMonth) -> None:
    closed = Closed(lived)
    closed.late_data()
    day_off(LATE, at(APRIL + 8 * DAY, 11))
    closed.lives_through_april()
    known = at(MAY + 6 * DAY, 0)
    april = show_and_close(NEXT, at(MAY, 9), known)
    assert len(signed_slip(april)) == 3

    day_off(LATE, at(MAY + 7 * DAY, 9), off=False)
    day_off(LATE, at(MAY + 7 * DAY, 11))
    with recorded(at(MAY + 7 * DAY, 12)), transaction.atomic():
        absence = Absence.objects.create(person=closed.lived.li, kind="leave", source="request:f1")
        put(AbsenceRecord, [absence.pk], Period(at(MISSED, 8), at(MISSED, 18)), {"code": "sick"}, actor=BY)
    lives_on(at(MAY + 7 * DAY, 12, 1))

    last = MAY - DAY
    windows = settle([village().identity], Span(APRIL, last, known), closed={NEXT: moment(known)})
    sheet = VillageSheet(village().identity, NEXT, known, "定稿", RULES, windows)
    counted = [(one.number, one.name, one.totals) for one in month_of(village().identity, NEXT, known).people]
    again = content_of(sheet, open_slip(village().identity, NEXT, known=known), counted, [])
    assert again.decode() == bytes(april.content).decode()


def test_what_changes_again_is_told_from_what_was_signed_last(lived: LivedMonth) -> None:
    closed = Closed(lived)
    closed.late_data()
    closed.lives_through_april()
    show_and_close(NEXT, at(MAY, 9), at(MAY + 6 * DAY, 0))
    day_off(MISSED, at(MAY + 8 * DAY, 9))
    assert [(one.name, one.was, one.now) for one in slip("2027-05")] == [
        (ZHANG.name, Said("√"), OFF),
        (LI.name, Said("√"), OFF),
    ]


def test_what_changes_and_changes_back_before_it_is_signed_is_on_no_slip(lived: LivedMonth) -> None:
    Closed(lived)
    day_off(LATE, at(APRIL + 8 * DAY, 9))
    assert len(slip(NEXT)) == 2
    day_off(LATE, at(APRIL + 8 * DAY, 11), off=False)
    assert slip(NEXT) == []


def test_a_correction_that_was_asked_before_and_approved_after_goes_on_the_slip(lived: LivedMonth) -> None:
    add_station(lived.county, YANSHI, YANSHI_VILLAGE)
    lives_on(at(APRIL, 8))
    wish = Wish(
        kind="correction", window=lived.window.pk, day=MISSED, mark="departure",
        mark_at=at(MISSED, 12, 3), note="忘了打卡，有人作证",
    )  # fmt: skip
    asked = ask(lived.li, wish, now=at(APRIL + DAY, 9))
    show_and_close(MONTH, SHOWN_AT, MAY_CLOSE)
    decide_case(f"c{asked.pk}", Outcome.ACCEPTED, text="", user=officer(), at=at(APRIL + 8 * DAY, 9))
    lives_on(at(APRIL + 8 * DAY, 9, 1))
    [change] = slip(NEXT)
    assert (change.day, change.now.result, change.why) == (MISSED, "√", "correction")
    assert change.decisions == (f"c{asked.pk}",)


def test_a_window_that_is_no_more_is_off_on_the_slip(lived: LivedMonth) -> None:
    Closed(lived)
    day_off(LATE, at(APRIL + 8 * DAY, 9))
    changes = slip(NEXT)
    assert [(one.number, one.day, one.was.result, one.now) for one in changes] == [
        (ZHANG.number, LATE, "迟", OFF),
        (LI.number, LATE, "√", OFF),
    ]
    assert {one.why for one in changes} == {"calendar"}
    assert not SlipLine.objects.exists()


def tampered(table: str, change: str) -> str:
    """Return what the county's check says of a change that somebody makes in the database itself."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET {change}")
        problem = check_closed_months()
        transaction.set_rollback(True)
    return "" if problem is None else problem.said


def test_what_was_signed_is_compared_with_what_is_there(lived: LivedMonth) -> None:
    closed = Closed(lived)
    closed.late_data()
    closed.lives_through_april()
    show_and_close(NEXT, at(MAY, 9), at(MAY + 6 * DAY, 0))
    assert check_closed_months() is None
    months, lines = "closing_closedmonth", "closing_slipline"
    assert "内容和定稿时签名的不一样" in tampered(months, "content = content || '\\x0a'")
    assert "别的月份" in tampered(months, "month = '2020-0' || (id % 9 + 1)")
    assert "更正单和定稿时签名的不一样" in tampered(lines, """now = '{"result": "旷"}'""")
    assert "更正单和定稿时签名的不一样" in tampered(lines, f"signed_with_id = {closed.march.pk}")
