"""However the demonstration ends, nothing of it goes on."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def demo(*arguments: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "firmware_scripts.demo", "--folder", str(folder), *arguments]


def left_behind(folder: Path) -> list[str]:
    """Return the command lines of processes that work in ``folder``."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command and "--folder" not in command:
            found.append(command)
    return found


@contextmanager
def running(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A demonstration that is up."""
    with subprocess.Popen(demo("--no-kiosk", folder=folder), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "--stop" in line:
                break
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path short enough for unix sockets."""
    return tmp_path_factory.mktemp("d") / "demo"


def test_a_closed_terminal_leaves_nothing_behind_and_a_second_start_disturbs_nobody(folder: Path) -> None:
    with running(folder) as process:
        second = subprocess.run(demo("--no-kiosk", folder=folder), capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert "already" in second.stderr
        assert left_behind(folder)
        process.send_signal(signal.SIGHUP)
        process.wait(timeout=90)
    assert left_behind(folder) == []
