"""The verbs of ``cunhui-server`` that publish content for stations, and take it back."""

import argparse
import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from django.db import transaction
from django.utils import timezone

from protocol.codec import decode
from protocol.documents import pictures_of
from protocol.packs import MAX_PACK_BYTES, Pack
from protocol.refusal import Refused
from protocol.system_errors import os_cause
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.bundles.document_sheets import BOOK
from server_broker.bundles.documents import DocumentsDraft, picture_items, scaled
from server_broker.bundles.drafts import Draft, DraftItem, NotPublished, check, check_items
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.bundles.publishing import NotWithdrawn, publish, withdraw
from server_broker.bundles.questions import EVERYWHERE, publish_questions
from server_broker.bundles.sticks import NoIndex, write_stick
from server_broker.bundles.written_documents import publish_written_documents, write_documents
from server_broker.dated.days import end_of
from server_broker.learning.packs import PackRefused
from server_broker.platform.county_account import PersonsFiles, persons_files, rights_of_the_person
from server_broker.platform.files import sha256_of
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import Region, subtree_prefix
from server_broker.sheets.reading import read_file
from server_broker.sheets.workbook import BadWorkbook
from server_broker.trust.keys import county_keys

MAX_LIST_BYTES = 4 * 2**20
"""A list of 5,000 files with long names takes about 1 MB."""
STARTER = Path(__file__).parents[1] / "content" / "starter"
_MAX_WRITER = 150
MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".pdf": "application/pdf",
    ".txt": "text/plain",
}


class ListedItem(msgspec.Struct, forbid_unknown_fields=True):
    """A file that belongs to a bundle. It lies beside the list, under its name."""

    name: str
    size: int | None = None
    """If it is stated, the file must have that size, and the same for its hash."""
    sha256: str | None = None
    media_type: str | None = None


class BundleList(msgspec.Struct, forbid_unknown_fields=True):
    """What ``publish-bundle`` reads from a JSON file."""

    id: str
    kind: Literal["library", "clips"]
    title: str
    regions: list[str]
    until: dt.date
    types: list[str] = []
    night: bool = True
    items: list[ListedItem] = []


def publish_pack_file(home: CountyHome, chosen: argparse.Namespace, *, actor: str) -> str:
    """Publish a pack with the pictures and sounds in its folder; return what to print."""
    return _publish_pack(home, Path(chosen.file), chosen, actor=actor)


def publish_starter(home: CountyHome, chosen: argparse.Namespace, *, actor: str) -> str:
    """Publish the packs that a county may begin with; return what to print. What is published already stays."""
    return "\n".join(_publish_pack(home, path, chosen, actor=actor) for path in sorted(STARTER.glob("*.json")))


def _publish_pack(home: CountyHome, path: Path, chosen: argparse.Namespace, *, actor: str) -> str:
    try:
        pack = _read_pack(path)
        with tempfile.TemporaryDirectory() as beside, persons_files() as files:
            published = publish_questions(
                pack,
                key=county_keys(home).signing_key,
                folder=BundleFolder(home.bundles),
                author=actor,
                at=timezone.now(),
                items=_items_of(pack, Path(chosen.items) if chosen.items else path.parent, files, Path(beside)),
                regions=_beginnings(chosen.to) if chosen.to else (EVERYWHERE,),
                not_after=end_of(chosen.until) if chosen.until else None,
            )
    except Refused as error:
        raise ServiceError(f"{path} 不是学习包，或内容不合格式：{error.detail}") from error
    except (PackRefused, NotPublished) as error:
        raise ServiceError(f"{path} 没有发布：{error}") from error
    return f"{pack.title} {pack.version} {bytes(published.sha256).hex()}"


def _items_of(pack: Pack, folder: Path, files: PersonsFiles, beside: Path) -> list[DraftItem]:
    """Return the files in ``folder`` that a pack's questions name. Pictures are written to ``beside``, as a kiosk gets
    them."""
    questions = [question for level in pack.levels for question in level.questions]
    named = {name for one in questions for name in (one.picture, one.sound) if name is not None}
    found = _items([ListedItem(name) for name in sorted(named)], folder, files)
    shown = {question.picture for question in questions}
    pictures = scaled({item.name: item.source for item in found if item.name in shown})
    return [*picture_items(pictures, beside), *(item for item in found if item.name not in pictures)]


