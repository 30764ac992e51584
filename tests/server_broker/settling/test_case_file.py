"""A kept result goes out as a named case, and comes to the same wherever it is reckoned anew."""

import datetime as dt
import tomllib

import pytest
from django.db import transaction

from server_broker.attendance.models import Swap, SwapRecord, WindowRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.duty.windows import Terms, add_window
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settlement.index import Index
from server_broker.settlement.named_cases.command import AS_EXPECTED, DIFFERENT, answer_to
from server_broker.settlement.named_cases.naming import PERSON, renamed
from server_broker.settlement.named_cases.one_person import of_one_person
from server_broker.settlement.named_cases.reading import read_case
from server_broker.settlement.named_cases.writing import case_text
from server_broker.settlement.settle import Sheet
from server_broker.settlement.times import END_OF_TIME
from server_broker.settling.case_file import case_of
from server_broker.settling.models import Parameter, ParameterRecord, SettledWindow
from server_broker.settling.rounds import mark_due, settle_due
from server_broker.workdays.notices import set_notice
from tests.cast import (
    LI,
    OPERATOR,
    SECRETARY,
    SHILI,
    SHILI_VILLAGE,
    UNKNOWN_CARD,
    YANGBAN_VILLAGE,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
    Account,
)
from tests.reckoning.answer import reckon
from tests.reckoning.reading import read_case as read_plainly
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import world as made_up
from tests.server_broker.county import FictionalCounty, add_station, user_of
from tests.server_broker.settling.lived import (
    BY,
    MONDAY,
    LivedStation,
    announced,
    at,
    morning,
    recorded,
)

DAY = dt.timedelta(days=1)
WORLDS = 60
LINES = 7
ROW = ("person", "start", "result", "line", "late")


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    announced(MONDAY - 14 * DAY, 50)
    return county.people[ZHANG]


def live_some_days(county: FictionalCounty, days: int = 7) -> None:
    """Some days with whatever a village meets: touches late and elsewhere, power cuts, leave, rosters of all kinds."""
    zhang, li = county.people[ZHANG], county.people[LI]
    shili = Region.objects.get(pk=SHILI_VILLAGE)
    afternoon = Terms("下午", [1, 3, 5], 840, 1050, [zhang.pk], marks="arrival")
    night = Terms("夜里", [2, 4], 1320, 1800, [li.pk])
    with recorded(at(MONDAY - DAY, 5)):
        morning(zhang, li)
        add_window(shili, afternoon, since=MONDAY - DAY, actor=BY)
        add_window(shili, night, since=MONDAY - DAY, actor=BY)
        with transaction.atomic():
            grace = Parameter.objects.create(region=shili, name="late_absence")
            put(ParameterRecord, [grace.pk], Period(at(MONDAY + 2 * DAY, 0), None), {"value": 60}, actor=BY)
    add_station(county, YANSHI, YANSHI_VILLAGE)
    here, there = LivedStation(), LivedStation(YANSHI)
    for number in range(days):
        day = MONDAY + number * DAY
        here.touched(ZHANG.token, at(day, 8, 20 + 9 * number))
        here.touched(LI.token, at(day, 8, 25))
        here.touched(UNKNOWN_CARD, at(day, 9))
        if number in (2, 6):
            there.touched(ZHANG.token, at(day, 12, 1))
        else:
            here.touched(ZHANG.token, at(day, 12, 5))
        if number == 3:
            here.add_body(b"\x81\xa4kind\xa7someday")
        here.touched(LI.token, at(day, 22, 15))
        here.closed(at(day, 23))
        if number == 4:
            here.booted(at(day + DAY, 7), quality="unknown", alive=at(day, 23, 30))
        if number == 5:
            here.learnt(at(day, 18))
        there.closed(at(day, 23))
        if number != 6:
            here.send(at(day, 23, 1))
        if number % 3 != 2:
            there.send(at(day, 23, 2))
        mark_due(at(day, 23, 30))
        settle_due(at(day, 23, 30), rounds=1000)
        if number == 1:
            with recorded(at(day, 23, 40)), transaction.atomic():
                absence = Absence.objects.create(person=li, kind="leave", source="")
                away = Period(at(day + DAY, 8), at(day + DAY, 10))
                put(AbsenceRecord, [absence.pk], away, {"code": "sick"}, actor=BY)
                set_notice(shili, Period(at(day + 2 * DAY, 8), at(day + 2 * DAY, 9)), "防汛", actor=BY)


@pytest.mark.django_db
@pytest.mark.usefixtures("li")
def test_lived_windows_come_to_the_same_elsewhere_and_name_nobody(zhang: Person, county: FictionalCounty) -> None:
    live_some_days(county)
    rows = list(SettledWindow.objects.all())
    assert len({row.line for row in rows}) >= LINES
    assert any(row.superseded_at is not None for row in rows)
    for row in rows:
        text = case_of(row, viewer=user_of(OPERATOR))
        code, said = answer_to(read_case(text))
        assert code == AS_EXPECTED, (row.day, row.start, row.result, said["differences"])
        assert reckon(read_plainly(text))["differences"] == [], (row.day, row.start)
        kept = {(PERSON, clock_of(row.start), row.result, row.line, row.late)}
        assert kept <= {tuple(one[key] for key in ROW) for one in said["windows"]}  # type: ignore[attr-defined]
        assert names_of_the_county(text, county) == []
        told = tomllib.loads(text)
        assert told["days"] == [row.day]
        if row.person == zhang:
            # Others' touches are facts without a card.
            cards = {fact.get("card") for station in told["stations"] for fact in station["facts"]}
            assert len(cards - {None}) <= 1


