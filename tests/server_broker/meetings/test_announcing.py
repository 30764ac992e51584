"""A meeting is announced, changed and cancelled: what fits, who may, and that nothing is overwritten."""

import datetime as dt
from typing import Any

import pytest

from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedRow
from server_broker.fleet.models import ShelfDue
from server_broker.meetings.announced import Item
from server_broker.meetings.announcing import announce, cancel, change, standing_record
from server_broker.meetings.kinds import DEFAULTS, Asked, asked_of_kinds, set_kind
from server_broker.meetings.models import Kind, Meeting, MeetingRecord, Minutes, Rule, VoteEntry
from server_broker.meetings.reading import history_of
from server_broker.meetings.recording import enter_vote, sign_minutes, write_minutes
from server_broker.meetings.refused import MeetingRefused
from server_broker.people.models import Person
from server_broker.regions.models import Region
from tests.cast import SHILI, SHILI_VILLAGE, WANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.meetings.meeting_days import (
    AFTER,
    BEFORE,
    BEGIN,
    BY,
    DAY,
    END,
    HOUR,
    MINUTE,
    held,
    terms,
    villagers,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("county")]


@pytest.fixture
def people(county: FictionalCounty) -> list[Person]:
    return villagers(3)


def test_each_step_is_decided_and_marks_the_stations(people: list[Person]) -> None:
    meeting = held(people)
    assert set(ShelfDue.objects.values_list("station", flat=True)) == {SHILI}
    ShelfDue.objects.all().delete()
    change(meeting, terms(people, place="党群服务中心"), actor=BY, reason="会议室停电", now=BEFORE)
    cancel(meeting, actor=BY, reason="书记去县里开会", now=BEFORE)
    assert set(ShelfDue.objects.values_list("station", flat=True)) == {SHILI}
    assert [entry.action for entry in AuditEntry.objects.filter(subject=meeting.code).order_by("pk")] == [
        "meeting.announced",
        "meeting.changed",
        "meeting.cancelled",
    ]
    rows = history_of(meeting)
    assert [(row.place, row.cancelled, row.reason) for row in rows] == [
        ("村委会会议室", False, ""),
        ("党群服务中心", False, "会议室停电"),
        ("党群服务中心", True, "书记去县里开会"),
    ]
    decided = DecidedRow.objects.filter(table="meetings_meetingrecord").values_list("row", flat=True)
    assert set(decided) == {str(row.pk) for row in rows}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"end": BEGIN}, "结束要在开始以后"),
        ({"end": BEGIN + 13 * HOUR}, "最长 12 小时"),
        ({"title": "会"}, "会议名称"),
        ({"title": "联系 11010519491231002X"}, "身份证号"),
        ({"kind": "party"}, "哪种会议"),
        ({"stations": []}, "在哪个站点签到"),
        ({"stations": ["nobody-01"]}, "在哪个站点签到"),
        ({"expected": []}, "请选应到的人"),
        ({"chair": 0}, "主持人"),
        ({"voters": frozenset([0])}, "有表决权"),
        ({"rule": Rule.MORE_THAN, "numerator": 2, "denominator": 2}, "几分之几"),
        ({"rule": Rule.AT_LEAST, "numerator": 0, "denominator": 2}, "几分之几"),
        ({"agenda": (Item("1", "选组长", ("同意",)),)}, "2 到 6 个不同的选项"),
        ({"agenda": (Item("1", "选组长"), Item("1", "选组长"))}, "议题最多"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(people: list[Person], values: dict[str, Any], words: str) -> None:
    with pytest.raises(MeetingRefused, match=words):
        held(people, **values)
    assert not MeetingRecord.objects.exists()
    assert not Meeting.objects.exists()


def test_who_is_of_elsewhere_or_has_left_is_not_expected_anew(people: list[Person], county: FictionalCounty) -> None:
    with pytest.raises(MeetingRefused, match="不在这个范围"):
        held([*people, county.people[WANG]])
    meeting = held(people)
    Person.objects.filter(pk=people[2].pk).update(left=True)
    change(meeting, terms(people, place="党群服务中心"), actor=BY, reason="会议室停电", now=BEFORE)
    with pytest.raises(MeetingRefused, match="已离开"):
        held(people)


def test_after_three_days_nothing_is_written_down_and_what_has_ended_is_not_cancelled(people: list[Person]) -> None:
    here = Region.objects.get(pk=SHILI_VILLAGE)
    announce(here, None, terms(people), actor=BY, now=BEGIN + 3 * DAY)
    with pytest.raises(MeetingRefused, match="3 天内补登"):
        announce(here, None, terms(people), actor=BY, now=BEGIN + 3 * DAY + MINUTE)
    with pytest.raises(MeetingRefused, match="不能再取消"):
        cancel(held(people), actor=BY, reason="没有开成会", now=END)


def test_a_change_says_why_and_is_one(people: list[Person]) -> None:
    meeting = held(people)
    with pytest.raises(MeetingRefused, match="写明理由"):
        change(meeting, terms(people, place="别处"), actor=BY, reason="改 ", now=BEFORE)
    with pytest.raises(MeetingRefused, match="没有改动"):
        change(meeting, terms(people), actor=BY, reason="没有理由", now=BEFORE)
    cancel(meeting, actor=BY, reason="书记去县里开会", now=BEFORE)
    with pytest.raises(MeetingRefused, match="已经取消"):
        change(meeting, terms(people, place="别处"), actor=BY, reason="还是要开", now=BEFORE)
    with pytest.raises(MeetingRefused, match="已经取消"):
        cancel(meeting, actor=BY, reason="再取消一次", now=BEFORE)


def test_once_it_has_begun_nobody_changes_their_own_coming(people: list[Person]) -> None:
    meeting = held(people)
    User.objects.create(username=BY, role="secretary", person=people[1])
    without = terms([people[0], people[2]])
    change(meeting, terms(people, place="党群服务中心"), actor=BY, reason="会议室停电", now=AFTER)
    with pytest.raises(OwnAffair):
        change(meeting, without, actor=BY, reason="本来没通知", now=AFTER)
    with pytest.raises(OwnAffair):
        change(meeting, terms(people, begin=BEGIN + HOUR, end=END + HOUR), actor=BY, reason="推迟了的", now=AFTER)
    change(meeting, terms(people, begin=BEGIN + HOUR, end=END + HOUR), actor="chen-shili", reason="推迟了的", now=AFTER)
    assert standing_record(meeting).begin == BEGIN + HOUR


def test_votes_and_minutes_are_added_and_never_overwritten(people: list[Person]) -> None:
    meeting = held(people)
    at = BEGIN + 20 * MINUTE
    for votes in ([3, 0], [2, 1]):
        enter_vote(meeting, "1", votes, present=3, abstained=0, voted_at=at, actor=BY, now=AFTER)
    assert [row.votes for row in VoteEntry.objects.all()] == [[3, 0], [2, 1]]
    entries = AuditEntry.objects.filter(action="meeting.vote_entered")
    assert {entry.detail["agenda"] for entry in entries} == {"选小组长（同意、不同意）"}
    for item, votes, when in (("9", [1, 1], at), ("1", [1], at), ("1", [1, -1], at), ("1", [1, 1], BEGIN - MINUTE)):
        with pytest.raises(MeetingRefused):
            enter_vote(meeting, item, votes, present=3, abstained=0, voted_at=when, actor=BY, now=AFTER)
    write_minutes(meeting, "同意修路。\r\n散会。 ", actor=BY, now=AFTER)
    with pytest.raises(MeetingRefused, match="一样"):
        write_minutes(meeting, "同意修路。\n散会。", actor=BY, now=AFTER)
    sign_minutes(meeting, 1, actor=BY, now=AFTER)
    with pytest.raises(MeetingRefused, match="已由"):
        sign_minutes(meeting, 1, actor="chen-shili", now=AFTER)
    write_minutes(meeting, "同意修路，下月开工。", actor=BY, now=AFTER)
    with pytest.raises(MeetingRefused, match="新的一版"):
        sign_minutes(meeting, 1, actor=BY, now=AFTER)
    with pytest.raises(MeetingRefused, match="身份证号"):
        write_minutes(meeting, "他的号码是 11010519491231002X", actor=BY, now=AFTER)
    assert [(row.version, row.signed_by) for row in Minutes.objects.all()] == [(1, BY), (2, "")]


def test_the_county_asks_something_else_from_a_day_on() -> None:
    assert asked_of_kinds(AFTER) == DEFAULTS
    asked = Asked(2, 1, Rule.AT_LEAST, 3, 5)
    set_kind(Kind.LECTURE, asked, since=dt.date(2026, 9, 1), actor=BY, reason="县里的安排")
    assert asked_of_kinds(AFTER)[Kind.LECTURE] == asked
    assert asked_of_kinds(AFTER - 30 * DAY)[Kind.LECTURE] == DEFAULTS[Kind.LECTURE]
    for wrong in (asked._replace(times=32), asked._replace(months=2), asked._replace(numerator=6)):
        with pytest.raises(MeetingRefused):
            set_kind(Kind.LECTURE, wrong, since=dt.date(2026, 9, 1), actor=BY, reason="县里的安排")
