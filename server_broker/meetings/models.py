"""Meetings and what becomes of them: terms by date, votes, minutes; and what stations state of them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from server_broker.dated.models import Dated
from server_broker.fleet.models import Stamped, Station
from server_broker.people.models import Unit
from server_broker.regions.models import Region


class Kind(models.TextChoices):
    """What kind of meeting it is."""

    MEMBERS = "members", "支部党员大会"
    COMMITTEE = "committee", "支委会"
    GROUP = "group", "党小组会"
    LECTURE = "lecture", "党课"
    PARTY_DAY = "party_day", "主题党日"
    REPRESENTATIVES = "representatives", "村民代表会议"
    VILLAGERS = "villagers", "村民会议"
    VILLAGE_COMMITTEE = "village_committee", "村委会会议"
    OTHER = "other", "其他会议"


class Rule(models.TextChoices):
    """How many of those who vote must be there (docs/rules.md, section 7)."""

    NONE = "none", "不要求"
    AT_LEAST = "at_least", "至少"
    MORE_THAN = "more_than", "超过"


class Meeting(models.Model):
    """A meeting of a branch, a village, a township or the county. It never changes; `MeetingRecord` says the rest."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", related_name="meetings")
    """For whom it is: people of this region and of all that lies in it."""
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="meetings")
    """The branch whose meeting it is; None: it is nobody's but the region's."""

    decided_fields = ("region", "unit")

    class Meta:
        verbose_name = "会议"
        verbose_name_plural = "会议"

    @property
    def code(self) -> str:
        """The name by which stations know it."""
        return f"m{self.pk}"


class MeetingRecord(Dated):
    """What was announced of a meeting. It is about all time, so what the county knew at a moment is by ``known``."""

    subject = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="records")
    kind = models.CharField(max_length=20, choices=Kind)
    title = models.CharField(max_length=64)
    place = models.CharField(max_length=64)
    stations = ArrayField(models.CharField(max_length=32))
    """Where one signs in."""
    begin = models.DateTimeField()
    end = models.DateTimeField()
    chair = models.BigIntegerField(null=True)
    """Key of a person (`people.models.Person`) who is expected too."""
    expected = ArrayField(models.BigIntegerField())
    """Keys of the people who are expected, in order: whom a branch or a post stood for is settled when it is said."""
    voters = ArrayField(models.BigIntegerField())
    """Which of them vote."""
    rule = models.CharField(max_length=9, choices=Rule)
    numerator = models.PositiveSmallIntegerField(default=0, db_default=0)
    denominator = models.PositiveSmallIntegerField(default=1, db_default=1)
    agenda = models.JSONField()
    """``[[id, title, [option, …]], …]``; without options nobody votes on it."""
    papers = models.JSONField()
    """``[[bundle, document, title], …]``: documents that are published."""
    cancelled = models.BooleanField(default=False, db_default=False)

    class Meta(Dated.Meta):
        verbose_name = "会议通知"
        verbose_name_plural = "会议通知"
        constraints = [
            *Dated.Meta.constraints,
            models.CheckConstraint(condition=Q(valid_from=None, valid_to=None), name="meeting_record_is_always"),
            models.CheckConstraint(condition=Q(begin__lt=models.F("end")), name="meeting_begins_before_it_ends"),
        ]
        indexes = [models.Index(fields=["begin"], name="meeting_record_by_begin")]


class KindSubject(models.Model):
    """A kind of meeting that dated rows are about."""

    name = models.CharField(primary_key=True, max_length=20, choices=Kind)


class KindTerms(Dated):
    """What the county asks of a kind of meeting for a time: how often, and which quorum is proposed."""

    subject = models.ForeignKey(KindSubject, on_delete=models.PROTECT, related_name="terms")
    times = models.PositiveSmallIntegerField()
    """How often a branch must hold it in ``months``; 0: as often as it likes."""
    months = models.PositiveSmallIntegerField()
    """1: in each month. 3: in each quarter."""
    rule = models.CharField(max_length=9, choices=Rule)
    numerator = models.PositiveSmallIntegerField()
    denominator = models.PositiveSmallIntegerField()

    class Meta(Dated.Meta):
        verbose_name = "会议要求"
        verbose_name_plural = "会议要求"


class VoteEntry(models.Model):
    """A vote as somebody entered it in the county. A later entry of the same item takes its place; both stay."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="votes_entered")
    item = models.CharField(max_length=64)
    votes = ArrayField(models.PositiveIntegerField())
    """For each option, in their order."""
    present = models.PositiveIntegerField()
    """Voters in the room, as whoever entered it counted them."""
    abstained = models.PositiveIntegerField(default=0)
    voted_at = models.DateTimeField()
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=150)

    decided_fields = ("meeting", "item", "votes", "present", "abstained", "voted_at", "entered_at", "entered_by")

    class Meta:
        verbose_name = "表决"
        verbose_name_plural = "表决"
        ordering = ["entered_at", "pk"]


class Minutes(models.Model):
    """One version of a meeting's minutes. Its text never changes; who signs it off is added once."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="minutes")
    version = models.PositiveSmallIntegerField()
    text = models.TextField()
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=150)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.CharField(max_length=150, blank=True)

    decided_fields = ("meeting", "version", "text", "written_at", "written_by", "signed_at", "signed_by")

    class Meta:
        verbose_name = "会议记录"
        verbose_name_plural = "会议记录"
        ordering = ["version"]
        constraints = [models.UniqueConstraint(fields=["meeting", "version"], name="minutes_version_once")]


class _Stated(Stamped):
    """A fact of a station."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    by_epoch = models.BinaryField(max_length=16, null=True)
    by_seq = models.BigIntegerField(null=True)
    """The touch or the number of whoever did it."""
    person_number = models.CharField(max_length=64, blank=True, db_default="")
    """The number, if it was one."""

    class Meta:
        abstract = True


class MeetingStep(_Stated):
    """A station says that a meeting has got one step further."""

    meeting = models.CharField(max_length=64)
    step = models.CharField(max_length=16)
    item = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="meeting_step_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="meeting_step_by_boot"),
            models.Index(
                fields=["station", "by_epoch", "by_seq"],
                condition=models.Q(by_seq__isnull=False),
                name="meeting_step_by_whom",
            ),
            models.Index(fields=["meeting"], name="meeting_step_by_meeting"),
        ]


class VoteCount(_Stated):
    """The outcome of a vote as somebody entered it at a kiosk."""

    meeting = models.CharField(max_length=64)
    item = models.CharField(max_length=64)
    votes = ArrayField(models.PositiveIntegerField())
    present = models.PositiveIntegerField()
    abstained = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="vote_count_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="vote_count_by_boot"),
            models.Index(
                fields=["station", "by_epoch", "by_seq"],
                condition=models.Q(by_seq__isnull=False),
                name="vote_count_by_whom",
            ),
            models.Index(fields=["meeting"], name="vote_count_by_meeting"),
        ]


class Vouch(_Stated):
    """Somebody who has shown who they are says that another person is here."""

    person = models.CharField(max_length=64)
    purpose = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="vouch_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="vouch_by_boot"),
            models.Index(
                fields=["station", "by_epoch", "by_seq"], condition=models.Q(by_seq__isnull=False), name="vouch_by_whom"
            ),
            models.Index(fields=["purpose"], name="vouch_by_purpose"),
        ]
