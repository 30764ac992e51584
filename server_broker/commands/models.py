"""An order to a station and its way there."""

from typing import Self

from django.db import models

from server_broker.fleet.models import Station
from server_broker.regions.models import subtree_prefix


class CommandQuerySet(models.QuerySet["StationOrder"]):
    """Queries over orders."""

    def under(self, code: str) -> Self:
        """Return the orders to stations in the subtree of a region."""
        return self.filter(station__village__code__startswith=subtree_prefix(code))


class StationOrder(models.Model):
    """One order. It goes out while the station is connected, and again at each new connection, until it is answered or
    past; a station carries out an id once, however often it comes."""

    id = models.UUIDField(primary_key=True)
    """16 random bytes: a `protocol.commands.Command` with this id."""
    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="orders")
    order = models.CharField(max_length=16)
    terms = models.JSONField(default=dict)
    reason = models.CharField(max_length=200)
    issuer = models.CharField(max_length=150)
    issued_at = models.DateTimeField()
    not_after = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    sent_over = models.BinaryField(max_length=16, null=True)
    """Nonce of the birth of the connection that it was last sent over."""
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
