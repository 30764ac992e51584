"""The meetings of a station's village as a bundle for it: who is expected, who of them votes, what makes a quorum."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.utils import timezone

from protocol.china_time import milliseconds
from protocol.meetings import MAX_EXPECTED, MAX_MEETINGS, AgendaItem, Expected, Meeting, Meetings, Paper
from server_broker.bundles.computed import draft_for, end_of_computed
from server_broker.bundles.drafts import Draft
from server_broker.bundles.models import Bundle
from server_broker.dated.days import begin_of
from server_broker.fleet.models import Station
from server_broker.meetings.models import MeetingRecord
from server_broker.meetings.reading import excuses, plan_of
from server_broker.people.models import Person
from server_broker.regions.models import region_chain

BEFORE, AHEAD = dt.timedelta(days=1), dt.timedelta(days=35)
_DAY = dt.timedelta(days=1)


def meetings_drafts(station: Station, now: dt.datetime) -> Iterable[Draft]:
    """Return the meetings that a station signs in for, and those that its village is told of; nothing if it had none.

    They are those from yesterday to five weeks ahead, so the content is the same all day.
    """
    found = meetings_for(station, now)
    had_some = Bundle.objects.filter(bundle=_name(station)).exists()
    if found or had_some:
        yield draft_for(station, "meetings", "会议", Meetings(meetings=found), not_after=end_of_computed(now))


def _name(station: Station) -> str:
    return f"meetings-{station.pk}"


def meetings_for(station: Station, now: dt.datetime) -> list[Meeting]:
    """Return the meetings for a station, by begin."""
    today = begin_of(timezone.localdate(now))
    above = region_chain(station.village_id)
    rows = MeetingRecord.objects.known().filter(
        Q(stations__contains=[station.pk]) | Q(subject__region__code__in=above),
        end__gte=today - BEFORE,
        begin__lt=today + AHEAD + _DAY,
    )
    listed = list(rows.select_related("subject__region", "subject__unit").order_by("begin", "pk"))
    people = Person.objects.in_bulk({person for row in listed for person in row.expected})
    away = excuses(listed)
    told = [one for row in listed if (one := _meeting(station, row, people, away[row.subject_id])) is not None]
    # What is signed in to here goes first where not everything finds room.
    told = sorted(told, key=lambda one: (not one.here, one.begin))[:MAX_MEETINGS]
    return sorted(told, key=lambda one: (one.begin, one.id))


def _meeting(station: Station, row: MeetingRecord, people: dict[int, Person], away: dict[int, str]) -> Meeting | None:
    here = station.pk in row.stations
    # Where one doesn't sign in, only the village's own people are named.
    own = [
        people[person]
        for person in row.expected
        if person in people and (here or people[person].village_id == station.village_id)
    ]
    if not own and not here:
        return None
    chair = people.get(row.chair) if row.chair is not None else None
    return Meeting(
        id=row.subject.code,
        title=row.title,
        kind=row.kind,
        of=_whose(row),
        place=row.place,
        begin=milliseconds(row.begin),
        end=milliseconds(row.end),
        chair=chair.number if chair in own and chair is not None else "",
        expected=_expected(own[:MAX_EXPECTED], row, away),
        quorum=plan_of(row).quorum if here else None,
        agenda=[AgendaItem(id=item, title=title, options=options) for item, title, options in row.agenda],
        papers=[Paper(bundle=bundle, document=document, title=title) for bundle, document, title in row.papers],
        here=here,
        cancelled=row.cancelled,
    )


def _whose(row: MeetingRecord) -> str:
    unit = row.subject.unit
    return (unit.name if unit is not None else row.subject.region.name)[:64]


def _expected(people: Sequence[Person], row: MeetingRecord, away: dict[int, str]) -> list[Expected]:
    names = [person.name for person in people]
    return [
        Expected(
            person=person.number,
            # Namesakes are told apart by what the village calls them least wrongly: their staff number.
            name=person.name if names.count(person.name) == 1 else f"{person.name}（{person.number}）"[:64],
            votes=person.pk in row.voters,
            excused=away.get(person.pk, ""),
        )
        for person in people
    ]
