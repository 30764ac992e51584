"""Keep the plan of an import while its sender looks at what it would change: for an hour, one plan an account."""

import datetime as dt
import uuid
import zlib

import msgspec

from server_broker.accounts.models import User
from server_broker.people.models import PendingImport
from server_broker.rosters.plan import Plan

KEPT_FOR = dt.timedelta(hours=1)


def keep(plan: Plan, *, account: User, now: dt.datetime) -> uuid.UUID:
    """Keep a plan instead of the account's last one, and return its token. All plans that are too old are deleted."""
    # Deleted here, so that no chore is needed: a plan holds names and card tokens, and nobody may ever come back to it.
    PendingImport.objects.filter(made_at__lt=now - KEPT_FOR).delete()
    # A new token each time: a second browser tab that still shows the plan before can't confirm this one.
    values = {"token": uuid.uuid4(), "plan": zlib.compress(msgspec.msgpack.encode(plan)), "made_at": now}
    return PendingImport.objects.update_or_create(values, account=account)[0].token


def kept(token: uuid.UUID, *, account: User, now: dt.datetime) -> Plan | None:
    """Return the plan; None if it was replaced or dropped, or is too old."""
    found = PendingImport.objects.filter(token=token, account=account, made_at__gte=now - KEPT_FOR).first()
    if found is None:
        return None
    return msgspec.msgpack.decode(zlib.decompress(bytes(found.plan)), type=Plan)


def drop(account: User) -> None:
    """Delete the account's plan."""
    PendingImport.objects.filter(account=account).delete()
