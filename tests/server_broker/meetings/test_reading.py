"""Who came to a meeting, as the county reads it from touches, vouching, absences and what stations told."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from server_broker.duty.models import AbsenceKind
from server_broker.meetings.models import MeetingRecord
from server_broker.meetings.reading import looks
from server_broker.meetings.recording import enter_vote
from server_broker.meetings.signing import words_judged
from server_broker.meetings.votes import DIFFERENT, MORE_THAN_PRESENT, MORE_THAN_SIGNED, NOT_CHAIR, UNDATED, votes_of
from server_broker.people.cards import report_lost
from server_broker.people.models import Person
from tests.cast import YANSHI, YANSHI_VILLAGE
from tests.server_broker.county import FictionalCounty, add_station
from tests.server_broker.meetings.meeting_days import (
    AFTER,
    BEGIN,
    BY,
    DAY,
    END,
    HOUR,
    MINUTE,
    away,
    comes,
    counted,
    held,
    look,
    states,
    station_told,
    villagers,
    vouches,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("county")]


@pytest.fixture
def people(county: FictionalCounty) -> list[Person]:
    return villagers(5)


def test_touches_sign_in_from_an_hour_before_to_the_end_and_ten_minutes_is_not_late(people: list[Person]) -> None:
    meeting = held(people)
    for person, minutes in zip(people, (-61, -60, 10.9, 11, 60.9), strict=True):
        comes(person, minutes)
    station_told()
    assert states(meeting) == ["absent", "came", "came", "late", "late"]
    quorum = look(meeting).quorum
    assert quorum is not None
    assert (quorum.there, quorum.needed, quorum.is_reached) == (2, 3, False)


def test_a_touch_that_joins_a_run_signs_in_and_one_of_a_lost_card_does_not(people: list[Person]) -> None:
    meeting = held(people[:2])
    comes(people[0], -61)
    comes(people[0], -59.5, answer="repeat")
    comes(people[1], 0)
    station_told()
    assert states(meeting) == ["came", "came"]
    report_lost(people[1].cards.get(), actor=BY, reason="本人说丢了", since=BEGIN - HOUR, now=AFTER)
    assert states(meeting) == ["came", "absent"]


def test_nobody_is_absent_before_the_station_has_told_of_a_later_time(people: list[Person]) -> None:
    meeting = held(people[:1])
    assert states(meeting, BEGIN) == ["coming"]
    assert states(meeting) == ["awaited"]
    station_told(60)
    assert states(meeting) == ["awaited"], "a touch of the last minute may still be on its way"
    station_told(61)
    assert states(meeting) == ["absent"]


def test_an_undated_touch_waits_for_a_person_if_it_could_lie_in_the_span(people: list[Person]) -> None:
    meeting = held(people[:2])
    comes(people[0], 5, quality="unknown")
    epoch = b"e" * 16
    comes(people[1], -200, epoch=epoch, seq=1)
    comes(people[1], 5, quality="unknown", epoch=epoch, seq=2)
    comes(people[1], -100, epoch=epoch, seq=3)
    station_told()
    assert states(meeting) == ["undated", "absent"], "the second lies before the span, whenever it was"


def test_leave_of_the_whole_meeting_excuses_and_residency_does_not(people: list[Person]) -> None:
    meeting = held(people[:4])
    away(people[0], AbsenceKind.LEAVE, BEGIN, END)
    away(people[1], AbsenceKind.LEAVE, BEGIN, END - MINUTE)
    away(people[2], AbsenceKind.RESIDENCY, BEGIN - DAY, END + DAY)
    away(people[3], AbsenceKind.FIELD_DUTY, BEGIN, BEGIN + 30 * MINUTE)
    away(people[3], AbsenceKind.MEETING, BEGIN + 30 * MINUTE, END)
    station_told()
    assert states(meeting) == ["excused", "absent", "absent", "excused"]


def test_who_has_no_card_signs_in_when_another_confirms_what_the_chair_entered(people: list[Person]) -> None:
    chair, member, without, other, stranger = people
    meeting = held([chair, member, without, other])
    by_chair, by_member, by_stranger = comes(chair, -5), comes(member, 3), comes(stranger, 3)
    vouches(meeting, without, by_chair, 2)
    assert states(meeting, END)[2] == "coming", "the chair's word alone is not enough"
    vouches(meeting, without, by_stranger, 3)
    assert states(meeting, END)[2] == "coming", "the other must be expected too"
    vouches(meeting, without, by_member, 3)
    assert look(meeting).standings[2].at == BEGIN + 3 * MINUTE
    assert look(meeting).standings[2].vouched_by == member.pk
    vouches(meeting, other, by_member, 3)
    vouches(meeting, other, by_chair, 4)
    assert states(meeting, END)[3] == "coming", "that touch came before the chair's entry"
    vouches(meeting, without, comes(without, 5), 5)
    seen = look(meeting)
    assert [str(word) for _, word in words_judged(seen.plan, seen.vouched)] == [
        *("entered", "of_a_stranger", "confirmed", "before_the_entry", "entered", "of_oneself"),
    ]


def test_a_late_leave_and_a_card_that_is_bound_later_show_at_the_next_look(people: list[Person]) -> None:
    meeting = held(people[:1])
    station_told()
    assert states(meeting) == ["absent"]
    away(people[0], AbsenceKind.LEAVE, BEGIN - HOUR, END)
    assert states(meeting) == ["excused"]
    comes(people[0], 0)
    assert states(meeting) == ["came"]
    assert look(meeting).standings[0].away == "leave"


def test_votes_are_judged_by_who_had_signed_in_and_contradictions_are_named(people: list[Person]) -> None:
    meeting = held(people)
    by_chair = comes(people[0], 0)
    by_other = comes(people[1], 1)
    counted(meeting, [2, 0], 2, by_chair, 20)
    [vote] = votes_of(look(meeting))
    assert vote.holds is not None
    assert vote.holds.quorum is not None
    assert not vote.holds.quorum.is_reached
    assert vote.holds.wrong == ()
    comes(people[2], 25)
    counted(meeting, [4, 0], 3, by_other, 30)
    counted(meeting, [1, 0], 9, by_chair, 31, quality="unknown")
    [vote] = votes_of(look(meeting))
    assert [count.wrong for count in vote.counts[1:]] == [(MORE_THAN_PRESENT, NOT_CHAIR), (UNDATED,)]
    assert vote.counts[1].quorum is not None
    assert vote.counts[1].quorum.is_reached
    at = BEGIN + 40 * MINUTE
    enter_vote(meeting, "1", [1, 1], present=5, abstained=0, voted_at=at, actor=BY, now=AFTER)
    [vote] = votes_of(look(meeting))
    assert vote.holds is not None
    assert vote.holds.entered_by == BY
    assert vote.holds.wrong == (MORE_THAN_SIGNED, DIFFERENT)


def test_queries_do_not_grow_with_meetings_or_people(people: list[Person], county: FictionalCounty) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    held(people)
    station_told()

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            looks(MeetingRecord.objects.known().select_related("subject__region", "subject__unit"), AFTER)
        return len(found)

    comes(people[0], 0)
    vouches(held(people[:1]), people[1], comes(people[1], 1), 2)
    before = queries()
    for day in range(3):
        for person in people:
            comes(person, day * 1440 + 5)
        meeting = held(people, begin=BEGIN + day * DAY, end=END + day * DAY)
        vouches(meeting, people[2], comes(people[0], day * 1440), day * 1440 + 1)
    assert queries() == before
