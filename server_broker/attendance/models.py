"""Touches as stations sent them, and who is in which duty window, by the week or on one date."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from server_broker.dated.models import Dated, by_period
from server_broker.fleet.models import UNDATED, Stamped, Station, station_of
from server_broker.people.models import Person
from server_broker.regions.models import Region


class Touch(Stamped):
    """One touch: of a card, or by number and PIN. ``(station, epoch, seq)`` is the identity that its station first gave
    it.

    No person is stored with a card's touch. Whoever held the card at that time (`people.models.Binding`) has it, so a
    late binding counts back. Who clocked in by number showed by their PIN who they are.
    """

    station = station_of("touches")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    card_token = models.BinaryField(max_length=16)
    """Empty for a touch by number."""
    person_number = models.CharField(max_length=64, blank=True, db_default="")
    """Whose number was entered; empty for a card's touch."""
    reader = models.CharField(max_length=64)
    answer = models.CharField(max_length=10)
    direction = models.CharField(max_length=3, blank=True)
    chosen_direction = models.CharField(max_length=3, blank=True)
    came_at = models.DateTimeField(null=True)
    """When its fact came, if it was held at first; ``received_at`` is then when it was read. Otherwise None."""

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
            models.Index(fields=["came_at"], condition=Q(came_at__isnull=False), name="touch_by_coming"),
        ]

    @property
    def reached_at(self) -> dt.datetime:
        """When its fact reached the county, whether it was read at once or not."""
        return self.came_at or self.received_at


class RunningWindows(models.Manager["DutyWindow"]):
    """The windows that have not ended, so that no query shows or sends an ended one by neglect."""

    def get_queryset(self) -> models.QuerySet["DutyWindow"]:
        """Return them."""
        return super().get_queryset().filter(ended=False)


class DaysKind(models.TextChoices):
    """By what the dates of a window are known (docs/rules.md, 1.2)."""

    WEEKLY = "weekly", "按星期"
    NAMED = "named", "只在指定日期"


class Marks(models.TextChoices):
    """Which touches a window wants of its people (docs/rules.md, 1.5)."""

    EACH = "each", "上下班都打卡"
    ENDS = "ends", "一天打首尾两次"
    ARRIVAL = "arrival", "只打上班"


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
    days = models.CharField(max_length=6, choices=DaysKind, default=DaysKind.WEEKLY, db_default=DaysKind.WEEKLY)
    season_from = models.PositiveSmallIntegerField(default=0, db_default=0)
    """First date of its season as month * 100 + day. 0: it has none and runs all year."""
    season_to = models.PositiveSmallIntegerField(default=0, db_default=0)
    """Last date of its season, which may lie after New Year."""
    marks = models.CharField(max_length=7, choices=Marks, default=Marks.EACH, db_default=Marks.EACH)
    leaders = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    """Which of the people lead (带班领导). They are due like all others."""
    leader_posts = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    """Which of the posts lead."""
    ended = models.BooleanField(default=False, db_default=False)

    objects = RunningWindows()
    ever = models.Manager["DutyWindow"]()

    decided_fields = (
        *("village", "name", "weekdays", "start", "end", "people", "posts", "ended"),
        *("days", "season_from", "season_to", "marks", "leaders", "leader_posts"),
    )

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
    days = models.CharField(max_length=6, choices=DaysKind, default=DaysKind.WEEKLY, db_default=DaysKind.WEEKLY)
    season_from = models.PositiveSmallIntegerField(default=0, db_default=0)
    season_to = models.PositiveSmallIntegerField(default=0, db_default=0)
    marks = models.CharField(max_length=7, choices=Marks, default=Marks.EACH, db_default=Marks.EACH)
    leaders = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    leader_posts = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    ended = models.BooleanField(default=False, db_default=False)

    class Meta(Dated.Meta):
        verbose_name = "值班记录"
        verbose_name_plural = "值班记录"
        indexes = [by_period("window_by_period")]


class RosterDay(Dated):
    """Who is in a window on one local date, which is the row's whole time.

    A window of named days is there on such dates only. In a window by the week the row stands for the people of that
    one date.
    """

    subject = models.ForeignKey(DutyWindow, on_delete=models.PROTECT, related_name="roster_days")
    people = ArrayField(models.BigIntegerField(), db_default=[])
    posts = ArrayField(models.BigIntegerField(), db_default=[])
    leaders = ArrayField(models.BigIntegerField(), db_default=[])
    leader_posts = ArrayField(models.BigIntegerField(), db_default=[])
    withdrawn = models.BooleanField(default=False, db_default=False)
    """The date is no longer named, and the window is as its week says."""

    class Meta(Dated.Meta):
        verbose_name = "当日值班"
        verbose_name_plural = "当日值班"
        constraints = [
            *Dated.Meta.constraints,
            models.CheckConstraint(
                condition=Q(valid_from__isnull=False, valid_to=F("valid_from") + dt.timedelta(days=1)),
                name="roster_day_is_one_day",
            ),
        ]
        indexes = [models.Index(fields=["valid_from", "subject"], name="roster_day_by_date")]


class Swap(models.Model):
    """One window of one date goes from the person who has it to another (docs/rules.md, 1.3).

    Nothing here changes. `SwapRecord` says when both had agreed, and whether they still do.
    """

    window = models.ForeignKey(DutyWindow, on_delete=models.PROTECT, related_name="swaps")
    day = models.DateField("日期")
    giver = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    decided_fields = ("window", "day", "giver", "taker")

    class Meta:
        verbose_name = "换班"
        verbose_name_plural = "换班"
        indexes = [models.Index(fields=["day", "window"], name="swap_by_day")]
        constraints = [models.CheckConstraint(condition=~Q(giver=F("taker")), name="swap_of_two_people")]

    def __str__(self) -> str:
        return f"{self.day} {self.window_id}"


class SwapRecord(Dated):
    """That a swap is agreed. Its time is the local date of the window."""

    subject = models.ForeignKey(Swap, on_delete=models.PROTECT, related_name="records")
    agreed_at = models.DateTimeField("双方同意时间")
    """When the second of the two had agreed. Several swaps of one window hold in this order."""
    withdrawn = models.BooleanField(default=False, db_default=False)

    class Meta(Dated.Meta):
        verbose_name = "换班记录"
        verbose_name_plural = "换班记录"


class StationPlace(Dated):
    """The village that a station stood in for a time."""

    subject = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="places")
    village = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="+")

    class Meta(Dated.Meta):
        verbose_name = "站点位置记录"
        verbose_name_plural = "站点位置记录"
