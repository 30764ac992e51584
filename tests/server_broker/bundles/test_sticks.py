"""A stick has what the station itself verifies: the index, public bundles and their items, and nothing about people."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.bundles import open_bundle
from protocol.shelf_index import STICK_FOLDER, open_index
from protocol.signing import key_id, split_signed
from server_broker.audit.models import AuditEntry
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper
from server_broker.bundles.sticks import NoIndex, write_stick
from server_broker.fleet.models import Station
from tests.server_broker.bundles.samples import AUTHOR, item, published
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
KEYS = {key_id(PUBLIC): PUBLIC}


def test_a_stick_carries_what_is_public(folder: BundleFolder, row: Station, tmp_path: Path) -> None:
    picture = item(tmp_path / "a.jpg")
    shown = published(folder, kind="library", id="guide", items=[picture], content=b"")
    published(folder, kind="library", id="personal", access="station", content=b"")
    IndexKeeper(folder=folder, sources=[]).go_on(NOW)
    stick = tmp_path / "stick"
    written = write_stick(row.pk, stick, folder=folder, key=KEY, actor=AUTHOR, at=NOW)
    assert (written.bundles, written.items, written.left_out) == (1, 1, 1)
    payload, beside = split_signed((stick / STICK_FOLDER / "index").read_bytes())
    index = open_index(payload, beside, station=row.pk, sha256=None, public_keys=KEYS)
    assert {entry.id for entry in index.bundles} == {"guide", "personal"}
    (file,) = (stick / STICK_FOLDER / "bundles").iterdir()
    payload, beside = split_signed(file.read_bytes())
    assert open_bundle(payload, beside, sha256=bytes(shown.sha256), public_keys=KEYS).id == "guide"
    (copied,) = (stick / STICK_FOLDER / "items").iterdir()
    assert (copied.name, copied.read_bytes()) == (picture.sha256.hex(), b"picture")
    entry = AuditEntry.objects.get(action="shelf.carried")
    assert (entry.subject, entry.detail) == (row.pk, {"bundles": 1})


def test_a_station_without_an_index_has_no_stick(folder: BundleFolder, row: Station, tmp_path: Path) -> None:
    with pytest.raises(NoIndex):
        write_stick(row.pk, tmp_path, folder=folder, key=KEY, actor=AUTHOR, at=NOW)
    assert list(tmp_path.glob(f"{STICK_FOLDER}/**/*")) == []


def test_a_stick_that_breaks_off_has_no_index(folder: BundleFolder, row: Station, tmp_path: Path) -> None:
    shown = published(folder, kind="library", id="guide", content=b"")
    IndexKeeper(folder=folder, sources=[]).go_on(NOW)
    folder.path(bytes(shown.sha256)).unlink()
    with pytest.raises(FileNotFoundError):
        write_stick(row.pk, tmp_path, folder=folder, key=KEY, actor=AUTHOR, at=NOW)
    assert not (tmp_path / STICK_FOLDER / "index").exists()
    assert not AuditEntry.objects.filter(action="shelf.carried").exists()
