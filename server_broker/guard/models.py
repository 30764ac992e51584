"""What a county has decided about the guard: numbers that may be published, and its own words that may not."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from server_broker.regions.models import Region


class PermitQuerySet(models.QuerySet["Permit"]):
    """Queries over numbers that may be published."""

    def asked(self) -> Self:
        """Return those that wait for a second person."""
        return self.filter(agreed_at=None, ended_at=None)

    def holding(self) -> Self:
        """Return those to which a second person has agreed, and which nobody has ended."""
        return self.filter(agreed_at__isnull=False, ended_at=None)


class Permit(models.Model):
    """A number that may be published in a region, because one person asked for it and another one agreed.

    It is for the telephone of an office, or for what only looks like the number of a person.
    """

    number = models.CharField(max_length=25)
    """Digits alone; an X may be the last one."""
    owner = models.CharField(max_length=40)
    """Whose number it is, or what it is."""
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    """It holds for what is published in this region and for nothing beyond it."""
    reason = models.CharField(max_length=200)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    agreed_by = models.CharField(max_length=150, blank=True)
    agreed_at = models.DateTimeField(null=True)
    agreed_reason = models.CharField(max_length=200, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=200, blank=True)

    decided_fields = ("number", "owner", "region", "asked_by", "agreed_by", "agreed_at", "ended_by", "ended_at")

    objects = PermitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(agreed_at=None, agreed_by="") | (Q(agreed_at__isnull=False) & ~Q(agreed_by="")),
                name="permit_agreed_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(agreed_by=F("asked_by")), name="permit_by_two_people"),
            models.UniqueConstraint(
                fields=["number", "region"], condition=Q(ended_at=None), name="permit_once_in_a_region"
            ),
        ]


class SecretWord(models.Model):
    """A word of the county's own that must not be published, beside those that the product brings."""

    word = models.CharField(max_length=20)
    harmless = ArrayField(models.CharField(max_length=40), default=list)
    """Longer phrases in which it may be published."""
    added_by = models.CharField(max_length=150)
    added_at = models.DateTimeField()
    ended_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)

    decided_fields = ("word", "harmless", "ended_at")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["word"], condition=Q(ended_at=None), name="secret_word_once"),
        ]
