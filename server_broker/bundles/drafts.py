"""What somebody wants to publish, and what is refused of it before any file is read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msgspec import UNSET

from protocol.bundles import (
    MAX_BUNDLE_BYTES,
    MAX_CONTENT_BYTES,
    MAX_ITEM_BYTES,
    MAX_ITEMS,
    Audience,
    Bundle,
    BundleKind,
    Item,
    encode_bundle,
)
from protocol.china_time import milliseconds
from protocol.codec import decode
from protocol.refusal import Refused
from protocol.shelf_index import Access
from protocol.units import MAX_SHORT_TEXT, is_file_name
from server_broker.bundles.finding import entries_of

MAX_SUM_BYTES = 512 * 2**20
"""All items of one bundle together, because a station's card must have room for it and its line bring it."""
COMPUTED: tuple[BundleKind, ...] = ("roster", "heads", "answers", "month", "meetings", "duty", "progress", "courses")
"""Kinds that the county computes from other tables (`server_broker.supervisor.chores.shelf_sources`). No person decides
about such a version, and it has no author."""
_PREFIX = re.compile(r"(?:[0-9]{6,12})?", re.ASCII)
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,50}", re.ASCII)


class NotPublished(Exception):
    """The bundle is refused, and nothing was published. The message is Chinese, for the person who tries."""


@dataclass(frozen=True, kw_only=True)
class DraftItem:
    """A file to be published with a bundle. ``source`` is where its bytes are now."""

    name: str
    sha256: bytes
    size: int
    media_type: str
    source: Path


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A bundle that has no version yet. ``regions`` are beginnings of region codes, ``types`` types of people."""

    id: str
    kind: BundleKind
    title: str
    regions: Sequence[str]
    not_after: datetime
    not_before: datetime | None = None
    types: Sequence[str] = ()
    content: bytes = b""
    items: Sequence[DraftItem] = ()
    access: Access = "public"
    night: bool = False
    station: str | None = None
    """The one station that gets it, of those in ``regions``."""


def check(draft: Draft) -> None:
    """Refuse a draft by what it says of itself.

    Raises:
        NotPublished: With a message that names the first mistake.
    """
    if not is_file_name(draft.id):
        raise NotPublished(f"编号须是 1 至 {MAX_SHORT_TEXT} 个字，不能有斜杠和“..”")
    if not 0 < len(draft.title.strip()) <= MAX_SHORT_TEXT:
        raise NotPublished(f"标题须是 1 至 {MAX_SHORT_TEXT} 个字")
    if not draft.regions or not all(_PREFIX.fullmatch(prefix) for prefix in draft.regions):
        raise NotPublished("发给哪里没有写对：须是县、镇或村的区划代码")
    if draft.not_before is not None and draft.not_before >= draft.not_after:
        raise NotPublished("结束时间须晚于开始时间")
    if len(draft.content) > MAX_CONTENT_BYTES:
        raise NotPublished(f"正文有 {len(draft.content):,} 字节，最多 {MAX_CONTENT_BYTES:,} 字节")
    check_items(draft.items)


def check_items(items: Sequence[DraftItem]) -> None:
    """Refuse items by their number, names, sizes and types.

    Raises:
        NotPublished: With a message that names the first mistake.
    """
    if len(items) > MAX_ITEMS:
        raise NotPublished(f"附件有 {len(items):,} 个，最多 {MAX_ITEMS:,} 个；请分成几份发布")
    seen: set[str] = set()
    for item in items:
        # Shown by its beginning and without its signs that turn text round: a stranger may have chosen it.
        shown = "".join(sign for sign in item.name[:40] if sign.isprintable())
        if not is_file_name(item.name):
            raise NotPublished(f"附件名“{shown}”不能用：最多 {MAX_SHORT_TEXT} 个字，不能有斜杠和“..”")
        if item.name in seen:
            raise NotPublished(f"附件“{shown}”出现了两次，请只留一个")
        if not 0 < item.size <= MAX_ITEM_BYTES:
            raise NotPublished(f"附件“{shown}”有 {item.size:,} 字节，须是 1 至 {MAX_ITEM_BYTES:,} 字节")
        if not _MEDIA_TYPE.fullmatch(item.media_type):
            raise NotPublished(f"附件“{shown}”的类型没有写对，例如 image/jpeg")
        seen.add(item.name)
    total = sum(item.size for item in items)
    if total > MAX_SUM_BYTES:
        raise NotPublished(f"附件共 {total:,} 字节，最多 {MAX_SUM_BYTES:,} 字节；请分成几份发布")


def document(draft: Draft, version: int, *, findable: bool = True) -> bytes:
    """Return the bytes of the bundle that stations fetch.

    Args:
        findable: Say in it what people can find in it.

    Raises:
        NotPublished: A station would refuse it.
    """
    try:
        find = entries_of(draft.kind, draft.title, draft.content) if findable else []
    except Refused as error:
        raise NotPublished(f"站点读不了这份内容：{error.detail}") from error
    bundle = Bundle(
        id=draft.id,
        kind=draft.kind,
        version=version,
        title=draft.title,
        audience=Audience(regions=list(draft.regions), types=list(draft.types)),
        not_before=milliseconds(draft.not_before),
        not_after=milliseconds(draft.not_after),
        items=[
            Item(name=item.name, sha256=item.sha256, size=item.size, media_type=item.media_type) for item in draft.items
        ],
        content=draft.content,
        find=find or UNSET,
    )
    try:
        payload = encode_bundle(bundle)
        # By the very rules by which a station reads it: a struct checks few bounds when it is made from values.
        decode(payload, Bundle, limit=MAX_BUNDLE_BYTES)
    except (Refused, ValueError) as error:
        raise NotPublished(f"站点读不了这份内容：{getattr(error, 'detail', error)}") from error
    return payload
