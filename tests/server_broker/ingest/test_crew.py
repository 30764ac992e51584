"""The keeper of several workers: it starts again what dies, tells of what hangs, and leaves nobody behind."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from firmware_scripts.demo.processes import is_alive, wait_until
from server_broker.ingest import crew
from server_broker.ingest.crew import Crew

WORKER = """
import os, sys, threading, signal
share, beat = sys.argv[-3], int(sys.argv[-1])
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
from server_broker.ingest.crew import Beat
beats = Beat(beat, stop=stop)
while not stop.wait(0.05):
    if not os.path.exists(os.environ["HANGS"]):
        beats.beat()
"""


class Running:
    """A crew of two in a thread, whose workers do nothing."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hangs = folder / "hangs"
        program = folder / "worker.py"
        program.write_text(WORKER, encoding="ascii")
        interpreter = folder / "python"
        # In place of the interpreter: whatever module is asked for, this worker runs.
        interpreter.write_text(f'#!/bin/sh\nexec {sys.executable} {program} "$@"\n', encoding="ascii")
        interpreter.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(interpreter))
        monkeypatch.setenv("HANGS", str(self.hangs))
        monkeypatch.setenv("PYTHONPATH", os.getcwd())
        monkeypatch.setattr(crew, "SILENT_S", 2.5)
        monkeypatch.setattr(crew, "BEAT_S", 0.1)
        monkeypatch.setattr(crew, "RESTART_S", 0.05)
        self.alive = 0
        self.stop = threading.Event()
        self.crew = Crew(2, stop=self.stop, alive=self._count)
        self.thread = threading.Thread(target=self.crew.run)
        self.thread.start()
        wait_until(lambda: len(self.crew.pids()) == 2 and self.alive > 2, what="two workers", timeout_s=20)

    def _count(self) -> None:
        self.alive += 1


def test_a_worker_that_dies_is_started_again_and_a_stop_ends_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running(tmp_path, monkeypatch)
    first, second = running.crew.pids()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: len(running.crew.pids()) == 2 and first not in running.crew.pids(), what="another", timeout_s=20)
    assert running.crew.pids()[1] == second, "its neighbour goes on"
    workers = running.crew.pids()
    running.stop.set()
    running.thread.join(20)
    assert not running.thread.is_alive()
    assert not any(is_alive(pid) for pid in workers)


def test_a_worker_that_hangs_is_not_told_to_be_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = Running(tmp_path, monkeypatch)
    running.hangs.touch()

    def stands() -> bool:
        before = running.alive
        return not running.stop.wait(0.5) and running.alive == before

    wait_until(stands, what="nobody to be told", timeout_s=20)
    running.hangs.unlink()
    before = running.alive
    wait_until(lambda: running.alive > before, what="the workers to be alive again", timeout_s=20)
    running.stop.set()
    running.thread.join(20)
