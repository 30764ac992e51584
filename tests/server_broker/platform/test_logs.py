"""Logs stay bounded while their writers go on writing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_scripts.demo.processes import wait_until
from server_broker.platform.processes import Program
from server_broker.supervisor.logs import KEPT, rotate_logs

LIMIT = 1000


def fill(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_a_large_log_is_turned_and_a_small_one_is_left(tmp_path: Path) -> None:
    fill(tmp_path / "web.log", "x" * (LIMIT + 1))
    fill(tmp_path / "ingest.log", "x" * LIMIT)
    assert rotate_logs(tmp_path, limit=LIMIT) == ["web.log"]
    assert (tmp_path / "web.log").read_text() == ""
    assert (tmp_path / "web.log.1").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ingest.log").stat().st_size == LIMIT
    assert rotate_logs(tmp_path, limit=LIMIT) == []


def test_years_of_logs_take_no_more_than_a_few_files(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    for number in range(20):
        fill(log, f"{number:03} " * LIMIT)
        rotate_logs(tmp_path, limit=LIMIT)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["postgres.log", *(f"postgres.log.{number}" for number in range(1, KEPT + 1))]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= KEPT * LIMIT
    assert [(tmp_path / f"postgres.log.{number}").read_text()[-4:] for number in (1, 2, 3)] == ["019 ", "018 ", "017 "]


WRITER = """
import sys
for line in sys.stdin:
    print(line.strip() * 100, flush=True)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A program with its output appended to a log as the supervisor's parts have it."""
    with (tmp_path / "part.log").open("ab") as output:
        process = subprocess.Popen([sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=output, text=True)
    yield process
    assert process.stdin is not None
    process.stdin.close()
    process.wait(5)


def test_a_part_goes_on_at_the_new_end(tmp_path: Path, writer: "subprocess.Popen[str]") -> None:
    log = tmp_path / "part.log"

    def say(letters: str) -> None:
        assert writer.stdin is not None
        writer.stdin.write(f"{letters}\n")
        writer.stdin.flush()
        wait_until(lambda: letters in log.read_text(), what=letters, timeout_s=5)

    say("beforebefore")
    assert rotate_logs(tmp_path, limit=LIMIT) == ["part.log"]
    say("after")
    assert log.read_text() == "after" * 100 + "\n"
    assert "beforebefore" in (tmp_path / "part.log.1").read_text()


def test_a_program_s_output_is_appended(tmp_path: Path) -> None:
    """Without O_APPEND a log that was emptied would grow a hole as large as it was."""
    log = tmp_path / "part.log"
    for _ in range(2):
        Program([sys.executable, "-c", "print('one')"], tmp_path).start(log).wait(10)
    assert log.read_text() == "one\none\n"
