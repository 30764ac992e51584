"""Questions of villagers as stations told of them, what people of the county did about each, and whom to telephone."""

from django.db import models

from server_broker.fleet.models import Stamped, Station
from server_broker.regions.models import Region


class Feedback(Stamped):
    """A question or complaint. It is a station's fact: nobody in the county changes or deletes it."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    feedback = models.BinaryField(max_length=16)
    """The random id that the station drew. Another station may tell of the same one: that is another question."""
    number = models.CharField(max_length=10)
    """The receipt number, computed from the id."""
    topic = models.CharField(max_length=64, blank=True)
    matter = models.CharField(max_length=64, blank=True)
    about = models.CharField(max_length=64, blank=True)
    item = models.CharField(max_length=64, blank=True)
    text = models.CharField(max_length=400, blank=True)
    by_epoch = models.BinaryField(max_length=16, null=True)
    by_seq = models.BigIntegerField(null=True)
    """The touch or number of whoever left their name; both null: anonymous."""

    class Meta:
        verbose_name = "群众意见"
        verbose_name_plural = "群众意见"
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="feedback_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="feedback_by_boot"),
            models.Index(
                fields=["station", "by_epoch", "by_seq"],
                condition=models.Q(by_seq__isnull=False),
                name="feedback_by_whom",
            ),
            models.Index(fields=["-received_at", "-id"], name="feedback_newest"),
        ]

    @property
    def number_end(self) -> str:
        """The end of the receipt number, by which officers name a question.

        Whoever knows all of it rates the answer at the kiosk, and that is for whoever asked, not for who answers.
        """
        return f"······{self.number[-4:]}"


class FeedbackRating(Stamped):
    """How an answer was, as somebody said at the station: 1 is the worst, 5 the best."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    feedback = models.BinaryField(max_length=16)
    rating = models.PositiveSmallIntegerField()
    note = models.CharField(max_length=400, blank=True)
    by_epoch = models.BinaryField(max_length=16, null=True)
    by_seq = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "对答复的评价"
        verbose_name_plural = "对答复的评价"
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="feedback_rating_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="feedback_rating_by_boot"),
            models.Index(
                fields=["station", "by_epoch", "by_seq"],
                condition=models.Q(by_seq__isnull=False),
                name="feedback_rating_by_whom",
            ),
            models.Index(fields=["station", "feedback"], name="feedback_rating_of"),
        ]


class StepKind(models.TextChoices):
    """What somebody of the county did about a question; the codes are those of `protocol.feedback.AnswerState`."""

    ANSWERED = "answered", "已答复"
    PASSED_ON = "passed_on", "已转镇办"


class FeedbackStep(models.Model):
    """An answer, or that the village gave the question to the township. Steps are only added."""

    feedback = models.ForeignKey(Feedback, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12, choices=StepKind)
    text = models.CharField(max_length=400, blank=True)
    office = models.CharField(max_length=64)
    """Who answers, or to whom it was passed on, as the kiosk shows it."""
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    decided_fields = ("feedback", "kind", "text", "office", "actor")

    class Meta:
        verbose_name = "意见的办理"
        verbose_name_plural = "意见的办理"


class Because(models.TextChoices):
    """Why a question is set aside."""

    MANY = "many", "一天里太多"
    REVOKED = "revoked", "站点已吊销"


class SetAside(models.Model):
    """A question that is listed apart from those that wait, so that it does not bury them."""

    feedback = models.OneToOneField(Feedback, on_delete=models.PROTECT, primary_key=True, related_name="set_aside")
    because = models.CharField(max_length=8, choices=Because)
    actor = models.CharField(max_length=150, blank=True)
    """Empty if no person did it."""
    at = models.DateTimeField()
    put_back_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "单独放着的意见"
        verbose_name_plural = "单独放着的意见"


class HelpContact(models.Model):
    """Whom people of a township's villages may telephone; their kiosks show it."""

    region = models.OneToOneField(Region, on_delete=models.PROTECT, primary_key=True, related_name="+")
    name = models.CharField(max_length=16)
    phone = models.CharField(max_length=20)

    decided_fields = ("region", "name", "phone")

    class Meta:
        verbose_name = "镇办联系人"
        verbose_name_plural = "镇办联系人"
