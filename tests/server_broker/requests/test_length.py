"""How long a request is: the dates with a window of the person's; in a month without any, its working days."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from server_broker.attendance.models import DaysKind
from server_broker.dated.days import begin_of, end_of
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.requests.refused import RequestRefused
from server_broker.requests.turns import length_of
from tests.cast import COUNTY_OFFICER, SECRETARY, SHILI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.requests.asked_here import MONDAY, approves, asks, days, duty

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
NEXT = (MONDAY.replace(day=1) + 32 * DAY).replace(day=1)
"""The first of the month after Monday's."""


@pytest.fixture
def on_call(county: FictionalCounty) -> Person:
    """Somebody whom the roster names for one single date, Monday."""
    person, village = county.people[ZHANG], Region.objects.get(code=SHILI_VILLAGE)
    terms = Terms("值守", [], 540, 900, [], days=DaysKind.NAMED)
    window = add_window(village, terms, since=MONDAY, actor="test-admin")
    name_days(window, {MONDAY: Crew(frozenset({person.pk}))}, actor="test-admin")
    return person


def weekdays(first: dt.date, last: dt.date) -> int:
    return sum((first + number * DAY).isoweekday() < 6 for number in range((last - first).days + 1))


def test_a_month_that_nobody_has_planned_costs_its_working_days(on_call: Person) -> None:
    last = NEXT + 29 * DAY
    assert length_of(on_call, (begin_of(MONDAY), end_of(MONDAY))) == 1
    assert length_of(on_call, (begin_of(MONDAY), begin_of(NEXT))) == 1, "of a month that is planned its windows count"
    assert length_of(on_call, (begin_of(NEXT), end_of(last))) == weekdays(NEXT, last)
    assert length_of(on_call, (begin_of(MONDAY), end_of(last))) == 1 + weekdays(NEXT, last)


def test_no_village_approves_eleven_months_of_somebody_with_one_named_day(on_call: Person) -> None:
    asked = asks(on_call, days((NEXT - MONDAY).days, 320))
    with pytest.raises(RequestRefused, match="要县里来定"):
        approves(SECRETARY, asked)
    assert approves(COUNTY_OFFICER, asked).needed == 3


def test_a_year_takes_as_many_queries_as_a_day(on_call: Person) -> None:
    duty(on_call, start=1000, end=1100)

    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as taken:
            length_of(on_call, (begin_of(NEXT), begin_of(NEXT + count * DAY)))
        return len(taken)

    assert queries(365) <= queries(1)
