"""The power-cut proof passes for the product, and fails for the bugs that it is meant to catch."""

import os
import random
from pathlib import Path
from typing import Any

import pytest

import agent.storage.store
from agent.camera.snapshots import Snapshots
from agent.commands.command_log import CommandLog
from agent.commands.log_tail import LogTail
from agent.drivers import https
from agent.station.commands import Commands
from agent.storage import durable
from agent.storage.errors import StorageFailed
from agent.storage.outbox import Outbox
from protocol.commands import Command
from tests.proofs.power_cut.cutting import prove
from tests.proofs.power_cut.disk import ForgetfulDisk
from tests.proofs.power_cut.recorder import Recording
from tests.proofs.power_cut.shares import ALL, OUTBOX, SHARES
from tests.proofs.power_cut.shim import watched
from tests.proofs.power_cut.station_workload import record_station
from tests.proofs.power_cut.syscalls import Create, Mkdir, Rename, Sync, SyncFolder, Truncate, Unlink, Write
from tests.proofs.power_cut.workload import _Station, record


@pytest.mark.small_proof
def test_no_cut_harms_a_station() -> None:
    outcome = prove(cuts=1500, seed=int.from_bytes(os.urandom(4)))
    assert (outcome.cuts, set(outcome.purposes)) == (1500, set(ALL))
    assert not outcome.verdict.wrong, outcome.verdict


def test_every_purpose_has_its_share() -> None:
    assert sum(SHARES.values()) == 100
    assert min(SHARES.values()) >= 5


def test_synchronous_normal_is_caught() -> None:
    assert prove(cuts=600, seed=5, only=OUTBOX, synchronous=("NORMAL", 1)).verdict.lost > 0


@pytest.mark.small_proof
def test_commits_that_share_a_sector_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent.storage.store, "_uri", lambda path: f"file:{path}?psow=1")
    assert prove(cuts=1500, seed=5, only=OUTBOX).verdict.lost > 0


