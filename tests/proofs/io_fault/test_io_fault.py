"""The io-fault proof passes for the product, and fails for the bugs that it is meant to catch."""

import os
from pathlib import Path

import apsw
import pytest

from agent.storage.errors import StorageFull
from agent.storage.outbox import Outbox
from agent.storage.store import Store
from protocol.facts import Fact
from protocol.units import FactRef
from tests.proofs.io_fault.failing import prove
from tests.proofs.io_fault.faults import KINDS, Faults, FaultyVFS, python_files


def test_no_failing_operation_harms_a_station() -> None:
    outcome = prove(seed=1, first=1 + int.from_bytes(os.urandom(1)) % 60, step=60)
    assert set(outcome.runs) == set(KINDS)
    assert not outcome.verdict.wrong, outcome.verdict


def test_a_green_light_for_what_the_disk_refused_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Outbox.commit

    def hopeful(self: Outbox, *facts: Fact) -> list[FactRef]:
        try:
            return real(self, *facts)
        except StorageFull:
            return [FactRef(epoch=self.epoch, seq=self.through + 1 + n) for n in range(len(facts))]

    monkeypatch.setattr(Outbox, "commit", hopeful)
    assert prove(seed=1, first=5, step=10, kinds=("enospc",)).verdict.wrong > 0


@pytest.mark.parametrize("kind", ["eio", "enospc"])
def test_python_files_fail_as_asked(kind: str, tmp_path: Path) -> None:
    faults = Faults(tmp_path, kind="eio" if kind == "eio" else "enospc", at=2)
    with python_files(faults):
        with pytest.raises(OSError, match="error" if kind == "eio" else "space"):
            (tmp_path / "a").write_bytes(b"abc")
        (tmp_path / "a").write_bytes(b"abc")
        (tmp_path.parent / "elsewhere").write_bytes(b"not counted")
    assert ((tmp_path / "a").read_bytes(), faults.failed) == (b"abc", 1)


def test_a_short_write_leaves_half_and_then_the_disk_is_full(tmp_path: Path) -> None:
    faults = Faults(tmp_path, kind="short", at=2)
    with python_files(faults), pytest.raises(OSError, match="space"):
        (tmp_path / "a").write_bytes(b"abcdef")
    assert (tmp_path / "a").read_bytes() == b"abc"


def test_what_goes_makes_room_again(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    faults = Faults(tmp_path, kind="full", at=1)
    with python_files(faults):
        with pytest.raises(OSError, match="space"):
            (tmp_path / "a").write_bytes(b"abc")
        (tmp_path / "old").unlink()
        (tmp_path / "a").write_bytes(b"abc")


def test_sqlite_fails_as_asked(tmp_path: Path) -> None:
    faults = Faults(tmp_path, kind="enospc")
    vfs = FaultyVFS(faults)
    store = Store(tmp_path / "a.db", vfs=vfs.vfs_name)
    with store.transaction():
        store.rows("CREATE TABLE t (x)")
    faults.at = faults.operations + 1
    with pytest.raises(StorageFull), store.transaction():
        store.rows("INSERT INTO t VALUES (1)")
    with store.transaction():
        store.rows("INSERT INTO t VALUES (2)")
    store.close()
    assert apsw.Connection(str(tmp_path / "a.db")).execute("SELECT x FROM t").fetchall() == [(2,)]
