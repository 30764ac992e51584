"""Keep the plan of an import while its sender looks at what it would change: for an hour, one plan an account.

It is sealed, because it holds names and may hold people's numbers, and a backup may be made within the hour.
"""

import datetime as dt
import uuid
import zlib

import msgspec
from django.conf import settings

from server_broker.accounts.models import User
from server_broker.people.models import PendingImport
from server_broker.sheets.declared import Book, SheetPlan
from server_broker.trust.sealing import PASSING_KEY, SealBroken, make_sealing_key, seal, unseal

KEPT_FOR = dt.timedelta(hours=1)


def keep[P: SheetPlan](book: Book[P], plan: P, *, account: User, now: dt.datetime) -> uuid.UUID:
    """Keep a plan instead of the account's last one, and return its token. All plans that are too old are deleted."""
    drop_old_plans(now)
    # A new token each time: a second browser tab that still shows the plan before can't confirm this one.
    token, packed = uuid.uuid4(), zlib.compress(msgspec.msgpack.encode((book.place, plan)))
    make_sealing_key(settings.HOME, key=PASSING_KEY)
    sealed = seal(settings.HOME, packed, of=f"import {token}", key=PASSING_KEY)
    values = {"token": token, "plan": sealed.encode("ascii"), "made_at": now}
    return PendingImport.objects.update_or_create(values, account=account)[0].token


def kept[P: SheetPlan](book: Book[P], token: uuid.UUID, *, account: User, now: dt.datetime) -> P | None:
    """Return the plan; None if it was replaced or dropped, is too old, or is one of another book."""
    found = PendingImport.objects.filter(token=token, account=account, made_at__gte=now - KEPT_FOR).first()
    if found is None:
        return None
    try:
        packed = unseal(settings.HOME, bytes(found.plan).decode("ascii"), of=f"import {token}", key=PASSING_KEY)
        place, plan = msgspec.msgpack.decode(zlib.decompress(packed), type=tuple[str, msgspec.Raw])
        return msgspec.msgpack.decode(plan, type=book.plan) if place == book.place else None
    except (msgspec.ValidationError, SealBroken, UnicodeDecodeError):
        # Another release kept it within the last hour, or its key is gone. The person is asked for the file again, as
        # after an hour.
        return None


def drop_old_plans(now: dt.datetime) -> int:
    """Delete the plans that are too old, and return how many: they hold names and card tokens."""
    return PendingImport.objects.filter(made_at__lt=now - KEPT_FOR).delete()[0]


def drop(account: User) -> None:
    """Delete the account's plan."""
    PendingImport.objects.filter(account=account).delete()
