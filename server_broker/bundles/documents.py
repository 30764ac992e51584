"""Publish documents to read: disclosures and the library, for the villages of some regions.

A document whose sums do not add up is not published. Pictures are scaled here, because a kiosk draws them in cells and
is sent each in one line.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from protocol.codec import decode, encode
from protocol.documents import ColumnKind, Document, Documents, pictures_of, wrong_sums
from protocol.kiosk_documents import MAX_PICTURE_BYTES
from protocol.refusal import Refused
from server_broker.bundles.drafts import Draft, DraftItem, NotPublished, check
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.guarding import let_pass
from server_broker.bundles.models import Bundle
from server_broker.bundles.publishing import publish
from server_broker.media.opening import DECODER

MAX_PICTURE_FILE_BYTES = 32 * 2**20
MAX_PIXELS_TOGETHER = 150_000_000
"""Of all pictures that come at once: a PNG of so many takes a core for five seconds, and its file may be tiny."""
_MOST_NAMED = 5

type DocumentsKind = Literal["disclosure", "library"]


@dataclass(frozen=True, kw_only=True)
class DocumentsDraft:
    """Documents as somebody wants to publish them."""

    id: str
    """Publishing under the same id again is a new version."""
    kind: DocumentsKind
    documents: list[Document]
    regions: list[str]
    """Beginnings of region codes."""
    not_after: datetime
    not_before: datetime | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """What the documents show, by name, as `scaled` returned it."""


def publish_documents(draft: DocumentsDraft, *, folder: BundleFolder, author: str, at: datetime) -> tuple[Bundle, bool]:
    """Publish documents as the next version of their bundle; return the row, and whether it is new.

    Raises:
        NotPublished: Nothing was published. The message is Chinese.
        OSError: A file can't be read, or the disk takes nothing.
    """
    with tempfile.TemporaryDirectory() as beside:
        wanted = {name for one in draft.documents for name in pictures_of(one)}
        # One that is missing is refused with its name, where the content is made.
        shown = {name: content for name, content in draft.pictures.items() if name in wanted}
        return publish(_bundle_of(draft, picture_items(shown, Path(beside))), folder=folder, author=author, at=at)


def check_before_publishing(draft: DocumentsDraft, *, author: str, at: datetime) -> Draft:
    """Return the bundle that would be published now, without the files of its pictures.

    Raises:
        NotPublished: It can't be published, or says what must not be published.
    """
    bundle = _bundle_of(draft, [])
    check(bundle)
    if draft.not_after <= at:
        raise NotPublished("结束时间已经过去，没有站点会显示它")
    let_pass(bundle, author=author)
    return bundle


def _bundle_of(draft: DocumentsDraft, items: list[DraftItem]) -> Draft:
    return Draft(
        id=draft.id,
        kind=draft.kind,
        title=title_of(draft.documents),
        regions=draft.regions,
        not_before=draft.not_before,
        not_after=draft.not_after,
        content=_content_of(draft),
        items=items,
    )


def _content_of(draft: DocumentsDraft) -> bytes:
    """Return the content of the bundle, as a station reads it.

    Raises:
        NotPublished: A sum does not add up, a picture is missing, or no station would read it.
    """
    if not all(one.sample for one in draft.documents):
        raise NotPublished("现在只能发布标明“示例”的内容")
    if wrong := wrong_sums(draft.documents):
        titles = {one.id: one.title for one in draft.documents}
        said = [
            f"“{titles[one.document]}”的“{one.column}”写的是 {figure(one.published, one.kind)}，"
            f"各项加起来是 {figure(one.counted, one.kind)}"
            for one in wrong[:_MOST_NAMED]
        ]
        more = f"；另有 {len(wrong) - _MOST_NAMED} 处" if len(wrong) > _MOST_NAMED else ""
        raise NotPublished(f"合计与各项不符：{'；'.join(said)}{more}。请核对后再发布")
    wanted = {name for one in draft.documents for name in pictures_of(one)}
    if missing := sorted(wanted - draft.pictures.keys()):
        raise NotPublished(f"缺少图片：{'、'.join(missing[:_MOST_NAMED])}")
    try:
        content = encode(Documents(documents=draft.documents))
        decode(content, Documents, limit=len(content))
    except (Refused, ValueError) as error:
        raise NotPublished(f"站点读不了这份内容：{getattr(error, 'detail', error)}") from error
    return content


def title_of(documents: list[Document]) -> str:
    """Return how a bundle of documents is called on the county's pages."""
    shown = [one for one in documents if not one.part_of]
    first = shown[0].title if shown else ""
    return first if len(shown) < 2 else f"{first[:50]}等 {len(shown)} 份"


def figure(value: int, kind: ColumnKind) -> str:
    """Return a number as it is told to people; money in 元."""
    if kind != "yuan":
        return f"{value:,}"
    return f"{'-' if value < 0 else ''}{abs(value) // 100:,}.{abs(value) % 100:02d} 元"


def scaled(sources: Mapping[str, Path]) -> dict[str, bytes]:
    """Return pictures by name as a kiosk is sent them. Nothing is decoded before all are known to be few.

    Raises:
        NotPublished: One is no picture or too large, or they are too large together.
        OSError: One can't be read.
    """
    together = 0
    for name, source in sources.items():
        if source.stat().st_size > MAX_PICTURE_FILE_BYTES:
            raise NotPublished(f"图片“{name}”超过 {MAX_PICTURE_FILE_BYTES // 2**20} MB，请缩小后再发布")
        pixels = DECODER.pixels(source)
        if not pixels:
            raise NotPublished(_no_picture(name))
        together += pixels
    _refuse_too_large(together)
    return {name: _scaled(name, source) for name, source in sources.items()}


def check_together(sources: Iterable[Path]) -> None:
    """Refuse pictures that are too large together, by what their heads say. What is no picture counts nothing.

    Raises:
        NotPublished: They are.
    """
    _refuse_too_large(sum(DECODER.pixels(source) for source in sources))


def _refuse_too_large(together: int) -> None:
    if together > MAX_PIXELS_TOGETHER:
        raise NotPublished(
            f"图片一共 {together // 10_000:,} 万像素，一次最多 {MAX_PIXELS_TOGETHER // 10_000:,} 万。"
            "请把图片缩小再交，大屏用不上大图"
        )


def _scaled(name: str, source: Path) -> bytes:
    small = DECODER.for_kiosk(source)
    if small is None:
        raise NotPublished(_no_picture(name))
    return small


def _no_picture(name: str) -> str:
    return f"图片“{name}”打不开，或像素太多：须是 JPG 或 PNG，最多 5,000 万像素"


def check_picture(item: DraftItem) -> None:
    """Refuse an item that no kiosk would show as a picture.

    Raises:
        NotPublished: It is no picture, or more than a kiosk is sent in one line.
        OSError: It can't be read.
    """
    if not DECODER.pixels(item.source):
        raise NotPublished(_no_picture(item.name))
    if item.size > MAX_PICTURE_BYTES:
        raise NotPublished(f"图片“{item.name}”有 {item.size:,} 字节，大屏最多显示 {MAX_PICTURE_BYTES:,} 字节，请先缩小")


def picture_items(pictures: Mapping[str, bytes], folder: Path) -> list[DraftItem]:
    """Write pictures, as `scaled` returned them, into a folder; return them as items by name."""
    items = []
    for number, (name, content) in enumerate(sorted(pictures.items())):
        path = folder / str(number)
        path.write_bytes(content)
        media_type = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
        sha256 = hashlib.sha256(content).digest()
        items.append(DraftItem(name=name, sha256=sha256, size=len(content), media_type=media_type, source=path))
    return items
