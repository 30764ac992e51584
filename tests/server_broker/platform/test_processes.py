"""Ending processes that do not go at the first word."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from server_broker.platform.processes import Program, end

DEAF_ONCE = """
import signal, sys
heard = []
def note(number, frame):
    heard.append(number)
    if len(heard) == 2:
        sys.exit(7)
signal.signal(signal.SIGTERM, note)
print("ready", flush=True)
while True:
    signal.pause()
"""


def started(program: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdout.close()
    return process


def test_a_process_that_lost_the_first_signal_gets_a_second_and_ends_in_good_order() -> None:
    process = started(DEAF_ONCE)
    end(process.pid, timeout_s=10)
    assert process.wait(5) == 7


def test_one_that_hears_nothing_is_killed() -> None:
    process = started(DEAF_ONCE.replace("== 2", "== 99"))
    end(process.pid, timeout_s=1.2)
    assert process.wait(5) == -signal.SIGKILL


def test_logs_are_for_their_owner_alone(tmp_path: Path) -> None:
    fresh, older = tmp_path / "fresh.log", tmp_path / "older.log"
    older.touch(0o644)
    for log in (fresh, older):
        assert Program([sys.executable, "-c", "print('said')"], tmp_path).start(log).wait(20) == 0
        assert (log.read_text(), log.stat().st_mode & 0o777) == ("said\n", 0o600)


def test_a_program_does_not_speak_for_our_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.setenv(name, "1")
    log = tmp_path / "log"
    told = "import os; print(*sorted(name for name in os.environ if name.startswith(('NOTIFY', 'WATCHDOG'))))"
    assert Program([sys.executable, "-c", told], tmp_path).start(log).wait(20) == 0
    assert log.read_text() == "\n"
