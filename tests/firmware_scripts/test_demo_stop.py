"""``./run demo --stop`` ends what runs in the folder, and nothing else."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SLOW_TO_END = (
    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: time.sleep(0.5) or exit()); print(); time.sleep(60)"
)


def stop(folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "firmware_scripts.demo", "--stop", "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.strip()


@contextmanager
def process(folder: Path, name: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of that name whose pid stands in the folder, and that takes a while to end."""
    with subprocess.Popen([sys.executable, "-c", _SLOW_TO_END, name], stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        started.stdout.readline()
        (folder / "demo.pid").write_text(str(started.pid), encoding="ascii")
        try:
            yield started
        finally:
            started.kill()


def test_it_returns_when_the_demonstration_has_ended(tmp_path: Path) -> None:
    with process(tmp_path, "firmware_scripts.demo") as demo:
        assert stop(tmp_path) == (0, "")
        assert Path(f"/proc/{demo.pid}/cmdline").read_bytes() == b"", "a zombie has none"


def test_another_process_that_has_got_the_pid_is_left_alone(tmp_path: Path) -> None:
    with process(tmp_path, "another program") as other:
        assert stop(tmp_path) == (1, "no demonstration is running here")
        os.kill(other.pid, 0)
        assert other.poll() is None


@pytest.mark.parametrize("said", [None, "", "no number", "999999999"])
def test_where_none_runs_it_says_so(tmp_path: Path, said: str | None) -> None:
    if said is not None:
        (tmp_path / "demo.pid").write_text(said, encoding="ascii")
    assert stop(tmp_path) == (1, "no demonstration is running here")
