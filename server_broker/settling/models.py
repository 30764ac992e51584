"""What settling needs and no other room keeps with the time at which it was known."""

from django.db import models
from django.db.models import Q

from server_broker.dated.models import Dated
from server_broker.fleet.models import Station
from server_broker.ingest.models import Fact
from server_broker.regions.models import Region


class HeldRead(models.Model):
    """When a held fact was read after all. A trigger writes it, because the fact itself does not keep that time."""

    fact = models.OneToOneField(Fact, on_delete=models.PROTECT, primary_key=True, related_name="+")
    at = models.DateTimeField()


class Parameter(models.Model):
    """A parameter of the rules, by its name there, in a region. `ParameterRecord` says what it is."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")
    name = models.CharField(max_length=32)

    class Meta:
        verbose_name = "规则参数"
        verbose_name_plural = "规则参数"
        constraints = [models.UniqueConstraint(fields=["region", "name"], name="parameter_once")]

    def __str__(self) -> str:
        return self.name


class ParameterRecord(Dated):
    """What a region sets from a date on. Of the settings of stations those that bear on pay are captured here too."""

    subject = models.ForeignKey(Parameter, on_delete=models.PROTECT, related_name="records")
    value = models.JSONField(null=True)
    """None: the region sets nothing any more."""
    locked = models.BooleanField(default=False, db_default=False)
    """Of the county: no region below it sets another value."""

    class Meta(Dated.Meta):
        verbose_name = "规则参数记录"
        verbose_name_plural = "规则参数记录"


class DeadStation(Dated):
    """That an officer declares a station dead from a time on. A later dated fact of the station withdraws it."""

    subject = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="declared_dead")
    dead = models.BooleanField()
    """False: the declaration is taken back."""

    class Meta(Dated.Meta):
        verbose_name = "站点报停"
        verbose_name_plural = "站点报停"


class StandIn(Dated):
    """The station that a village without one names as its own for a time."""

    subject = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="stand_ins")
    station = models.ForeignKey(Station, on_delete=models.PROTECT, null=True, related_name="+")
    """None: it names none any more."""

    class Meta(Dated.Meta):
        verbose_name = "代用站点"
        verbose_name_plural = "代用站点"


class SheetMonth(models.Model):
    """A village's sheet of a month. `SheetMonthRecord` says when it was shown and closed."""

    village = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")
    month = models.CharField(max_length=7)
    """Such as ``2026-03``."""

    class Meta:
        verbose_name = "月考勤表"
        verbose_name_plural = "月考勤表"
        constraints = [models.UniqueConstraint(fields=["village", "month"], name="sheet_month_once")]

    def __str__(self) -> str:
        return self.month


class SheetMonthRecord(Dated):
    """When a month's sheet was shown to those concerned, and when it was closed. It is about all time."""

    subject = models.ForeignKey(SheetMonth, on_delete=models.PROTECT, related_name="records")
    shown_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Dated.Meta):
        verbose_name = "月考勤表记录"
        verbose_name_plural = "月考勤表记录"
        constraints = [
            *Dated.Meta.constraints,
            models.CheckConstraint(condition=Q(valid_from=None, valid_to=None), name="sheet_month_record_is_always"),
        ]
