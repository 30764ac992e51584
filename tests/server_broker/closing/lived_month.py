"""The end of a March that 示例村 has lived, settled piece by piece as the county does it."""

import copy
import datetime as dt
from collections.abc import Collection, Iterator

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from server_broker.accounts.models import User
from server_broker.closing.closing import close_month, show_month
from server_broker.closing.models import ClosedMonth
from server_broker.fleet.models import Station
from server_broker.regions.models import Region
from server_broker.settling.models import SettleDue
from server_broker.settling.rounds import mark_due, settle_due
from tests.cast import LI, SHILI_VILLAGE, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, user_of
from tests.server_broker.settling.lived import MONDAY, LivedStation, announced, at, morning, recorded

MONTH, NEXT = "2027-03", "2027-04"
LAST = dt.date(2027, 3, 31)
DAY = dt.timedelta(days=1)
MISSED = MONDAY + 2 * DAY
"""Li did not touch on leaving."""
LATE = dt.date(2027, 3, 24)
"""Zhang was late."""
APRIL = LAST + DAY
SHOWN_AT = at(APRIL, 9)
MAY_CLOSE = at(APRIL + 6 * DAY, 0)
"""Shown on the 1st, with five days for objections."""


def village() -> Region:
    return Region.objects.get(pk=SHILI_VILLAGE)


def officer() -> User:
    return user_of(TOWNSHIP_OFFICER)


def shown(now: dt.datetime = SHOWN_AT, month: str = MONTH) -> dt.date:
    """Show a month; returns the last date on which objections are taken."""
    with recorded(now):
        return show_month(village(), month, by=officer(), now=now)


def closed(known: dt.datetime = MAY_CLOSE, month: str = MONTH) -> ClosedMonth:
    """Close a month."""
    with recorded(known):
        return close_month(village(), month, by=officer(), known=known)


def lives_on(now: dt.datetime) -> None:
    """Settle all that is due."""
    mark_due(now)
    settle_due(now, rounds=1000)
    assert not SettleDue.objects.exists()


class LivedMonth:
    """Zhang and Li have a window each working morning since the 15th, and come. Others may touch besides."""

    def __init__(self, county: FictionalCounty, *, more: Collection[tuple[dt.datetime, bytes]] = ()) -> None:
        self._more = more
        self.county = county
        announced(MONDAY - 14 * DAY, 60)
        self.zhang, self.li = county.people[ZHANG], county.people[LI]
        self.window = morning(self.zhang, self.li)
        self.station = LivedStation()
        self.station.send(at(MONDAY, 6))
        lives_on(at(MONDAY, 7))
        for number in range((LAST - MONDAY).days + 1):
            self.comes(MONDAY + number * DAY)
        lives_on(at(APRIL, 8))

    def again(self) -> "LivedMonth":
        """Return a copy, for a test that may change it."""
        return copy.deepcopy(self)

    def station_row(self) -> Station:
        return Station.objects.get(pk=self.station.id)

    def comes(self, day: dt.date, *, send: bool = True) -> None:
        """Everybody comes on a date."""
        if day.isoweekday() < 6:
            for card in (ZHANG.token, LI.token):
                late = (card, day) == (ZHANG.token, LATE)
                self.station.touched(card, at(day, 8, 52 if late else 20))
                if (card, day) != (LI.token, MISSED):
                    self.station.touched(card, at(day, 12, 5))
        self.station.closed(at(day, 15, 1))
        for when, card in self._more:
            if when.date() == day:
                self.station.touched(card, when)
        if send:
            self.station.send(at(day, 23))


@pytest.fixture(scope="module")
def march(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[LivedMonth]:
    """Live the month once for all tests of a module, because it takes long.

    What a test does is taken back behind it, but for the month. So a module that imports this has no test with real
    transactions.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        county = make_county()
        county.add(LI)
        lived = LivedMonth(county)
        connection.check_constraints()
        yield lived
        transaction.set_rollback(True)


@pytest.fixture
def lived(march: LivedMonth) -> LivedMonth:
    """The month as it was lived, whatever another test has done with it."""
    return march.again()


@pytest.fixture
def county(lived: LivedMonth) -> FictionalCounty:
    """The county in which the month was lived."""
    return lived.county
