"""A meeting of 示例村's branch on a day that is over, and what its station and its people do there."""

import datetime as dt
import secrets
from typing import Any

from server_broker.attendance.models import Touch
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceKind, AbsenceRecord
from server_broker.fleet.models import Station, StationEvent
from server_broker.meetings.announced import Item, Terms
from server_broker.meetings.announcing import announce
from server_broker.meetings.models import Kind, Meeting, MeetingRecord, Rule, VoteCount, Vouch
from server_broker.meetings.reading import Look, looks
from server_broker.people.models import Card, Person, Unit, UnitKind
from server_broker.regions.models import Region
from tests.cast import SHILI, SHILI_VILLAGE
from tests.server_broker.county import touch

BY = "jiang-shilicun"
BEGIN = dt.datetime(2026, 9, 4, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
END = BEGIN + HOUR
BEFORE, AFTER = BEGIN - 7 * DAY, END + 2 * HOUR
"""When it is announced, and when somebody looks at it."""
VOTE = Item("1", "选小组长", ("同意", "不同意"))


def branch(name: str = "示例村党支部") -> Unit:
    region = Region.objects.get(pk=SHILI_VILLAGE)
    return Unit.objects.get_or_create(name=name, kind=UnitKind.BRANCH, region=region)[0]


def villagers(number: int) -> list[Person]:
    """So many people of 示例村, each with a card."""
    made = []
    for one in range(number):
        person = Person.objects.create(
            number=f"v{one}", name=f"示例{'甲乙丙丁戊己庚辛'[one]}", village_id=SHILI_VILLAGE
        )
        Card.objects.create(token=f"card-of-v{one}-----".encode()[:16], tail="0v0v", person=person, bound_at=BEFORE)
        made.append(person)
    return made


def terms(people: list[Person], **values: Any) -> Terms:
    keys = [person.pk for person in people]
    said: dict[str, Any] = {
        "kind": Kind.MEMBERS,
        "title": "九月党员大会",
        "place": "村委会会议室",
        "stations": [SHILI],
        "begin": BEGIN,
        "end": END,
        "chair": keys[0],
        "expected": keys,
        "voters": frozenset(keys),
        "rule": Rule.MORE_THAN,
        "numerator": 1,
        "denominator": 2,
        "agenda": (VOTE,),
    }
    return Terms(**(said | values))


def held(people: list[Person], *, region: str = SHILI_VILLAGE, unit: Unit | None = None, **values: Any) -> Meeting:
    """A meeting that was announced a week before."""
    now = values.get("begin", BEGIN) - 7 * DAY
    return announce(Region.objects.get(pk=region), unit, terms(people, **values), actor=BY, now=now)


def look(meeting: Meeting, now: dt.datetime = AFTER) -> Look:
    rows = MeetingRecord.objects.known().filter(subject=meeting).select_related("subject__region", "subject__unit")
    [found] = looks(rows, now)
    return found


def states(meeting: Meeting, now: dt.datetime = AFTER) -> list[str]:
    return [str(one.state) for one in look(meeting, now).standings]


def comes(person: Person, minutes: float, station: str = SHILI, **values: object) -> Touch:
    """Somebody touches the station so many minutes after the begin."""
    card = person.cards.get()
    at = BEGIN + minutes * MINUTE
    return touch(Station.objects.get(pk=station), bytes(card.token), at=at, **({"received_at": at + MINUTE} | values))


def station_told(minutes: float = 120, station: str = SHILI) -> None:
    """The station tells of a time after the meeting."""
    at = BEGIN + minutes * MINUTE
    StationEvent.objects.create(**_stated(station, at), kind="window_closed", detail={})


def _stated(station: str, at: dt.datetime, quality: str = "synced") -> dict[str, Any]:
    return {
        "station_id": station,
        "epoch": secrets.token_bytes(16),
        "seq": 9,
        "wall": at,
        "quality": quality,
        "boot": bytes(16),
        "mono_ms": 0,
        "received_at": at + MINUTE,
    }


def vouches(
    meeting: Meeting, person: Person, by: Touch, minutes: float, note: str = "", *, back: bool = False
) -> Vouch:
    """Whoever touched ``by`` says so many minutes after the begin that somebody is there, or takes that ``back``."""
    return Vouch.objects.create(
        **_stated(SHILI, BEGIN + minutes * MINUTE),
        by_epoch=by.epoch,
        by_seq=by.seq,
        person=person.number,
        purpose=f"{'meeting-back' if back else 'meeting'}:{meeting.code}",
        note=note,
    )


def counted(meeting: Meeting, votes: list[int], present: int, by: Touch, minutes: float = 30, **more: Any) -> VoteCount:
    """The chair enters a vote at the station."""
    values = _stated(SHILI, BEGIN + minutes * MINUTE, more.pop("quality", "synced"))
    said = {"item": "1", "votes": votes, "present": present, "abstained": 0} | more
    return VoteCount.objects.create(**values, by_epoch=by.epoch, by_seq=by.seq, meeting=meeting.code, **said)


def away(person: Person, kind: AbsenceKind, begin: dt.datetime, end: dt.datetime) -> None:
    made = Absence.objects.create(person=person, kind=kind)
    content = {"code": "", "ended": False}
    put(AbsenceRecord, [made.pk], Period(begin, end), content, actor="service")
