"""The power-cut proof passes for the product, and fails for what it is meant to catch."""

import os
import random
from pathlib import Path

import pytest

import agent.store
from tests.proofs.power_cut.__main__ import prove
from tests.proofs.power_cut.disk import ForgetfulDisk
from tests.proofs.power_cut.syscalls import Create, Rename, Sync, SyncFolder, Truncate, Unlink, Write
from tests.proofs.power_cut.workload import record


def test_no_cut_harms_the_outbox() -> None:
    verdict, done = prove(cuts=1500, seed=int.from_bytes(os.urandom(4)))
    assert done.total() == 1500
    assert not verdict.wrong, verdict


def test_synchronous_normal_is_caught() -> None:
    verdict, _ = prove(cuts=600, seed=5, synchronous=("NORMAL", 1))
    assert verdict.lost > 0


def test_commits_that_share_a_sector_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent.store, "_uri", lambda path: f"file:{path}?psow=1")
    verdict, _ = prove(cuts=1500, seed=5)
    assert verdict.lost > 0


def test_the_workload_reaches_every_kind_of_call_and_no_shared_memory(tmp_path: Path) -> None:
    calls = [call for seed in range(3) for call in record(_folder(tmp_path, seed), seed=seed).calls]
    assert {type(call) for call in calls} >= {Create, Write, Truncate, Sync, Unlink, Rename, SyncFolder}
    assert not [call for call in calls if isinstance(call, Create) and call.name.endswith("-shm")]


def test_the_disk_keeps_what_is_synced_and_may_drop_the_rest() -> None:
    disk = ForgetfulDisk()
    for call in (Create("a", 1), Write(1, 0, b"safe"), Sync(1), SyncFolder(), Write(1, 4, b"lost"), Rename("a", "b")):
        disk.apply(call)
    assert disk.cut(random.Random(0), "dropped") == {"a": b"safe"}
    assert disk.cut(random.Random(0), "kept") == {"b": b"safelost"}


def _folder(root: Path, number: int) -> Path:
    folder = root / str(number)
    folder.mkdir()
    return folder
