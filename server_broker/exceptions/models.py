"""Exceptions that were found, what officers say of them, and which kinds the county looks for."""

from django.db import models
from django.db.models import Q

from server_broker.dated.models import Dated
from server_broker.people.models import Person
from server_broker.regions.models import Region


class Notable(models.Model):
    """One exception. Found again the next night it is the same row, by its kind and key."""

    kind = models.CharField(max_length=16)
    """As `server_broker.exceptions.kinds` has it."""
    key = models.CharField(max_length=128)
    """What makes it the same one: a touch, a person's date or month, a village's first date."""
    village = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")
    """Whose officers see it: where the person belongs, or the station stands."""
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    """None: it is about a village."""
    day = models.DateField()
    """The date that it is about, or the last of them."""
    detail = models.JSONField()
    """Numbers and dates that its sentence says."""
    evidence = models.JSONField()
    """``[[station, epoch, seq], …]``: the touches on which it rests, by time."""
    found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    """When it was not found any more, because data came or a card was bound; null: it stands."""

    class Meta:
        verbose_name = "值得一看"
        verbose_name_plural = "值得一看"
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="notable_once")]
        indexes = [
            models.Index(fields=["kind", "day"], name="notable_by_kind"),
            models.Index(fields=["-day", "-id"], condition=Q(gone_at=None), name="notable_standing"),
        ]

    def __str__(self) -> str:
        return self.kind


class Verdict(models.TextChoices):
    """What somebody who looked says of an exception."""

    NOTHING = "nothing", "没有问题"
    HANDLED = "handled", "已处理"


class Judgement(models.Model):
    """That somebody has looked, and what it was. There is one, and it stays."""

    notable = models.OneToOneField(Notable, on_delete=models.CASCADE, related_name="judgement")
    verdict = models.CharField(max_length=8, choices=Verdict)
    note = models.CharField(max_length=200)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "值得一看的处理"
        verbose_name_plural = "值得一看的处理"


class Kind(models.Model):
    """A kind of exceptions, by its code. `KindRecord` says whether the county looks for it."""

    code = models.CharField(max_length=16, primary_key=True)

    decided_fields = ("code",)

    class Meta:
        verbose_name = "值得一看的种类"
        verbose_name_plural = "值得一看的种类"

    def __str__(self) -> str:
        return self.code


class KindRecord(Dated):
    """Whether the county looks for a kind, and from which number on it is worth a look."""

    subject = models.ForeignKey(Kind, on_delete=models.PROTECT, related_name="records")
    off = models.BooleanField(default=False, db_default=False)
    threshold = models.PositiveIntegerField(null=True)
    """None: the kind's own."""

    class Meta(Dated.Meta):
        verbose_name = "值得一看的种类记录"
        verbose_name_plural = "值得一看的种类记录"


class Looked(models.Model):
    """The county's own single row: through which date exceptions were looked for."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    through = models.DateField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="looked_is_one_row")]
