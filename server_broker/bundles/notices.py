"""Short notices for the home screens of some villages. Each is a bundle of its own, so that each can be withdrawn."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from protocol.bundle_contents import NOTICE_KINDS, Notice, Notices
from protocol.china_time import milliseconds
from protocol.codec import encode
from server_broker.bundles.drafts import Draft, NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.guarding import GuardStopped
from server_broker.bundles.models import Bundle
from server_broker.bundles.publishing import publish
from server_broker.guard.contents import find_in_texts
from server_broker.guard.county import county_for

MAX_LINE = 40
MAX_TEXT = 2_000
MAX_ABOUT = 30
"""Of who says it, and of whom one asks: one line on the kiosk."""


@dataclass(frozen=True, kw_only=True)
class NoticeDraft:
    """A notice as somebody has written it. ``line`` is what the home screen shows; ``text`` lies behind it."""

    line: str
    text: str
    region: str
    """Beginning of the region codes for which it is."""
    not_before: datetime
    not_after: datetime
    urgent: bool = False
    kind: str = ""
    """One of `protocol.bundle_contents.NOTICE_KINDS`."""
    source: str = ""
    owner: str = ""


def publish_notice(draft: NoticeDraft, *, folder: BundleFolder, author: str, at: datetime) -> Bundle:
    """Publish a notice.

    Raises:
        NotPublished: Nothing was published.
        OSError: The disk takes nothing. Nothing was published.
    """
    check_notice(draft, at=at)
    row, _ = publish(_bundle_of(draft), folder=folder, author=author, at=at)
    return row


def _bundle_of(draft: NoticeDraft) -> Draft:
    name = f"notice-{secrets.token_hex(6)}"
    notice = Notice(
        id=name,
        line=draft.line,
        text=draft.text,
        not_before=milliseconds(draft.not_before),
        not_after=milliseconds(draft.not_after),
        urgent=draft.urgent,
        kind=draft.kind,
        source=draft.source,
        owner=draft.owner,
    )
    return Draft(
        id=name,
        kind="notices",
        title=draft.line,
        regions=[draft.region],
        not_before=draft.not_before,
        not_after=draft.not_after,
        content=encode(Notices(notices=[notice])),
    )


def check_notice(draft: NoticeDraft, *, at: datetime) -> None:
    """Refuse a notice that no station would show, or that says what must not be published.

    Raises:
        NotPublished: With a message that says what to change.
    """
    if not 0 < len(draft.line) <= MAX_LINE:
        raise NotPublished(f"一句话须是 1 至 {MAX_LINE} 个字")
    if len(draft.text) > MAX_TEXT:
        raise NotPublished(f"正文有 {len(draft.text):,} 个字，最多 {MAX_TEXT:,} 个字")
    if draft.kind not in NOTICE_KINDS:
        raise NotPublished("请选择是哪一类通知")
    if not (0 < len(draft.source) <= MAX_ABOUT and 0 < len(draft.owner) <= MAX_ABOUT):
        raise NotPublished(f"来源和联系人都要写，各不超过 {MAX_ABOUT} 个字")
    if draft.not_after <= draft.not_before:
        raise NotPublished("结束时间须晚于开始时间")
    if draft.not_after <= at:
        raise NotPublished("结束时间已经过去")
    texts = [("一句话", draft.line), ("正文", draft.text), ("来源", draft.source), ("联系人", draft.owner)]
    found = find_in_texts(texts, county_for([draft.region]))
    if found:
        raise GuardStopped(found)
