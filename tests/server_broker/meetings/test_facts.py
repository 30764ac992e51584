"""What a station states of a meeting comes in as facts, and the county reads it with the people behind them."""

from datetime import timedelta

import pytest

from protocol import facts
from protocol.meetings import vouching_for
from server_broker.ingest.batch import BatchProcessor
from server_broker.meetings.models import MeetingStep
from server_broker.meetings.reading import stated
from server_broker.meetings.votes import votes_of
from server_broker.people.models import Person
from tests.cast import LI, SHILI, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.derived.stations import said, take
from tests.server_broker.meetings.meeting_days import HOUR, held, look, villagers
from tests.server_broker.station_double import NOW, WALL, StationDouble, moment, touch

pytestmark = pytest.mark.django_db
MINUTE_MS = 60_000


def test_a_meeting_at_a_station_from_the_first_touch_to_the_last(
    county: FictionalCounty, processor: BatchProcessor
) -> None:
    assert processor is not None
    county.add(LI)
    station = county.stations[SHILI]
    double = StationDouble(id=SHILI)
    station.record_key, station.enrolled_at = double.public, NOW
    station.save()
    [without] = villagers(1)
    people: list[Person] = [county.people[ZHANG], county.people[LI], without]
    begin = NOW.replace(second=0, microsecond=0)
    meeting = held(people, begin=begin, end=begin + HOUR)

    def at(minutes: float) -> int:
        return WALL + round(minutes * MINUTE_MS)

    purpose = vouching_for(meeting.code)
    double.add(
        touch(1000, card=ZHANG.token),
        facts.MeetingStepped(at=moment(1, wall=at(0)), meeting=meeting.code, step="opened", by=double.ref(1)),
        facts.PersonVouched(at=moment(2, wall=at(1)), person=without.number, by=double.ref(1), purpose=purpose),
        touch(2 * MINUTE_MS, card=LI.token),
        facts.PersonVouched(at=moment(3, wall=at(2.1)), person=without.number, by=double.ref(4), purpose=purpose),
        facts.VotesCounted(
            at=moment(4, wall=at(20)), meeting=meeting.code, question="1", votes=[2, 1], present=3, by=double.ref(1)
        ),
        facts.MeetingStepped(at=moment(5, wall=at(61)), meeting=meeting.code, step="closed", by=double.ref(1)),
    )
    take(double)
    found = look(meeting, NOW + timedelta(hours=2))
    assert [str(one.state) for one in found.standings] == ["came", "came", "came"]
    assert found.standings[2].vouched_by == county.people[LI].pk
    [vote] = votes_of(found)
    assert vote.holds is not None
    assert vote.holds.wrong == ()
    assert vote.holds.person == county.people[ZHANG].pk
    assert [one.person for one in stated(MeetingStep.objects.all())] == [county.people[ZHANG].pk] * 2
    assert said() == [], "the rows are what the station signed"
