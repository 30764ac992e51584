"""Learning packs that editors have handed over and another person publishes."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.codec import decode, encode
from protocol.packs import MAX_PACK_BYTES, Pack
from server_broker.bundles.drafts import DraftItem, NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, BundleQuerySet, WrittenPack
from server_broker.bundles.questions import check_questions, publish_questions
from server_broker.bundles.written import NOT_AS_HANDED_OVER, check_replaced, hand_over, handed_over, publish_written
from server_broker.fleet.generation import lowest_version
from server_broker.learning.keepers import KeeperRefused, check_keeper, say_keeper
from server_broker.learning.models import LearningPack
from server_broker.learning.packs import PackRefused
from server_broker.regions.models import Region, subtree_prefix


class PackFile(msgspec.Struct, frozen=True, array_like=True):
    """A picture or a sound that a question names."""

    media_type: str
    content: bytes


type PackFiles = Mapping[str, PackFile]


@dataclass(frozen=True, kw_only=True)
class PackDraft:
    """What editors hand over. ``pack`` has its next version."""

    pack: Pack
    files: PackFiles
    owner: str
    review_by: date | None
    editors: Sequence[str]
    not_after: datetime


def next_version(pack: str) -> tuple[int, int]:
    """Return which version a pack has now, 0 if none, and which it gets next."""
    newest = LearningPack.objects.filter(pack=pack).order_by("-version").values_list("version", flat=True).first()
    return newest or 0, max(newest or 0, lowest_version()) + 1


def write_pack(draft: PackDraft, *, region: Region, actor: str, at: datetime) -> WrittenPack:
    """Keep a pack for a second person. No station gets it.

    Raises:
        NotPublished: It could not be published, or nobody answers for it.
    """
    regions = [subtree_prefix(region.code)]
    try:
        review_by = check_keeper(draft.owner, draft.review_by, at=at)
    except KeeperRefused as refused:
        raise NotPublished(str(refused)) from refused
    with _items(draft.files) as items:
        check_questions(draft.pack, items=items, regions=regions, not_after=draft.not_after, author=actor, at=at)
    content, files = encode(draft.pack), msgspec.msgpack.encode(dict(sorted(draft.files.items())))
    row = WrittenPack(
        title=draft.pack.title,
        becomes=draft.pack.id,
        version=draft.pack.version,
        replaces=next_version(draft.pack.id)[0],
        editors=sorted({*draft.editors, actor}),
        owner=draft.owner,
        review_by=review_by,
        content=content,
        files=files,
        sha256=handed_over(content, files),
        region=region,
        not_after=draft.not_after,
    )
    return hand_over(row, actor=actor, at=at, note={"version": draft.pack.version})


def pack_of(row: WrittenPack) -> tuple[Pack, PackFiles]:
    """Return what was handed over.

    Raises:
        NotPublished: It is something else by now.
    """
    content, files = bytes(row.content), bytes(row.files)
    if handed_over(content, files) != bytes(row.sha256):
        raise NotPublished(NOT_AS_HANDED_OVER)
    return decode(content, Pack, limit=MAX_PACK_BYTES), msgspec.msgpack.decode(files, type=dict[str, PackFile])


def publish_written_pack(
    row: WrittenPack, *, own: BundleQuerySet, key: Ed25519PrivateKey, folder: BundleFolder, actor: str, at: datetime
) -> Bundle:
    """Publish what others have written.

    Args:
        own: The bundles that the actor may replace.
        key: The county's signing key.

    Raises:
        NotPublished: It no longer waits, it is not what was handed over, or what it replaces is not as it was then.
        OwnAffair: The actor wrote at it.
        OSError: The disk takes nothing. Nothing was published.
    """

    def publish(locked: WrittenPack) -> Bundle:
        check_replaced(locked, newest=next_version(locked.becomes)[0], own=own)
        if Bundle.objects.filter(bundle=locked.becomes, withdrawn_at__gt=locked.written_at).exists():
            raise NotPublished("交来以后，要换掉的那一版撤回了。请写的人看过撤回的理由，重新交")
        pack, files = pack_of(locked)
        with _items(files) as items:
            try:
                publish_questions(
                    pack,
                    key=key,
                    folder=folder,
                    author=actor,
                    at=at,
                    items=items,
                    regions=[subtree_prefix(locked.region.code)],
                    not_after=locked.not_after,
                )
            except PackRefused as refused:
                raise NotPublished(str(refused)) from refused
        try:
            say_keeper(pack.id, locked.owner, locked.review_by, reason=f"发布第 {pack.version} 版", actor=actor, at=at)
        except KeeperRefused as refused:
            raise NotPublished(str(refused)) from refused
        return Bundle.objects.get(bundle=pack.id, version=pack.version)

    return publish_written(row, publish, actor=actor, at=at)


@contextmanager
def _items(files: PackFiles) -> Iterator[list[DraftItem]]:
    """Have pictures and sounds as files, because a bundle's items are taken from files."""
    with tempfile.TemporaryDirectory(prefix="cunhui-pack-") as folder:
        items = []
        for number, (name, file) in enumerate(sorted(files.items())):
            source = Path(folder) / str(number)
            source.write_bytes(file.content)
            items.append(
                DraftItem(
                    name=name,
                    sha256=hashlib.sha256(file.content).digest(),
                    size=len(file.content),
                    media_type=file.media_type,
                    source=source,
                )
            )
        yield items
