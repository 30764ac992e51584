"""Claims, the certificates of stations, and used nonces."""

from django.db import models

from server_broker.decisions.models import DecidedFact
from server_broker.fleet.models import Station


class Claim(models.Model):
    """A claim code for one station. ``lookup`` is its first six digits; the rest is stored only as a hash.

    A wrong try counts against the claim with the same lookup. Ten wrong tries make the claim invalid (burnt).
    """

    lookup = models.CharField(max_length=6, unique=True)
    secret_hash = models.CharField(max_length=128)
    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="claims")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    burnt_at = models.DateTimeField(null=True)
    fact = models.ForeignKey(DecidedFact, on_delete=models.PROTECT, null=True, related_name="+")
    """The decision that gave it (`server_broker.enrolment.given_claims`). Null in a row of an earlier release."""


class StationCertificate(models.Model):
    """A client certificate that the county CA issued to a station."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="certificates")
    serial = models.CharField(max_length=40, unique=True)
    not_after = models.DateTimeField()
    issued_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class UsedNonce(models.Model):
    """A renewal's nonce: a second use is refused."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE)
    nonce = models.BinaryField(max_length=16)
    used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "nonce"], name="nonce_once")]
