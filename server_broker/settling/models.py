"""What settling needs and no other room keeps with its time; what windows came to; and what is due to be settled."""

import datetime as dt
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from server_broker.dated.models import Dated
from server_broker.fleet.models import Station, Stream
from server_broker.ingest.models import Fact
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settlement.times import FIRST_MINUTE

NOTHING_TOLD = FIRST_MINUTE
"""As what kept results have the minute of a station's record that tells of none yet."""


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


class SettledWindowQuerySet(models.QuerySet["SettledWindow"]):
    """Results by when they stood."""

    def current(self) -> Self:
        """Return those that stand now."""
        return self.filter(superseded_at=None)

    def known(self, at: dt.datetime) -> Self:
        """Return those that stood at ``at``."""
        return self.filter(Q(superseded_at=None) | Q(superseded_at__gt=at), settled_at__lte=at)


class SettledWindow(models.Model):
    """What a window of one person and date came to. A later result supersedes it, and it stays readable."""

    village = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    start = models.PositiveSmallIntegerField()
    """Minutes after midnight."""
    place = models.PositiveSmallIntegerField(default=0, db_default=0)
    """Counts windows of one person that start at the same minute: two at a time are an exception."""
    result = models.CharField(max_length=1, blank=True)
    """As `server_broker.settlement.results` has it; empty while it is too early."""
    kind = models.CharField(max_length=16, blank=True)
    beside = models.CharField(max_length=8, blank=True)
    late = models.PositiveIntegerField()
    early = models.PositiveIntegerField()
    flags = models.CharField(max_length=8, blank=True)
    line = models.CharField(max_length=8)
    reason = models.TextField()
    share_numerator = models.PositiveSmallIntegerField()
    share_denominator = models.PositiveSmallIntegerField()
    leave_minutes = models.PositiveIntegerField()
    facts = models.JSONField()
    """``[[station, epoch, seq], …]``: the facts on which it rests."""
    awaited = models.JSONField()
    """``[[station, minute, epoch, seq], …]``; without epoch and seq it is the station's record since that minute,
    which is ``NOTHING_TOLD`` where it tells of none yet."""
    rules = models.CharField(max_length=8)
    parameters = models.CharField(max_length=16)
    """Digest of the parameters that held."""
    digest = models.BinaryField(max_length=32)
    """Of all before, so that a result that came again is told from a new one."""
    due_at = models.DateTimeField(null=True)
    """When it may change by the passing of time alone; null: it does not."""
    known_at = models.DateTimeField()
    """What the county knew at this moment gave it."""
    settled_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    why = models.TextField()
    """Codes of what had it settled, such as ``touch`` (`server_broker.settling.due`)."""

    objects = SettledWindowQuerySet.as_manager()

    class Meta:
        verbose_name = "结算结果"
        verbose_name_plural = "结算结果"
        constraints = [
            models.UniqueConstraint(
                fields=["village", "day", "person", "start", "place"],
                condition=Q(superseded_at=None),
                name="settled_window_once",
            )
        ]
        indexes = [
            # Also of what stood before: a window's page says what it was.
            models.Index(fields=["person", "day"], name="settled_by_person_ever"),
            # What may still change: of years of results a few days.
            models.Index(
                fields=["village", "day"],
                condition=Q(superseded_at=None, result__in=["", "未", "待"]),
                name="settled_open",
            ),
            models.Index(
                fields=["due_at"], condition=Q(superseded_at=None, due_at__isnull=False), name="settled_due_at"
            ),
            # What came and what went since a sheet was shown or signed, among years of results.
            models.Index(fields=["village", "settled_at"], name="settled_came"),
            models.Index(
                fields=["village", "superseded_at"], condition=Q(superseded_at__isnull=False), name="settled_went"
            ),
        ]


class DayCount(models.Model):
    """How many windows of a village's date were judged by touches, and how many of these were in time.

    It is counted anew whenever results of that date are kept. A chart of a year would read millions of results.
    """

    village = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")
    day = models.DateField()
    judged = models.PositiveIntegerField()
    in_time = models.PositiveIntegerField()

    class Meta:
        verbose_name = "按时到岗计数"
        verbose_name_plural = "按时到岗计数"
        constraints = [models.UniqueConstraint(fields=["village", "day"], name="day_count_once")]


class SettleDue(models.Model):
    """A village's date that is due to be settled again, and why. It goes once that is done."""

    village = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")
    day = models.DateField()
    why = ArrayField(models.TextField())
    """Codes of `server_broker.settling.due`, each once."""
    marked_at = models.DateTimeField()
    failed_at = models.DateTimeField(null=True)
    """When it was tried last, if it can't be settled (`server_broker.settling.set_aside`)."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["village", "day"], name="settle_due_once")]
        indexes = [
            models.Index(fields=["failed_at"], condition=Q(failed_at__isnull=False), name="settle_due_failed"),
        ]


class Change(models.Model):
    """A row was written on which results may rest. Triggers write it, and `server_broker.settling.changes` takes it."""

    id = models.BigAutoField(primary_key=True)
    what = models.CharField(max_length=16)
    """What was written, such as ``window`` (`server_broker.settling.changes`)."""
    subject = models.CharField(max_length=64)
    failed_at = models.DateTimeField(null=True)
    """When it was tried last, if it can't be read (`server_broker.settling.set_aside`)."""

    class Meta:
        indexes = [
            models.Index(fields=["failed_at"], condition=Q(failed_at__isnull=False), name="settling_change_failed"),
        ]


class LookedAt(models.Model):
    """Up to which seq of a stream the facts were looked at for what they change."""

    stream = models.OneToOneField(Stream, on_delete=models.PROTECT, primary_key=True, related_name="+")
    through = models.BigIntegerField()


class StationAside(models.Model):
    """A station whose new facts can't be looked at (`server_broker.settling.set_aside`)."""

    station = models.OneToOneField(Station, on_delete=models.PROTECT, primary_key=True, related_name="+")
    since = models.DateTimeField()
    tried_at = models.DateTimeField()
    told = models.BigIntegerField()
    """How many facts of it the county had at the last try."""


class SettlingState(models.Model):
    """The county's own single row: how far settling has got."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    since = models.DateField()
    """The first date that is settled."""
    through = models.DateField()
    """The last date for which every village was marked."""
    timed_through = models.DateTimeField()
    """Up to this moment what changes by time alone was marked."""
    rules = models.CharField(max_length=8, default="", db_default="")
    """By which version of the rules all that was settled before is marked; empty: by none that was kept."""

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="settling_state_is_one_row")]
