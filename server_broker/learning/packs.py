"""Sign and publish learning packs. Each version is published once, and stations fetch it by its hash."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.db.models import F, Func, IntegerField
from django.utils import timezone

from protocol.codec import decode, encode
from protocol.packs import MAX_PACK_BYTES, Pack, seal_pack, unseal_pack
from protocol.signing import Signed, key_id, seal
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.models import Station
from server_broker.learning.models import LearningPack


class PackRefused(Exception):
    """A pack that is not published: too large, or its version exists with other content."""


def newest_packs() -> list[LearningPack]:
    """Return the newest version of each pack, the one published last first. Its file is read only when it is used."""
    return list(LearningPack.objects.newest().defer("file").order_by("-published_at", "pk"))


def file_sizes(rows: Iterable[LearningPack]) -> dict[int, int]:
    """Return the length of each pack's file, by the row's key, without reading the files."""
    size = Func(F("file"), function="octet_length", output_field=IntegerField())
    found = LearningPack.objects.filter(pk__in=[row.pk for row in rows]).annotate(size=size)
    return dict(found.values_list("pk", "size"))


def reseal_packs(*, key: Ed25519PrivateKey) -> list[LearningPack]:
    """Sign every pack again that another key has signed. Notify all stations, and return these packs.

    Args:
        key: The county's signing key.
    """
    own, resealed = key_id(key.public_key().public_bytes_raw()), []
    with transaction.atomic():
        for row in LearningPack.objects.select_for_update():
            signed = decode(bytes(row.file), Signed, limit=MAX_PACK_BYTES)
            if signed.key == own:
                continue
            row.file = seal(key, "cunhui pack 1", signed.payload)
            # Stations fetch a pack by its file's hash, and the signature is a part of the file.
            row.sha256 = hashlib.sha256(row.file).digest()
            row.save(update_fields=["file", "sha256"])
            resealed.append(row)
        if resealed:
            desired_changed(Station.objects.values_list("pk", flat=True))
    return resealed


def publish_pack(pack: Pack, *, key: Ed25519PrivateKey, at: datetime | None = None) -> LearningPack:
    """Sign and store a pack, and notify all stations. Publishing the same pack again changes nothing.

    Args:
        key: The county's signing key.

    Raises:
        Refused: The pack contradicts itself (`protocol.packs.unseal_pack`).
        PackRefused: Nothing was published.
    """
    file = seal_pack(key, pack)
    if len(file) > MAX_PACK_BYTES:
        raise PackRefused(f"学习包有 {len(file)} 字节，最多 {MAX_PACK_BYTES} 字节")
    public = key.public_key().public_bytes_raw()
    keys = {key_id(public): public}
    # Read as a station reads it, so that a pack that every station would refuse is not published.
    unseal_pack(file, keys)
    sha256 = hashlib.sha256(file).digest()
    with transaction.atomic():
        row, made = LearningPack.objects.get_or_create(
            pack=pack.id,
            version=pack.version,
            defaults={"title": pack.title, "sha256": sha256, "file": file, "published_at": at or timezone.now()},
        )
        if not made and encode(unseal_pack(bytes(row.file), keys)) != encode(pack):
            raise PackRefused(f"{pack.id} 的版本 {pack.version} 已经发布过，内容不同；请改用新的版本号")
        if made:
            desired_changed(Station.objects.values_list("pk", flat=True))
    return row
