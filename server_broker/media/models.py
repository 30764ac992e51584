"""Blobs by their hash, which of their bytes have arrived, and which may not be deleted."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from server_broker.fleet.models import station_of
from server_broker.media.files import COUNTY
from server_broker.regions.models import Region


class Blob(models.Model):
    """A file that a station announced or sends, or that a person gave to the county.

    Once it is whole, its bytes lie in the media folder under the hash.
    """

    class Origin(models.TextChoices):
        """Where a blob comes from."""

        STATION = "station", "站点"
        COUNTY = "county", "县里上传"

    origin = models.CharField(max_length=8, choices=Origin, default=Origin.STATION, db_default=Origin.STATION)
    station = station_of("blobs", null=True)
    """None for a blob of the county."""
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    """The person who gave it; None for a blob of a station."""
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveIntegerField()
    media_type = models.CharField(max_length=64, blank=True)
    """What its sender says it is."""
    judged_type = models.CharField(max_length=64, blank=True, db_default="")
    """What its first bytes say it is, if its purpose allows that; empty otherwise. Only then is it of any use."""
    purpose = models.CharField(max_length=16, blank=True)
    about_epoch = models.BinaryField(max_length=16, null=True)
    about_seq = models.BigIntegerField(null=True)
    announced_at = models.DateTimeField(null=True)
    ranges = models.JSONField(default=list)
    """``[[start, end), …]`` of the bytes that have arrived, merged and in order."""
    completed_at = models.DateTimeField(null=True)
    viewable = models.BooleanField(default=False)
    """Whether the bytes are a whole picture of a reasonable size. Only then are they ever shown."""
    evicted_reason = models.CharField(max_length=16, blank=True)

    @property
    def sender(self) -> str:
        """The name under which the media folder knows who sent it."""
        return self.station_id or COUNTY

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["station", "sha256"], name="blob_once"),
            models.UniqueConstraint(fields=["sha256", "purpose"], condition=Q(station=None), name="county_blob_once"),
            models.CheckConstraint(
                condition=Q(origin="station", station__isnull=False, uploaded_by=None)
                | Q(origin="county", station=None, uploaded_by__isnull=False),
                name="blob_has_one_origin",
            ),
        ]
        indexes = [
            models.Index(fields=["station", "about_epoch", "about_seq"], name="blob_by_subject"),
            models.Index(
                fields=["station"],
                condition=models.Q(announced_at__isnull=True),
                name="blob_unannounced",
            ),
            models.Index(fields=["uploaded_by"], condition=Q(uploaded_by__isnull=False), name="blob_by_account"),
        ]


class LegalHold(models.Model):
    """Somebody decided that a blob may not be deleted. Rows are added; lifting fills in the last three fields, once."""

    decided_fields = ("blob", "reason", "set_by", "set_within", "set_at", "lifted_reason", "lifted_by", "lifted_at")

    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=200)
    set_by = models.CharField(max_length=150)
    set_within = models.ForeignKey(Region, on_delete=models.PROTECT, to_field="identity", null=True, related_name="+")
    """What the account saw that set it. Not known of an early hold; then it takes the whole county to lift it."""
    set_at = models.DateTimeField()
    lifted_reason = models.CharField(max_length=200, blank=True)
    lifted_by = models.CharField(max_length=150, blank=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["blob"], condition=Q(lifted_at=None), name="one_hold_at_a_time"),
        ]
        verbose_name = "依法保留"
        verbose_name_plural = "依法保留"
