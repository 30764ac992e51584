"""Who is signed in on a telephone, and what keeps strangers from trying for long."""

from django.db import models

from server_broker.fleet.models import Station
from server_broker.people.models import Person


class PhoneSession(models.Model):
    """A person who is signed in on one telephone. The next sign-in of the person, on whatever telephone, ends it."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="+")
    token_hash = models.BinaryField(max_length=32, unique=True)
    opened_at = models.DateTimeField()
    station = models.ForeignKey(Station, on_delete=models.CASCADE, null=True, related_name="+")
    """The kiosk whose code opened it; null if number and PIN did."""


class PhoneSignIn(models.Model):
    """A sign-in on a telephone, for the limit of how often one person may sign in."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)


class UsedPhoneLink(models.Model):
    """A kiosk's code that opened a session, so that it opens no other."""

    code = models.BinaryField(max_length=32, unique=True)
    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="+")
    used_at = models.DateTimeField(db_index=True)


class Tries(models.Model):
    """The wrong PINs that were tried at the front door (`protocol.pin_tries`).

    They are counted apart from those at kiosks, so that strangers on the internet keep nobody from clocking in.
    """

    fails = models.PositiveSmallIntegerField(default=0)
    last = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class DoorTries(Tries):
    """Those for a person who has a PIN."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="+")


class NobodysTries(Tries):
    """Those for a number without a PIN. It is locked like any other, so that a lock tells nobody who has one."""

    number = models.BinaryField(max_length=32, unique=True)
    """A keyed hash of what was typed."""


class WrongTry(models.Model):
    """A wrong try at the front door, for the limits of one network, of one customer and of the whole county."""

    at = models.DateTimeField(db_index=True)
    source = models.CharField(max_length=64)
    """The network (`server_broker.platform.network.network_source`)."""
    site = models.CharField(max_length=64, db_default="")
    """All networks of one customer (`server_broker.platform.network.site_source`)."""
    way = models.CharField(max_length=6)
    """``number`` or ``code``."""
