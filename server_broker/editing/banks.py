"""Question banks in the making as wholes: begun, handed over, and given up."""

import datetime as dt
import secrets
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode
from protocol.packs import read_pack
from protocol.units import MAX_SHORT_TEXT
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, WrittenPack
from server_broker.bundles.written_packs import PackDraft, PackFile, next_version, write_pack
from server_broker.content.bank import bank_of, pack_of
from server_broker.content.gift_reading import FIRST_LEVEL
from server_broker.dated.days import end_of
from server_broker.editing.changing import Editor, NotChanged, changing
from server_broker.editing.levels import add_level
from server_broker.editing.looking import Looked, look
from server_broker.editing.models import BankDraft, DraftFile, DraftLevel, DraftQuestion
from server_broker.editing.questions import drop_unnamed_files, row_of
from server_broker.learning.keepers import keepers
from server_broker.platform.sql import lock_until_commit
from server_broker.regions.models import Region

_LOCK_SPACE = 0x62616E6B
"""First key of PostgreSQL's advisory locks ("bank") under which the draft of a published pack is begun."""
NEWER = (
    "后来发布了第 {version} 版，这份草稿里没有那一版的改动。"
    "请导出留底，删掉这份草稿，再从“下发内容”打开第 {version} 版，按“改这个题库”重新改"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What a bank says of itself."""

    region: Region
    """Its stations get it."""
    title: str
    owner: str
    review_by: dt.date | None
    sample: bool


def begin(head: Head, by: Editor) -> BankDraft:
    """Begin a bank with one empty level.

    Raises:
        NotChanged: It has no title.
    """
    _check_head(head)
    with transaction.atomic():
        draft = BankDraft.objects.create(
            region=head.region,
            pack=_new_id(),
            title=head.title,
            sample=head.sample,
            owner=head.owner,
            review_by=head.review_by,
            made_by=by.name,
            made_at=by.now,
            changed_by=by.name,
            changed_at=by.now,
            editors=[by.name],
        )
        add_level(draft, FIRST_LEVEL, by)
    return draft


def begin_from(bundle: Bundle, region: Region, by: Editor, *, folder: BundleFolder) -> BankDraft:
    """Begin with what is published, as its next version.

    Raises:
        NotChanged: Somebody works on it already, or its files are gone.
    """
    if not folder.has(bytes(bundle.sha256)):
        raise NotChanged("县里没有这一版的文件了，请重新导入题目")
    payload = folder.path(bytes(bundle.sha256)).read_bytes()
    bank = bank_of(read_pack(decode(payload, BundleDocument, limit=MAX_BUNDLE_BYTES).content))
    keeper = keepers().filter(pack=bundle.bundle).first()
    with transaction.atomic():
        lock_until_commit(_LOCK_SPACE, bank.id)
        if BankDraft.objects.filter(pack=bank.id).exists():
            raise NotChanged("已经有人在改这个题库，请在“题库编写”里打开它")
        draft = BankDraft.objects.create(
            region=region,
            pack=bank.id,
            based_on=bundle.version,
            title=bank.title,
            sample=bank.sample,
            owner=keeper.owner if keeper is not None else "",
            review_by=keeper.review_by if keeper is not None else None,
            made_by=by.name,
            made_at=by.now,
            changed_by=by.name,
            changed_at=by.now,
        )
        for place, level in enumerate(bank.levels):
            row = DraftLevel.objects.create(draft=draft, ident=level.id, name=level.name, draw=level.draw, place=place)
            DraftQuestion.objects.bulk_create(
                row_of(question, row, number) for number, question in enumerate(level.questions)
            )
        DraftFile.objects.bulk_create(
            DraftFile(
                draft=draft,
                name=item.name,
                media_type=item.media_type,
                content=folder.path(bytes(item.sha256)).read_bytes(),
            )
            for item in bundle.items.all()
        )
    return draft


def change_head(draft: BankDraft, head: Head, by: Editor) -> None:
    """Change what a bank says of itself.

    Raises:
        NotChanged: It has no title, or waits for a second person.
    """
    _check_head(head)
    with changing(draft, by) as row:
        row.region, row.title, row.sample = head.region, head.title, head.sample
        row.owner, row.review_by = head.owner, head.review_by


def hand_over(draft: BankDraft, *, last_day: dt.date, by: Editor) -> WrittenPack:
    """Hand a bank over to a second person, as the next version of its pack.

    Raises:
        NotChanged: Something in it must be mended first, it could not be published, or a newer version than that on
            which it rests was: what that one has mended would be lost.
    """
    with changing(draft, by) as row:
        newest, version = next_version(row.pack)
        if newest != row.based_on:
            raise NotChanged(NEWER.format(version=newest))
        looked = look(row, today=timezone.localdate(by.now))
        if not looked.may_go:
            stopping = [f"还有 {looked.to_mend} 题要改"] if looked.to_mend else []
            stopping += [*looked.kept_back.values(), *looked.stops][:3]
            raise NotChanged("；".join(stopping))
        _name_for_good(row, looked)
        # Whoever hands it over has seen what the reader of a file said.
        DraftQuestion.objects.filter(level__draft=row).update(said=[])
        drop_unnamed_files(row)
        try:
            row.written = write_pack(
                PackDraft(
                    pack=pack_of(looked.bank, version=version),
                    files={
                        file.name: PackFile(file.media_type, bytes(file.content)) for file in row.files.order_by("name")
                    },
                    owner=row.owner,
                    review_by=row.review_by,
                    editors=row.editors,
                    not_after=end_of(last_day),
                ),
                region=row.region,
                actor=by.name,
                at=by.now,
            )
        except NotPublished as refused:
            raise NotChanged(str(refused)) from refused
        return row.written


def _name_for_good(draft: BankDraft, looked: Looked) -> None:
    """Keep the ids that questions got by what they ask: mended later, each is still the same question."""
    unnamed = list(DraftQuestion.objects.filter(level__draft=draft, ident=""))
    for row in unnamed:
        question = looked.judged[row.pk].question
        assert question is not None
        row.ident = question.id
    DraftQuestion.objects.bulk_update(unnamed, ["ident"])


def give_up(draft: BankDraft, by: Editor) -> None:
    """Delete a bank in the making. What was published of it stays.

    Raises:
        NotChanged: It waits for a second person.
    """
    with transaction.atomic():
        with changing(draft, by):
            pass
        BankDraft.objects.filter(pk=draft.pk).delete()


def _check_head(head: Head) -> None:
    if not 0 < len(head.title) <= MAX_SHORT_TEXT:
        raise NotChanged(f"题库要有名称，最多 {MAX_SHORT_TEXT} 个字")
    if len(head.owner) > MAX_SHORT_TEXT:
        raise NotChanged(f"负责人最多写 {MAX_SHORT_TEXT} 个字")


def _new_id() -> str:
    # Not by the title: two townships may both write a bank of that name.
    return f"b-{secrets.token_hex(6)}"
