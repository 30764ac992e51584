"""Each step of a switch. How it stands follows from them."""

from django.db import models


class Step(models.TextChoices):
    """What somebody did with a switch."""

    ASKED = "asked", "申请打开"
    TURNED_ON = "turned_on", "同意打开"
    REFUSED = "refused", "不同意打开"
    TURNED_OFF = "turned_off", "关闭"


class SwitchStep(models.Model):
    """Somebody asked for a switch, agreed, refused, or turned it off. No step is ever changed."""

    code = models.CharField(max_length=32)
    """Of `server_broker.compliance.switches.SWITCHES`."""
    step = models.CharField(max_length=16, choices=Step.choices)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    reason = models.CharField(max_length=200)

    decided_fields = ("code", "step", "by", "at")

    class Meta:
        indexes = [models.Index(fields=["code", "-id"], name="switch_newest")]
