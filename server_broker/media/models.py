"""Blobs by their hash, and which of their bytes have arrived."""

from django.db import models

from server_broker.fleet.models import Station


class Blob(models.Model):
    """A file that a station announced or sends. Once it is whole, its bytes lie in the media folder under the hash."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="blobs")
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveIntegerField()
    media_type = models.CharField(max_length=64, blank=True)
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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "sha256"], name="blob_once")]
        indexes = [
            models.Index(fields=["station", "about_epoch", "about_seq"], name="blob_by_subject"),
            models.Index(
                fields=["station"],
                condition=models.Q(announced_at__isnull=True, completed_at__isnull=True),
                name="blob_unannounced",
            ),
        ]
