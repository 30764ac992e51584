"""Daily manifests as they were signed, and the outcome of the last check of the county's record."""

from django.db import models


class DailyManifest(models.Model):
    """One manifest. ``signed`` is the encoded `protocol.signing.Signed` over its `protocol.manifest.ManifestRoot`."""

    number = models.BigIntegerField(primary_key=True)
    day = models.DateField(unique=True)
    signed = models.BinaryField()
    leaves = models.BinaryField()
    """MessagePack: the list of `protocol.manifest.Leaf` in the order of the tree."""
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]


class DailyTable(models.Model):
    """What a manifest says of one dated table, as `server_broker.manifest.tables` encodes it."""

    manifest = models.ForeignKey(DailyManifest, on_delete=models.PROTECT, related_name="tables")
    table = models.CharField(max_length=64)
    columns = models.JSONField()
    rows = models.BinaryField()
    ended = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["manifest", "table"], name="daily_table_once")]


class RecordCheck(models.Model):
    """The county's single row: when its record was checked last, and the first thing that was wrong."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    facts = models.BigIntegerField()
    entries = models.BigIntegerField()
    manifests = models.BigIntegerField()
    problem = models.CharField(max_length=400, blank=True)
    """In Chinese; empty if nothing was wrong."""

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="record_check_is_one_row")]
