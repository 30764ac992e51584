"""Signed packs, and people's answers to their questions."""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef

from server_broker.fleet.models import Stamped, Station


class LearningPackQuerySet(models.QuerySet["LearningPack"]):
    """Queries over versions of packs."""

    def newest(self) -> Self:
        """Return the newest version of each pack."""
        newer = LearningPack.objects.filter(pack=OuterRef("pack"), version__gt=OuterRef("version"))
        return self.filter(~Exists(newer))


class LearningPack(models.Model):
    """A signed pack file. Its content never changes: new content is a new version."""

    pack = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=64)
    sha256 = models.BinaryField(max_length=32, unique=True)
    file = models.BinaryField()
    published_at = models.DateTimeField()

    objects = LearningPackQuerySet.as_manager()

    decided_fields = ("pack", "version", "title", "sha256")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pack", "version"], name="pack_version_once")]


class PackKeeper(models.Model):
    """Who answers for a pack, and by which day somebody looks at it again. The newest row of a pack counts."""

    pack = models.CharField(max_length=64)
    owner = models.CharField(max_length=64)
    review_by = models.DateField()
    reason = models.CharField(max_length=200)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()

    decided_fields = ("pack", "owner", "review_by", "reason", "made_by", "made_at")

    class Meta:
        indexes = [models.Index(fields=["pack", "-id"], name="pack_keeper_newest")]


class RemarkedQuestion(models.Model):
    """A question that a version marks anew: its answer is another one, and its options stand (docs/learning.md, 2)."""

    pack = models.ForeignKey(LearningPack, on_delete=models.PROTECT, related_name="remarked")
    question = models.CharField(max_length=64)
    attempts = models.PositiveIntegerField()
    """How many attempts that the county had when it was published became right or wrong by it."""

    decided_fields = ("pack", "question", "attempts")

    class Meta:
        # The county's stream names its rows by this table.
        db_table = "learning_remarked"
        constraints = [models.UniqueConstraint(fields=["pack", "question"], name="question_remarked_once")]


class Whose(models.Model):
    """Who did it, by the touch or number with which the person showed who they are, and how."""

    by_epoch = models.BinaryField(max_length=16, null=True)
    by_seq = models.BigIntegerField(null=True)
    """Both null: anonymous."""
    took_ms = models.PositiveIntegerField(null=True)
    mode = models.CharField(max_length=10, db_default="level")

    class Meta:
        abstract = True


class Attempt(Stamped, Whose):
    """One answered question."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, db_index=False)
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    run = models.BinaryField(max_length=8)
    pack = models.CharField(max_length=64)
    pack_version = models.PositiveIntegerField()
    level = models.CharField(max_length=64)
    question = models.CharField(max_length=64)
    chosen = models.JSONField()
    right = models.BooleanField()
    lives_left = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="attempt_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="attempt_by_boot"),
            models.Index(fields=["station", "received_at"], name="attempt_by_receipt"),
            models.Index(
                fields=["station", "by_epoch", "by_seq", "seq"],
                condition=models.Q(by_seq__isnull=False),
                name="attempt_by_whom",
            ),
            models.Index(fields=["pack", "question"], name="attempt_by_question"),
        ]


class LevelRun(Stamped, Whose):
    """One finished run through a level."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, db_index=False)
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    run = models.BinaryField(max_length=8)
    pack = models.CharField(max_length=64)
    pack_version = models.PositiveIntegerField()
    level = models.CharField(max_length=64)
    passed = models.BooleanField()
    stars = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="level_run_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="level_run_by_boot"),
            models.Index(fields=["station", "received_at"], name="level_run_by_receipt"),
            models.Index(
                fields=["station", "by_epoch", "by_seq", "seq"],
                condition=models.Q(by_seq__isnull=False),
                name="level_run_by_whom",
            ),
        ]


class PackChoice(Stamped):
    """Somebody chose a pack of the menu (选学), or gave it up. Whose choice it is nobody stores, as with an attempt."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, db_index=False)
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    by_epoch = models.BinaryField(max_length=16)
    by_seq = models.BigIntegerField()
    pack = models.CharField(max_length=64)
    chosen = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="pack_choice_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="pack_choice_by_boot"),
            models.Index(fields=["station", "received_at"], name="pack_choice_by_receipt"),
            models.Index(fields=["station", "by_epoch", "by_seq", "seq"], name="pack_choice_by_whom"),
        ]
