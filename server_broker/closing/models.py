"""Months that were closed: what was signed, and what of earlier months changed and was signed with them."""

from django.db import models

from server_broker.people.models import Person
from server_broker.regions.models import Region


class ClosedMonth(models.Model):
    """A village's sheet of a month as it was signed. PostgreSQL refuses every change of it."""

    village = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")
    month = models.CharField(max_length=7)
    closed_at = models.DateTimeField()
    """What the county knew at this moment was signed."""
    closed_by = models.CharField(max_length=150)
    rules = models.CharField(max_length=8)
    """Version of docs/rules.md."""
    content = models.BinaryField()
    """What was signed: `server_broker.closing.content` says of which parts."""
    sha256 = models.BinaryField(max_length=32)
    """Of the content. The county's stream names it."""
    people = models.JSONField()
    """Key of the person by the number that the content has."""

    # The content is named by its digest alone, so that the stream does not grow by it.
    decided_fields = ("village", "month", "closed_at", "closed_by", "rules", "sha256")

    class Meta:
        verbose_name = "定稿的月考勤表"
        verbose_name_plural = "定稿的月考勤表"
        constraints = [models.UniqueConstraint(fields=["village", "month"], name="month_closed_once")]

    def __str__(self) -> str:
        return self.month


class ResidentMonth(models.Model):
    """Days and nights of somebody who is sent to live in a village, as they were reckoned last. A chore keeps it."""

    village = models.ForeignKey(Region, on_delete=models.CASCADE, to_field="identity", related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    month = models.CharField(max_length=7)
    days = models.PositiveSmallIntegerField()
    nights = models.PositiveSmallIntegerField()
    needed = models.PositiveSmallIntegerField()
    incomplete = models.JSONField()
    """The dates whose day or night may still come, as ISO 8601 texts."""
    known_at = models.DateTimeField()

    class Meta:
        verbose_name = "驻村天数"
        verbose_name_plural = "驻村天数"
        constraints = [models.UniqueConstraint(fields=["village", "month", "person"], name="resident_month_once")]


class SlipLine(models.Model):
    """What a window of a closed month came to after all, as it was signed with a later month. It is never changed."""

    signed_with = models.ForeignKey(ClosedMonth, on_delete=models.PROTECT, related_name="slip")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    start = models.PositiveSmallIntegerField()
    was = models.JSONField()
    now = models.JSONField()
    """What it was on what was signed last, and what it is: `server_broker.closing.slips` has the fields."""
    came_at = models.DateTimeField()
    why = models.TextField(blank=True)
    """Codes of what had it settled again, and of what is another than it was (`server_broker.settling.due`)."""
    facts = models.JSONField()
    """``[[station, epoch, seq], …]``: the facts on which it rests now and did not rest before."""
    decisions = models.JSONField()
    """Names of the requests whose approval came since, such as ``c12``."""

    class Meta:
        verbose_name = "更正单"
        verbose_name_plural = "更正单"
        indexes = [models.Index(fields=["person", "day"], name="slip_line_by_person")]
