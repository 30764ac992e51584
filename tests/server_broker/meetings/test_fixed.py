"""What of a meeting stays: what was voted on, the quorum and who is in it from the start on, the chair who acted."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.audit.models import AuditEntry
from server_broker.dated.writing import Period, put
from server_broker.meetings.announced import Item
from server_broker.meetings.announcing import cancel, change, standing_record
from server_broker.meetings.models import Meeting, MeetingRecord, Rule
from server_broker.meetings.recording import enter_vote
from server_broker.meetings.refused import MeetingRefused
from server_broker.meetings.votes import CHANGED_SINCE, votes_of
from server_broker.people.models import Person
from tests.server_broker.meetings.meeting_days import (
    AFTER,
    BEFORE,
    BEGIN,
    BY,
    DAY,
    HOUR,
    MINUTE,
    VOTE,
    comes,
    counted,
    held,
    look,
    terms,
    villagers,
    vouches,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("county")]
TURNED = Item("1", "选小组长", ("不同意", "同意"))
MORE = Item("2", "修村道", ("同意", "不同意"))


@pytest.fixture
def people() -> list[Person]:
    return villagers(3)


def changes_to(meeting: Meeting, people: list[Person], now: dt.datetime = AFTER, **values: Any) -> None:
    change(meeting, terms(people, **values), actor="chen-shili", reason="更正文字错误", now=now)


def refused(meeting: Meeting, people: list[Person], words: str, now: dt.datetime = AFTER, **values: Any) -> None:
    rows = MeetingRecord.objects.count()
    with pytest.raises(MeetingRefused, match=words):
        changes_to(meeting, people, now, **values)
    assert MeetingRecord.objects.count() == rows


def by_station(meeting: Meeting, people: list[Person]) -> None:
    counted(meeting, [2, 1], 3, comes(people[0], 0))


def in_the_county(meeting: Meeting, people: list[Person]) -> None:
    at = BEGIN + 20 * MINUTE
    enter_vote(meeting, "1", [2, 1], present=3, abstained=0, voted_at=at, actor=BY, now=AFTER)


@pytest.mark.parametrize("vote", [by_station, in_the_county])
def test_what_was_voted_on_keeps_its_text_and_options_and_more_may_be_added(people: list[Person], vote: Any) -> None:
    meeting = held(people)
    vote(meeting, people)
    for agenda in ((TURNED,), (Item("1", "表扬王某", VOTE.options),), (), (MORE,)):
        refused(meeting, people, "另加一项", agenda=agenda)
    changes_to(meeting, people, agenda=(MORE, VOTE))
    [more, voted] = sorted(votes_of(look(meeting)), key=lambda one: len(one.counts))
    assert more.counts == []
    assert voted.shown == [("同意", 2), ("不同意", 1)]


def test_a_vote_that_was_turned_round_before_is_read_by_what_was_counted(people: list[Person]) -> None:
    meeting = held(people)
    by_station(meeting, people)
    turned = {"agenda": [["1", "表扬王某", ["不同意", "同意"]]]}
    put(MeetingRecord, [meeting.pk], Period(), turned, actor=BY, reason="更正文字错误")
    [vote] = votes_of(look(meeting))
    assert (vote.title, vote.shown) == ("选小组长", [("同意", 2), ("不同意", 1)])
    assert vote.holds is not None
    assert CHANGED_SINCE in vote.holds.wrong


def test_what_is_put_to_vote_at_the_start_stays_because_its_count_may_be_on_its_way(people: list[Person]) -> None:
    begin = timezone.now().replace(second=0, microsecond=0) + HOUR
    when: dict[str, Any] = {"begin": begin, "end": begin + HOUR}
    meeting = held(people, **when)
    changes_to(meeting, people, begin - MINUTE, agenda=(VOTE, MORE), **when)
    refused(meeting, people, "另加一项", begin, agenda=(TURNED, MORE), **when)
    refused(meeting, people, "另加一项", begin, agenda=(VOTE,), **when)
    changes_to(meeting, people, begin, agenda=(VOTE, MORE, Item("3", "评先进")), **when)


def test_from_the_start_on_the_quorum_stays_and_nobody_leaves_the_lists(people: list[Person]) -> None:
    meeting = held(people[:2])
    refused(meeting, people, "法定人数", rule=Rule.NONE)
    refused(meeting, people, "法定人数", numerator=1, denominator=3)
    refused(meeting, people[:1], "只能加")
    refused(meeting, people[:2], "只能加", voters=frozenset([people[0].pk]))
    changes_to(meeting, people)
    assert standing_record(meeting).voters == sorted(one.pk for one in people)
    assert look(meeting).plan.quorum is not None
    changes_to(held(people), people[:1], BEFORE, rule=Rule.NONE)


def test_putting_a_meeting_off_after_its_start_opens_nothing_again(people: list[Person]) -> None:
    begin = timezone.now().replace(second=0, microsecond=0) - HOUR
    meeting = held(people, begin=begin, end=begin + 2 * HOUR)
    later = {"begin": begin + 7 * DAY, "end": begin + 7 * DAY + HOUR}
    changes_to(meeting, people, timezone.now(), **later)
    refused(meeting, people, "法定人数", timezone.now(), rule=Rule.NONE, **later)


def test_from_the_start_on_nobody_gives_themselves_a_vote(people: list[Person]) -> None:
    meeting = held(people, voters=frozenset([people[0].pk]))
    User.objects.create(username=BY, role="secretary")
    User.objects.create(username="second", role="secretary", person=people[1])
    everybody = terms(people)
    with pytest.raises(OwnAffair):
        change(meeting, everybody, actor="second", reason="应当表决的", now=AFTER)
    change(meeting, everybody, actor=BY, reason="应当表决的", now=AFTER)


def test_a_chair_who_entered_somebody_or_counted_a_vote_stays_the_chair(people: list[Person]) -> None:
    meeting = held(people)
    chair, other = comes(people[0], 0), people[1].pk
    changes_to(meeting, people, chair=other)
    changes_to(meeting, people, chair=people[0].pk)
    vouches(meeting, people[2], comes(people[1], 1), 2)
    changes_to(meeting, people, place="党群服务中心")
    vouches(meeting, people[2], chair, 3)
    for chosen in (other, None):
        refused(meeting, people, "不能再换主持人", chair=chosen)
    by_vote = held(people)
    in_the_county(by_vote, people)
    refused(by_vote, people, "不能再换主持人", chair=other)


def test_who_is_expected_does_not_cancel_a_meeting_that_has_begun_and_somebody_else_does(people: list[Person]) -> None:
    meeting, other = held(people), held(people)
    for name, is_active in ((BY, False), ("second", True)):
        User.objects.create(username=name, role="secretary", person=people[1], is_active=is_active)
    User.objects.create(username="chen-shili", role="officer")
    cancel(other, actor=BY, reason="书记去县里开会", now=BEGIN - MINUTE)
    for name in (BY, "second"):
        with pytest.raises(OwnAffair, match="不用到会的同事，或者镇里、县里"):
            cancel(meeting, actor=name, reason="书记去县里开会", now=BEGIN)
    assert not standing_record(meeting).cancelled
    by_station(meeting, people)
    cancel(meeting, actor="chen-shili", reason="停电开不成了", now=BEGIN)
    [vote] = votes_of(look(meeting))
    assert vote.shown == [("同意", 2), ("不同意", 1)]
    assert str(look(meeting).standings[0].state) == "came"


def test_the_audit_log_says_what_was_before_and_what_after(people: list[Person]) -> None:
    meeting = held(people[:2])
    changes_to(meeting, people, BEFORE, rule=Rule.NONE, chair=people[1].pk, agenda=(TURNED,), place="党群服务中心")
    detail = AuditEntry.objects.get(action="meeting.changed").detail
    one, two, three = (str(person.pk) for person in people)
    assert detail == {
        "region": meeting.region.code,
        "reason": "更正文字错误",
        "place_was": "村委会会议室",
        "place": "党群服务中心",
        "chair_was": one,
        "chair": two,
        "quorum_was": "超过 1/2",
        "quorum": "不要求",
        "agenda_was": "选小组长（同意、不同意）",
        "agenda": "选小组长（不同意、同意）",
        "expected_was": "",
        "expected": three,
        "voters_was": "",
        "voters": three,
    }