def names_of_the_county(text: str, county: FictionalCounty) -> list[str]:
    people = [secret for cadre in county.people for secret in (cadre.name, cadre.token.hex(), f'"{cadre.number}"')]
    return [word for word in (*people, SHILI, YANSHI, SHILI_VILLAGE, YANSHI_VILLAGE, BY) if word in text]


@pytest.mark.django_db
@pytest.mark.usefixtures("li")
def test_a_result_that_was_kept_wrongly_is_found_elsewhere(zhang: Person, county: FictionalCounty) -> None:
    live_some_days(county, 1)
    row = SettledWindow.objects.current().filter(person=zhang, result="√").first()
    assert row is not None
    row.result, row.late = "迟", 12
    code, said = answer_to(read_case(case_of(row, viewer=user_of(OPERATOR))))
    assert code == DIFFERENT
    assert said["differences"]


@pytest.mark.django_db
@pytest.mark.usefixtures("li")
@pytest.mark.parametrize("village", [SHILI_VILLAGE, YANSHI_VILLAGE])
def test_of_two_windows_that_start_at_one_minute_each_has_its_own_case(
    zhang: Person, county: FictionalCounty, village: str
) -> None:
    """No way of the console brings somebody into two windows at once, so a row is written past them."""
    with recorded(at(MONDAY - DAY, 5)):
        morning(zhang)
        terms = Terms("也是上午", [1, 2, 3, 4, 5], 510, 690, [county.people[LI].pk])
        other = add_window(Region.objects.get(pk=village), terms, since=MONDAY - DAY, actor=BY)
        with transaction.atomic():
            put(WindowRecord, [other.pk], Period(at(MONDAY - DAY, 0)), {"people": [zhang.pk]}, actor=BY)
    station = LivedStation()
    station.touched(ZHANG.token, at(MONDAY, 8, 20))
    station.touched(ZHANG.token, at(MONDAY, 11, 40))
    station.closed(at(MONDAY, 23))
    station.send(at(MONDAY, 23, 1))
    mark_due(at(MONDAY, 23, 30))
    settle_due(at(MONDAY, 23, 30), rounds=1000)
    rows = list(SettledWindow.objects.current().filter(day=MONDAY, person=zhang))
    assert [row.start for row in rows] == [510, 510]
    assert len({row.result for row in rows}) == 2
    for row in rows:
        case = read_case(case_of(row, viewer=user_of(OPERATOR)))
        assert {one.result for one in case.file.expect or ()} == {row.result for row in rows}
        assert answer_to(case)[1]["differences"] == ["refused：应为 None，是 overlap"]


@pytest.mark.django_db
@pytest.mark.usefixtures("li")
def test_of_others_it_holds_no_other_date_and_no_kind_of_leave_that_the_viewer_does_not_see(
    zhang: Person, county: FictionalCounty
) -> None:
    li = county.people[LI]
    with recorded(at(MONDAY - DAY, 5)), transaction.atomic():
        window = morning(li)
        swap = Swap.objects.create(window=window, day=MONDAY, giver=li, taker=zhang)
        agreed = {"agreed_at": at(MONDAY - DAY, 4).isoformat(), "withdrawn": False}
        put(SwapRecord, [swap.pk], Period(begin_of(MONDAY), end_of(MONDAY)), agreed, actor=BY)
        for begin, end, code in (
            (at(MONDAY, 7), at(MONDAY, 13), "sick"),
            (at(MONDAY + DAY, 7), at(MONDAY + DAY, 13), "marriage"),
        ):
            absence = Absence.objects.create(person=li, kind="leave", source="")
            put(AbsenceRecord, [absence.pk], Period(begin, end), {"code": code}, actor=BY)
    station = LivedStation()
    station.touched(ZHANG.token, at(MONDAY, 8, 20))
    station.touched(ZHANG.token, at(MONDAY, 12, 5))
    station.closed(at(MONDAY, 23))
    station.send(at(MONDAY, 23, 1))
    mark_due(at(MONDAY, 23, 30))
    settle_due(at(MONDAY, 23, 30), rounds=1000)
    row = SettledWindow.objects.current().get(day=MONDAY, person=zhang)
    assert row.result == "√"

    def kinds(account: Account) -> list[str]:
        text = case_of(row, viewer=user_of(account))
        case = read_case(text)
        assert answer_to(case) == (AS_EXPECTED, answer_to(case)[1])
        assert reckon(read_plainly(text))["differences"] == []
        return [one.kind for one in case.world.leave]

    assert kinds(OPERATOR) == kinds(SECRETARY) == ["病"]
    li.village = Region.objects.get(pk=YANGBAN_VILLAGE)
    li.save()
    assert kinds(OPERATOR) == ["病"]
    assert kinds(SECRETARY) == ["事"]


def clock_of(start: int) -> str:
    return f"{start // 60:02}:{start % 60:02}"


@pytest.mark.parametrize("seed", range(WORLDS))
def test_what_is_left_of_a_world_comes_to_the_same_for_that_person(seed: int) -> None:
    case = read_case(toml_of(made_up(seed)))
    world = case.world
    whole = Sheet(Index(world), case.file.days, END_OF_TIME, {})
    for person in [one.id for one in world.people]:
        left = renamed(of_one_person(world, person), person)
        results = [one for one in Sheet(Index(left), case.file.days, END_OF_TIME, {}).results() if one.person == PERSON]
        mine = [one for one in whole.results() if one.person == person]
        assert [(one.place[1:], one.says(), one.line, one.share) for one in results] == [
            (one.place[1:], one.says(), one.line, one.share) for one in mine
        ]
        text = case_text(left, case.file.days, at=END_OF_TIME, name="n", why="w", expect=results)
        again = read_case(text)
        same = Sheet(Index(again.world), case.file.days, END_OF_TIME, {}).results()
        assert [one for one in same if one.person == PERSON] == results
