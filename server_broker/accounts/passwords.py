"""What the audit log says of a password: that somebody set it, and a digest of what is stored of it.

So a hash that somebody puts into the database differs from the last one that is on record
(`server_broker.manifest.access_check`).
"""

import hashlib
from collections.abc import Callable

from django.db import transaction

from protocol.decisions import AccessReset
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide

MADE, SET, RENEWED = "account.made", "account.password_set", "account.password_renewed"
"""Of entries in the audit log. A hash is renewed when its owner signs in and it has parameters of earlier times."""


def mark_of_password(encoded: str) -> str:
    """Return what the audit log knows a password's hash by. It has a random salt, so nobody tries passwords on this."""
    return hashlib.sha256(b"cunhui password 1\x00" + encoded.encode()).hexdigest()


def password_detail(encoded: str, *, usable: bool) -> Detail:
    """Return what an entry says of an account's password."""
    return {"password": usable, "hash": mark_of_password(encoded)} if usable else {"password": False}


def renew(account: int, name: str, store: Callable[[], str]) -> None:
    """Store another hash of the same password, and put it on record. ``store`` returns it."""
    with transaction.atomic():
        entry = record(name, RENEWED, name, password_detail(store(), usable=True))
        decide(entry, AccessReset(account=account, means="password"))
