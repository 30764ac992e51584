"""One-time sign-in links. A link is for one account, works once, and is stored only as a hash.

Opening a link is a GET and changes nothing, so that a browser's prefetch or a chat program's preview can't use it up.
The button on the opened page sends a POST, and that uses the link.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from protocol.decisions import AccessReset
from server_broker.accounts.models import SignInLink, User
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide

MADE = "account.link_made"
"""Of entries in the audit log."""
DEFAULT_VALIDITY = timedelta(hours=1)
LONGEST_VALIDITY = timedelta(days=7)
_TOKEN_BYTES = 32


def make_sign_in_link(user: User, *, valid_for: timedelta = DEFAULT_VALIDITY, actor: str = "cunhui-server") -> str:
    """Return the URL path of a new link that signs ``user`` in once. Earlier links of the account end.

    Args:
        valid_for: From now on; at most 7 days.

    Raises:
        ValueError: ``valid_for`` is out of bounds.
    """
    if not timedelta(0) < valid_for <= LONGEST_VALIDITY:
        raise ValueError(f"a sign-in link is valid for up to {LONGEST_VALIDITY}, not {valid_for}")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        void_links(user)
        link = SignInLink.objects.create(token_hash=_hash(token), user=user, expires_at=timezone.now() + valid_for)
        detail: Detail = {"account": user.pk, "link": mark_of_link(token), "until": link.expires_at.isoformat()}
        entry = record(actor, MADE, user.get_username(), detail)
        decide(entry, AccessReset(account=user.pk, means="link"))
    return reverse("sign-in-link", args=[token])


def void_links(account: User) -> None:
    """End the account's one-time links that nobody has used."""
    now = timezone.now()
    SignInLink.objects.filter(user=account, used_at=None, expires_at__gt=now).update(expires_at=now)


def link_is_open(token: str) -> bool:
    """Return whether the link could still sign someone in. Nothing is changed."""
    link = SignInLink.objects.select_related("user").filter(
        token_hash=_hash(token), used_at=None, expires_at__gt=timezone.now()
    )
    return any(one.user.is_open for one in link)


def use_link(token: str) -> User | None:
    """Use a link and return its account; None if the link is unknown, used or expired, or its account is closed.

    If several requests use a link at the same time, only one gets the account. The others wait for the lock on the
    link's row, and then PostgreSQL checks their conditions again. (An UPDATE with these conditions would not be safe:
    Django puts the condition on the account into a subquery, and that is evaluated before the wait.)

    Call this in the transaction that also stores the session.
    """
    now = timezone.now()
    link = (
        SignInLink.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(token_hash=_hash(token), used_at=None, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if link is None or not link.user.is_open:
        return None
    link.used_at = now
    link.save(update_fields=["used_at"])
    return link.user


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def mark_of_link(token: str) -> str:
    """Return what the audit log knows a link by: what is stored of it, from which nobody finds the token."""
    return _hash(token).hex()
