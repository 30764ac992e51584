"""Edits of meetings and of what the county asks of them. Import it after `django.setup`."""

import datetime as dt

from server_broker.meetings import announcing
from server_broker.meetings.announced import Terms
from server_broker.meetings.kinds import Asked, set_kind
from server_broker.meetings.models import Kind, MeetingRecord, Rule
from server_broker.people.models import Person
from server_broker.regions.models import Region
from tests.proofs.dated.county import BY, DAY, HOUR, STATION, WHY, County


def announce(county: County, day: dt.date) -> None:
    """Some people of a village are called to a meeting."""
    village = county.village()
    announcing.announce(village, None, _terms(county, village, day), actor=BY, now=county.at(day))


def change(county: County, day: dt.date) -> None:
    """A meeting is put off, or others are called to it."""
    row = county.some(MeetingRecord.objects.known())
    terms = _terms(county, row.subject.region, day)
    announcing.change(row.subject, terms, actor=BY, reason=WHY, now=county.at(day))


def cancel(county: County, day: dt.date) -> None:
    """A meeting is not held."""
    row = county.some(MeetingRecord.objects.known())
    announcing.cancel(row.subject, actor=BY, reason=WHY, now=county.at(day))


def ask_otherwise(county: County, day: dt.date) -> None:
    """The county asks something else of a kind of meeting."""
    asked = Asked(county.draw.randrange(3), county.draw.choice((1, 3)), Rule.AT_LEAST, county.draw.randrange(1, 3), 2)
    set_kind(county.draw.choice(Kind.values), asked, since=county.soon(day), actor=BY, reason=WHY)


def _terms(county: County, village: Region, day: dt.date) -> Terms:
    people = list(Person.objects.filter(village=village, left=False).order_by("pk").values_list("pk", flat=True))
    called = people[: county.draw.randrange(1, 5)]
    begin = county.at(day) + county.draw.randrange(1, 20) * DAY
    return Terms(
        kind=county.draw.choice(Kind.values),
        title="示例会议",
        place="村委会会议室",
        stations=[STATION],
        begin=begin,
        end=begin + HOUR,
        chair=called[0] if called else None,
        expected=called,
        voters=frozenset(called),
        rule=Rule.MORE_THAN,
        numerator=1,
        denominator=2,
    )


OFTEN = ()
SOMETIMES = ()
SELDOM = (announce, change, cancel, ask_otherwise)
