"""Compare what accounts sign in with to the entries of the audit log about how it came to be.

That is passwords, second factors, recovery codes and sign-in links.

Each of these entries is a decision, so nobody can add one behind the county's back. Entries of earlier releases name no
hash, no device and no link; then it counts that the account has such an entry.
"""

import datetime as dt
from collections import defaultdict

from server_broker.accounts import passwords, recovery
from server_broker.accounts.links import LONGEST_VALIDITY, MADE
from server_broker.accounts.models import RecoveryCode, SecondFactor, SignInLink, User
from server_broker.accounts.second_factor import RESET, SET, mark_of
from server_broker.audit.models import AuditEntry
from server_broker.manifest.problems import Problem
from server_broker.trust.sealing import SealBroken


def check_access() -> Problem | None:
    """Return the first password, second factor, recovery code or sign-in link that nobody set or made as it is."""
    return _passwords() or _second_factors() or _recovery_codes() or _links()


def _passwords() -> Problem | None:
    last: dict[str, AuditEntry] = {}
    for entry in AuditEntry.objects.filter(action__in=(passwords.MADE, passwords.SET, passwords.RENEWED)).order_by(
        "id"
    ):
        last[entry.subject] = entry
    for user in User.objects.exclude(password="").order_by("pk"):
        if not user.has_usable_password():
            continue
        own, said = last.get(user.get_username()), ""
        if own is None or not own.detail.get("password"):
            said = "没有设置过它的记录"
        elif "hash" in own.detail and own.detail["hash"] != passwords.mark_of_password(user.password):
            said = "不是最后设置的那一个"
        if said:
            return _bad(f"账号 {user.get_username()} 的密码（{User._meta.db_table}）", said)
    return None


def _second_factors() -> Problem | None:
    stands: dict[object, str] = {}
    """What the account's last entry says; an empty text where an earlier release did not say which device."""
    for entry in AuditEntry.objects.filter(action__in=(SET, RESET)).order_by("id"):
        for name in (entry.subject, entry.detail.get("account")):
            if entry.action == SET:
                stands[name] = str(entry.detail.get("device", ""))
            else:
                stands.pop(name, None)
    seen: set[int] = set()
    for device in SecondFactor.objects.filter(confirmed=True).select_related("user").order_by("pk"):
        mark = stands.get(device.user_id, stands.get(device.user.get_username()))
        said = ""
        if mark is None:
            said = "没有设置过它的记录"
        elif why := _wrong_secret(device, mark):
            said = why
        elif device.user_id in seen:
            said = "这个账号多了一个"
        seen.add(device.user_id)
        if said:
            return _bad(f"第二步验证 {device.pk}（{SecondFactor._meta.db_table}）", said)
    return None


def _recovery_codes() -> Problem | None:
    stands: dict[object, str] = {}
    for entry in AuditEntry.objects.filter(action__in=(recovery.MADE, RESET)).order_by("id"):
        account = entry.detail.get("account")
        if entry.action == RESET:
            stands.pop(account, None)
        else:
            stands[account] = str(entry.detail.get("codes", ""))
    rows: defaultdict[User, list[str]] = defaultdict(list)
    for code in RecoveryCode.objects.select_related("user").order_by("user_id"):
        rows[code.user].append(code.code_hash)
    for user, hashes in rows.items():
        if stands.get(user.pk) != recovery.mark_of_codes(hashes):
            return _bad(f"账号 {user.get_username()} 的备用码（{RecoveryCode._meta.db_table}）", "不是最后生成的那些")
    return None


def _wrong_secret(device: SecondFactor, mark: str) -> str:
    """Return what is wrong with a device's secret, in Chinese; empty if nothing is."""
    try:
        own = mark_of(device)
    except SealBroken:
        return "密钥打不开：不是县平台存进去的，或者 trust 里的 seal.key 不是原来那一个"
    return "密钥不是设置时的那一个" if mark and mark != own else ""


def _links() -> Problem | None:
    made: dict[str, AuditEntry] = {}
    unnamed: defaultdict[str, list[dt.datetime]] = defaultdict(list)
    for entry in AuditEntry.objects.filter(action=MADE).order_by("id"):
        if mark := entry.detail.get("link"):
            made[str(mark)] = entry
        else:
            unnamed[entry.subject].append(entry.at)
    signed_in = AuditEntry.objects.filter(action="account.signed_in", detail__has_key="link")
    used = set(signed_in.values_list("detail__link", flat=True))
    for link in SignInLink.objects.select_related("user").order_by("pk"):
        mark, said = bytes(link.token_hash).hex(), ""
        own = made.get(mark)
        if own is not None:
            if own.detail.get("account") != link.user_id:
                said = "不是给这个账号的"
            elif link.expires_at > dt.datetime.fromisoformat(str(own.detail["until"])):
                said = "有效期被延长了"
            elif link.used_at is None and mark in used:
                said = "用过了，又变成没有用过"
        elif not any(at < link.expires_at <= at + LONGEST_VALIDITY for at in unnamed[link.user.get_username()]):
            said = "没有给出过它的记录"
        if said:
            return _bad(f"登录链接 {link.pk}（{SignInLink._meta.db_table}）", said)
    return None


def _bad(place: str, said: str) -> Problem:
    return Problem("row", place, said)
