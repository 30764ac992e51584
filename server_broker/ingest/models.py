"""Facts as they came, byte for byte, and what could not be read."""

from django.db import models

from server_broker.fleet.models import Station, Stream


class Fact(models.Model):
    """One fact of one stream. ``(stream, seq)`` is its identity; a second row for it can't exist.

    ``held_reason`` is empty for a fact that was read. ``body`` and ``salt`` may later be erased for privacy;
    ``digest`` stays, so the chain still verifies.
    """

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="facts")
    seq = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    head = models.BinaryField(max_length=32)
    """The chain's value after this fact, over what the county has."""
    salt = models.BinaryField(max_length=16, null=True)
    body = models.BinaryField(null=True)
    kind = models.CharField(max_length=24)
    received_at = models.DateTimeField()
    held_reason = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="fact_once")]
        indexes = [
            models.Index(fields=["stream", "seq"], condition=~models.Q(held_reason=""), name="fact_held"),
        ]


class WriteOff(models.Model):
    """A person's decision that a held fact will not be read: who, when and why. The fact itself stays as it is."""

    fact = models.OneToOneField(Fact, on_delete=models.PROTECT, primary_key=True, related_name="write_off")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    reason = models.CharField(max_length=200)


class SignedHeadKept(models.Model):
    """The newest head that a station signed for a stream: with it anyone can check the chain offline."""

    stream = models.OneToOneField(Stream, on_delete=models.PROTECT, primary_key=True, related_name="signed_head")
    through = models.BigIntegerField()
    head = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)


class UnprovenHead(models.Model):
    """A head that a station signed and to which the county's facts do not lead; it goes when they do.

    Most are only ahead of the facts. But where those pass it and lead elsewhere, a copied card has signed it, and it
    stays: of the facts under it the county knows that they were shown green.
    """

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="unproven_heads")
    seq = models.BigIntegerField()
    head = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)
    connection = models.BinaryField(max_length=16)
    """Nonce of the birth that it came with; empty where it came otherwise."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq", "head"], name="unproven_head_once")]


class Reissue(models.Model):
    """A fact of an earlier stream that came again in a later one, by the identity and digest that it first had.

    What was derived from it stands under ``(identity_epoch, identity_seq)``: its first identity, or that of the
    fact which carried it (``carrier``) where other content has the first one (a cloned card).
    """

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="reissues")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    identity_epoch = models.BinaryField(max_length=16)
    identity_seq = models.BigIntegerField()
    carrier_epoch = models.BinaryField(max_length=16)
    carrier_seq = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq", "digest"], name="reissue_once")]


class Quarantined(models.Model):
    """A message that named no fact that could be receipted: kept raw, with why."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, null=True)
    topic = models.CharField(max_length=128)
    raw = models.BinaryField()
    reason = models.CharField(max_length=24)
    detail = models.CharField(max_length=400)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-received_at"]


class IngestLease(models.Model):
    """Which ingest worker works a shard: one at a time, held by a PostgreSQL advisory lock, named here for people."""

    shard = models.PositiveSmallIntegerField(primary_key=True)
    worker = models.CharField(max_length=64)
    since = models.DateTimeField()
