"""Commits brought back from beyond a bad bit in the log are as durable as any other; leftovers do no harm."""

from pathlib import Path

import pytest

from tests.agent.storage.outboxes import a_days_facts, kill, open_outbox, overwrite, touches
from tests.proofs.power_cut.workload import touch

FRAME_BYTES = 24 + 4096
LOG_HEADER_BYTES = 32


def spoil_a_late_frame(wal: Path) -> None:
    """Turn a bit of the checksum of a frame some commits before the end: SQLite drops it and all that follow."""
    frames = (wal.stat().st_size - LOG_HEADER_BYTES) // FRAME_BYTES
    at = LOG_HEADER_BYTES + (frames - 20) * FRAME_BYTES + 16
    overwrite(wal, at, bytes([wal.read_bytes()[at] ^ 1]))


@pytest.mark.parametrize("orderly", [True, False])
def test_a_restart_after_bringing_commits_back_finds_a_sound_file(tmp_path: Path, orderly: bool) -> None:
    path = tmp_path / "outbox.db"
    epoch = a_days_facts(path, orderly=False)
    spoil_a_late_frame(path.with_name("outbox.db-wal"))
    for _ in range(2):
        outbox = open_outbox(path)
        assert (outbox.epoch, outbox.through) == (epoch, 100)
        assert touches(outbox) == set(range(1, 100))
        if orderly:
            outbox.close()
        else:
            kill(outbox)
    assert not list(tmp_path.glob("*.bad-*"))


def test_what_an_interrupted_first_start_left_is_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    path.with_name("outbox.db.new").write_bytes(b"half a file, " * 1000)
    path.with_name("outbox.db.new-wal").write_bytes(b"half a log, " * 1000)
    outbox = open_outbox(path)
    outbox.commit(touch(1))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["outbox.db", "outbox.db-wal"]
    outbox.close()