def without_its_name(path: str | Path, content: bytes, **named: Any) -> None:
    """Write durably, except that the folder is not synced."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "sync_folder", lambda _: None)
        durable.write_durably(path, content, **named)


@pytest.mark.parametrize(
    ("place", "instead", "purpose"),
    [
        ("agent.identity.station_identity.write_durably", without_its_name, "identity"),
        ("agent.rescue.stick.sync_folder", lambda _: None, "export"),
        pytest.param("agent.storage.blobs.write_durably", without_its_name, "announce", marks=pytest.mark.small_proof),
        pytest.param("agent.kiosk.packs.write_durably", without_its_name, "pack", marks=pytest.mark.small_proof),
        pytest.param(
            "agent.camera.camera_process.write_durably", without_its_name, "spool", marks=pytest.mark.small_proof
        ),
        pytest.param("agent.storage.durable.sync_folder", lambda _: None, "identity", marks=pytest.mark.small_proof),
    ],
)
def test_a_name_that_is_not_synced_is_caught(
    place: str, instead: object, purpose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, instead)
    assert prove(cuts=400, seed=5, only=frozenset({purpose})).verdict.lost > 0


@pytest.mark.small_proof
def test_a_picture_that_goes_before_a_fact_says_so_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    drop, evicted = Snapshots._drop, Snapshots._evicted

    def too_early(self: Snapshots, surplus: list[bytes]) -> object:
        drop(self, surplus)
        return evicted(self, surplus)

    monkeypatch.setattr(Snapshots, "_evicted", too_early)
    assert prove(cuts=400, seed=5, only=frozenset({"blob_evict"})).verdict.lost > 0


class _NoSync:
    """The module `os`, but nothing is synced."""

    def __getattr__(self, name: str) -> Any:
        return (lambda _: None) if name == "fsync" else getattr(os, name)


def test_a_name_for_bytes_that_are_not_synced_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.rescue.stick.os", _NoSync())
    assert prove(cuts=200, seed=5, only=frozenset({"export"})).verdict.invented > 0


@pytest.mark.small_proof
def test_a_station_that_does_not_salvage_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_here(*_: Any, **__: Any) -> None:
        raise StorageFailed("a person must look")

    monkeypatch.setattr("tests.proofs.power_cut.workload._Station.damage", _Station.reopen)
    monkeypatch.setattr(agent.storage.store, "_uri", lambda path: f"file:{path}?psow=1")
    monkeypatch.setattr("agent.storage.outbox.opening.salvage", not_here)
    assert prove(cuts=1500, seed=5, only=OUTBOX - {"salvage"}).verdict.refused_to_start > 0


def test_a_command_that_is_carried_out_before_it_is_known_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_memory(self: CommandLog, command: Command) -> None:
        self._known = self._with(command, finished=False)

    monkeypatch.setattr(CommandLog, "begin", in_memory)
    assert prove(cuts=200, seed=5, only=frozenset({"command"})).verdict.doubled > 0


def test_a_command_that_is_forgotten_by_a_restart_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Commands, "resume", lambda self, *, ended_well: None)
    assert prove(cuts=200, seed=5, only=frozenset({"command"})).verdict.lost > 0


def test_a_note_that_is_written_with_the_next_one_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    put, late = Outbox.put, list[tuple[str, bytes]]()

    def lazily(self: Outbox, key: str, value: bytes) -> None:
        if late:
            put(self, *late.pop())
        late.append((key, value))

    monkeypatch.setattr(Outbox, "put", lazily)
    assert prove(cuts=200, seed=5, only=frozenset({"note"})).verdict.lost > 0


def test_a_download_that_a_cut_spoils_for_good_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = https.CountyFiles.fetch

    def stubbornly(*args: Any, into: Path, **more: Any) -> None:
        before = into.read_bytes() if into.exists() else b""
        try:
            fetch(*args, into=into, **more)
        except https.WrongContent:
            into.write_bytes(before)
            raise

    monkeypatch.setattr(https.CountyFiles, "fetch", stubbornly)
    assert prove(cuts=200, seed=5, only=frozenset({"download"})).verdict.lost > 0


def test_a_garbled_log_that_keeps_the_station_down_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def strictly(self: LogTail, path: Path) -> None:
        if path.exists():
            self._add(path.read_bytes().decode())
            path.unlink()

    monkeypatch.setattr(LogTail, "recall", strictly)
    assert prove(cuts=200, seed=5, only=frozenset({"log"})).verdict.crashes > 0


def test_the_workloads_reach_every_kind_of_call_and_no_shared_memory(tmp_path: Path) -> None:
    runs = [record(_folder(tmp_path, seed), seed=seed).calls for seed in range(3)]
    runs += [record_station(_folder(tmp_path, seed), seed=seed).calls for seed in range(3, 5)]
    calls = [call for run in runs for call in run]
    assert {type(call) for call in calls} == {Create, Mkdir, Write, Truncate, Sync, Unlink, Rename, SyncFolder}
    assert not [call for call in calls if isinstance(call, Create) and call.name.endswith("-shm")]


def test_the_disk_keeps_what_is_synced_and_may_drop_the_rest() -> None:
    disk = ForgetfulDisk()
    for call in (Create("a", 1), Write(1, 0, b"safe"), Sync(1), SyncFolder(), Write(1, 4, b"lost"), Rename("a", "b")):
        disk.apply(call)
    assert disk.cut(random.Random(0), "dropped") == {"a": b"safe"}
    assert disk.cut(random.Random(0), "kept") == {"b": b"safelost"}


def test_a_folder_that_was_not_synced_takes_its_files_along() -> None:
    disk = ForgetfulDisk()
    for call in (Mkdir("f"), Create("f/a", 1), Write(1, 0, b"x"), Sync(1), SyncFolder("f")):
        disk.apply(call)
    assert disk.cut(random.Random(0), "dropped") == {}
    disk.apply(SyncFolder())
    assert disk.cut(random.Random(0), "dropped") == {"f": None, "f/a": b"x"}


def test_the_shim_writes_down_what_python_does(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    (tmp_path.parent / "elsewhere").write_bytes(b"before")
    with watched(recording):
        (tmp_path / "f").mkdir()
        (tmp_path / "f" / "a").write_bytes(b"one")
        with (tmp_path / "f" / "a").open("ab") as file:
            file.write(b"two")
            file.flush()
            os.fsync(file.fileno())
        (tmp_path / "f" / "a").rename(tmp_path / "f" / "b")
        (tmp_path / "f" / "b").write_bytes(b"")
        (tmp_path / "f" / "b").unlink()
        (tmp_path / "c").write_text("字", encoding="utf-8")
        (tmp_path.parent / "elsewhere").write_bytes(b"not ours")
        folder = os.open(tmp_path / "f", os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)
    assert recording.calls == [
        Mkdir("f"),
        Create("f/a", 1),
        Write(1, 0, b"one"),
        Write(1, 3, b"two"),
        Sync(1),
        Rename("f/a", "f/b"),
        Truncate(1, 0),
        Unlink("f/b"),
        Create("c", 2),
        Write(2, 0, "字".encode()),
        SyncFolder("f"),
    ]


def _folder(root: Path, number: int) -> Path:
    folder = root / str(number)
    folder.mkdir()
    return folder
