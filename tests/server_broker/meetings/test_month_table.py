"""Which meetings each branch held in a month or a quarter, and which it lacks; and what stations are told."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from protocol.codec import decode
from protocol.meetings import Meetings
from server_broker.duty.models import AbsenceKind
from server_broker.fleet.models import Station
from server_broker.meetings.announcing import cancel
from server_broker.meetings.kinds import OF_BRANCHES
from server_broker.meetings.meetings_source import meetings_drafts, meetings_for
from server_broker.meetings.models import Kind
from server_broker.meetings.month_table import Cell, month_of, month_table
from server_broker.people.models import Person
from tests.cast import LI, SHILI, TOWNSHIP, YANSHI, YANSHI_VILLAGE, ZHAO
from tests.server_broker.county import FictionalCounty, add_station
from tests.server_broker.meetings.meeting_days import (
    AFTER,
    BEFORE,
    BEGIN,
    BY,
    DAY,
    END,
    HOUR,
    away,
    branch,
    comes,
    held,
    villagers,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("county")]
SEPTEMBER = dt.date(2026, 9, 1)


@pytest.fixture
def people(county: FictionalCounty) -> list[Person]:
    return villagers(2)


def cells(month: dt.date = SEPTEMBER, now: dt.datetime = AFTER) -> dict[str, Cell]:
    [line] = month_table([branch()], month, now)
    return dict(zip(OF_BRANCHES, line.cells, strict=True))


@pytest.mark.parametrize(
    ("day", "months", "first", "last"),
    [
        ((2026, 11, 30), 1, (2026, 11, 1), (2026, 11, 30)),
        ((2026, 12, 5), 1, (2026, 12, 1), (2026, 12, 31)),
        ((2026, 12, 5), 3, (2026, 10, 1), (2026, 12, 31)),
        ((2028, 2, 29), 3, (2028, 1, 1), (2028, 3, 31)),
    ],
)
def test_a_month_and_a_quarter(
    day: tuple[int, int, int], months: int, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    assert month_of(dt.date(*day), months) == (dt.date(*first), dt.date(*last))


def test_a_meeting_counts_if_somebody_came_and_a_quarter_has_three_months(people: list[Person]) -> None:
    held(people, unit=branch())
    held(people, unit=branch(), kind=Kind.COMMITTEE)
    held(people, unit=branch(), kind=Kind.PARTY_DAY, begin=BEGIN + 9 * DAY, end=END + 9 * DAY)
    assert [len(cell.empty) for cell in cells().values()] == [1, 1, 0, 0, 0]
    comes(people[0], 0)
    found = cells()
    assert [cell.lacks for cell in found.values()] == [0, 0, 1, 1, 0]
    assert len(found[Kind.PARTY_DAY].planned) == 1
    august = cells(dt.date(2026, 8, 1))
    assert august[Kind.MEMBERS].lacks == 0, "the same quarter"
    assert august[Kind.COMMITTEE].lacks == 1
    assert august[Kind.COMMITTEE].is_over
    assert not august[Kind.LECTURE].is_over


def test_what_was_cancelled_or_is_no_branchs_does_not_count(people: list[Person]) -> None:
    held(people)
    cancel(held(people, unit=branch()), actor=BY, reason="书记去县里开会", now=BEFORE)
    comes(people[0], 0)
    assert cells()[Kind.MEMBERS].lacks == 1


def test_queries_do_not_grow_with_branches(people: list[Person]) -> None:
    branches = [branch(f"第{one}支部") for one in range(4)]
    for one in branches:
        held(people, unit=one)
    counted = []
    for some in (branches[:1], branches):
        with CaptureQueriesContext(connection) as found:
            month_table(some, SEPTEMBER, AFTER)
        counted.append(len(found))
    assert counted[0] == counted[1]


def test_a_station_is_told_of_its_meetings_with_votes_and_excuses(people: list[Person]) -> None:
    meeting = held(people, unit=branch(), voters=frozenset([people[0].pk]))
    away(people[1], AbsenceKind.LEAVE, BEGIN - HOUR, END)
    [draft] = list(meetings_drafts(Station.objects.get(pk=SHILI), BEGIN - DAY))
    [told] = decode(draft.content, Meetings, limit=10**6).meetings
    assert (told.id, told.of, told.kind, told.chair, told.here) == (meeting.code, "示例村党支部", "members", "v0", True)
    assert [(one.person, one.votes, one.excused) for one in told.expected] == [("v0", True, ""), ("v1", False, "leave")]
    assert told.needed() == 1
    assert [(item.id, item.options) for item in told.agenda] == [("1", ["同意", "不同意"])]
    comes(people[1], 0)
    [same] = list(meetings_drafts(Station.objects.get(pk=SHILI), BEGIN - DAY))
    assert same.content == draft.content, "who comes changes nothing that was announced"


def test_a_township_meeting_tells_each_village_of_its_own_people_alone(county: FictionalCounty) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    li, zhao = county.add(LI), county.add(ZHAO)
    held([li, zhao], region=TOWNSHIP)
    [here] = meetings_for(Station.objects.get(pk=SHILI), BEGIN)
    [there] = meetings_for(Station.objects.get(pk=YANSHI), BEGIN)
    assert ([one.name for one in here.expected], here.here, here.chair) == (["李示例", "赵示例"], True, LI.number)
    assert ([one.name for one in there.expected], there.here, there.chair) == (["赵示例"], False, "")
    assert there.quorum is None


def test_meetings_are_told_from_yesterday_to_five_weeks_ahead(people: list[Person]) -> None:
    station = Station.objects.get(pk=SHILI)
    assert list(meetings_drafts(station, BEGIN)) == []
    meeting = held(people)
    today = timezone.localtime(BEGIN).date()
    for days, there in ((-36, False), (-35, True), (0, True), (1, True), (2, False)):
        assert bool(meetings_for(station, BEGIN + days * DAY)) is there, (today, days)
    cancel(meeting, actor=BY, reason="书记去县里开会", now=BEFORE)
    [told] = meetings_for(station, BEGIN)
    assert told.cancelled
