"""What somebody decided about all together that a station said beyond a measure, whatever it said too much of."""

from django.db import connection, models

from protocol.decisions import Decided
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.fleet.models import Station


class DecidedSurplus(models.Model):
    """One decision about all that waited of a station. Each room that sets something apart has a table of its own."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    taken_up = models.BooleanField()
    """It counts as if it had not been too much; else nothing comes of it."""
    count = models.PositiveIntegerField()
    """How much it was about."""
    reason = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    decided_fields = ("station", "taken_up", "count", "reason", "actor", "at")

    class Meta:
        abstract = True


def note_decision(made: DecidedSurplus, *, action: str) -> None:
    """Note a stored decision in the audit log and the county's stream, at the end of the caller's transaction.

    Until that is over nobody else in the county can decide anything. So whatever follows from the decision, which may
    be hundreds of thousands of rows, is written and checked before.
    """
    connection.check_constraints()
    station = made.station_id
    entry = record(made.actor, action, station, {"station": station, "count": made.count, "reason": made.reason})
    decide(entry, Decided(action=action, subject=station), [made])
