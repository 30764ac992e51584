"""The audit log. Rows are added and never changed; each carries the hash of the one before."""

from django.db import models


class AuditEntry(models.Model):
    """One action: who did what to which subject."""

    version = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    source = models.CharField(max_length=64, blank=True)
    """The address that the action was asked from; ``local`` for the county's own machine; empty in version 1."""
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=128, blank=True)
    detail = models.JSONField(default=dict)
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32, unique=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["at"], name="audit_by_time")]
        verbose_name = "审计记录"
        verbose_name_plural = "审计记录"