def publish_listed(home: CountyHome, chosen: argparse.Namespace, *, actor: str) -> str:
    """Publish the bundle that a JSON file describes, with the files beside it; return what to print."""
    path = Path(chosen.file)
    try:
        listed = msgspec.json.decode(_read(path, MAX_LIST_BYTES), type=BundleList)
    except msgspec.DecodeError as error:
        raise ServiceError(f"{path} 不是下发内容的清单：{error}") from error
    try:
        with persons_files() as files:
            draft = Draft(
                id=listed.id,
                kind=listed.kind,
                title=listed.title,
                regions=_beginnings(listed.regions),
                types=listed.types,
                not_after=end_of(listed.until),
                items=_items(listed.items, path.parent, files),
                night=listed.night,
            )
            check(draft)
            row, new = publish(draft, folder=BundleFolder(home.bundles), author=actor, at=timezone.now())
    except NotPublished as error:
        raise ServiceError(f"{path} 没有发布：{error}") from error
    return f"{row.title} 第 {row.version} 版{'' if new else '已经发布过，没有变化'}"


def publish_document_file(home: CountyHome, chosen: argparse.Namespace, *, actor: str) -> str:
    """Publish the documents of an Excel file, with the pictures beside it; return what to print.

    Somebody else wrote them. Who that is nobody can check here, and the audit log says so.
    """
    path = Path(chosen.file)
    try:
        with persons_files() as files:
            plan = read_file(BOOK, files.readable(path))
            if plan.errors:
                raise ServiceError("\n".join([f"{path} 没有发布：", *map(str, plan.errors[:50])]))
            names = {name for one in plan.documents for name in pictures_of(one)}
            beside = {name: files.readable(path.parent / name) for name in names}
            pictures = scaled({name: picture for name, picture in beside.items() if _is_file(picture)})
        (prefix,) = _beginnings([chosen.to])
        now, folder = timezone.now(), BundleFolder(home.bundles)
        # As the actor of a verb is called, so that nobody takes it for an account that has shown who it is.
        writer = f"cli:{''.join(chosen.written_by.split())}"[:_MAX_WRITER]
        draft = DocumentsDraft(
            id=chosen.id,
            kind=chosen.kind,
            documents=plan.documents,
            regions=[prefix],
            not_after=end_of(chosen.until),
            pictures=pictures,
        )
        with transaction.atomic():
            written = write_documents(
                draft,
                region=Region.objects.get(code=prefix.ljust(12, "0")),
                actor=actor,
                at=now,
                written_by=writer,
                note={"writer": writer, "unchecked": True},
            )
            row = publish_written_documents(written, own=Bundle.objects.all(), folder=folder, actor=actor, at=now)
    except (BadWorkbook, NotPublished) as error:
        raise ServiceError(f"{path} 没有发布：{error}") from error
    except OwnAffair as error:
        raise ServiceError(f"{path} 没有发布：写的人不能自己发布，请另一个人来运行") from error
    except OSError as error:
        raise ServiceError(f"{path} 没有发布：{os_cause(error)}") from error
    return f"{row.title} 第 {row.version} 版{'' if row.version > written.replaces else '已经发布过，没有变化'}"


def _is_file(path: Path) -> bool:
    # No link: it could lead to any file of the machine.
    return path.is_file() and not path.is_symlink()


def withdraw_bundle(chosen: argparse.Namespace, *, actor: str) -> str:
    """Withdraw a bundle; return what to print."""
    try:
        rows = withdraw(chosen.bundle, reason=chosen.reason, actor=actor, at=timezone.now())
    except NotWithdrawn as error:
        raise ServiceError(f"没有撤回：{error}") from error
    return f"已撤回 {rows[-1].title}，共 {len(rows)} 版；站点连上后不再显示"


