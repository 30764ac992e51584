"""Give a program a token, and revoke it. Both are decisions: each has its audit entry in the same transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from protocol.decisions import Decided
from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import Viewer, in_scope, regions_of
from server_broker.api_tokens.models import ApiToken
from server_broker.api_tokens.resources import METRICS, SCOPES, scopes_of
from server_broker.api_tokens.secret import digest_of, new_secret, text_of
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.people.identity import identity_number_in
from server_broker.regions.models import COUNTY_DIGITS, Region, subtree_prefix

MAX_DAYS = 365
MAX_NAME, MIN_NAME = 64, 2
MOST_OF_ONE = 20
"""Most tokens of one account at a time."""
MADE, REVOKED = "api_token.made", "api_token.revoked"


class TokenRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


@dataclass(frozen=True, slots=True)
class Given:
    """A new token. ``text`` is what the program sends; the county does not know it afterwards."""

    token: ApiToken
    text: str


def make_token(
    owner: User, name: str, *, scopes: Collection[str], region: Region | None, days: int, now: datetime
) -> Given:
    """Return a new token of an account, which reads no more than the account may see.

    Args:
        name: What it is for.
        scopes: Names of the resources that it reads.
        region: Whose subtree it reads; None: none that the account sees.
        days: How long it is valid.

    Raises:
        TokenRefused: The account may not give tokens, or does not see this itself; the name or the time is not
            allowed; or there is such a token already.
    """
    _check(owner, name, scopes, region, days)
    assert region is not None
    with transaction.atomic():
        # Locked, so that a form that is sent twice makes one token.
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        valid = valid_tokens(now).filter(owner=owner)
        if valid.filter(name=name).exists():
            raise TokenRefused(f"您已有在用的令牌“{name}”：先作废它，或换一个名称")
        if valid.count() >= MOST_OF_ONE:
            raise TokenRefused(f"您已有 {MOST_OF_ONE} 个在用的令牌：先作废不用的")
        token = ApiToken(
            name=name,
            owner=owner,
            scopes=[one for one in SCOPES if one in scopes],
            region=region,
            digest=b"",
            made_at=now,
            expires_at=now + timedelta(days=days),
        )
        token.save()
        secret = new_secret()
        token.digest = digest_of(token, secret)
        token.save(update_fields=["digest"])
        detail: Detail = {"name": name, "region": region.code, "scopes": " ".join(token.scopes), "days": days}
        _said(MADE, token, owner.get_username(), detail)
    return Given(token, text_of(token, secret))


def _check(owner: User, name: str, scopes: Collection[str], region: Region | None, days: int) -> None:
    if not may(owner, Power.GIVE_API_TOKENS):
        raise TokenRefused("您不能做令牌")
    if not MIN_NAME <= len(name) <= MAX_NAME or identity_number_in(name):
        raise TokenRefused(f"请写明给哪个系统用（{MIN_NAME} 到 {MAX_NAME} 个字，不要写身份证号）")
    if not scopes or not set(scopes) <= set(scopes_of(owner)):
        raise TokenRefused("请选能读的内容，只能选您自己看得到的")
    if region is None or region.ended or not in_scope(owner, region.code):
        raise TokenRefused("请选管辖范围内的区划")
    if METRICS in scopes and len(subtree_prefix(region.code)) != COUNTY_DIGITS:
        raise TokenRefused(f"“{SCOPES[METRICS].word}”是全县的：区划请选县，或不选这一项")
    if not 1 <= days <= MAX_DAYS:
        raise TokenRefused(f"有效期是 1 到 {MAX_DAYS} 天")


def revoke_token(token: ApiToken, *, actor: User, now: datetime) -> None:
    """Revoke a token. It opens nothing from the next request on, and can't be given back.

    Raises:
        TokenRefused: It was revoked before, or the account may not revoke it.
    """
    with transaction.atomic():
        locked = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
        if not may(actor, Power.REVOKE_API_TOKENS) or not tokens_of(actor).filter(pk=locked.pk).exists():
            raise TokenRefused("这个令牌不归您管")
        if locked.revoked_at is not None:
            raise TokenRefused("这个令牌已经作废了")
        locked.revoked_at, locked.revoked_by = now, actor.get_username()
        locked.save(update_fields=["revoked_at", "revoked_by"])
        _said(REVOKED, locked, actor.get_username(), {"name": locked.name})


def _said(action: str, token: ApiToken, actor: str, detail: Detail) -> None:
    entry = record(actor, action, str(token.pk), detail)
    decide(entry, Decided(action=action, subject=str(token.pk)), [token])


def tokens_of(viewer: Viewer) -> QuerySet[ApiToken]:
    """Return the tokens for regions that ``viewer`` sees, and its own ones."""
    seen = Q(region__in=regions_of(viewer).values("identity"))
    if isinstance(viewer, User) and viewer.is_open:
        seen |= Q(owner=viewer)
    return ApiToken.objects.filter(seen)


def valid_tokens(now: datetime) -> QuerySet[ApiToken]:
    """Return the tokens that are neither revoked nor expired."""
    return ApiToken.objects.filter(revoked_at=None, expires_at__gt=now)
