"""Set questions aside that would bury the others: beyond a day's measure of one station, and of a revoked one.

Nothing that a person said is changed or lost. A question that is set aside is listed apart, may be answered there, and
is put back by whoever looked at it. What was put back is not set aside again for being too many.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from server_broker.accounts.models import User
from server_broker.audit.log import record
from server_broker.feedback.models import Because, Feedback, FeedbackStep, SetAside
from server_broker.feedback.tables import FEEDBACKS
from server_broker.fleet.alarm_codes import MANY_QUESTIONS
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.day_measure import Measure, Measuring
from server_broker.fleet.models import Station
from server_broker.platform.sql import query

A_DAY = 50
"""So many questions of a station wait among the others each day. No village asks as many at one screen."""


def measuring() -> Measuring:
    """Return what sets questions aside: it has looked at nothing yet."""
    return Measuring([_MEASURE])


def set_many_aside(now: datetime, measured: Measuring | None = None) -> int:
    """Set aside what stations said beyond `A_DAY` in a day, raise an alarm for each, and return how many these were.

    Args:
        measured: What earlier turns measured; None: nothing yet. Of very many a turn sets aside some.
    """
    return (measured or measuring()).go_on(now)


def _keep(beyond: Mapping[int, str], now: datetime) -> Counter[str]:
    kept = query(
        """INSERT INTO feedback_setaside (feedback_id, because, actor, at)
        SELECT f.id, 'many', '', %s FROM unnest(%s::bigint[]) AS f (id)
        WHERE NOT EXISTS (SELECT FROM feedback_feedbackstep s WHERE s.feedback_id = f.id)
        ON CONFLICT DO NOTHING RETURNING feedback_id""",
        [now, list(beyond)],
    )
    added = Counter(beyond[key] for (key,) in kept)
    raise_alarms([AlarmCall(station, MANY_QUESTIONS, "major", _detail(station)) for station in added], at=now)
    return added


_MEASURE = Measure(
    said=f"""SELECT f.id, f.station_id, f.received_at FROM {FEEDBACKS} f
             WHERE NOT EXISTS (SELECT FROM feedback_setaside a WHERE a.feedback_id = f.id)""",  # noqa: S608 - a constant
    a_day=A_DAY,
    keep=_keep,
)


def _detail(station: str) -> str:
    kept = SetAside.objects.filter(feedback__station=station, because=Because.MANY, put_back_at=None).count()
    return f"站点 {station} 一天报来的意见超过 {A_DAY} 条，多出的单独放着，共 {kept} 条，一条不少"


def set_revoked_aside(station: Station, *, actor: User, at: datetime) -> int:
    """Set aside together what a revoked station said and nobody has answered or passed on; return how many these were.

    Without effect for a station in service: what its villagers say waits for an answer.
    """
    with transaction.atomic():
        if Station.objects.filter(pk=station.pk, revoked_at=None).exists():
            return 0
        kept = [
            SetAside(feedback_id=pk, because=Because.REVOKED, actor=actor.get_username(), at=at)
            for pk in waiting(Feedback.objects.filter(station=station)).values_list("pk", flat=True)
        ]
        if not kept:
            return 0
        SetAside.objects.bulk_create(
            kept,
            update_conflicts=True,
            unique_fields=["feedback"],
            update_fields=["because", "actor", "at", "put_back_at"],
        )
        record(actor.get_username(), "feedback.set_aside", station.pk, {"station": station.pk, "count": len(kept)})
    return len(kept)


def put_back(station: Station, because: Because, *, actor: User, at: datetime) -> int:
    """Put back among the others what was set aside of a station for one reason; return how many these were."""
    with transaction.atomic():
        rows = SetAside.objects.filter(feedback__station=station, because=because, put_back_at=None)
        count = rows.update(put_back_at=at)
        if count:
            record(actor.get_username(), "feedback.put_back", station.pk, {"station": station.pk, "count": count})
    return count


def waiting(said: QuerySet[Feedback]) -> QuerySet[Feedback]:
    """Return those questions that nobody has answered, passed on or set aside."""
    done = FeedbackStep.objects.filter(feedback=OuterRef("pk"))
    aside = SetAside.objects.filter(feedback=OuterRef("pk"), put_back_at=None)
    return said.filter(~Exists(done), ~Exists(aside))
