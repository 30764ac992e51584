"""What the county must not forget in a power cut is synced before it counts: the file, then its name (fsync(2))."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from server_broker.fleet.generation import raise_generation
from server_broker.media.files import MediaFolder
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.trust.journal import JournalEntry, StationJournal


class Disk:
    """Which files and folders were synced, in order, and how large they were then."""

    def __init__(self) -> None:
        self.synced: list[tuple[str, int]] = []
        self._fsync = os.fsync

    def fsync(self, descriptor: int) -> None:
        self.synced.append((os.readlink(f"/proc/self/fd/{descriptor}"), os.fstat(descriptor).st_size))
        self._fsync(descriptor)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.synced]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    return disk


def test_a_line_of_the_journal_and_the_journal_s_name(tmp_path: Path, disk: Disk) -> None:
    home = CountyHome(tmp_path)
    home.trust.mkdir()
    journal = StationJournal(home)
    entry = JournalEntry(at="2026-11-24T08:00:00+00:00", event="revoked", station="village-01")
    journal.append(entry)
    assert disk.synced[0] == (str(journal.path), journal.path.stat().st_size)
    assert disk.names[1:] == [str(home.trust)]
    journal.append(entry)
    assert disk.synced[2:] == [(str(journal.path), journal.path.stat().st_size)]


def test_a_list_that_the_broker_reads(tmp_path: Path, disk: Disk) -> None:
    path = tmp_path / "stations.acl"
    path.write_bytes(b"old")
    write_atomically(path, b"new list")
    (beside, size), *rest = disk.synced
    assert (Path(beside).parent, Path(beside).name.startswith(".stations.acl."), size) == (tmp_path, True, 8)
    assert [name for name, _ in rest] == [str(tmp_path)]


def test_pieces_of_a_picture_and_the_whole(tmp_path: Path, disk: Disk) -> None:
    folder, data = MediaFolder(tmp_path), b"pieces and more"
    name = hashlib.sha256(data).digest()
    piece = tmp_path / "partial" / f"village-01.{name.hex()}"
    folder.write("village-01", name, [(0, data[:6])])
    assert disk.synced[0] == (str(piece), 6)
    assert disk.names[1:] == [str(piece.parent)]
    folder.write("village-01", name, [(6, data[6:])])
    assert disk.synced[2:] == [(str(piece), len(data))]
    assert folder.finish("village-01", name, size=len(data))
    assert disk.names[3:] == [str(folder.path(name).parent), str(tmp_path)]


@pytest.mark.django_db
def test_the_number_of_a_restore(disk: Disk) -> None:
    root = settings.HOME.root
    raise_generation(now=datetime(2026, 11, 24, tzinfo=UTC))
    (beside, size), *rest = disk.synced
    assert (Path(beside).parent, Path(beside).name.startswith(".generation.")) == (root, True)
    assert size > 0
    assert [name for name, _ in rest] == [str(root)]
