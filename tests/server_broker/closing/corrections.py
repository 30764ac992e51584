"""Corrections that are asked for in the lived month."""

import datetime as dt

from server_broker.closing.county_months import CountyMonths
from server_broker.people.models import Person
from server_broker.requests.asking import Wish, ask
from server_broker.requests.models import CountyRequest
from tests.server_broker.closing.lived_month import APRIL, DAY, MISSED, LivedMonth
from tests.server_broker.settling.lived import at

ASKED_AT = at(APRIL + DAY, 9)


def wish(lived: LivedMonth, day: dt.date = MISSED, mark: str = "departure") -> Wish:
    when = at(day, 12, 3) if mark == "departure" else at(day, 8, 25)
    return Wish(kind="correction", window=lived.window.pk, day=day, mark=mark, mark_at=when, note="忘了打卡，有人作证")


def asks(person: Person, wanted: Wish, now: dt.datetime = ASKED_AT) -> CountyRequest:
    return ask(person, wanted, now=now, months=CountyMonths())
