"""The station's one file: durable settings, whole transactions, sealed state."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

import agent.storage.store
from agent.storage.errors import Damaged, StorageFailed, StorageFull
from agent.storage.store import STATE_TABLE, Store
from tests.agent.storage.file_limit import room_for


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(path)
    with store.transaction():
        store.rows(STATE_TABLE)
    yield store
    store.close()


def test_every_durability_setting_took(store: Store) -> None:
    taken = {name: store.rows(f"PRAGMA {name}")[0][0] for name, _, _ in agent.storage.store.PRAGMAS}
    assert taken["journal_mode"] == "wal"
    assert taken["synchronous"] == 2
    assert taken["locking_mode"] == "exclusive"
    assert taken["page_size"] == 4096


def test_a_setting_that_does_not_take_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent.storage.store, "PRAGMAS", (("synchronous", "NORMAL", 2),))
    with pytest.raises(StorageFailed, match="synchronous"):
        Store(path)


def test_no_shared_memory_file_is_made(store: Store, path: Path) -> None:
    assert sorted(file.name for file in path.parent.iterdir()) == ["station.db", "station.db-wal"]


def test_a_second_process_is_kept_out(store: Store, path: Path) -> None:
    other = apsw.Connection(str(path))
    with pytest.raises(apsw.BusyError):
        other.execute("SELECT count(*) FROM state").fetchall()
    other.close()


def test_a_file_that_another_process_has_is_refused_and_not_taken_for_damaged(path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; CREATE TABLE t (x)").fetchall()
    with pytest.raises(StorageFailed) as refused:
        Store(path)
    assert not isinstance(refused.value, Damaged)
    other.close()


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(KeyError), store.transaction():
        _write_and_fail(store)
    assert store.get("a") is None
    with store.transaction():
        store.write_state("a", b"2")
    assert store.get("a") == b"2"


def test_no_room_is_told_apart_from_a_broken_disk_and_passes(store: Store, path: Path) -> None:
    store.checkpoint()
    with room_for(path.stat().st_size), pytest.raises(StorageFull), store.transaction():
        store.write_state("big", bytes(200_000))
    assert store.get("big") is None
    with store.transaction():
        store.write_state("big", bytes(200_000))
    assert store.get("big") == bytes(200_000)


def test_a_damaged_value_reads_as_missing(store: Store) -> None:
    with store.transaction():
        store.write_state("floor", b"1234")
        store.rows("UPDATE state SET value = ? WHERE key = 'floor'", (b"1235",))
    assert store.get("floor") is None


def test_state_outlives_the_process(path: Path, store: Store) -> None:
    with store.transaction():
        store.write_state("twin", b"x" * 70_000)
    store.abandon()
    again = Store(path)
    assert again.get("twin") == b"x" * 70_000
    again.close()


@pytest.mark.parametrize("content", [b"not a database at all, " * 400, bytes(8192)])
def test_a_file_that_is_no_database_is_damaged(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(Damaged):
        Store(path).check_pages()


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        Store(tmp_path / "nowhere" / "station.db")


def _write_and_fail(store: Store) -> None:
    store.write_state("a", b"1")
    raise KeyError
