"""A person's month says what was signed, whatever has changed since, and names what changed."""

import datetime as dt

import pytest
from django.template.loader import render_to_string
from django.test import override_settings

from server_broker.closing.closing import close_month, show_month
from server_broker.closing.month import month_of
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settling.words import totals_words
from server_broker.timesheets.workbooks import months_with
from server_broker.today.own_sheet import OwnLine, own_months, own_sheet
from server_broker.workdays.county_table import CountyWord, write_days
from tests.cast import ZHANG
from tests.server_broker.closing.lived_month import (
    APRIL,
    DAY,
    LAST,
    LATE,
    MAY_CLOSE,
    MONTH,
    SHOWN_AT,
    LivedMonth,
    lived,
    lives_on,
    march,
    officer,
    village,
)
from tests.server_broker.public.door import settings_of_the_door
from tests.server_broker.settling.lived import BY, at, recorded

__all__ = ["lived", "march"]

pytestmark = pytest.mark.django_db

LATER = at(APRIL + 8 * DAY, 9)
NOW = at(APRIL + 9 * DAY, 9)
FREE = LAST - 4 * DAY
"""A Saturday."""


def said_after_closing(*days: tuple[dt.date, bool]) -> None:
    """March is closed, and then the county says otherwise of dates."""
    with recorded(SHOWN_AT):
        show_month(village(), MONTH, by=officer(), now=SHOWN_AT)
    with recorded(MAY_CLOSE):
        close_month(village(), MONTH, by=officer(), known=MAY_CLOSE)
    with recorded(LATER):
        write_days({day: CountyWord(working) for day, working in days}, actor=BY)
    lives_on(LATER + DAY / 24)


def lines(person: Person) -> dict[dt.date, OwnLine]:
    return {one.day: one for one in own_sheet(person, MONTH, NOW).lines}


def as_signed(person: Person) -> list[str]:
    [signed] = [one for one in month_of(village().identity, MONTH, NOW).people if one.person == person.pk]
    return totals_words(signed.totals)


def test_what_was_signed_and_is_off_now_stays_and_counts(lived: LivedMonth) -> None:
    said_after_closing((LATE, False))
    line = lines(lived.zhang)[LATE]
    assert (line.words, line.since) == ("迟到 22 分钟", "休")
    assert "8:52 到" in line.why
    sheet = own_sheet(lived.zhang, MONTH, NOW)
    assert len(sheet.lines) == 13
    assert sheet.totals == as_signed(lived.zhang)
    assert "迟到 1 次，一共 22 分钟" in sheet.totals


def test_what_was_on_no_sheet_counts_for_nothing_and_says_what_it_is_now(lived: LivedMonth) -> None:
    said_after_closing((FREE, True))
    line = lines(lived.zhang)[FREE]
    assert (line.words, line.since) == ("休", "旷工")
    sheet = own_sheet(lived.zhang, MONTH, NOW)
    assert len(sheet.lines) == 14
    assert sheet.totals == as_signed(lived.zhang)


def test_a_signed_month_stays_when_none_of_its_windows_does(lived: LivedMonth) -> None:
    whole = [(APRIL - number * DAY, False) for number in range(1, 18)]
    said_after_closing(*whole)
    sheet = own_sheet(lived.zhang, MONTH, NOW)
    with override_settings(**settings_of_the_door()):
        html = render_to_string("public/past_month.html", {"person": lived.zhang, "sheet": sheet, "months": []})
    assert html.count("定稿以后改成：休，写在更正单上。") == 13
    assert sheet.totals == as_signed(lived.zhang)
    assert {one.since for one in sheet.lines} == {"休"}
    assert "定稿了" in sheet.states[0]
    assert own_months(lived.zhang, NOW) == [APRIL.replace(month=3)]
    [(_, mine)] = months_with(lived.zhang.pk, Region.objects.all(), MONTH, NOW)
    assert (mine.number, len(mine.windows)) == (ZHANG.number, 13)
