"""Leave in pieces: whoever decides reads that they join to more than they may grant, and nothing is refused for it."""

import datetime as dt

import pytest

from server_broker.audit.models import AuditEntry
from server_broker.requests.deciding import DECIDED
from server_broker.requests.joining import joins
from server_broker.requests.models import Answer
from server_broker.requests.ranks import Rank
from server_broker.requests.station_cases import judge_new
from server_broker.requests.withdrawing import withdraw
from tests.cast import SECRETARY, SHILI, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, requested, signed_in, touch
from tests.server_broker.pages import text_of
from tests.server_broker.requests.asked_here import MONDAY, NOW, approves, asks, days, duty, key, now_is

pytestmark = pytest.mark.django_db
SAID = f"和 {MONDAY:%m-%d} 起的几次连起来共 5 天，超过村里能批的 1 天"


def test_five_days_one_by_one_are_shown_as_five(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    duty(zhang)
    asked = [asks(zhang, days(first)) for first in range(5)]
    page = signed_in(SECRETARY)
    assert SAID in text_of(page, f"/todo/{key(asked[0])}/")
    made = [approves(SECRETARY, one) for one in asked]
    assert {one.joins for one in made} == {SAID}
    assert SAID in text_of(page, f"/todo/{key(asked[4])}/")
    assert AuditEntry.objects.filter(action=DECIDED, detail__joins=SAID).count() == 5
    # Over a weekend it goes on, and for whoever may grant it nothing is said.
    more = now_is(asks(zhang, days(7)))
    assert "共 6 天，超过镇里能批的 3 天" in joins(more, Rank.TOWNSHIP)
    assert joins(more, Rank.COUNTY) == ""


def test_a_working_day_between_or_what_is_taken_back_does_not_join(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    duty(zhang)
    first, apart, beside = asks(zhang, days(0)), asks(zhang, days(2)), asks(zhang, days(3))
    assert joins(now_is(first), Rank.VILLAGE) == ""
    assert "共 2 天" in joins(now_is(apart), Rank.VILLAGE)
    withdraw(beside, now=NOW)
    assert joins(now_is(apart), Rank.VILLAGE) == ""
    assert joins(now_is(asks(zhang, days(3, kind="field_duty"))), Rank.VILLAGE) == ""
    approves(TOWNSHIP_OFFICER, apart)
    assert Answer.objects.get().joins == ""


def test_what_waits_from_a_kiosk_joins_too(county: FictionalCounty) -> None:
    zhang, station = county.people[ZHANG], county.stations[SHILI]
    duty(zhang)
    asked = asks(zhang, days(0))
    begin = asked.end_at
    assert begin is not None
    values = {"begin_at": begin, "end_at": begin + dt.timedelta(days=1), "about_epoch": None, "about_seq": None}
    requested(station, touch(station, ZHANG.token, at=NOW), kind="leave", code="sick", **values)
    judge_new(NOW)
    assert "共 2 天" in joins(now_is(asked), Rank.VILLAGE)
