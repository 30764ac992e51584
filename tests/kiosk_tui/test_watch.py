"""Whatever becomes of a kiosk, the terminal says 请稍候 and the next one is there at once, where the last one stood."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk_tui.watching.watch import EXIT_FELL
from kiosk_tui.words.session import PLEASE_WAIT
from tests.conftest import short_folder
from tests.fakes.agent_socket import FakeAgent
from tests.kiosk_tui import samples

LIVES = 'printf "\\0" >&$BEAT'
WATCHING, FAILING = "tests.kiosk_tui.watching", "tests.kiosk_tui.failing_kiosk"


class Pty:
    """A watching program on a terminal of its own, with what it reports and writes."""

    def __init__(self, reports: Path, module: str, *arguments: str) -> None:
        self.reports = reports
        self.reports.touch()
        self.written = b""
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (22, 80))
        self.found = termios.tcgetattr(slave)
        self.program = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"},
        )
        self.slave = slave

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def until(self, true: Callable[[], object], *, timeout_s: float = 20) -> None:
        deadline = time.monotonic() + timeout_s
        while not true():
            assert time.monotonic() < deadline, f"{self.said()} {self.text()[-2_000:]}"
            if select.select([self._master], [], [], 0.02)[0]:
                self.written += os.read(self._master, 65_536)

    def shows(self, text: str) -> None:
        """Wait until a text is written, and forget what was written until then."""
        self.until(lambda: text in self.text())
        self.written = b""

    def text(self) -> str:
        """What was written, without colours and places."""
        return re.sub(r"\x1b\[[0-9;?<=>!]*[ -/]*[@-~]|\s", "", self.written.decode(errors="replace"))

    def said(self) -> list[str]:
        """What became of the kiosks, without the log's times."""
        lines = self.reports.read_text(encoding="utf-8").splitlines()
        return [line[line.index("the kiosk fell") :] for line in lines if "the kiosk fell" in line]

    def status(self) -> int | None:
        return self.program.poll()

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self._master)
        os.close(self.slave)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Pty]]:
    made: list[Pty] = []

    def make(*command: str, silent_s: float = 20, pauses: str = "0,0,1") -> Pty:
        reports = tmp_path / "reports"
        made.append(Pty(reports, WATCHING, str(silent_s), pauses, str(reports), *command))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def agent() -> Iterator[FakeAgent]:
    with short_folder() as folder, FakeAgent(folder / "k.sock", samples.HOME, samples.one_question_level) as fake:
        yield fake


def test_a_kiosk_that_ends_by_itself_ends_the_program(opened: Callable[..., Pty]) -> None:
    watched = opened("true")
    watched.until(lambda: watched.status() == 0)
    assert watched.said() == []
    assert PLEASE_WAIT not in watched.text()
    assert termios.tcgetattr(watched.slave) == watched.found


def test_a_kiosk_that_falls_again_and_again_ends_the_program_with_a_status(opened: Callable[..., Pty]) -> None:
    watched = opened("sh", "-c", f"{LIVES}; kill -9 $$", pauses="0,0")
    watched.until(lambda: watched.status() == EXIT_FELL)
    assert watched.said() == [f"the kiosk fell (status -9), {count} in a row" for count in (1, 2, 3)]
    assert watched.text().count(PLEASE_WAIT) == 3


def test_a_kiosk_without_a_beat_is_ended_and_a_slow_start_is_none(opened: Callable[..., Pty]) -> None:
    watched = opened("sh", "-c", f"sleep 0.6; {LIVES}; exec sleep 100", silent_s=0.3)
    watched.shows(PLEASE_WAIT)
    watched.until(watched.said)
    assert watched.said() == ["the kiosk fell (no beat for 0.3 s), 1 in a row"]


def test_nothing_typed_between_two_kiosks_is_echoed_or_stops_the_program(opened: Callable[..., Pty]) -> None:
    watched = opened("sh", "-c", f"{LIVES}; exit 3")
    watched.until(lambda: len(watched.said()) == 3)  # now it pauses
    watched.type("\x03\x1a\x1c\x04ls\r")
    for stopping in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        os.kill(watched.program.pid, stopping)
    watched.until(lambda: watched.status() == EXIT_FELL)
    assert "ls" not in watched.text()


def test_it_ends_its_kiosk_when_it_is_told_to_end(opened: Callable[..., Pty]) -> None:
    watched = opened("sh", "-c", f"{LIVES}; echo $$; exec sleep 100")
    watched.until(lambda: re.search(r"\d\d", watched.text()))
    kiosk = Path("/proc") / watched.text()
    assert kiosk.exists()
    watched.program.terminate()
    watched.until(lambda: watched.status() == 0)
    assert not kiosk.exists()
    assert termios.tcgetattr(watched.slave) == watched.found


def test_an_error_shows_no_word_of_its_own_and_leads_back_and_the_second_time_home(
    agent: FakeAgent, tmp_path: Path
) -> None:
    watched = Pty(tmp_path / "log", FAILING, "--socket", str(agent.path), "--log", str(tmp_path / "log"))
    try:
        watched.shows("学习")
        _press(watched, "3", "按数字选一门来学")
        _press(watched, "1", "请按数字选一关")
        _press(watched, "1", samples.QUESTION.stem)
        agent.wait_until_kept(samples.QUESTION.stem)
        watched.type("7")
        watched.shows(PLEASE_WAIT)
        watched.shows(samples.QUESTION.stem)
        watched.type("7")
        watched.shows(PLEASE_WAIT)
        watched.shows("请把卡贴到读卡器上")
    finally:
        watched.close()
    assert [hello.fresh for hello in agent.hellos] == [False, False, True]
    assert len({hello.token for hello in agent.hellos}) == 1
    place = r"the kiosk fell \(ValueError at tests/kiosk_tui/failing_kiosk\.py:\d+ <.*\), \d in a row"
    assert [bool(re.fullmatch(place, said)) for said in watched.said()] == [True, True]
    assert "张" not in watched.reports.read_text(encoding="utf-8")


def _press(watched: Pty, key: str, text: str) -> None:
    """Press a key until a text comes: right after a change of screen a key does not count."""

    def pressed() -> bool:
        watched.type(key)
        with contextlib.suppress(AssertionError):
            watched.until(lambda: text in watched.text(), timeout_s=1)
        return text in watched.text()

    watched.until(pressed)
    watched.written = b""
