"""What a person sees of their own month: each touch that the county has, and what keeps the list from being whole."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from protocol.units import DATED_QUALITIES
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import TouchRow, touch_rows
from server_broker.dated.days import begin_of
from server_broker.fleet.models import Station
from server_broker.ingest.held import held_facts
from server_broker.people.models import Binding, Person, PersonRecord

_DIRECTIONS = {"in": "上班", "out": "下班", "": "打卡"}
_LATE = dt.timedelta(hours=1)
"""A touch that the county got later than this was brought later, and the page says so."""


@dataclass(frozen=True, slots=True)
class OneTouch:
    """A touch in words. ``review`` says why a person must still look at it; it is empty if nobody must."""

    at: dt.datetime
    what: str
    where: str
    received_at: dt.datetime
    came_late: bool
    review: str


@dataclass(frozen=True, slots=True)
class OneDay:
    """A day with at least one touch, the latest first."""

    day: dt.date
    touches: list[OneTouch]


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one person. ``notes`` are sentences about the stations of the person's village."""

    first: dt.date
    days: list[OneDay]
    notes: list[str]

    @property
    def count(self) -> int:
        """How many touches it has."""
        return sum(len(day.touches) for day in self.days)


def month_of(person: Person, now: dt.datetime) -> Month:
    """Return the present month of a person, by the county's calendar."""
    first = timezone.localtime(now).date().replace(day=1)
    days: dict[dt.date, list[OneTouch]] = {}
    for row in touch_rows(_touches(person, begin_of(first))):
        # A card may have had another holder at that time.
        if row.person != person:
            continue
        days.setdefault(timezone.localtime(row.at).date(), []).append(_in_words(row))
    return Month(first, [OneDay(day, touches) for day, touches in days.items()], _notes(person, now))


def _touches(person: Person, start: dt.datetime) -> list[Touch]:
    """Return the touches since ``start`` by cards and numbers that the person ever had, wherever they were."""
    dated = Q(wall__gte=start, quality__in=DATED_QUALITIES, corrected_wall__isnull=True)
    undated = ~Q(quality__in=DATED_QUALITIES) & Q(corrected_wall__isnull=True, received_at__gte=start)
    tokens = Binding.objects.filter(person=person).values("subject__token")
    # Also numbers that were corrected since: a touch by one counts for the person, as `touch_rows` tells.
    numbers = PersonRecord.objects.filter(subject=person).values_list("number", flat=True)
    theirs = Q(card_token__in=tokens) | Q(person_number__in={person.number, *numbers})
    touches = Touch.objects.filter(theirs, dated | undated | Q(corrected_wall__gte=start))
    return list(touches.exclude(answer="repeat").select_related("station__village"))


def _in_words(row: TouchRow) -> OneTouch:
    touch = row.touch
    review = ""
    if row.lost or touch.answer == "lost":
        review = "这张卡已挂失，待审"
    elif not row.dated:
        review = "站点当时不知道准确时间，待审"
    return OneTouch(
        at=row.at,
        what=_DIRECTIONS.get(row.direction, "打卡"),
        where=touch.station.village.name,
        received_at=touch.received_at,
        came_late=row.dated and touch.received_at - row.at > _LATE,
        review=review,
    )


def _notes(person: Person, now: dt.datetime) -> list[str]:
    notes = []
    for station in Station.objects.filter(village=person.village_id, revoked_at=None).select_related("status"):
        status = getattr(station, "status", None)
        if status is None or station.enrolled_at is None:
            continue
        if not status.online:
            heard = status.heard_at or status.changed_at
            since = f"{timezone.localtime(heard):%m月%d日 %H:%M} 起" if heard else ""
            notes.append(f"{station.name}{since}没有连上县里。这以后的打卡还没送到，不算缺卡。")
        held = held_facts().filter(stream__station=station, write_off=None).count()
        if held:
            notes.append(f"{station.name}有 {held} 条记录待审，其中可能有您的打卡。")
    return notes
