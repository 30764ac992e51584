"""依法保留: set and lift what keeps a blob from being deleted at the end of its time."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from protocol.decisions import HoldLifted, HoldSet
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.media.models import Blob, LegalHold


class HoldRefused(Exception):
    """Nothing changed. The message is Chinese."""


def set_hold(blob: Blob, *, reason: str, actor: str, now: datetime) -> LegalHold:
    """Keep a blob until somebody lifts the hold.

    Raises:
        HoldRefused: There is no reason, the blob is held already, or its bytes are gone.
    """
    reason = _reason(reason)
    with transaction.atomic():
        # The chore that deletes takes the same lock, so a blob is either held or gone.
        now_there = Blob.objects.select_for_update(no_key=True).get(pk=blob.pk)
        if now_there.completed_at is None or now_there.evicted_reason:
            raise HoldRefused("这份文件已经不在了，没有可保留的")
        if LegalHold.objects.filter(blob=blob, lifted_at=None).exists():
            raise HoldRefused("已经保留了")
        hold = LegalHold.objects.create(blob=blob, reason=reason, set_by=actor, set_at=now)
        decide(record(actor, "media.held", str(blob.pk), {"reason": reason}), HoldSet(what=f"blob:{blob.pk}"), [hold])
    return hold


def lift_hold(blob: Blob, *, reason: str, actor: str, now: datetime) -> None:
    """Let a blob end in its time again. If its time is over already, the next chore deletes it.

    Raises:
        HoldRefused: There is no reason, or nothing to lift.
    """
    reason = _reason(reason)
    with transaction.atomic():
        hold = LegalHold.objects.select_for_update().filter(blob=blob, lifted_at=None).first()
        if hold is None:
            raise HoldRefused("没有在保留")
        hold.lifted_reason, hold.lifted_by, hold.lifted_at = reason, actor, now
        hold.save(update_fields=["lifted_reason", "lifted_by", "lifted_at"])
        entry = record(actor, "media.released", str(blob.pk), {"reason": reason})
        decide(entry, HoldLifted(what=f"blob:{blob.pk}"), [hold])


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
