"""Tokens by which programs read, and how much each has read a day."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from server_broker.regions.models import Region


class ApiToken(models.Model):
    """A program's way to read what its owner may see. Only a keyed hash of its secret is stored (`api_tokens.secret`).

    Nothing in a row but ``revoked_at`` and ``revoked_by`` ever changes.
    """

    name = models.CharField("用途", max_length=64)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="做令牌的账号", on_delete=models.PROTECT, related_name="api_tokens"
    )
    """The account that made it. The token never shows more than this account may see at the moment of a request."""
    scopes = ArrayField(models.CharField(max_length=16), verbose_name="能读什么")
    """Names of the resources (`api_tokens.resources`), in order."""
    region = models.ForeignKey(
        Region, verbose_name="区划", on_delete=models.PROTECT, to_field="identity", related_name="+"
    )
    """The region whose subtree it reads."""
    digest = models.BinaryField("校验值", max_length=32)
    made_at = models.DateTimeField("做于")
    expires_at = models.DateTimeField("到期")
    revoked_at = models.DateTimeField("作废", null=True)
    revoked_by = models.CharField(max_length=150, blank=True, db_default="")

    decided_fields = ("name", "owner", "scopes", "region", "digest", "made_at", "expires_at", "revoked_at")

    class Meta:
        verbose_name = "接口令牌"
        verbose_name_plural = "接口令牌"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("made_at")), name="api_token_made_before_it_expires"
            )
        ]


class ApiUse(models.Model):
    """How often a token read a resource on a local day, and how many rows it was given."""

    token = models.ForeignKey(ApiToken, on_delete=models.PROTECT, related_name="uses")
    resource = models.CharField(max_length=16)
    day = models.DateField()
    requests = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = "接口读取次数"
        verbose_name_plural = "接口读取次数"
        constraints = [models.UniqueConstraint(fields=["token", "resource", "day"], name="api_use_once_a_day")]
        indexes = [models.Index(fields=["day"], name="api_use_by_day")]
