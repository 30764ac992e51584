"""Accounts of the console, their second factors, recovery codes and one-time sign-in links."""

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_totp.models import TOTPDevice

from server_broker.accounts.passwords import renew
from server_broker.regions.models import COUNTY_DIGITS, Region, subtree_prefix
from server_broker.trust.sealing import seal, unseal

_SESSION_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
"""Django's own."""


class Role(models.TextChoices):
    """What an account may do. It has one role, so that no account combines the system, security and audit roles."""

    SYSTEM = "system", "系统管理员"
    SECURITY = "security", "安全管理员"
    AUDITOR = "auditor", "审计员"
    OPERATOR = "operator", "县运维"
    OFFICER = "officer", "镇办干部"
    ORGANISATION = "organisation", "组织部"
    SECRETARY = "secretary", "村书记"
    SUPERVISION = "supervision", "监委会"
    EDITOR = "editor", "内容编辑"


class User(AbstractUser):
    """Someone who signs in to the console and sees one subtree of the county."""

    role = models.CharField("角色", max_length=12, choices=Role, default=Role.OFFICER)
    region = models.ForeignKey(Region, verbose_name="区划", on_delete=models.PROTECT, null=True, blank=True)
    """The region whose subtree this account sees. Without a region it sees nothing."""
    person = models.ForeignKey(
        "people.Person", verbose_name="本人", on_delete=models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    """Who uses the account, if it is somebody on the county's list. Nobody approves their own requests
    (`accounts.own_affairs`), and who has left can't sign in (`accounts.leaving`)."""
    ends_on = models.DateField("本人离任日", null=True, blank=True, editable=False)
    """From this day on, by the county's calendar, the account opens nothing, because its person has left."""
    sign_outs = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    """How often all sessions of the account were ended. It is a part of each session's hash."""

    decided_fields = ("username", "role", "region", "person", "is_active", "is_superuser", "ends_on")

    @property
    def is_open(self) -> bool:
        """Whether the account may sign in now: it is not closed, and its person has not left."""
        return self.is_active and (self.ends_on is None or timezone.localdate() < self.ends_on)

    @property
    def role_word(self) -> str:
        """The role as people call it: an officer who sees the whole county is none of a township."""
        if self.role == Role.OFFICER and self.region_id and len(subtree_prefix(self.region_id)) == COUNTY_DIGITS:
            return "县干部"
        return self.get_role_display()

    @property
    def is_staff(self) -> bool:  # type: ignore[override]  # a column of Django's, which would only repeat the role
        """Whether the account may open the data tables under /admin/ (`django.contrib.admin`), where accounts are."""
        return self.role == Role.SYSTEM

    def check_password(self, raw_password: str) -> bool:
        """Return whether this is the account's password. A hash with parameters of earlier times is renewed."""

        def store() -> str:
            self.set_password(raw_password)
            self._password = None  # Django's own mark of a change, and the password has not changed
            self.save(update_fields=["password"])
            return self.password

        return check_password(raw_password, self.password, lambda _: renew(self.pk, self.get_username(), store))

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Django ends a session whose hash no longer fits. Its own hash covers the password alone, so a closed account
        # that is opened again would give its old sessions back.
        ended = f"\0{self.sign_outs}" if self.sign_outs else ""
        digest = salted_hmac(_SESSION_SALT, f"{self.password}{ended}", secret=secret, algorithm="sha256")
        return digest.hexdigest()

    class Meta:
        verbose_name = "账号"
        verbose_name_plural = "账号"
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(is_active=True),
                name="one_open_account_of_a_person",
                violation_error_message="这个人已有另一个在用的账号：一个人只能有一个，请先停用那一个。",
            )
        ]


class SignInLink(models.Model):
    """A link that signs one account in once. Only the SHA-256 of its token is stored."""

    token_hash = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class RecoveryCode(models.Model):
    """A text that counts once in place of a token of the second factor. Only a keyed hash of it is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    code_hash = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)


class SecondFactor(TOTPDevice):
    """The authenticator app of an account: django-otp's device, of which the database has the secret only sealed."""

    class Meta:
        proxy = True
        verbose_name = "第二步验证"
        verbose_name_plural = "第二步验证"

    @classmethod
    def sealed(cls, user: User, secret: bytes) -> str:
        """Return a secret as it is stored in ``key``. It opens for this account alone.

        Raises:
            SealBroken: The county has no sealing key.
        """
        return seal(settings.HOME, secret, of=second_factor_of(user.pk))

    @property
    def bin_key(self) -> bytes:
        """The secret, by which django-otp judges a token.

        Raises:
            SealBroken: It does not open.
        """
        return unseal(settings.HOME, self.key, of=second_factor_of(self.user_id))


def second_factor_of(account: int) -> str:
    """Return whose a second factor is, in the words with which its secret is sealed."""
    return f"second factor of account {account}"
