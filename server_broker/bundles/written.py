"""Content goes out by two people: one writes, another one publishes what was written or sends it back."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from protocol.decisions import Decided
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import Detail, record, told_reason
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.models import Bundle, BundleQuerySet, Written, WrittenDocuments, WrittenPack
from server_broker.decisions.stream import decide

NOT_AS_HANDED_OVER = "存着的内容和交来时不同，请让写的人重新交"


def hand_over[W: Written](row: W, *, actor: str, at: datetime, note: Detail | None = None) -> W:
    """Keep what was written for a second person. No station gets it.

    Args:
        note: What the audit log is to say beside.
    """
    row.written_by, row.written_at = row.written_by or actor, at
    with transaction.atomic():
        row.save(force_insert=True)
        _decided("written", row, actor, note or {})
    return row


def publish_written[W: Written](row: W, publish: Callable[[W], Bundle], *, actor: str, at: datetime) -> Bundle:
    """Publish what another person has written, by ``publish``, and return the bundle.

    Raises:
        NotPublished: It no longer waits, or ``publish`` refuses it.
        OwnAffair: The actor wrote it.
        OSError: The disk takes nothing. Nothing was published.
    """
    with transaction.atomic():
        locked = _locked(row)
        for writer in locked.writers:
            refuse_own_affair(actor, asked_by=writer)
        bundle = publish(locked)
        locked.published_by, locked.published_at, locked.bundle = actor, at, bundle.bundle
        _save(locked, "published_by", "published_at", "bundle")
        _decided("agreed", locked, actor, {})
    return bundle


def end_written(row: Written, *, reason: str, actor: str, at: datetime) -> None:
    """Send something back, or take back one's own. It stays on record.

    Raises:
        NotPublished: It no longer waits, or no reason is given.
    """
    reason = told_reason(reason, refused=NotPublished)
    with transaction.atomic():
        locked = _locked(row)
        locked.ended_by, locked.ended_at, locked.ended_reason = actor, at, reason
        _save(locked, "ended_by", "ended_at", "ended_reason")
        _decided("ended", locked, actor, {"reason": reason})


def handed_over(content: bytes, files: bytes) -> bytes:
    """Return the hash of what was handed over: its content, then its files."""
    return hashlib.sha256(content + files).digest()


def check_replaced(row: WrittenDocuments | WrittenPack, *, newest: int, own: BundleQuerySet) -> None:
    """Check that what it replaces is as it was when it was handed over.

    Args:
        newest: The newest version of that now; 0: there is none.
        own: The bundles that whoever publishes it may replace.

    Raises:
        NotPublished: It is not.
    """
    if newest != row.replaces:
        raise NotPublished("要换掉的那一份后来又有了新的一版，请让写的人重新交")
    if row.replaces and not own.newest().filter(bundle=row.becomes).exists():
        raise NotPublished("要换掉的那一份已经撤回、到期，或者不全是您管的地方的")


def _locked[W: Written](row: W) -> W:
    locked = type(row)._default_manager.select_for_update(of=("self",)).select_related("region").get(pk=row.pk)
    if locked.published_at is not None:
        raise NotPublished("已经有人发布了")
    if locked.ended_at is not None:
        raise NotPublished("已经退回或收回了")
    return locked


def _save(row: Written, *fields: str) -> None:
    for name in row.emptied:
        setattr(row, name, b"")
    row.save(update_fields=[*fields, *row.emptied])


def _decided(step: str, row: Written, actor: str, detail: Detail) -> None:
    action = f"{row.called}.{step}"
    entry = record(actor, action, str(row.pk), {"region": row.region_id, **detail})
    decide(entry, Decided(action=action, subject=str(row.pk)), [row])
