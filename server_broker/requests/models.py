"""Requests that people made at kiosks, their withdrawals, and the answers to them."""

from django.db import models

from server_broker.fleet.models import Stamped, Station


class Outcome(models.TextChoices):
    """What an answer says."""

    ACCEPTED = "accepted", "同意"
    REFUSED = "refused", "不同意"


class _ByPerson(Stamped):
    """A fact of somebody who has shown who they are."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    request = models.BinaryField(max_length=16)
    by_epoch = models.BinaryField(max_length=16)
    by_seq = models.BigIntegerField()
    """The touch or the number with which the person showed who they are."""
    person_number = models.CharField(max_length=64, blank=True)
    """The number, if it was one: what people entered only to read is not kept as long as this."""

    class Meta:
        abstract = True


class Request(_ByPerson):
    """Somebody asks for something. Whose it is nobody stores but by number (`server_broker.requests.reading`)."""

    number = models.CharField(max_length=6)
    """By which people name it to one another (`protocol.facts_requests.request_number`). Others may have the same."""
    kind = models.CharField(max_length=16)
    code = models.CharField(max_length=64, blank=True)
    begin_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    substitute = models.CharField(max_length=64, blank=True)
    about_epoch = models.BinaryField(max_length=16, null=True)
    about_seq = models.BigIntegerField(null=True)
    """The fact that is objected to, if it is of the same station; both null: none."""
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        verbose_name = "申请"
        verbose_name_plural = "申请"
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="request_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="request_by_boot"),
            models.Index(fields=["-received_at"], name="request_by_age"),
            models.Index(fields=["number"], name="request_by_number"),
            models.Index(fields=["station", "request"], name="request_by_id"),
        ]


class Withdrawal(_ByPerson):
    """Somebody takes a request back. It counts if it is the same person and came before an answer."""

    class Meta:
        verbose_name = "撤回申请"
        verbose_name_plural = "撤回申请"
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="withdrawal_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="withdrawal_by_boot"),
            models.Index(fields=["station", "request"], name="withdrawal_by_id"),
        ]


class Answer(models.Model):
    """What the township says to a request. An answer is never changed: a later one takes its place."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="answers")
    outcome = models.CharField(max_length=8, choices=Outcome)
    text = models.CharField(max_length=200)
    """For the person, who reads it at the kiosk."""
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)

    decided_fields = ("request_id", "outcome", "text", "at", "actor")

    class Meta:
        verbose_name = "答复"
        verbose_name_plural = "答复"
        ordering = ["at", "pk"]
