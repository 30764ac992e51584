"""Put a station's index, and what it names, on a USB stick for a station that no line reaches.

Layout of ``cunhui-shelf`` on the stick: ``index``, ``bundles/HEX`` and ``items/HEX``, each just as
`server_broker.bundles.serving` sends it. The station verifies all of it. What is about people is left out, because a
stick can be lost.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from protocol.shelf_index import STICK_FOLDER
from protocol.signing import seal
from server_broker.audit.log import record
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import BundleItem, StationIndex
from server_broker.platform.county_account import rights_of_the_person


class NoIndex(Exception):
    """The station has no index yet. The message is Chinese, for the person who tries."""


@dataclass(frozen=True, slots=True)
class OnStick:
    """What was written."""

    bundles: int
    items: int
    left_out: int
    """Bundles about people."""


def write_stick(
    station: str, stick: Path, *, folder: BundleFolder, key: Ed25519PrivateKey, actor: str, at: datetime
) -> OnStick:
    """Write the newest index of a station and all public content that it names into a folder of ``stick``.

    Args:
        key: The county's signing key.
        actor: Account name, for the audit log.

    Raises:
        NoIndex: Nothing was written.
        OSError: The stick takes nothing, or a file can't be read. The index is written last, so a stick that is not
            complete has none.
    """
    index = StationIndex.objects.filter(station=station).order_by("-version").first()
    if index is None:
        raise NoIndex(f"站点 {station} 还没有下发内容的目录")
    root = stick / STICK_FOLDER
    with rights_of_the_person():
        for name in ("bundles", "items"):
            (root / name).mkdir(parents=True, exist_ok=True)
        (root / "index").unlink(missing_ok=True)
    rows = index.bundles.lasting(at)
    public = list(rows.filter(access="public"))
    for row in public:
        payload = seal(key, "cunhui bundle 1", folder.path(bytes(row.sha256)).read_bytes())
        with rights_of_the_person():
            (root / "bundles" / bytes(row.sha256).hex()).write_bytes(payload)
    named = BundleItem.objects.filter(bundle__in=public).values_list("sha256", flat=True)
    items = {bytes(sha256) for sha256 in named}
    for sha256 in sorted(items):
        with folder.path(sha256).open("rb") as read:
            with rights_of_the_person():
                write = (root / "items" / sha256.hex()).open("wb")
            with write:
                shutil.copyfileobj(read, write)
    with transaction.atomic():
        record(actor, "shelf.carried", station, {"bundles": len(public)})
        with rights_of_the_person():
            (root / "index").write_bytes(seal(key, "cunhui index 1", bytes(index.payload)))
    return OnStick(bundles=len(public), items=len(items), left_out=rows.count() - len(public))
