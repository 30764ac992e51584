"""依法保留: set and lift what keeps a blob from being deleted at the end of its time.

Nobody sets or lifts a hold on a picture of their own touch. A hold is evidence of whoever set it, so it is lifted only
by them or by somebody who sees at least what they saw when they set it.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from protocol.decisions import HoldLifted, HoldSet
from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.accounts.scope import in_scope, sees_county
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.media.models import Blob, LegalHold

NOT_YOURS = "这是管辖范围更大的人设的保留，要由本人或上级来取消"


class HoldRefused(Exception):
    """Nothing changed. The message is Chinese."""


def set_hold(blob: Blob, *, reason: str, by: User, of: Collection[int], now: datetime) -> LegalHold:
    """Keep a blob until somebody lifts the hold.

    Args:
        of: Keys of the people whose touch the blob is of. Who is on other pictures nobody knows.

    Raises:
        HoldRefused: There is no reason, the blob is held already, or its bytes are gone.
        OwnAffair: It is of the account's own touch.
    """
    reason = _reason(reason)
    refuse_own_affair(by.get_username(), of)
    with transaction.atomic():
        # The chore that deletes takes the same lock, so a blob is either held or gone.
        now_there = Blob.objects.select_for_update(no_key=True).get(pk=blob.pk)
        if now_there.completed_at is None or now_there.evicted_reason:
            raise HoldRefused("这份文件已经不在了，没有可保留的")
        if LegalHold.objects.filter(blob=blob, lifted_at=None).exists():
            raise HoldRefused("已经保留了")
        name = by.get_username()
        hold = LegalHold.objects.create(blob=blob, reason=reason, set_by=name, set_within=by.region, set_at=now)
        decide(record(name, "media.held", str(blob.pk), {"reason": reason}), HoldSet(what=f"blob:{blob.pk}"), [hold])
    return hold


def lift_hold(blob: Blob, *, reason: str, by: User, of: Collection[int], now: datetime) -> None:
    """Let a blob end in its time again. If its time is over already, the next chore deletes it.

    Args:
        of: As for `set_hold`.

    Raises:
        HoldRefused: There is no reason, nothing to lift, or whoever set it sees more than this account.
        OwnAffair: It is of the account's own touch.
    """
    reason = _reason(reason)
    refuse_own_affair(by.get_username(), of)
    with transaction.atomic():
        hold = LegalHold.objects.select_for_update().filter(blob=blob, lifted_at=None).first()
        if hold is None:
            raise HoldRefused("没有在保留")
        if not may_lift(hold, by):
            raise HoldRefused(NOT_YOURS)
        name = by.get_username()
        hold.lifted_reason, hold.lifted_by, hold.lifted_at = reason, name, now
        hold.save(update_fields=["lifted_reason", "lifted_by", "lifted_at"])
        entry = record(name, "media.released", str(blob.pk), {"reason": reason})
        decide(entry, HoldLifted(what=f"blob:{blob.pk}"), [hold])


def may_lift(hold: LegalHold, by: User) -> bool:
    """Return whether the account set the hold, or sees at least what the account that set it saw then."""
    if hold.set_by == by.get_username():
        return True
    return sees_county(by) if hold.set_within is None else in_scope(by, hold.set_within.code)


def without_holds(blobs: QuerySet[Blob]) -> QuerySet[Blob]:
    """Return the blobs that nobody holds."""
    return blobs.filter(~Exists(LegalHold.objects.filter(blob=OuterRef("pk"), lifted_at=None)))


def _reason(written: str) -> str:
    reason = " ".join(written.split())
    if not reason:
        raise HoldRefused("请写明原因")
    if len(reason) > 200:
        raise HoldRefused("原因最多 200 个字")
    return reason