def write_shelf_stick(home: CountyHome, chosen: argparse.Namespace, *, actor: str) -> str:
    """Put a station's public content on a USB stick; return what to print."""
    stick = Path(chosen.to)
    try:
        written = write_stick(
            chosen.station,
            stick,
            folder=BundleFolder(home.bundles),
            key=county_keys(home).signing_key,
            actor=actor,
            at=timezone.now(),
        )
    except NoIndex as error:
        raise ServiceError(str(error)) from error
    except OSError as error:
        raise ServiceError(f"{stick} 写不进去：{os_cause(error)}") from error
    said = f"已拷 {written.bundles} 份内容和 {written.items} 个附件到 {stick}；到站点运行 cunhui-agent shelf load"
    return said if not written.left_out else f"{said}。另有 {written.left_out} 份关于个人的内容没有拷，只走网络"


def _read_pack(path: Path) -> Pack:
    """Read a pack as JSON, which a person can write, or as MessagePack.

    Raises:
        Refused: It is neither, or no pack.
        ServiceError: It can't be read.
    """
    raw = _read(path, MAX_PACK_BYTES)
    # No map of MessagePack begins with this sign.
    if raw.lstrip().startswith(b"{"):
        try:
            raw = msgspec.msgpack.encode(msgspec.json.decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused("malformed", str(error)) from error
    return decode(raw, Pack, limit=MAX_PACK_BYTES)


def _beginnings(codes: Sequence[str]) -> list[str]:
    """Return with what the codes of these regions' villages begin.

    Raises:
        NotPublished: The county has no such region.
    """
    whole = [code.ljust(12, "0") for code in codes]
    known = set(Region.objects.filter(code__in=whole).values_list("code", flat=True))
    for code, long in zip(codes, whole, strict=True):
        if long not in known:
            raise NotPublished(f"发给哪里没有写对：没有区划 {code[:20]}，须是本县县、镇或村的区划代码")
    return sorted({subtree_prefix(code) for code in whole})


def _items(listed: Sequence[ListedItem], folder: Path, files: PersonsFiles) -> list[DraftItem]:
    """Return the files as items of a draft. What the list says of itself is judged before any file is opened.

    Raises:
        NotPublished: A file is not as the list says, or is not there.
    """
    check_items([_as_stated(item) for item in listed])
    return [_measured(item, files.readable(folder / item.name)) for item in listed]


def _as_stated(item: ListedItem) -> DraftItem:
    kind = item.media_type or MEDIA_TYPES.get(Path(item.name).suffix.lower(), "application/octet-stream")
    size = 1 if item.size is None else item.size
    return DraftItem(name=item.name, sha256=bytes(32), size=size, media_type=kind, source=Path(item.name))


def _measured(item: ListedItem, path: Path) -> DraftItem:
    stated = _as_stated(item)
    try:
        # No link: it could lead to any file of the machine.
        if path.is_symlink() or not path.is_file():
            raise NotPublished(f"附件“{item.name}”不在清单旁边，或不是普通文件")
        size = path.stat().st_size
        sha256 = sha256_of(path)
    except OSError as error:
        raise NotPublished(f"附件“{item.name}”读不了：{os_cause(error)}") from error
    if item.size not in (None, size):
        raise NotPublished(f"附件“{item.name}”写明 {item.size:,} 字节，实际 {size:,} 字节")
    if item.sha256 not in (None, sha256.hex()):
        raise NotPublished(f"附件“{item.name}”与写明的校验值不符")
    return DraftItem(name=item.name, sha256=sha256, size=size, media_type=stated.media_type, source=path)


def _read(path: Path, limit: int) -> bytes:
    try:
        with rights_of_the_person():
            file = path.open("rb")
        with file:
            # One byte more tells that the file is too large, without the rest in memory.
            raw = file.read(limit + 1)
    except OSError as error:
        raise ServiceError(f"读不到 {path}：{os_cause(error)}") from error
    if len(raw) > limit:
        raise ServiceError(f"{path} 太大，最多 {limit:,} 字节")
    return raw
