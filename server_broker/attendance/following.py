"""Let the columns of today follow dated rows that begin by the passing of time. A chore does it every minute."""

import datetime as dt

from django.db import connection, transaction
from django.db.models import ForeignKey, Model
from django.utils import timezone

from protocol.decisions import Decided
from server_broker.attendance.models import DutyWindow, StationPlace, WindowRecord
from server_broker.audit.log import record
from server_broker.dated.models import Dated
from server_broker.decisions.rows import watched_models
from server_broker.decisions.stream import decide
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.models import Station
from server_broker.people.models import Binding, HoldingRecord, PersonRecord, UnitRecord
from server_broker.regions.models import RegionRecord

_TWO_ROUNDS = dt.timedelta(minutes=2)
LOOK_BACK = dt.timedelta(days=2)
"""Rows that began so long ago are looked at again. The chore runs every minute, and a county may be switched off."""

# Regions first, because the others name their village by its code of today.
_FOLLOWED: tuple[type[Dated], ...] = (RegionRecord, PersonRecord, Binding, UnitRecord, WindowRecord, StationPlace)


class Follower:
    """Sees to it that nothing stays as it was because nobody looked."""

    def __init__(self) -> None:
        self._first = True
        self._day: dt.date | None = None

    def follow(self, now: dt.datetime) -> int:
        """Have today's columns say what holds now, tell the stations if any changed, and return how many did.

        The first time every row is looked at, because the county may have been off for long.
        """
        since = None if self._first else now - LOOK_BACK
        with transaction.atomic():
            changed: list[Model] = [row for model in _FOLLOWED for row in _followed(model, since)]
            if changed:
                entry = record(actor="service", action="dated.due", detail={"rows": len(changed)})
                decide(entry, Decided(action="dated.due"), _watched(changed))
            # Posts have no columns of today. Windows that are for posts change as their holders do.
            turned = HoldingRecord.objects.known().filter(valid_from__gt=now - _TWO_ROUNDS, valid_from__lte=now)
            if changed or turned.exists():
                desired_changed(Station.objects.values_list("id", flat=True))
            elif timezone.localdate(now) != self._day:
                seasonal = DutyWindow.objects.filter(season_from__gt=0).values("village")
                desired_changed(Station.objects.filter(village__in=seasonal).values_list("id", flat=True))
        self._first, self._day = False, timezone.localdate(now)
        return len(changed)


def _followed(model: type[Dated], since: dt.datetime | None) -> list[Model]:
    """Let the subjects of rows that have begun follow, and return those that changed."""
    table = model._meta.db_table
    begun = "valid_from <= clock_timestamp()" + ("" if since is None else " AND valid_from > %s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT subject_id FROM (SELECT DISTINCT subject_id FROM {table}
                                        WHERE superseded_at IS NULL AND {begun}) AS begun
                WHERE {table}_follow(subject_id)""",  # noqa: S608 - our own table's name
            [] if since is None else [since],
        )
        keys = [key for (key,) in cursor.fetchall()]
    (subject,) = (field for field in model._meta.fields if field.name == "subject" and isinstance(field, ForeignKey))
    named = f"{subject.target_field.name}__in"
    return list(subject.remote_field.model._base_manager.filter(**{named: keys}))


def _watched(changed: list[Model]) -> list[Model]:
    """Return the rows of today for which the county's stream vouches."""
    return [row for row in changed if type(row) in watched_models()]
