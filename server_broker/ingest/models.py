"""Facts as they came, byte for byte; what stations signed for; and messages that could not be read."""

from django.db import models

from server_broker.fleet.models import Station, Stream


class Fact(models.Model):
    """One fact of one stream. ``(stream, seq)`` is its identity; a second row for it can't exist.

    ``held_reason`` is empty for a fact that was read. ``body`` and ``salt`` may later be erased for privacy. The
    ``digest`` stays, so the chain can still be verified.
    """

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="facts", db_index=False)
    """Without an index of its own: `fact_once` begins with it."""
    seq = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    head = models.BinaryField(max_length=32)
    """The chain's value after this fact, computed from the facts that the county has."""
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
    """A head that a station signed and to which the county's facts do not lead. It is deleted when they do.

    Most such heads are only ahead of the facts, which are on their way. But if the facts pass a head and do not lead to
    it, a copied card has signed it. Then it stays, because it proves that facts were shown green which the county does
    not have (`server_broker.ledger.lineage`).
    """

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="unproven_heads")
    seq = models.BigIntegerField()
    head = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)
    connection = models.BinaryField(max_length=16)
    """Nonce of the birth that it came with. Empty if it came with vitals or with facts."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq", "head"], name="unproven_head_once")]


class Reissue(models.Model):
    """A fact of an earlier stream that came again in a later one: the identity and digest that it had before.

    Its rows stand under ``(identity_epoch, identity_seq)``. That is its first identity or, if a cloned card has put
    another fact there, the identity of the fact that carried it (``carrier``).
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
        indexes = [models.Index(fields=["station", "identity_epoch", "identity_seq"], name="reissue_by_identity")]


class Quarantined(models.Model):
    """A message of which no fact could be receipted. It is kept raw, with the reason."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, null=True)
    topic = models.CharField(max_length=128)
    raw = models.BinaryField()
    reason = models.CharField(max_length=24)
    detail = models.CharField(max_length=400)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-received_at"]


class DayTaken(models.Model):
    """What the county has taken of a station on a date, in steps (`server_broker.ingest.quota`)."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    facts = models.BigIntegerField()
    fact_bytes = models.BigIntegerField()
    blob_bytes = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "day"], name="taken_once_a_day")]


class IngestLease(models.Model):
    """The ingest worker that works a shard, named here for people. The lease itself is a PostgreSQL advisory lock."""

    shard = models.PositiveSmallIntegerField(primary_key=True)
    worker = models.CharField(max_length=64)
    since = models.DateTimeField()


class DatingDue(models.Model):
    """A boot with so many rows that the batch which corrected its clock did not date them (`ingest.dating.due`)."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="+")
    boot = models.BinaryField(max_length=16)
    """Empty: all boots of the station (`ingest.dating.due.WHOLE_STATION`)."""
    large = models.BooleanField()
    """Whether it has too many rows for one piece. If not, it only waits for its turn."""
    from_scratch = models.BooleanField()
    """Whether the county has judged its own clock in another way, so that all that was dated before is forgotten."""
    asked = models.IntegerField()
    """How often a correction has come since people were last told of too many."""
    in_walk = models.BooleanField()
    """Whether the walk that goes on began after the last correction. At its end the boot is dated."""
    moved = models.IntegerField()
    """How many touches that the county has known for long have another time now (`ingest.dating.moved_late`)."""
    moved_told = models.IntegerField()
    """Of how many of them people know already."""
    moved_most_ms = models.BigIntegerField()
    moved_first = models.DateTimeField(null=True)
    moved_last = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "boot"], name="dating_due_once")]


class DatingWalk(models.Model):
    """How far the rows of a station have been gone through, to date those of its boots that are due."""

    station = models.OneToOneField(Station, on_delete=models.CASCADE, primary_key=True, related_name="+")
    table = models.CharField(max_length=64)
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    """The identity of the last row that was gone through in this table."""
