"""People who ask in the county: 示例村's windows on a known week, and short words for what they ask."""

import datetime as dt

from django.utils import timezone

from server_broker.attendance.models import DutyWindow
from server_broker.dated.days import begin_of
from server_broker.people.models import Person
from server_broker.requests.asking import Wish, ask
from server_broker.requests.cases import Case, case_of
from server_broker.requests.deciding import decide_case
from server_broker.requests.deputies import name_deputy
from server_broker.requests.models import Answer, CountyRequest, Deputy, Outcome
from tests.cast import SHILI_VILLAGE, Account
from tests.server_broker.county import user_of, window

_SOON = timezone.localdate() + dt.timedelta(days=7)
MONDAY = _SOON + dt.timedelta(days=7 - _SOON.weekday())
"""Of a week to come, because windows run from the day on which they were made. No table of holidays is there."""
SATURDAY = MONDAY - dt.timedelta(days=2)
NOW = begin_of(SATURDAY) + dt.timedelta(hours=9)
"""Saturday morning, before all of it."""


def duty(*people: Person, name: str = "上午", start: int = 510, end: int = 720) -> DutyWindow:
    """A window of 示例村 from Monday to Friday, 08:30 to 12:00 unless said otherwise."""
    return window(SHILI_VILLAGE, name, list(people), start=start, end=end)


def days(first: float, count: float = 1, kind: str = "leave", code: str = "personal", note: str = "") -> Wish:
    """Be away from so many days after Monday on."""
    begin = begin_of(MONDAY + dt.timedelta(days=first))
    return Wish(kind=kind, code=code, begin=begin, end=begin + dt.timedelta(days=count), note=note)


def asks(person: Person, wish: Wish, *, at: dt.datetime = NOW, officer: str = "") -> CountyRequest:
    return ask(person, wish, now=at, officer=officer)


def key(asked: CountyRequest) -> str:
    return f"c{asked.pk}"


def now_is(asked: CountyRequest) -> Case:
    found = case_of(key(asked))
    assert found is not None
    return found


def approves(account: Account, asked: CountyRequest, *, at: dt.datetime = NOW) -> Answer:
    return decide_case(key(asked), Outcome.ACCEPTED, text="", user=user_of(account), at=at)


def refuses(account: Account, asked: CountyRequest, *, at: dt.datetime = NOW) -> Answer:
    return decide_case(key(asked), Outcome.REFUSED, text="那天人手不够", user=user_of(account), at=at)


def deputy_of(lender: Account, deputy: Account) -> Deputy:
    """Somebody decides for an account today."""
    day, now = timezone.localdate(), timezone.now()
    return name_deputy(user_of(lender), user_of(deputy), first=day, last=day, reason="去县里学习", now=now)
