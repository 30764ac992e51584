"""The county's stream, its facts, and the rows that each of them vouches for. Rows are added and never changed.

The one exception is content: `DecidedRow.salt` and `DecidedRow.body` may be erased, never replaced. The database itself
refuses everything else by triggers.
"""

from django.db import models


class CountyStream(models.Model):
    """One epoch of the county's stream; the one that was opened last is the present one."""

    county = models.CharField(max_length=32)
    epoch = models.BinaryField(max_length=16, unique=True)
    through = models.BigIntegerField(default=0)
    head = models.BinaryField(max_length=32)
    record_key = models.BinaryField(max_length=32)
    """The public key that signs the next fact."""
    tables = models.JSONField(default=list)
    """The tables whose rows the stream vouches for."""
    opened_at = models.DateTimeField()
    answers = models.CharField(max_length=32, blank=True)
    """The epoch (hex) of the mark outside the database when this one was opened (`server_broker.trust.county_mark`)."""

    class Meta:
        ordering = ["id"]


class DecidedFact(models.Model):
    """One fact: ``body`` is an encoded `protocol.decisions.CountyFact`."""

    stream = models.ForeignKey(CountyStream, on_delete=models.PROTECT, related_name="facts")
    seq = models.BigIntegerField()
    salt = models.BinaryField(max_length=16)
    body = models.BinaryField()
    head = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)
    """Of the head, by the record key of that time."""

    class Meta:
        ordering = ["stream", "seq"]
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="decided_fact_once")]


class DecidedRow(models.Model):
    """A row that a fact vouches for. ``digest`` is null if the decision removed the row."""

    fact = models.ForeignKey(DecidedFact, on_delete=models.PROTECT, related_name="rows")
    place = models.PositiveIntegerField()
    table = models.CharField(max_length=64)
    row = models.CharField(max_length=64)
    digest = models.BinaryField(max_length=32, null=True)
    salt = models.BinaryField(max_length=16, null=True)
    body = models.BinaryField(null=True)
    """The row's content after the decision (`server_broker.decisions.rows`); null once it is erased."""

    class Meta:
        ordering = ["fact", "place"]
        constraints = [models.UniqueConstraint(fields=["fact", "place"], name="decided_row_once")]
        indexes = [models.Index(fields=["table", "row", "-id"], name="decided_row_newest")]
