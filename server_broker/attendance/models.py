"""Touches as stations sent them, and the duty windows of people."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from server_broker.dated.models import Dated
from server_broker.fleet.models import UNDATED, Stamped, Station
from server_broker.people.models import Person
from server_broker.regions.models import Region


class Touch(Stamped):
    """One touch: of a card, or by number and PIN. ``(station, epoch, seq)`` is the identity that its station first gave
    it.

    No person is stored with a card's touch. Whoever held the card at that time (`people.models.Binding`) has it, so a
    late binding counts back. Who clocked in by number showed by their PIN who they are.
    """

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="touches")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    card_token = models.BinaryField(max_length=16, db_index=True)
    """Empty for a touch by number."""
    person_number = models.CharField(max_length=64, blank=True, db_default="")
    """Whose number was entered; empty for a card's touch."""
    reader = models.CharField(max_length=64)
    answer = models.CharField(max_length=10)
    direction = models.CharField(max_length=3, blank=True)
    chosen_direction = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="touch_once")]
        indexes = [
            models.Index(fields=["station", "-wall"], name="touch_by_station"),
            models.Index(fields=["-wall"], name="touch_by_time"),
            models.Index(fields=["station", "boot"], name="touch_by_boot"),
            models.Index(
                fields=["corrected_wall"], condition=Q(corrected_wall__isnull=False), name="touch_by_corrected"
            ),
            models.Index(fields=["person_number"], condition=~Q(person_number=""), name="touch_by_number"),
            models.Index(fields=["card_token", "-wall"], name="touch_by_card"),
            models.Index(
                fields=["received_at"], condition=UNDATED & Q(corrected_wall__isnull=True), name="touch_by_receipt"
            ),
        ]


class RunningWindows(models.Manager["DutyWindow"]):
    """The windows that have not ended, so that no query shows or sends an ended one by neglect."""

    def get_queryset(self) -> models.QuerySet["DutyWindow"]:
        """Return them."""
        return super().get_queryset().filter(ended=False)


class DutyWindow(models.Model):
    """A time of duty in a village for the named people: ``[start, end)`` in minutes after local midnight.

    ``weekdays`` are ISO weekdays: Monday is 1. The columns and ``people`` are those of today, and `WindowRecord` has
    what held before.
    """

    village = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="windows")
    name = models.CharField(max_length=32)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), size=7)
    start = models.PositiveSmallIntegerField()
    end = models.PositiveSmallIntegerField()
    people = models.ManyToManyField(Person, related_name="windows")
    posts = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    """Posts (`people.models.Post`) whose holders are on duty too, whoever they are on the day."""
    ended = models.BooleanField(default=False, db_default=False)

    objects = RunningWindows()
    ever = models.Manager["DutyWindow"]()

    decided_fields = ("village", "name", "weekdays", "start", "end", "people", "posts", "ended")

    class Meta:
        verbose_name = "值班时段"
        verbose_name_plural = "值班时段"

    def __str__(self) -> str:
        return self.name


class WindowRecord(Dated):
    """A duty window for a time: where and when it is, and who is in it."""

    subject = models.ForeignKey(DutyWindow, on_delete=models.PROTECT, related_name="records")
    village = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")
    name = models.CharField(max_length=32)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), size=7)
    start = models.PositiveSmallIntegerField()
    end = models.PositiveSmallIntegerField()
    people = ArrayField(models.BigIntegerField())
    """Ids of the named people (`people.models.Person`), in order."""
    posts = ArrayField(models.BigIntegerField(), db_default=[])
    ended = models.BooleanField(default=False, db_default=False)

    class Meta(Dated.Meta):
        verbose_name = "值班记录"
        verbose_name_plural = "值班记录"


class StationPlace(Dated):
    """The village that a station stood in for a time."""

    subject = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="places")
    village = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")

    class Meta(Dated.Meta):
        verbose_name = "站点位置记录"
        verbose_name_plural = "站点位置记录"
