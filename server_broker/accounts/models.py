"""Accounts of the console and one-time sign-in links."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from server_broker.regions.models import Region


class Role(models.TextChoices):
    """What an account may do. It has one role, so that no account combines the system, security and audit roles."""

    SYSTEM = "system", "系统管理员"
    SECURITY = "security", "安全管理员"
    AUDITOR = "auditor", "审计员"
    OPERATOR = "operator", "县运维"
    OFFICER = "officer", "镇办干部"


class User(AbstractUser):
    """Someone who signs in to the console and sees one subtree of the county."""

    role = models.CharField("角色", max_length=12, choices=Role, default=Role.OFFICER)
    region = models.ForeignKey(Region, verbose_name="区划", on_delete=models.PROTECT, null=True, blank=True)
    """The region whose subtree this account sees. Without a region it sees nothing."""

    @property
    def is_staff(self) -> bool:  # type: ignore[override]  # a column of Django's, which would only repeat the role
        """Whether the account may open the data tables under /admin/ (`django.contrib.admin`), where accounts are."""
        return self.role == Role.SYSTEM

    class Meta:
        verbose_name = "账号"
        verbose_name_plural = "账号"


class SignInLink(models.Model):
    """A link that signs one account in once. Only the SHA-256 of its token is stored."""

    token_hash = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
