"""What a person does about an incident: acknowledge it with a note, silence it until a day; and take either back."""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from server_broker.accounts.models import User
from server_broker.audit.log import Detail, record, told_reason
from server_broker.fleet.alarms import mark_acknowledged
from server_broker.fleet.models import Alarm
from server_broker.incidents.grouping import Incident
from server_broker.incidents.models import Acknowledgement, Silence
from server_broker.incidents.open_now import Standing, unresolved_alarms

MAX_NOTE = 200
MAX_SILENCE_DAYS = 30


class AnswerRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


def acknowledge(standing: Standing, *, note: str, by: User, at: datetime) -> None:
    """Note that somebody has seen an incident and deals with it. Its alarms on the page 告警 are acknowledged with it.

    Raises:
        AnswerRefused: Somebody has acknowledged it already.
    """
    incident = standing.incident
    with transaction.atomic():
        if standing.acknowledged is not None:
            raise AnswerRefused(f"{standing.acknowledged.by.get_username()} 已经确认过")
        Acknowledgement.objects.create(kind=incident.kind.key, place=incident.place, note=note[:MAX_NOTE], by=by, at=at)
        for alarm in Alarm.objects.filter(unresolved_alarms(incident), acknowledged_at=None):
            mark_acknowledged(alarm, by=by, at=at)
        record(by.get_username(), "incident.acknowledged", _subject(incident), {"note": note[:MAX_NOTE]})


def take_back(standing: Standing, *, by: User, at: datetime) -> None:
    """Take an acknowledgement back: the incident waits for somebody again, and so do the alarms that it took along.

    Raises:
        AnswerRefused: Nobody has acknowledged it, or only on the page 告警.
    """
    found = standing.acknowledged
    if found is None:
        raise AnswerRefused("这件事没有确认过")
    with transaction.atomic():
        Acknowledgement.objects.filter(pk=found.pk).update(taken_back_at=at)
        taken_along = Alarm.objects.filter(unresolved_alarms(standing.incident), acknowledged_at=found.at)
        taken_along.update(acknowledged_at=None, acknowledged_by=None)
        record(by.get_username(), "incident.taken_back", _subject(standing.incident))


def silence(standing: Standing, *, last_day: date, reason: str, by: User, at: datetime) -> None:
    """Have nobody told of incidents of this kind at this place until the end of ``last_day``.

    Raises:
        AnswerRefused: The reason is too short or too long, the day lies in the past or too far ahead, or there is one.
    """
    told = told_reason(reason, refused=AnswerRefused)
    today = timezone.localdate(at)
    if not today <= last_day <= today + timedelta(days=MAX_SILENCE_DAYS):
        raise AnswerRefused(f"静默到哪天：从今天起，最多 {MAX_SILENCE_DAYS} 天")
    if standing.silence is not None:
        raise AnswerRefused("已经静默了，要改日期请先取消")
    ends_at = timezone.make_aware(datetime.combine(last_day + timedelta(days=1), time()))
    incident = standing.incident
    with transaction.atomic():
        Silence.objects.create(kind=incident.kind.key, place=incident.place, reason=told, by=by, at=at, ends_at=ends_at)
        detail: Detail = {"reason": told, "until": str(last_day)}
        record(by.get_username(), "incident.silenced", _subject(incident), detail)


def lift(standing: Standing, *, by: User, at: datetime) -> None:
    """End a silence before its day.

    Raises:
        AnswerRefused: There is none, or it is one for a larger place: that is ended there.
    """
    found = standing.silence
    if found is None:
        raise AnswerRefused("这件事没有静默")
    if found.place != standing.incident.place:
        raise AnswerRefused("这是给整个镇办或全县设的静默，要在那一条里取消")
    with transaction.atomic():
        Silence.objects.filter(pk=found.pk).update(lifted_at=at)
        record(by.get_username(), "incident.silence_lifted", _subject(standing.incident))


def _subject(incident: Incident) -> str:
    return f"{incident.kind.key} {incident.place}"
