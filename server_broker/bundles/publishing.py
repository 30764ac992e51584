"""Publish bundles and withdraw them. A version is published once; nothing that was published is overwritten.

The files of a bundle are on the disk before its row is committed. If the program dies in between, they are files that
nobody names (`server_broker.bundles.files.BundleFolder.drop_unnamed`).
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import connection, transaction

from protocol.bundles import MAX_BUNDLE_BYTES, encode_bundle
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode
from protocol.decisions import BundlePublished, BundleWithdrawn
from server_broker.audit.log import Detail, record
from server_broker.bundles.drafts import Draft, NotPublished, check, document
from server_broker.bundles.files import BundleFolder, ContentDiffers
from server_broker.bundles.guarding import let_pass
from server_broker.bundles.models import Bundle, BundleItem
from server_broker.decisions.stream import decide
from server_broker.fleet.generation import lowest_version
from server_broker.fleet.shelf_changes import shelf_changed, shelf_changed_under

_LOCK_SPACE = 0x62756E64
"""First key of the PostgreSQL advisory locks ("bund") under which a bundle gets its next version."""


class NotWithdrawn(Exception):
    """The bundle was not withdrawn. The message is Chinese, for the person who tries."""


def publish(
    draft: Draft, *, folder: BundleFolder, author: str, at: datetime, version: int | None = None
) -> tuple[Bundle, bool]:
    """Publish a bundle as its next version, or as ``version``; return the row, and whether it is new.

    If its newest version has the same content, that one is returned.

    Args:
        author: Account name, for the audit log.

    Raises:
        NotPublished: Nothing was published.
        OSError: An item can't be read, or the disk takes nothing. Nothing was published.
    """
    check(draft)
    if draft.not_after <= at:
        raise NotPublished("结束时间已经过去，没有站点会显示它")
    keep_items(draft, folder=folder)
    with transaction.atomic():
        row, new = store(draft, folder=folder, author=author, at=at, version=version)
        if new:
            where = " ".join(row.regions)[:200]
            detail: Detail = {"version": row.version, "kind": row.kind, "region": where}
            entry = record(author, "bundle.published", row.bundle, detail)
            decide(entry, said_of(row))
    return row, new


def said_of(row: Bundle) -> BundlePublished:
    """Return how the county's stream states that a version was published."""
    return BundlePublished(form=row.kind, id=row.bundle, version=row.version, sha256=bytes(row.sha256))


def keep_items(draft: Draft, *, folder: BundleFolder) -> None:
    """Copy a draft's items into the county's folder.

    Raises:
        NotPublished: A file is not what the draft says of it.
        OSError: It can't be read, or the disk takes nothing.
    """
    for item in draft.items:
        try:
            folder.keep_file(item.source, sha256=item.sha256, size=item.size)
        except ContentDiffers as error:
            raise NotPublished(f"附件“{item.name}”与写明的大小或校验值不符") from error


def store(
    draft: Draft, *, folder: BundleFolder, author: str, at: datetime, version: int | None = None, lowest: int = 1
) -> tuple[Bundle, bool]:
    """Store a version and mark the stations whose index changes, in the caller's transaction.

    Args:
        lowest: The lowest version that is given if ``version`` does not choose one.

    Raises:
        NotPublished: That version exists with other content or a newer one does, a station would refuse it, or
            something in it must not be published (`server_broker.bundles.guarding.GuardStopped`).
    """
    newest = _newest_locked([draft])
    old = newest.get(draft.id)
    if version is not None and old is not None and old.kind == draft.kind and version <= old.version:
        return _published_before(draft, version), False
    row = _next_version(draft, old, folder=folder, author=author, at=at, version=version, lowest=lowest)
    if row is None:
        assert old is not None
        return old, False
    _add([(row, draft)], at=at)
    return row, True


def store_computed(drafts: Sequence[Draft], *, folder: BundleFolder, at: datetime, lowest: int) -> list[str]:
    """Store the next version of each draft that a station's village has computed, in the caller's transaction.

    The number of queries does not grow with the drafts. Returns in Chinese why some were not stored.

    Raises:
        OSError: An item can't be read, or the disk takes nothing.
    """
    newest = _newest_locked(drafts)
    added, problems = [], []
    for draft in drafts:
        try:
            keep_items(draft, folder=folder)
            row = _next_version(draft, newest.get(draft.id), folder=folder, author="", at=at, lowest=lowest)
        except NotPublished as error:
            # The last good version stays.
            problems.append(f"{draft.title}：{error}")
            continue
        if row is not None:
            added.append((row, draft))
    _add(added, at=at)
    return problems


def _newest_locked(drafts: Sequence[Draft]) -> dict[str, Bundle]:
    """Return the newest version of each bundle. Until the COMMIT nobody else gives one of them a version."""
    names = sorted({draft.id for draft in drafts})
    with connection.cursor() as cursor:
        # In one order, so that two processes don't wait for each other.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(name)) FROM unnest(%s::text[]) AS name",
            [_LOCK_SPACE, names],
        )
    return {row.bundle: row for row in Bundle.objects.filter(bundle__in=names).newest()}


def _next_version(
    draft: Draft,
    newest: Bundle | None,
    *,
    folder: BundleFolder,
    author: str,
    at: datetime,
    version: int | None = None,
    lowest: int,
) -> Bundle | None:
    """Return the next version of a bundle, not yet stored; None if the newest says the same."""
    if newest is not None and newest.kind != draft.kind:
        raise NotPublished(f"编号 {draft.id} 已经用于另一种内容，请换一个编号")
    if version is None and newest is not None and newest.version >= lowest and _says(newest, draft):
        return None
    let_pass(draft, author=author)
    number = version or max(newest.version + 1 if newest else 1, lowest)
    return _version(draft, number, folder=folder, author=author, at=at)


