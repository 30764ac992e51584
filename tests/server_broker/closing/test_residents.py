"""Days and nights of who is sent to live in a village: kept for the page, and signed when the month is closed."""

import datetime as dt

import pytest

from server_broker.closing import residents
from server_broker.closing.closing import close_month, show_month
from server_broker.closing.models import ResidentMonth
from server_broker.closing.month import month_of
from server_broker.closing.residents import ResidentLine, VillageMonth, refresh
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settlement.resident import Resided
from server_broker.settlement.times import month_of as month_of_day
from server_broker.settling.residing import residing
from server_broker.timesheets.hiding import unseen_in, without_names
from tests.cast import SHILI_VILLAGE, YANSHI_VILLAGE, ZHANG, ZHAO
from tests.server_broker.closing.lived_month import (
    APRIL,
    DAY,
    LAST,
    MAY_CLOSE,
    MONTH,
    NEXT,
    SHOWN_AT,
    LivedMonth,
    officer,
    village,
)
from tests.server_broker.county import FictionalCounty
from tests.server_broker.settling.lived import MONDAY, TUESDAY, at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

NOW = at(APRIL, 12)


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residents, "settled_horizon", lambda: NOW)


def live_there(county: FictionalCounty) -> LivedMonth:
    """Zhang lives in the village and has windows there; Zhao does too and has none."""
    county.add(ZHAO)
    people = Person.objects.filter(number__in=(ZHANG.number, ZHAO.number))
    for person in people:
        person.type, person.village = "resident", Region.objects.get(pk=SHILI_VILLAGE)
        person.save()
    stays = [(at(MONDAY, 19), ZHANG.token), (at(TUESDAY, 7), ZHAO.token), (at(TUESDAY, 18), ZHAO.token)]
    return LivedMonth(county, more=[*stays, (at(TUESDAY + DAY, 9), ZHAO.token)])


def lines(month: str = MONTH, now: dt.datetime = NOW) -> list[tuple[str, int, int, int]]:
    found = month_of(village().identity, month, now).residents
    return [(one.name, one.days, one.nights, one.needed) for one in found]


def test_a_chore_reckons_what_is_due_and_the_page_shows_it(county: FictionalCounty) -> None:
    live_there(county)
    assert lines() == []
    assert refresh(NOW) == "reckoned the residents of 2 villages"
    assert lines() == [(ZHANG.name, 13, 1, 20), (ZHAO.name, 2, 1, 20)]
    # April has just begun: its days are not over.
    [zhang, _] = month_of(village().identity, NEXT, NOW).residents
    assert (zhang.days, len(zhang.incomplete)) == (0, 30)
    assert refresh(NOW + dt.timedelta(hours=1)) is None
    assert refresh(NOW + residents.AGAIN + dt.timedelta(minutes=1)) is not None
    assert ResidentMonth.objects.count() == 4


def test_a_village_over_which_it_fails_keeps_no_other_waiting(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_there(county)
    zhao = Person.objects.get(number=ZHAO.number)
    zhao.village = Region.objects.get(pk=YANSHI_VILLAGE)
    zhao.save()
    failing = min(Region.objects.filter(pk__in=(SHILI_VILLAGE, YANSHI_VILLAGE)).values_list("identity", flat=True))

    def fails(one: int, month: str, known: dt.datetime) -> list[Resided]:
        if one == failing:
            raise ValueError("data that nobody expected")
        return residing(one, month, known)

    monkeypatch.setattr(residents, "residing", fails)
    monkeypatch.setattr(residents, "AT_A_TIME", 1)
    failed: set[VillageMonth] = set()
    failures = 0
    for turn in range(6):
        try:
            refresh(NOW + turn * dt.timedelta(minutes=1), failed)
        except ValueError:
            failures += 1
    # One of them failed in each turn that was left, so people are told.
    assert failures == 4
    assert ResidentMonth.objects.exclude(village__identity=failing).count() == 2
    assert failed == {(failing, MONTH), (failing, NEXT)}
    monkeypatch.setattr(residents, "residing", residing)
    for turn in range(2):
        refresh(NOW + (10 + turn) * dt.timedelta(minutes=1), failed)
    assert not failed


def test_it_is_signed_with_the_month_and_not_reckoned_again(county: FictionalCounty) -> None:
    live_there(county)
    show_month(village(), MONTH, by=officer(), now=SHOWN_AT)
    made = close_month(village(), MONTH, by=officer(), known=MAY_CLOSE)
    assert b"number,name,days,nights,needed,incomplete" in bytes(made.content)
    assert lines(now=MAY_CLOSE) == [(ZHANG.name, 13, 1, 20), (ZHAO.name, 2, 1, 20)]
    first = month_of(village().identity, MONTH, MAY_CLOSE).residents[0]
    zhang = county.people[ZHANG]
    # What the station tells of the night after the last date has not come.
    assert first == ResidentLine(zhang.pk, ZHANG.number, ZHANG.name, 13, 1, 20, (LAST,))
    refresh(NOW)
    assert set(ResidentMonth.objects.values_list("month", flat=True)) == {NEXT}


def test_a_village_without_residents_costs_nothing(county: FictionalCounty) -> None:
    LivedMonth(county)
    assert refresh(NOW) is None
    assert month_of_day(APRIL) == NEXT


def test_who_never_lived_there_after_all_goes_from_the_page(county: FictionalCounty) -> None:
    live_there(county)
    refresh(NOW)
    for person in Person.objects.filter(type="resident"):
        person.type = "cadre"
        person.save()
    assert len(lines()) == 2
    refresh(NOW + residents.AGAIN + dt.timedelta(minutes=1))
    assert lines() == []
    assert refresh(NOW + residents.AGAIN + dt.timedelta(minutes=2)) is None


def test_a_resident_of_elsewhere_has_neither_number_nor_name(county: FictionalCounty) -> None:
    live_there(county)
    refresh(NOW)
    month, zhao = month_of(village().identity, MONTH, NOW), county.people[ZHAO].pk
    unseen = unseen_in(month, lambda people: set(people) - {zhao})
    assert unseen == {zhao}
    shown = without_names(month, unseen).residents
    assert [(one.number, one.name) for one in shown] == [(ZHANG.number, ZHANG.name), ("", "外辖区人员")]
