"""People and cards."""

from django.conf import settings
from django.db import models

from server_broker.regions.models import Region


class Person(models.Model):
    """A person on a village's list. ``number`` is the county's own staff number, never an identity number."""

    number = models.CharField("编号", max_length=32, unique=True)
    name = models.CharField("姓名", max_length=32)
    village = models.ForeignKey(Region, verbose_name="村", on_delete=models.PROTECT, related_name="people")

    decided_fields = ("number", "name", "village")

    class Meta:
        ordering = ["number"]
        verbose_name = "人员"
        verbose_name_plural = "人员"

    def __str__(self) -> str:
        return self.name


class Card(models.Model):
    """A person's card. Its UID is stored as a keyed hash (`protocol.cards`), and its number as the last four digits."""

    token = models.BinaryField(max_length=16, unique=True)
    tail = models.CharField("卡号尾数", max_length=4)
    person = models.ForeignKey(Person, verbose_name="人员", on_delete=models.PROTECT, related_name="cards")
    bound_at = models.DateTimeField("绑定时间")
    lost_at = models.DateTimeField("挂失时间", null=True, blank=True)

    decided_fields = ("token", "person", "bound_at", "lost_at")

    class Meta:
        verbose_name = "卡"
        verbose_name_plural = "卡"

    def __str__(self) -> str:
        return f"…{self.tail}"


class PendingImport(models.Model):
    """An imported file that waits until its sender confirms the changes. An account has at most one."""

    token = models.UUIDField(unique=True)
    account = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    plan = models.BinaryField()
    """The place of a `sheets` book and its plan, in compressed MessagePack. It has card tokens but no card numbers."""
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = "待确认的导入"
        verbose_name_plural = "待确认的导入"
