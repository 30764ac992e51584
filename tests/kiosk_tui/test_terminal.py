"""The real program in a real terminal (tmux): keys, signals, a megabyte of paste, windows, the agent's restart."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kiosk_tui.cli import main
from kiosk_tui.terminal.driver import KEYS_A_SECOND, KEYS_AT_ONCE
from protocol.kiosk_learning import OpenMap, OpenPack
from tests.conftest import short_folder
from tests.fakes.agent_socket import FakeAgent
from tests.kiosk_tui import samples

KEYPAD_5_WITHOUT_NUMLOCK = "1b 5b 45"


class Terminal:
    """A tmux server of its own with the kiosk as its only program."""

    def __init__(self, folder: Path, kiosk_socket: Path, **inherited: str) -> None:
        self._tmux = ["tmux", "-S", str(folder / "t"), "-f", "/dev/null"]
        environment = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"}
        environment |= inherited
        program = f"exec {sys.executable} -m kiosk_tui.cli --socket {kiosk_socket}"
        subprocess.run([*self._tmux, "new-session", "-d", "-x", "80", "-y", "22", program], check=True, env=environment)
        self.run("set", "-g", "status", "off")
        self.resize(80, 22)
        self.pid = int(self.run("list-panes", "-F", "#{pane_pid}"))

    def run(self, *command: str) -> str:
        done = subprocess.run([*self._tmux, *command], check=True, capture_output=True, text=True)
        return done.stdout

    def press(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def press_named(self, key: str, hint: str) -> None:
        """Press a key once the screen names it: then it counts."""
        self.shows(hint)
        self.press(key)

    def resize(self, width: int, height: int) -> None:
        self.run("resize-window", "-x", str(width), "-y", str(height))

    def screen(self) -> str:
        return re.sub(r"\s+", "", self.run("capture-pane", "-p"))

    def shows(self, words: str, *, timeout_s: float = 15) -> None:
        deadline = time.monotonic() + timeout_s
        while words not in self.screen():
            assert time.monotonic() < deadline, f"not in time: {words}; on the screen: {self.screen()}"

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def agent() -> Iterator[FakeAgent]:
    with short_folder() as folder, FakeAgent(folder / "k.sock", samples.HOME, samples.one_question_level) as fake:
        yield fake


@pytest.fixture
def terminal(agent: FakeAgent) -> Iterator[Terminal]:
    terminal = Terminal(agent.path.parent, agent.path)
    try:
        terminal.shows("3学习")
        yield terminal
    finally:
        terminal.close()


def test_a_level_a_touch_and_a_restart(agent: FakeAgent, terminal: Terminal) -> None:
    terminal.press_named("NPage", "3学习")
    terminal.shows("按数字选一门来学")
    terminal.press_named("1", "0返回")
    terminal.shows("请按数字选一关")
    terminal.press_named("1", "0返回")
    terminal.shows(samples.QUESTION.stem)
    agent.send(samples.GREEN)
    terminal.shows("✓打卡成功·上班")
    terminal.press_named("Enter", "0返回")
    terminal.shows(samples.QUESTION.stem)
    terminal.press_named("Down", "0离开本关")
    terminal.shows("✓答对了")
    agent.stop()
    terminal.shows("本关已中断")
    agent.start()
    terminal.shows("答题闯关本关已中断")
    for above in ("请按数字选一关", "按数字选一门来学"):
        terminal.press_named("0", "0返回")
        terminal.shows(above)
    terminal.press_named("0", "0返回")
    terminal.shows("请把卡贴到读卡器上")


def test_there_is_no_way_out(agent: FakeAgent, terminal: Terminal) -> None:
    before = terminal.screen()
    terminal.press("C-c", "C-z", "C-q", "C-\\", "C-d", "C-p", "F1", "F10", "Escape", "Tab", "q", ":", "!")
    for stopping in (signal.SIGTSTP, signal.SIGINT, signal.SIGQUIT):
        os.kill(terminal.pid, stopping)
    agent.send(samples.UNKNOWN)
    terminal.shows("待县里核对")
    terminal.press_named("0", "0返回")
    terminal.shows("3学习")
    assert terminal.screen() == before
    assert f"{terminal.pid} (" in Path(f"/proc/{terminal.pid}/stat").read_text()


@pytest.mark.parametrize("bracketed", [True, False], ids=["bracketed", "raw"])
def test_a_megabyte_of_paste_does_not_keep_a_card_waiting(
    agent: FakeAgent, terminal: Terminal, bracketed: bool, tmp_path: Path
) -> None:
    (tmp_path / "paste").write_text("x1[Z" * 250_000, encoding="ascii")
    terminal.run("load-buffer", str(tmp_path / "paste"))
    terminal.run("paste-buffer", *(["-p"] if bracketed else []))
    agent.send(samples.GREEN)
    terminal.shows("✓打卡成功·", timeout_s=5)
    terminal.press("9")
    if bracketed:
        assert agent.heard == []


def test_a_megabyte_of_keys_does_no_more_than_a_hand_could(
    agent: FakeAgent, terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "paste").write_text("10" * 500_000, encoding="ascii")
    terminal.run("load-buffer", str(tmp_path / "paste"))
    began = time.monotonic()
    terminal.run("paste-buffer")
    agent.wait_for_words(1)
    heard = 0
    while heard < len(agent.heard):  # until the paste is through
        heard = len(agent.heard)
        threading.Event().wait(1)
        assert len(agent.heard) <= KEYS_AT_ONCE + KEYS_A_SECOND * (time.monotonic() - began)
    agent.send(samples.GREEN)
    terminal.shows("打卡成功·", timeout_s=5)


def test_the_window_may_become_tiny(agent: FakeAgent, terminal: Terminal) -> None:
    terminal.resize(20, 5)
    terminal.shows("屏幕设置不对，请叫装机员")
    agent.send(samples.GREEN)
    terminal.shows("✓打卡成功·上班张示例08:06")
    terminal.resize(53, 15)
    terminal.shows("✓打卡成功·上班")


def test_the_keypads_five_without_numlock_in_a_plain_terminal(agent: FakeAgent, terminal: Terminal) -> None:
    terminal.press_named("3", "3学习")
    terminal.shows("按数字选一门来学")
    agent.send(msgspec.structs.replace(samples.MAP, packs=[samples.COMMON] * 4 + [samples.FIRE]))
    terminal.shows("5防火常识")
    terminal.shows("0返回")
    terminal.press("-H", *KEYPAD_5_WITHOUT_NUMLOCK.split())
    assert agent.wait_for_words(2) == [OpenMap(), OpenPack(pack="fire")]


def test_it_ends_when_it_is_told_to(terminal: Terminal) -> None:
    os.kill(terminal.pid, signal.SIGTERM)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{terminal.pid}").exists():
        assert time.monotonic() < deadline, "the kiosk goes on"


def test_without_a_terminal_it_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk_tui.cli", "--socket", "/nonexistent"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "请在终端里运行" in done.stderr


def test_its_help_is_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("用法：cunhui-kiosk")
    for english in ("usage", "options", "show this", "optional"):
        assert english not in said


def test_the_terminal_itself_says_how_large_it_is(agent: FakeAgent) -> None:
    terminal = Terminal(agent.path.parent, agent.path, COLUMNS="120", LINES="40")
    try:
        terminal.shows("3学习")
        terminal.shows(samples.HOME.village)
    finally:
        terminal.close()
