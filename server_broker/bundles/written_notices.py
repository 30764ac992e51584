"""Notices go out by two people: one writes, another one publishes what was written or sends it back."""

from datetime import datetime

from django.db import transaction

from protocol.decisions import Decided
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import LEAST_REASON, record
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, WrittenNotice
from server_broker.bundles.notices import NoticeDraft, check_notice, publish_notice
from server_broker.decisions.stream import decide
from server_broker.regions.models import Region, subtree_prefix


def draft_of(notice: WrittenNotice) -> NoticeDraft:
    """Return what was written, as it would be published today: the region by its present code."""
    return NoticeDraft(
        line=notice.line,
        text=notice.text,
        region=subtree_prefix(notice.region.code),
        not_before=notice.not_before,
        not_after=notice.not_after,
        urgent=notice.urgent,
        kind=notice.kind,
        source=notice.source,
        owner=notice.owner,
    )


def write_notice(draft: NoticeDraft, *, region: Region, actor: str, at: datetime) -> WrittenNotice:
    """Keep a notice for a second person. No station gets it.

    Raises:
        NotPublished: It could not be published.
    """
    check_notice(draft, at=at)
    with transaction.atomic():
        notice = WrittenNotice.objects.create(
            line=draft.line,
            text=draft.text,
            kind=draft.kind,
            source=draft.source,
            owner=draft.owner,
            region=region,
            not_before=draft.not_before,
            not_after=draft.not_after,
            urgent=draft.urgent,
            written_by=actor,
            written_at=at,
        )
        _decided("notice.written", notice, actor)
    return notice


def publish_written(notice: WrittenNotice, *, folder: BundleFolder, actor: str, at: datetime) -> Bundle:
    """Publish what another person has written.

    Raises:
        NotPublished: It no longer waits, or no station would show it any more.
        OwnAffair: The actor wrote it.
        OSError: The disk takes nothing. Nothing was published.
    """
    with transaction.atomic():
        row = _locked(notice)
        refuse_own_affair(actor, asked_by=row.written_by)
        bundle = publish_notice(draft_of(row), folder=folder, author=actor, at=at)
        row.published_by, row.published_at, row.bundle = actor, at, bundle.bundle
        row.save(update_fields=["published_by", "published_at", "bundle"])
        _decided("notice.agreed", row, actor)
    return bundle


def end_written(notice: WrittenNotice, *, reason: str, actor: str, at: datetime) -> None:
    """Send a notice back, or take back one's own. It stays on record.

    Raises:
        NotPublished: It no longer waits, or no reason is given.
    """
    reason = " ".join(reason.split())
    if not LEAST_REASON <= len(reason) <= 200:
        raise NotPublished(f"请写明理由（{LEAST_REASON} 到 200 个字）")
    with transaction.atomic():
        row = _locked(notice)
        row.ended_by, row.ended_at, row.ended_reason = actor, at, reason
        row.save(update_fields=["ended_by", "ended_at", "ended_reason"])
        _decided("notice.ended", row, actor, reason=reason)


def _locked(notice: WrittenNotice) -> WrittenNotice:
    row = WrittenNotice.objects.select_for_update().select_related("region").get(pk=notice.pk)
    if row.published_at is not None:
        raise NotPublished("这条通知已经有人发布了")
    if row.ended_at is not None:
        raise NotPublished("这条通知已经退回了")
    return row


def _decided(action: str, notice: WrittenNotice, actor: str, **detail: str) -> None:
    entry = record(actor, action, str(notice.pk), {"region": notice.region_id, **detail})
    decide(entry, Decided(action=action, subject=str(notice.pk)), [notice])
