"""The county's own table, the libraries' tables as they were in use, and the notices that stop work. All dated."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from server_broker.dated.models import Dated
from server_broker.regions.models import Region


class Calendar(models.Model):
    """A table that dated rows are about: the county's own, or a library's by its name."""

    name = models.CharField(primary_key=True, max_length=32)


class CountyDay(Dated):
    """What the county itself says of a date. It is valid for exactly this local day."""

    subject = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="county_days")
    working = models.BooleanField(null=True)
    """None: the county takes its word back, and the libraries decide again."""
    name = models.CharField(max_length=32, blank=True)

    class Meta(Dated.Meta):
        constraints = [
            *Dated.Meta.constraints,
            models.CheckConstraint(
                condition=Q(valid_from__isnull=False, valid_to=F("valid_from") + dt.timedelta(days=1)),
                name="county_day_is_one_day",
            ),
        ]

    @property
    def date(self) -> dt.date:
        """The local day."""
        assert self.valid_from is not None  # the database sees to it
        return timezone.localdate(self.valid_from)


class LibraryTable(Dated):
    """The table of one version of a library. It was in use from ``recorded_at`` to ``superseded_at``."""

    subject = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="library_tables")
    version = models.CharField(max_length=32)
    first = models.DateField()
    last = models.DateField()
    """The last date that the library knows."""
    days = models.JSONField()
    """``{date: [working, name]}``: the dates that have a name, or are not what their weekday says."""


class StopNotice(models.Model):
    """A county notice (停班): work stops in a region and all that lies in it."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="stop_notices")

    decided_fields = ("region",)


class StopRecord(Dated):
    """From when to when a notice holds, to the minute. ``reason`` is what the notice says, or why it was taken back."""

    subject = models.ForeignKey(StopNotice, on_delete=models.PROTECT, related_name="records")
    stands = models.BooleanField()
    """False: it was taken back for this time."""

    class Meta(Dated.Meta):
        constraints = [
            *Dated.Meta.constraints,
            models.CheckConstraint(
                condition=Q(valid_from__isnull=False, valid_to__isnull=False), name="stop_begins_and_ends"
            ),
        ]

    @property
    def begin(self) -> dt.datetime:
        """The first minute."""
        assert self.valid_from is not None  # the database sees to it
        return self.valid_from

    @property
    def end(self) -> dt.datetime:
        """The first minute after it."""
        assert self.valid_to is not None  # the database sees to it
        return self.valid_to
