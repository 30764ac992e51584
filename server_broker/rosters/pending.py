"""Keep a file that was read until its sender has seen what it would change: an hour, and one for each account."""

import datetime as dt
import uuid
import zlib

import msgspec

from server_broker.accounts.models import User
from server_broker.people.models import PendingImport
from server_broker.rosters.plan import Plan

KEPT_FOR = dt.timedelta(hours=1)


def keep(plan: Plan, *, account: User, now: dt.datetime) -> uuid.UUID:
    """Keep a plan in the place of the account's last one, and return its token. What others left lying goes too."""
    PendingImport.objects.filter(made_at__lt=now - KEPT_FOR).delete()
    values = {"token": uuid.uuid4(), "plan": zlib.compress(msgspec.msgpack.encode(plan)), "made_at": now}
    return PendingImport.objects.update_or_create(values, account=account)[0].token


def kept(token: uuid.UUID, *, account: User, now: dt.datetime) -> Plan | None:
    """Return the plan, or None when it was replaced, taken, or made too long ago."""
    found = PendingImport.objects.filter(token=token, account=account, made_at__gte=now - KEPT_FOR).first()
    if found is None:
        return None
    return msgspec.msgpack.decode(zlib.decompress(bytes(found.plan)), type=Plan)


def drop(account: User) -> None:
    """Forget the account's plan."""
    PendingImport.objects.filter(account=account).delete()
