"""Learning packs as bundles of kind ``questions``, and beside them as pack files for stations of contract 1.0."""

from collections.abc import Sequence
from copy import replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from protocol.bundles import MAX_BUNDLE_BYTES, MAX_CONTENT_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode, encode
from protocol.decisions import Decided
from protocol.packs import ContradictionKind, Pack, contradictions_in
from protocol.signing import Signed
from protocol.twin import PackRef
from server_broker.audit.log import record
from server_broker.bundles.documents import check_picture
from server_broker.bundles.drafts import Draft, DraftItem, NotPublished, check, document
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.guarding import let_pass
from server_broker.bundles.index_keeper import wanted
from server_broker.bundles.models import Bundle, BundleItem
from server_broker.bundles.publishing import keep_items, said_of, store
from server_broker.decisions.stream import decide
from server_broker.fleet.contracts import spoken_contract
from server_broker.fleet.models import Station
from server_broker.learning.marking import (
    FileHashes,
    changed_answers,
    count_remarked,
    keep_remarked,
    read_stored,
    version_before,
    with_key_since,
)
from server_broker.learning.models import LearningPack
from server_broker.learning.packs import file_sizes, newest_packs, publish_pack
from server_broker.platform.sql import lock_until_commit

MAX_PACKS = 50
EVERYWHERE = ""
"""Every region's code begins with it."""
LASTS = timedelta(days=365)
"""How long a pack lasts if nobody says otherwise: no bundle is without an end."""
_LOCK_SPACE = 0x6B657973
"""First key of PostgreSQL's advisory locks ("keys") under which a version of a pack is compared with the one before."""


def publish_questions(
    pack: Pack,
    *,
    key: Ed25519PrivateKey,
    folder: BundleFolder,
    author: str,
    at: datetime,
    items: Sequence[DraftItem] = (),
    regions: Sequence[str] = (EVERYWHERE,),
    not_after: datetime | None = None,
) -> LearningPack:
    """Publish a pack as a bundle and as a pack file, by one decision. Publishing the same pack again changes nothing.

    The county says of each question since which version it has asked the same. If an answer is another than in the
    version before, attempts of earlier versions are marked anew, and a second decision says how many.

    Args:
        key: The county's signing key, for the pack file.
        items: The pictures and sounds that its questions name.

    Raises:
        PackRefused, NotPublished: Nothing was published.
        OSError: An item can't be read, or the disk takes nothing. Nothing was published.
    """
    draft = _checked(pack, items=items, regions=regions, not_after=not_after or at + LASTS, at=at)
    keep_items(draft, folder=folder)
    with transaction.atomic():
        lock_until_commit(_LOCK_SPACE, pack.id)
        before = version_before(pack.id, pack.version)
        if not _is_stored(pack):
            files = {item.name: item.sha256 for item in items}
            pack = with_key_since(pack, before, files=files, files_before=files_of(before))
        draft = replace(draft, content=encode(pack))
        check(draft)
        had_file = LearningPack.objects.filter(pack=pack.id, version=pack.version).exists()
        row = publish_pack(pack, key=key, at=at)
        bundle, is_new = _published(pack, folder), False
        if bundle is not None and sorted(bundle.regions) != sorted(regions):
            raise NotPublished(f"{pack.id} 的版本 {pack.version} 已经发给了别的地方；要换地方，请改用新的版本号")
        if bundle is None:
            bundle, is_new = store(draft, folder=folder, author=author, at=at, version=pack.version)
        if is_new or not had_file:
            # The decision names the bundle; the row beside it is the pack file, which has another hash.
            decide(record(author, "pack.published", pack.id, {"version": pack.version}), said_of(bundle), [row])
        if not had_file:
            _mark_anew(row, pack, before, author=author)
    return row


def check_questions(
    pack: Pack, *, items: Sequence[DraftItem], regions: Sequence[str], not_after: datetime, author: str, at: datetime
) -> None:
    """Refuse a pack that could not be published; the arguments are those of `publish_questions`.

    Raises:
        NotPublished: It could not.
        OSError: An item can't be read.
    """
    draft = _checked(pack, items=items, regions=regions, not_after=not_after, at=at)
    document(draft, pack.version)
    let_pass(draft, author=author)


def files_of(pack: Pack | None) -> FileHashes:
    """Return what a published version's questions show and say. Nothing is known of what was only a pack file."""
    if pack is None:
        return {}
    items = BundleItem.objects.filter(bundle__bundle=pack.id, bundle__version=pack.version)
    return {name: bytes(sha256) for name, sha256 in items.values_list("name", "sha256")}


def _is_stored(pack: Pack) -> bool:
    """Tell whether an earlier release has published this very version: it said nothing of since when options stand."""
    row = LearningPack.objects.filter(pack=pack.id, version=pack.version).first()
    return row is not None and encode(read_stored(row)) == encode(pack)


def _mark_anew(row: LearningPack, pack: Pack, before: Pack | None, *, author: str) -> None:
    """Keep which questions a version marks anew, by a decision that names them."""
    changed = changed_answers(pack, before)
    if not changed:
        return
    remarked = keep_remarked(row, count_remarked(pack.id, pack.version, changed))
    # How many stands in the rows: whoever reads the log may not count what few people answered.
    said = "、".join(one.question for one in remarked)[:200]
    entry = record(author, "pack.remarked", pack.id, {"version": pack.version, "remarked": said})
    decide(entry, Decided(action="pack.remarked", subject=pack.id), remarked)


