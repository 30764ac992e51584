"""Required packs and menus, with who made and who ended each, and why."""

import datetime as dt
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from server_broker.people.models import PersonType
from server_broker.regions.models import Region, subtree_prefix

LATE_FOR = dt.timedelta(days=30)
"""So long after its last day a requirement is still spoken of, so that who is late knows, and is known to be."""


class CourseKind(models.TextChoices):
    """What an entry is."""

    REQUIRED = "required", "必学"
    MENU = "menu", "选学"


class CourseQuerySet(models.QuerySet["Course"]):
    """Queries over required packs and menus."""

    def standing(self, day: dt.date) -> Self:
        """Return those that nobody has ended and that are not over on a day, those made first going first."""
        return self.filter(Q(until=None) | Q(until__gte=day), ended_at=None).order_by("made_at", "pk")

    def told(self, day: dt.date) -> Self:
        """Return those of which people are told on a day: the standing ones, and those that were over lately."""
        return self.standing(day - LATE_FOR)


class Course(models.Model):
    """A pack that is required until a day, or a menu of which each person chooses some. It is made and ended, and never
    changed otherwise."""

    kind = models.CharField(max_length=8, choices=CourseKind)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="courses")
    """For the people of this region and all that lies in it."""
    types = ArrayField(models.CharField(max_length=10, choices=PersonType), default=list)
    """For people of these types; empty: of all."""
    packs = ArrayField(models.CharField(max_length=64))
    """Of a requirement just one."""
    title = models.CharField(max_length=64, blank=True)
    """Of a menu."""
    choose = models.PositiveSmallIntegerField(null=True)
    """Of a menu: at least so many."""
    until = models.DateField(null=True)
    """Of a requirement: the last day on which it counts."""
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    reason = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    ended_reason = models.CharField(max_length=200, blank=True)

    objects = CourseQuerySet.as_manager()

    decided_fields = (
        *("kind", "region", "types", "packs", "title", "choose", "until"),
        *("made_at", "made_by", "reason", "ended_at", "ended_by", "ended_reason"),
    )

    class Meta:
        verbose_name = "必学和选学"
        verbose_name_plural = "必学和选学"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="required", until__isnull=False, choose=None, packs__len=1)
                | Q(kind="menu", until=None, choose__gte=1, packs__len__gte=1),
                name="course_is_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="") | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
                name="course_ended_by_somebody",
            ),
        ]

    @property
    def prefix(self) -> str:
        """What the codes of all that lies in its region begin with."""
        return subtree_prefix(self.region.code)

    def concerns(self, *, type_: str, village: str) -> bool:
        """Tell whether it is for people of a type who live or serve in a village."""
        return (not self.types or type_ in self.types) and village.startswith(self.prefix)
