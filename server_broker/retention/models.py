"""The record of what was erased at the end of its time. Rows are added and never changed."""

from django.db import models

from server_broker.fleet.models import Stream


class Erasure(models.Model):
    """The facts of one stream whose content one run erased, for one reason.

    The audit log has an entry of the same content, so a record that somebody makes up later is found.
    """

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="erasures")
    holding = models.CharField(max_length=32)
    """Key of the row of `server_broker.retention.keepings` that ended."""
    at = models.DateTimeField()
    received_before = models.DateTimeField()
    facts = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)
    """SHA-256 over seq and digest of each fact, in order (`server_broker.retention.erasures`)."""


class ErasedFact(models.Model):
    """One fact whose content is gone. Its digest stays in the fact itself, and here."""

    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="erased")
    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="+")
    seq = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="fact_erased_once")]
