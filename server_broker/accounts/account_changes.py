"""Make and change accounts. Each change is written to the audit log in the same transaction."""

from collections.abc import Sequence

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from protocol.decisions import AccessReset, AccountChanged, AccountMade
from server_broker.accounts.administration import may_change
from server_broker.accounts.links import void_links
from server_broker.accounts.models import Role, User
from server_broker.accounts.names import check_name
from server_broker.accounts.passwords import MADE, SET, password_detail
from server_broker.accounts.places import misplaced
from server_broker.accounts.scope import Viewer
from server_broker.audit.log import Detail, record
from server_broker.audit.models import AuditEntry
from server_broker.decisions.stream import decide
from server_broker.regions.models import Region

_FIELDS = {"role": "role", "region": "region_id", "person": "person_id", "active": "is_active"}
"""The fields that may change: their name in the audit log and in the model. A name never changes, because the audit log
and commands identify people by it."""


class AccountRefused(Exception):
    """Nothing was made or changed. The message is Chinese, for the person who asked."""


def make_account(
    username: str, *, role: Role, region: str | None, person: int | None = None, actor: str = "cunhui-server"
) -> User:
    """Return a new account without a password. It signs in by links until it gets one.

    Args:
        region: Code of the region whose subtree it sees; None if it sees nothing yet.
        person: Key of the person (`people.Person`) who uses it; None if that is nobody on the county's list.

    Raises:
        AccountRefused: The name is taken or not allowed, the role does not fit the region, or the person has another
            open account.
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
    user = User(username=name, role=role, region=place, person_id=person)
    check_account(user)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
            say_made(user, actor=actor)
    except IntegrityError as error:  # the same account was made since the check
        raise AccountRefused(f"已有账号 {user.username}") from error
    return user


def check_account(account: User) -> None:
    """Check what holds for each open account: its role fits its region, and its person is there and has no other one.

    One person with two accounts could be two of the three administrators, or approve what they asked for themselves.

    Raises:
        AccountRefused: It does not hold.
    """
    if why := misplaced(account.role, account.region_id):
        raise AccountRefused(why)
    if not account.is_active or account.person_id is None:
        return
    if account.person is not None and account.person.left:
        raise AccountRefused("这个人已离任，不能再有在用的账号。")
    other = User.objects.filter(person=account.person_id, is_active=True).exclude(pk=account.pk).first()
    if other is not None:
        raise AccountRefused(f"这个人已有账号 {other.get_username()}：一个人只能有一个在用的账号，请先停用那一个。")


def say_made(user: User, *, actor: str) -> None:
    """Record a new account in the audit log. Call this in the transaction that makes it."""
    made: Detail = {"role": str(user.role), "region": user.region_id}
    made |= password_detail(user.password, usable=user.has_usable_password())
    if user.person_id is not None:
        made["person"] = user.person_id
    entry = record(actor, MADE, user.get_username(), made)
    decide(entry, AccountMade(account=user.pk, role=str(user.role), region=_code_of(user)), [user])


def save_changes(account: User, *, actor: str) -> bool:
    """Store the account's role, region, person and activity, and return whether any changed.

    The audit log gets the old values. If the account is closed, its sessions, its unused links and its tokens end, so
    that they don't work again when the account is opened again.

    Raises:
        AccountRefused: The role does not fit the region, or the person has another open account.
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
        check_account(account)
        if not account.is_active:
            account.sign_outs = before.sign_outs + 1
            void_links(account)
        if "person" in changed:
            account.ends_on = None  # it was the day of the person before
        saved = [field.removesuffix("_id") for field in _FIELDS.values()]
        account.save(update_fields=[*saved, "sign_outs", "ends_on"])
        ended = _end_tokens(account, actor) if before.is_open != account.is_open else []
        if ended:
            changed["tokens_revoked"] = len(ended)
        entry = record(actor, "account.changed", account.get_username(), changed)
        say_changed(entry, account, ended)
    return True


def _end_tokens(account: User, actor: str) -> list[Model]:
    """Revoke the tokens of programs that an account has made. Returns them.

    They end when it is closed, and when it is opened again: some may be from before closing ended them.
    """
    ended: list[Model] = []
    for token in account.api_tokens.select_for_update(of=("self",)).filter(revoked_at=None):
        token.revoked_at, token.revoked_by = timezone.now(), actor
        token.save(update_fields=["revoked_at", "revoked_by"])
        ended.append(token)
    return ended


def say_changed(entry: AuditEntry, account: User, rows: Sequence[Model] = ()) -> None:
    """Append to the county's stream what an account is now. Call this in the transaction that changes it.

    Args:
        rows: What changed with it.
    """
    said = AccountChanged(
        account=account.pk, role=str(account.role), region=_code_of(account), active=account.is_active
    )
    decide(entry, said, [account, *rows])


def _code_of(account: User) -> str | None:
    return None if account.region is None else account.region.code


def close_account(account: User, *, administrator: Viewer) -> None:
    """Close an account: its sessions and its unused links end, and nobody signs in to it.

    Raises:
        AccountRefused: ``administrator`` may not change this account.
    """
    if not may_change(administrator, account):
        raise AccountRefused("这个账号不归您管，不能停用：请找能管它的系统管理员，或在县服务器上停用。")
    account.is_active = False
    save_changes(account, actor=administrator.get_username())


def _plain(value: str | int | None) -> str | int | None:
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
    detail = password_detail(account.password, usable=account.has_usable_password())
    entry = record(actor, SET, account.get_username(), detail)
    decide(entry, AccessReset(account=account.pk, means="password"))


def unlock(account: User, *, actor: str) -> bool:
    """Forget wrong tries at the account's password, of every address; return whether there were any."""
    with transaction.atomic():
        forgotten = AxesProxyHandler.reset_attempts(username=account.get_username())
        if forgotten:
            record(actor, "account.unlocked", account.get_username(), {"tries_of_addresses": forgotten})
    return forgotten > 0
