"""A command to a station, when it was sent, and its outcome. The table is still called an order."""

from typing import Self

from django.db import models

from server_broker.fleet.models import Station
from server_broker.regions.models import subtree_prefix


class CommandQuerySet(models.QuerySet["StationOrder"]):
    """Queries over commands."""

    def under(self, code: str) -> Self:
        """Return the commands to stations in the subtree of a region."""
        return self.filter(station__village__code__startswith=subtree_prefix(code))


class StationOrder(models.Model):
    """One command to a station.

    It is sent while the station is connected, and again on each new connection, until its outcome is known or it is no
    longer valid. A station executes each id once, however often the command comes.
    """

    id = models.UUIDField(primary_key=True)
    """16 random bytes: the id of the `protocol.commands.Command`."""
    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="orders")
    order = models.CharField(max_length=16)
    terms = models.JSONField(default=dict)
    reason = models.CharField(max_length=200)
    issuer = models.CharField(max_length=150)
    issued_at = models.DateTimeField()
    not_after = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    sent_over = models.BinaryField(max_length=16, null=True)
    """Nonce of the birth of the connection over which it was last sent."""
    answered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, blank=True)
    detail = models.CharField(max_length=400, blank=True)
    figures = models.JSONField(default=dict)

    objects = CommandQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at"]
        indexes = [
            models.Index(fields=["station", "-issued_at"], name="order_by_station"),
            models.Index(fields=["not_after"], condition=models.Q(answered_at=None), name="order_open"),
        ]
