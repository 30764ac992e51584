"""Two who bring duty to one person at the same instant: the second sees what the first has brought."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.attendance.models import Swap
from server_broker.audit.log import take_turn
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.requests.asking import Wish, ask
from server_broker.requests.refused import RequestRefused
from server_broker.requests.withdrawing import agree
from tests.cast import SHILI_VILLAGE, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.races import at_once
from tests.server_broker.requests.asked_here import MONDAY, NOW, duty

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_villages_at_once_add_one_of_two_windows_that_overlap(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    since = timezone.localdate() + dt.timedelta(days=1)

    def add(number: int) -> bool:
        village = Region.objects.get(pk=(SHILI_VILLAGE, YANSHI_VILLAGE)[number])
        terms = Terms(f"班{number}", [1, 2, 3, 4, 5], 480, 720, [zhang.pk])
        try:
            add_window(village, terms, since=since, actor=f"officer-{number}")
        except WindowRefused:
            return False
        return True

    assert sorted(at_once(add, held_by=take_turn, count=2)) == [False, True]


def test_one_person_takes_one_of_two_windows_that_overlap(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    givers = [Person.objects.create(number=f"x{n}", name="示例人", village_id=SHILI_VILLAGE) for n in range(2)]
    windows = [duty(giver, name=f"班{number}") for number, giver in enumerate(givers)]
    asked = [
        ask(giver, Wish(kind="swap", window=window.pk, day=MONDAY, substitute=zhang), now=NOW)
        for giver, window in zip(givers, windows, strict=True)
    ]

    def take(number: int) -> bool:
        try:
            agree(asked[number], True, now=NOW)
        except RequestRefused:
            return False
        return True

    assert sorted(at_once(take, held_by=take_turn, count=2)) == [False, True]
    assert Swap.objects.count() == 1


def test_one_person_is_named_on_one_of_two_days_that_overlap(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    village = Region.objects.get(pk=YANSHI_VILLAGE)
    elsewhere = Terms("乙班", [1, 2, 3, 4, 5], 510, 720, [Person.objects.exclude(pk=zhang.pk)[0].pk])
    away = Person.objects.create(number="x9", name="示例人", village_id=SHILI_VILLAGE)
    windows = [duty(away, name="甲班"), add_window(village, elsewhere, since=timezone.localdate(), actor="officer")]

    def name(number: int) -> bool:
        try:
            name_days(windows[number], {MONDAY: Crew(frozenset({zhang.pk}))}, actor=f"officer-{number}")
        except WindowRefused:
            return False
        return True

    assert sorted(at_once(name, held_by=take_turn, count=2)) == [False, True]
