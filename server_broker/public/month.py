"""What a person sees of their own month: each touch that the county has, and what keeps the list from being whole."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from server_broker.attendance.touches import TouchRow
from server_broker.dated.days import begin_of
from server_broker.fleet.models import Station
from server_broker.ingest.held import held_facts
from server_broker.months.month_source import REQUESTS_SHOWN
from server_broker.months.own_touches import own_touches, state_of
from server_broker.people.models import Person
from server_broker.requests.reading import request_rows, requests_of

_DIRECTIONS = {"in": "上班", "out": "下班", "": "打卡"}
_REVIEWS = {"lost_card": "这张卡已挂失，待审", "undated": "站点当时不知道准确时间，待审"}
_REQUEST_STATES = {
    "open": "等镇办答复",
    "accepted": "镇办已答复，请到大屏看",
    "refused": "镇办已答复，请到大屏看",
    "withdrawn": "已撤回",
}
MOST_REQUESTS = 20
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
    requests: list[str]
    """What the person asked for at a kiosk, and how far it is. The answer itself is read at the kiosk."""

    @property
    def count(self) -> int:
        """How many touches it has."""
        return sum(len(day.touches) for day in self.days)


def month_of(person: Person, now: dt.datetime) -> Month:
    """Return the present month of a person, by the county's calendar."""
    first = timezone.localtime(now).date().replace(day=1)
    days: dict[dt.date, list[OneTouch]] = {}
    for row in own_touches([person], begin_of(first)).get(person.pk, ()):
        days.setdefault(timezone.localtime(row.at).date(), []).append(_in_words(row))
    return Month(
        first, [OneDay(day, touches) for day, touches in days.items()], _notes(person, now), _requests(person, now)
    )


def _in_words(row: TouchRow) -> OneTouch:
    touch = row.touch
    return OneTouch(
        at=row.at,
        what=_DIRECTIONS.get(row.direction, "打卡"),
        where=touch.station.village.name,
        received_at=touch.received_at,
        came_late=row.dated and touch.received_at - row.at > _LATE,
        review=_REVIEWS.get(state_of(row), ""),
    )


def _requests(person: Person, now: dt.datetime) -> list[str]:
    lately = requests_of([person]).filter(received_at__gte=now - REQUESTS_SHOWN).order_by("-received_at", "-seq")
    rows = [row for row in request_rows(lately[:MOST_REQUESTS]) if row.person == person]
    return [f"编号 {row.request.number}：{_REQUEST_STATES.get(row.state, row.state)}" for row in rows]


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
