"""Whom a token speaks for now: its owner as the account is at this moment, narrowed to the token's region.

Nothing of the owner's rights is copied into a token. So an account that is closed, gets a smaller region or a role with
less takes that from its tokens with the next request.
"""

from dataclasses import dataclass
from datetime import datetime

from server_broker.accounts.models import User
from server_broker.accounts.powers import may
from server_broker.api_tokens.models import ApiToken
from server_broker.api_tokens.resources import SCOPES
from server_broker.api_tokens.secret import fits, read_text
from server_broker.regions.models import Region, subtree_prefix


class NotOpened(Exception):
    """The text opens nothing. The message is Chinese, for whoever runs the program."""


class OutOfScope(Exception):
    """The token is valid and not for this resource. The message is Chinese."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A valid token, and the viewer whose rows it reads: an account that is stored nowhere."""

    token: ApiToken
    viewer: User


def open_token(text: str, *, now: datetime) -> Opened:
    """Return what a token's text opens.

    Raises:
        NotOpened: The county does not know it, it is expired or revoked, or its owner's account is closed.
    """
    found = read_text(text)
    rows = ApiToken.objects.select_related("owner__region", "region")
    token = rows.filter(pk=found[0]).first() if found is not None else None
    # What has become of a token is told to whoever has its secret, and to nobody else.
    if found is None or token is None or not fits(token, found[1]):
        raise NotOpened("没有这个令牌：请核对，或请管理员在“接口令牌”另做一个")
    if token.revoked_at is not None:
        raise NotOpened("这个令牌已作废：请管理员在“接口令牌”另做一个")
    if token.expires_at <= now:
        raise NotOpened("这个令牌已到期：请管理员在“接口令牌”另做一个")
    if not token.owner.is_open:
        raise NotOpened("做这个令牌的账号已停用：请管理员用在用的账号另做一个")
    return Opened(token, _viewer_of(token))


def _viewer_of(token: ApiToken) -> User:
    owner = token.owner
    return User(
        username=owner.username,
        role=owner.role,
        region=_narrower(owner.region, token.region),
        is_active=owner.is_active,
        ends_on=owner.ends_on,
    )


def _narrower(one: Region | None, other: Region) -> Region | None:
    """Return the one of two regions that lies in the other; None if neither does."""
    if one is None:
        return None
    if other.code.startswith(subtree_prefix(one.code)):
        return other
    return one if one.code.startswith(subtree_prefix(other.code)) else None


def check_scope(opened: Opened, resource: str) -> None:
    """Check that a token may read a resource.

    Raises:
        OutOfScope: It is not among its scopes, or its owner may not see it any more.
    """
    if resource not in opened.token.scopes:
        raise OutOfScope(f"这个令牌不能读“{SCOPES[resource].word}”：做令牌时没有选这一项")
    if not may(opened.viewer, SCOPES[resource].power):
        raise OutOfScope(f"做这个令牌的账号现在看不到“{SCOPES[resource].word}”")
