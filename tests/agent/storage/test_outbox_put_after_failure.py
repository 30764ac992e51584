"""A value that was confirmed is there at the next start, even if the write before it had failed."""

from itertools import count
from pathlib import Path

import pytest

from agent.storage.errors import StorageError
from agent.storage.outbox import Outbox
from tests.agent.storage.outboxes import kill
from tests.proofs.io_fault.faults import Faults, FaultyVFS, Kind
from tests.proofs.power_cut.workload import RECORD_KEY, STATION, moment


def opened(path: Path, *, vfs: str = "") -> Outbox:
    return Outbox.open(path, station=STATION, record_key=RECORD_KEY, now=moment, vfs=vfs)


def fails(outbox: Outbox, value: bytes) -> bool:
    try:
        outbox.put("key", value)
    except StorageError:
        return True
    return False


@pytest.mark.parametrize("kind", ["eio", "enospc"])
def test_whichever_operation_of_the_write_before_had_failed(kind: Kind, tmp_path: Path) -> None:
    for number in count():
        path = tmp_path / str(number) / "outbox.db"
        path.parent.mkdir()
        faults = Faults(path.parent, kind=kind)
        vfs = FaultyVFS(faults)
        outbox = opened(path, vfs=vfs.vfs_name)
        outbox.put("key", b"old")
        faults.at = faults.operations + 1 + number
        failed = fails(outbox, b"new" * 3_000)
        if failed:
            outbox.put("key", b"old")
        kill(outbox)
        again = opened(path)
        assert again.get("key") == (b"old" if failed else b"new" * 3_000)
        again.close()
        if not failed:
            break
    assert number > 2