def _checked(
    pack: Pack, *, items: Sequence[DraftItem], regions: Sequence[str], not_after: datetime, at: datetime
) -> Draft:
    """Return the draft of a pack that agrees with itself and with its items, or raise `NotPublished`."""
    if not_after <= at:
        # Stations would leave off the version before, which is in use.
        raise NotPublished("结束时间已经过去，没有站点会显示它")
    _check_agrees(pack)
    draft = _draft(pack, items=items, regions=regions, not_after=not_after)
    check(draft)
    _check_named(pack, items)
    return draft


def _draft(pack: Pack, *, items: Sequence[DraftItem], regions: Sequence[str], not_after: datetime) -> Draft:
    content = encode(pack)
    if len(content) > MAX_CONTENT_BYTES:
        raise NotPublished(f"学习包有 {len(content):,} 字节，最多 {MAX_CONTENT_BYTES:,} 字节；请分成几个学习包")
    return Draft(
        id=pack.id,
        kind="questions",
        title=pack.title,
        regions=regions,
        not_after=not_after,
        content=content,
        items=items,
    )


_CONTRADICTIONS: dict[ContradictionKind, str] = {
    "level_twice": "有两关的编号都是“{id}”，请改一个",
    "question_twice": "有两道题的编号都是“{id}”，请改一个；同一个学习包里，不同的关也不能重",
    "draws_too_many": "第“{id}”关每次要抽的题比关里的题还多",
    "answer_does_not_fit": "题目“{id}”的答案和选项对不上，请核对答案是第几个选项",
}


def _check_agrees(pack: Pack) -> None:
    """Refuse a pack that contradicts itself: every station would."""
    found = next(contradictions_in(pack.levels), None)
    if found is not None:
        raise NotPublished(_CONTRADICTIONS[found.kind].format(id=found.id))


def _check_named(pack: Pack, items: Sequence[DraftItem]) -> None:
    """Refuse a pack whose questions name other files than those that come with it, or what is no picture as one."""
    questions = [question for level in pack.levels for question in level.questions]
    named = {name for question in questions for name in (question.picture, question.sound) if name is not None}
    there = {item.name for item in items}
    if named - there:
        raise NotPublished(f"缺少题目用到的附件：{'、'.join(sorted(named - there)[:5])}")
    if there - named:
        raise NotPublished(f"附件没有题目用到：{'、'.join(sorted(there - named)[:5])}")
    pictures = {question.picture for question in questions}
    for item in items:
        if item.name in pictures:
            check_picture(item)


def _published(pack: Pack, folder: BundleFolder) -> Bundle | None:
    """Return the bundle that has this very pack, whatever its end and its places are. A station may have it already."""
    row = Bundle.objects.filter(bundle=pack.id, version=pack.version, kind="questions", withdrawn_at=None).first()
    if row is None or not folder.has(bytes(row.sha256)):
        return None
    payload = folder.path(bytes(row.sha256)).read_bytes()
    return row if decode(payload, BundleDocument, limit=MAX_BUNDLE_BYTES).content == encode(pack) else None


def pack_files_of(station: Station, *, now: datetime) -> list[PackRef]:
    """Return the pack files that a station should have, by the id of the pack.

    A station of contract 1.0 gets what it would have on its shelf: the last published ones, if they are too many. A
    later one gets only packs that are too large for a bundle.
    """
    shelved = set(Bundle.objects.filter(kind="questions").values_list("bundle", flat=True))
    begun = [row for row in wanted(station, now) if row.not_before is None or row.not_before <= now]
    on_shelf = {(row.bundle, row.version) for row in begun if row.kind == "questions"}
    has_no_shelf = spoken_contract(station.pk) == 0
    rows = [
        row
        for row in newest_packs()
        if row.pack not in shelved or (has_no_shelf and (row.pack, row.version) in on_shelf)
    ][:MAX_PACKS]
    sizes = file_sizes(rows)
    refs = [PackRef(pack=row.pack, version=row.version, sha256=bytes(row.sha256), size=sizes[row.pk]) for row in rows]
    return sorted(refs, key=lambda ref: ref.pack)


def adopt_packs(*, folder: BundleFolder, at: datetime) -> tuple[int, list[str]]:
    """Make a bundle of the newest version of each pack that an earlier release published.

    Returns:
        How many were made, and the ids of packs that are too large for a bundle. Stations get those as pack files.
    """
    made, too_large = 0, []
    have = set(Bundle.objects.filter(kind="questions").values_list("bundle", "version"))
    for row in newest_packs():
        if (row.pack, row.version) in have:
            continue
        content = decode(bytes(row.file), Signed, limit=len(row.file)).payload
        draft = Draft(
            id=row.pack, kind="questions", title=row.title, regions=[EVERYWHERE], not_after=at + LASTS, content=content
        )
        try:
            check(draft)
            with transaction.atomic():
                store(draft, folder=folder, author="service", at=at, version=row.version)
            made += 1
        except NotPublished:
            too_large.append(row.pack)
    return made, too_large
