"""Make and change accounts. Each change is written to the audit log in the same transaction."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from server_broker.accounts.models import Role, SignInLink, User
from server_broker.accounts.names import check_name
from server_broker.audit.log import Detail, record
from server_broker.regions.models import Region

_FIELDS = {"role": "role", "region": "region_id", "active": "is_active"}
"""The fields that may change: their name in the audit log and in the model. A name never changes, because the audit log
and commands identify people by it."""


class AccountRefused(Exception):
    """Nothing was made or changed. The message is Chinese, for the person who asked."""


def make_account(username: str, *, role: Role, region: str | None, actor: str = "cunhui-server") -> User:
    """Return a new account without a password. It signs in by links until it gets one.

    Args:
        region: Code of the region whose subtree it sees; None if it sees nothing yet.

    Raises:
        AccountRefused: The name is taken or not allowed.
        Region.DoesNotExist: There is no such region.
    """
    place = None if region is None else Region.objects.get(pk=region)
    name = User.normalize_username(username)
    try:
        User._meta.get_field("username").clean(name, None)
        check_name(name)
    except ValidationError as error:
        raise AccountRefused(f"账号名不能用：{''.join(error.messages)}") from error
    # The database's own constraint lets "zhen1" and "Zhen1" be two accounts, and people would confuse them.
    if User.objects.filter(username__iexact=name).exists():
        raise AccountRefused(f"已有账号 {name}")
    user = User(username=name, role=role, region=place)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
            say_made(user, actor=actor)
    except IntegrityError as error:  # the same account was made since the check
        raise AccountRefused(f"已有账号 {user.username}") from error
    return user


def say_made(user: User, *, actor: str) -> None:
    """Record a new account in the audit log. Call this in the transaction that makes it."""
    made: Detail = {"role": str(user.role), "region": user.region_id, "password": user.has_usable_password()}
    record(actor, "account.made", user.get_username(), made)


def save_changes(account: User, *, actor: str) -> bool:
    """Store the account's role, region and activity, and return whether any changed. The audit log gets the old values.

    If the account is closed, its unused links end, so that they don't work again when the account is opened again.
    """
    with transaction.atomic():
        # Locked, so that the old values in the audit log are the ones that this change replaces.
        before = User.objects.select_for_update().get(pk=account.pk)
        changed: Detail = {}
        for word, field in _FIELDS.items():
            old, new = getattr(before, field), getattr(account, field)
            if old != new:
                changed |= {word: _plain(new), f"{word}_was": _plain(old)}
        if not changed:
            return False
        account.save(update_fields=[field.removesuffix("_id") for field in _FIELDS.values()])
        if not account.is_active:
            void_links(account)
        record(actor, "account.changed", account.get_username(), changed)
    return True


def _plain(value: str | bool | None) -> str | bool | None:
    return str(value) if isinstance(value, Role) else value


def set_password(account: User, password: str, *, actor: str) -> None:
    """Set the account's password. Its sessions and its unused links end.

    Raises:
        AccountRefused: The password is too weak.
    """
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise AccountRefused("".join(error.messages)) from error
    with transaction.atomic():
        account.set_password(password)
        account.save(update_fields=["password"])
        say_password_set(account, actor=actor)


def say_password_set(account: User, *, actor: str) -> None:
    """Record in the audit log that the password was set or removed. Call this in the transaction that does so."""
    void_links(account)
    record(actor, "account.password_set", account.get_username(), {"password": account.has_usable_password()})


def void_links(account: User) -> None:
    """End the account's one-time links that nobody has used."""
    now = timezone.now()
    SignInLink.objects.filter(user=account, used_at=None, expires_at__gt=now).update(expires_at=now)
