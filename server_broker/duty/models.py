"""Who is away, for how long, and by whose word."""

from django.db import models

from server_broker.dated.models import Dated, by_period
from server_broker.people.models import Person
from server_broker.regions.models import Region


class AbsenceKind(models.TextChoices):
    """What takes somebody from their windows (docs/rules.md, section 3)."""

    LEAVE = "leave", "请假"
    FIELD_DUTY = "field_duty", "外出"
    MEETING = "meeting", "会议"
    RESIDENCY = "residency", "驻村"


class Absence(models.Model):
    """Somebody is away for one reason. Nothing here changes; `AbsenceRecord` says from when to when."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="absences")
    kind = models.CharField("类别", max_length=10, choices=AbsenceKind)
    source = models.CharField("来源", max_length=64, blank=True)
    """The request or the entry that it comes from, such as ``request:17``."""

    decided_fields = ("person", "kind", "source")

    class Meta:
        verbose_name = "请假外出"
        verbose_name_plural = "请假外出"

    def __str__(self) -> str:
        return self.get_kind_display()


class RosterChange(models.Model):
    """A dated row was written that may bear on who is due. Triggers write it, and `server_broker.duty.marks` takes it.

    So whoever writes such a row need not know whom it concerns, and nobody can forget to say so.
    """

    id = models.BigAutoField(primary_key=True)
    what = models.CharField(max_length=7)
    """What ``subject`` is: ``window``, ``swap``, ``holding``, ``person``, ``absence`` or ``region``."""
    subject = models.BigIntegerField()


class AbsenceRecord(Dated):
    """From when to when somebody is away, to the minute.

    Coming back early is a row that says ``ended`` from then on.
    """

    subject = models.ForeignKey(Absence, on_delete=models.PROTECT, related_name="records")
    code = models.CharField("种类", max_length=32, blank=True, db_default="")
    """The kind of leave, such as ``sick``; empty for other absences."""
    ended = models.BooleanField(default=False, db_default=False)

    class Meta(Dated.Meta):
        verbose_name = "请假外出记录"
        verbose_name_plural = "请假外出记录"
        indexes = [by_period("absence_by_period")]


class RosterTemplate(models.Model):
    """How a region's villages fill a window of one name: by the week, or turn by turn. It never changes; it ends.

    Turns and leaders are texts as people typed them, because each village finds its own people and posts by them.
    """

    class Rule(models.TextChoices):
        """Whose turn it is."""

        ROTA = "rota", "轮流"
        WEEKDAY = "weekday", "按星期"

    class Dates(models.TextChoices):
        """On which dates somebody has a turn."""

        WORKING = "working", "工作日"
        OFF = "off", "放假的日子"
        ALL = "all", "每天"
        MARKET = "market", "圩日（按日期的尾数）"

    class LeaderBy(models.TextChoices):
        """When the next leader's turn comes."""

        WEEK = "week", "一周一换"
        DAY = "day", "一天一换"

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    name = models.CharField("名称", max_length=32)
    window = models.CharField("值班", max_length=32)
    rule = models.CharField("怎么轮", max_length=8, choices=Rule)
    turns = models.JSONField("谁轮")
    """Of a rota, one text for each turn. By the week, seven texts from Monday on; empty: nobody."""
    leaders = models.JSONField("带班", default=list)
    leader_by = models.CharField("带班怎么轮", max_length=4, choices=LeaderBy)
    dates = models.CharField("哪些日子", max_length=8, choices=Dates)
    digits = models.JSONField("圩日尾数", default=list)
    """Last digits of the dates of market days, from 0 to 9."""
    ended = models.BooleanField("停用", default=False)

    decided_fields = (
        *("region", "name", "window", "rule", "turns", "leaders", "leader_by", "dates", "digits", "ended"),
    )

    class Meta:
        ordering = ["region", "name", "pk"]
        verbose_name = "排班模板"
        verbose_name_plural = "排班模板"

    def __str__(self) -> str:
        return self.name
