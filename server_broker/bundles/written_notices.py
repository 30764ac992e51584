"""Notices that one person has written and another one publishes."""

from datetime import datetime

from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, WrittenNotice
from server_broker.bundles.notices import NoticeDraft, check_notice, publish_notice
from server_broker.bundles.written import hand_over, publish_written
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
    notice = WrittenNotice(
        line=draft.line,
        text=draft.text,
        kind=draft.kind,
        source=draft.source,
        owner=draft.owner,
        region=region,
        not_before=draft.not_before,
        not_after=draft.not_after,
        urgent=draft.urgent,
    )
    return hand_over(notice, actor=actor, at=at)


def publish_written_notice(notice: WrittenNotice, *, folder: BundleFolder, actor: str, at: datetime) -> Bundle:
    """Publish what another person has written; raises what `server_broker.bundles.written.publish_written` does."""

    def publish(row: WrittenNotice) -> Bundle:
        return publish_notice(draft_of(row), folder=folder, author=actor, at=at)

    return publish_written(notice, publish, actor=actor, at=at)
