"""``./run demo`` in a terminal: what a newcomer needs stands there until Enter, and again when the kiosk was left.

A second one disturbs it not, and when its terminal is closed nothing of it goes on.
"""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_scripts.demo.kiosk_line import ask
from firmware_scripts.demo.processes import wait_until
from protocol.kiosk_learning import MapShown, OpenMap
from tests.conftest import short_folder

HINTS = (
    "/sign-in/",
    "demo-admin, ",
    "demo-township, ",
    "./run touch ",
    "key 3",
    "./run demo --stop",
    "Enter",
    "Ctrl+Q",
)
OPENS, CLOSES = "\x1b[?1049h", "\x1b[?1049l"
"""A program takes the whole terminal, and gives it back (xterm, alternate screen buffer)."""


class Demo:
    """A demonstration in a pseudo-terminal of 80 by 24."""

    def __init__(self, folder: Path) -> None:
        self._terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        command = [sys.executable, "-m", "firmware_scripts.demo", "--folder", str(folder)]
        self.process = subprocess.Popen(
            command,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            preexec_fn=_own_terminal,
            env={**os.environ, "TERM": "xterm"},
        )
        os.close(inner)
        self._said = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # EIO: the program has ended
            while piece := os.read(self._terminal, 65_536):
                self._said += piece

    def said(self) -> str:
        return self._said.decode(errors="replace")

    def press(self, key: bytes) -> None:
        os.write(self._terminal, key)

    def hang_up(self) -> None:
        """Say what the kernel says when a terminal's window is closed."""
        self.process.send_signal(signal.SIGHUP)
        self.process.wait(90)


def _own_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


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
def demo(folder: Path) -> Iterator[Demo]:
    started = Demo(folder)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.terminate()
            started.process.wait(90)


def packs_at(kiosk: Path) -> list[str]:
    """Return the titles of the packs that somebody without a card can play."""
    return [one.title for one in ask(kiosk, OpenMap(), MapShown).packs]


@pytest.mark.small_proof
@pytest.mark.timeout(300)
def test_hints_stand_until_enter_and_again_after_the_kiosk_and_nothing_is_left_of_a_closed_terminal() -> None:
    with short_folder() as short, demo(short / "demo") as shown:
        wait_until(lambda: all(hint in shown.said() for hint in HINTS), what="the hints", timeout_s=180)
        assert OPENS not in shown.said()
        (first, *_) = sorted((short / "demo" / "stations").iterdir())
        wait_until(lambda: len(packs_at(first / "kiosk.sock")) == 5, what="something to learn", timeout_s=60)
        shown.press(b"\n")
        wait_until(lambda: "请把卡贴到读卡器上" in shown.said().partition(OPENS)[2], what="the kiosk", timeout_s=30)
        shown.press(b"\x11")
        wait_until(lambda: CLOSES in shown.said(), what="the kiosk's end", timeout_s=30)
        wait_until(
            lambda: all(hint in shown.said().rpartition(CLOSES)[2] for hint in HINTS),
            what="the hints again",
            timeout_s=30,
        )
        second = [sys.executable, "-m", "firmware_scripts.demo", "--folder", str(short / "demo"), "--no-kiosk"]
        refused = subprocess.run(second, capture_output=True, text=True, check=False)
        assert refused.returncode == 1
        assert "already" in refused.stderr
        assert left_behind(short / "demo")
        shown.hang_up()
        assert left_behind(short / "demo") == []