def changed_drafts(drafts: Sequence[Draft], *, lowest: int) -> list[Draft]:
    """Return the drafts of which no version as high as ``lowest`` is published with the same content.

    One query and no lock. Most of what is computed has not changed, so most is not stored (`store`).
    """
    newest = {row.bundle: row for row in Bundle.objects.filter(bundle__in=[draft.id for draft in drafts]).newest()}

    def is_published(draft: Draft) -> bool:
        row = newest.get(draft.id)
        try:
            return row is not None and row.kind == draft.kind and row.version >= lowest and _says(row, draft)
        except NotPublished:
            # A station would refuse it. Whoever stores it is told.
            return False

    return [draft for draft in drafts if not is_published(draft)]


def _says(row: Bundle, draft: Draft) -> bool:
    """Tell whether a published version has just what the draft has."""
    same = _is_document_of(row, draft)
    return same and row.withdrawn_at is None and (row.access, row.night) == (draft.access, draft.night)


def _is_document_of(row: Bundle, draft: Draft) -> bool:
    # An earlier release published it without saying what can be found in it. That alone makes no other content.
    return any(
        hashlib.sha256(document(draft, row.version, findable=findable)).digest() == bytes(row.sha256)
        for findable in (True, False)
    )


def _published_before(draft: Draft, version: int) -> Bundle:
    row = Bundle.objects.filter(bundle=draft.id, version=version).first()
    if row is None:
        raise NotPublished(f"{draft.id} 已有比 {version} 新的版本，不能再发布旧的")
    if not _is_document_of(row, draft):
        raise NotPublished(f"{draft.id} 的版本 {version} 已经发布过，内容不同；请改用新的版本号")
    return row


def _version(draft: Draft, version: int, *, folder: BundleFolder, author: str, at: datetime) -> Bundle:
    payload = document(draft, version)
    return Bundle(
        bundle=draft.id,
        version=version,
        kind=draft.kind,
        title=draft.title,
        sha256=folder.keep(payload),
        size=len(payload),
        regions=list(draft.regions),
        types=list(draft.types),
        not_before=draft.not_before,
        not_after=draft.not_after,
        station_id=draft.station,
        access=draft.access,
        night=draft.night,
        published_at=at,
        author=author,
    )


def _add(versions: Sequence[tuple[Bundle, Draft]], *, at: datetime) -> None:
    """Store versions, and mark the stations whose index changes."""
    Bundle.objects.bulk_create([row for row, _ in versions])
    BundleItem.objects.bulk_create(
        BundleItem(bundle=row, name=item.name, sha256=item.sha256, size=item.size, media_type=item.media_type)
        for row, draft in versions
        for item in draft.items
    )
    for row, _ in versions:
        if row.station_id is None:
            # Those of an earlier version's places too: it is no longer theirs.
            before = Bundle.objects.filter(bundle=row.bundle, version__lt=row.version)
            earlier = before.order_by("-version").first()
            for prefix in sorted({*row.regions, *(earlier.regions if earlier else ())}):
                shelf_changed_under(prefix, at=at)
        elif row.author:
            # What has no author is computed, and the index of its station with it.
            shelf_changed([row.station_id], at=at)


def withdraw(bundle: str, *, reason: str, actor: str, at: datetime) -> list[Bundle]:
    """Withdraw all versions of a bundle, so that no station shows it and nobody may fetch it. Return these versions.

    A newer version may be published later.

    Raises:
        NotWithdrawn: There is nothing to withdraw.
    """
    with transaction.atomic():
        rows = list(Bundle.objects.select_for_update().filter(bundle=bundle, withdrawn_at=None).order_by("version"))
        if not rows:
            raise NotWithdrawn("这份内容已经撤回，或从来没有发布过")
        Bundle.objects.filter(pk__in=[row.pk for row in rows]).update(
            withdrawn_at=at, withdrawn_by=actor, withdrawn_reason=reason[:200]
        )
        for prefix in sorted({prefix for row in rows for prefix in row.regions}):
            shelf_changed_under(prefix, at=at)
        newest = rows[-1]
        detail: Detail = {"version": newest.version, "kind": newest.kind, "reason": reason[:200]}
        entry = record(actor, "bundle.withdrawn", bundle, detail)
        decide(entry, BundleWithdrawn(form=newest.kind, id=bundle, version=newest.version))
    return rows


def publish_again_after_restore(*, folder: BundleFolder, at: datetime) -> int:
    """Publish what lasts once more under versions of this generation, and return how many bundles that were.

    Stations may have seen a higher version than a restored database has, and would refuse its own as an older one. A
    pack keeps its version, because people's answers name it; its author publishes the lost version once more.
    """
    lowest = lowest_version() + 1
    old = Bundle.objects.exclude(author="").exclude(kind="questions").newest().lasting(at).filter(version__lt=lowest)
    # Without its folder a restored county can't hand them out anyway; whoever publishes them once more mends that.
    rows = [row for row in old.order_by("pk") if folder.has(bytes(row.sha256))]
    for row in rows:
        payload = folder.path(bytes(row.sha256)).read_bytes()
        bundle = decode(payload, BundleDocument, limit=MAX_BUNDLE_BYTES)
        again = encode_bundle(msgspec.structs.replace(bundle, version=lowest))
        items = list(row.items.all())
        row.pk, row.version, row.published_at = None, lowest, at
        row.sha256, row.size = folder.keep(again), len(again)
        row.save(force_insert=True)
        for item in items:
            item.pk, item.bundle = None, row
        BundleItem.objects.bulk_create(items)
        detail: Detail = {"version": row.version, "kind": row.kind, "again": True}
        decide(record("service", "bundle.published", row.bundle, detail), said_of(row))
    return len(rows)
