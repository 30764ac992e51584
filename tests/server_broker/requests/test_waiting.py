"""What waits for whom: by rank and region, never one's own, and for a deputy what was lent."""

import datetime as dt

import pytest

from server_broker.requests.deputies import name_deputy
from server_broker.requests.models import CountyRequest
from server_broker.requests.waiting import Waiting
from tests.cast import (
    CLERK,
    COUNTY_OFFICER,
    LI,
    OPERATOR,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    TOWNSHIP_OFFICER,
    WANG,
    ZHANG,
    Account,
)
from tests.server_broker.county import FictionalCounty, user_of
from tests.server_broker.requests.asked_here import MONDAY, NOW, asks, days, duty, refuses

pytestmark = pytest.mark.django_db


def mine(account: Account) -> list[CountyRequest]:
    found = list(Waiting(user_of(account), NOW).here())
    assert Waiting(user_of(account), NOW).count() == len(found)
    return found


def others(account: Account) -> list[CountyRequest]:
    return list(Waiting(user_of(account), NOW).here_for_others())


def test_each_has_what_their_rank_and_region_may_decide(county: FictionalCounty) -> None:
    zhang, li = county.people[ZHANG], county.add(LI)
    duty(zhang, li)
    short, middle, long = (asks(zhang, days(first, count)) for first, count in ((0, 1), (7, 3), (14, 5)))
    elsewhere = asks(county.people[WANG], days(0))
    by_officer = asks(li, days(0), officer=SECRETARY.username)
    assert (mine(SECRETARY), others(SECRETARY)) == ([short], [middle, long, by_officer])
    assert (mine(TOWNSHIP_OFFICER), others(TOWNSHIP_OFFICER)) == ([short, middle, by_officer], [long])
    assert mine(COUNTY_OFFICER) == [short, middle, long, elsewhere, by_officer]
    assert mine(OTHER_TOWNSHIP_OFFICER) == [elsewhere]
    assert (mine(OPERATOR), others(OPERATOR)) == ([], [])
    refuses(SECRETARY, short)
    assert mine(SECRETARY) == []
    name_deputy(
        user_of(TOWNSHIP_OFFICER),
        user_of(CLERK),
        first=MONDAY - dt.timedelta(days=2),
        last=MONDAY,
        reason="去县里学习",
        now=NOW,
    )
    assert mine(CLERK) == [middle, by_officer]


def test_nobody_s_own_waits_for_them(county: FictionalCounty) -> None:
    officer = user_of(TOWNSHIP_OFFICER)
    officer.person = county.people[ZHANG]
    officer.save()
    asked = asks(county.people[ZHANG], days(0))
    assert (mine(TOWNSHIP_OFFICER), others(TOWNSHIP_OFFICER)) == ([], [asked])
