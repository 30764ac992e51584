"""Two agents started on one folder at the same moment: one works, the other is refused and has touched nothing."""

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.storage.errors import StorageFailed
from agent.storage.outbox import Outbox
from agent.storage.outbox.disk import RealDisk
from agent.storage.outbox.files import alone_in
from protocol.facts import Touch
from tests.agent.storage.outboxes import open_outbox
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import RECORD_KEY, STATION, moment, touch


class Interrupted(RealDisk):
    """Starts another agent before each rename or removal of a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.started = 0

    def rename(self, old: Path, new: Path) -> None:
        self._start_another()
        super().rename(old, new)

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self._start_another()

    def _start_another(self) -> None:
        self.started += 1
        with pytest.raises(StorageFailed):
            open_outbox(self._path)


def open_interrupted(path: Path) -> tuple[Outbox, Interrupted]:
    disk = Interrupted(path)
    return Outbox.open(path, station=STATION, record_key=RECORD_KEY, now=moment, disk=disk), disk


def test_while_a_new_outbox_is_made(tmp_path: Path) -> None:
    outbox, disk = open_interrupted(tmp_path / "outbox.db")
    assert disk.started >= 2
    assert outbox.commit(touch(1))
    outbox.close()


def test_while_a_damaged_outbox_is_salvaged(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    before = open_outbox(path)
    before.commit(touch(1), touch(2))
    before.close()
    with path.open("r+b") as file:
        file.write(bytes(100))
    outbox, disk = open_interrupted(path)
    assert disk.started >= 4
    assert [fact for _, fact in facts_of(outbox) if isinstance(fact, Touch)] == [touch(1), touch(2)]
    outbox.close()


def test_an_agent_that_starts_while_the_doctor_looks_waits_for_its_end(tmp_path: Path) -> None:
    path, doctor = tmp_path / "outbox.db", ExitStack()
    doctor.enter_context(alone_in(tmp_path))
    with pytest.raises(StorageFailed, match="another process"):
        open_outbox(path)
    threading.Timer(0.1, doctor.close).start()
    Outbox.open(path, station=STATION, record_key=RECORD_KEY, now=moment, within_s=10).close()
