"""A person's PIN, the PINs that stations told of, and the numbers that people entered at kiosks."""

from django.db import models

from server_broker.fleet.models import Stamped, Station
from server_broker.people.models import Person


class PersonPin(models.Model):
    """A person's PIN as it holds now: a slow hash, never the PIN. Erased when it is voided or the person leaves."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="pin")
    verifier = models.BinaryField(null=True)
    """An encoded `protocol.pins.PinVerifier`; null: none is set."""
    set_at = models.DateTimeField(null=True)
    station = models.ForeignKey(Station, on_delete=models.PROTECT, null=True, related_name="+")
    """Where it was set."""
    voided_at = models.DateTimeField(null=True)
    """What was set until then is no PIN any more."""

    class Meta:
        verbose_name = "密码"
        verbose_name_plural = "密码"


class KioskTry(models.Model):
    """A wrong try at a person's PIN that counts, and the station where it was made (`server_broker.pins.counting`).

    The front door counts its own.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "在大屏输错密码"
        verbose_name_plural = "在大屏输错密码"
        indexes = [models.Index(fields=["station", "at"], name="kiosk_try_by_station")]


class PinClaim(models.Model):
    """A PIN of which a station told, and whether the county accepted it; ``refused`` is empty, or says why not."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    number = models.CharField(max_length=64)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="+")
    salt = models.BinaryField(max_length=16)
    refused = models.CharField(max_length=16)
    at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = "设密码记录"
        verbose_name_plural = "设密码记录"
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="pin_claim_once")]
        indexes = [
            # The newest ones go to stations, and a stolen station can tell of any number.
            models.Index(
                fields=["person", "-received_at", "-id"], condition=~models.Q(refused=""), name="refused_pin_by_person"
            ),
        ]


class NumberEntry(Stamped):
    """Somebody entered a number at a kiosk. It is a touch of theirs if ``clocks`` and ``counts``."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+")
    epoch = models.BinaryField(max_length=16)
    seq = models.BigIntegerField()
    number = models.CharField(max_length=64)
    """The person's, as the station's list names them; empty: nobody's there."""
    answer = models.CharField(max_length=16)
    clocks = models.BooleanField()
    direction = models.CharField(max_length=3, blank=True)
    counts = models.BooleanField()
    """The person belongs to the station's township. If not, a stolen station speaks for people it does not know."""

    class Meta:
        verbose_name = "输入编号"
        verbose_name_plural = "输入编号"
        constraints = [models.UniqueConstraint(fields=["station", "epoch", "seq"], name="number_entry_once")]
        indexes = [
            models.Index(fields=["station", "boot"], name="number_entry_by_boot"),
            models.Index(fields=["number"], name="number_entry_by_number"),
            models.Index(fields=["wall"], name="number_entry_by_time"),
        ]
