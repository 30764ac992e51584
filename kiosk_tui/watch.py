"""Keep a kiosk on this terminal: whatever becomes of its program, the screen says 请稍候 and the kiosk is back at once.

The kiosk runs as a child on the same terminal and writes a beat every second into a pipe. A kiosk that dies, or whose
loop hangs so that no beat comes, is replaced. All of them have the same token, so that the agent gives each what the
one before showed (`protocol.kiosk_keeping`). If what is shown makes the kiosk die again, the next one begins at home.

This program draws nothing but one sentence and loads no terminal library, so that there is little in it that can fail.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kiosk_tui import words_session

TOKEN_VARIABLE = "CUNHUI_KIOSK_TOKEN"  # noqa: S105 -- a name
FRESH_VARIABLE = "CUNHUI_KIOSK_FRESH"
BEAT_VARIABLE = "CUNHUI_KIOSK_BEAT"
BEAT = b"\0"
BEAT_EVERY_S = 1.0
SAME_S = 60.0
"""A fall within this time after the one before is taken for one by the same cause."""
END_WITHIN_S = 3.0
EXIT_FELL = 70
"""EX_SOFTWARE of sysexits.h: the kiosk can't go on. With 0 it ended because it was told to."""

_RESET = (
    "\x1b[<u"  # the keyboard's protocol (kitty) as it was
    "\x1b[?2004l\x1b[?1004l\x1b[?2026l"  # no paste brackets, no focus reports, nothing held back
    "\x1b[?1000l\x1b[?1003l\x1b[?1006l"  # no mouse
    "\x1b[!p"  # colours, margins and wrapping as at the beginning
)
_SHOW = _RESET + "\x1b[?1049h\x1b[?25l\x1b[38;2;27;39;41m\x1b[48;2;246;241;231m\x1b[2J"
_LEAVE = _RESET + "\x1b[0m\x1b[?1049l\x1b[?25h"


class Patience(NamedTuple):
    """How long is waited for what."""

    silent_s: float = 5.0
    """A kiosk whose loop has not turned for so long hangs."""
    start_s: float = 20.0
    """Until the first beat: loading the program takes seconds on the smallest computer."""
    pauses_s: tuple[float, ...] = (0.0, 0.0, 1.0, 2.0, 4.0)
    """Before each next start, while one fall follows the other. After that the program gives up, and whoever started
    it begins anew with everything."""


type Report = Callable[[str], None]
"""Takes one line about what became of a kiosk, in English and without anything of a person."""


def keep_running(command: Sequence[str], *, report: Report, token: str = "", patience: Patience | None = None) -> int:
    """Run a kiosk on this terminal until it ends by itself or this program is told to end. Returns the exit status.

    Args:
        command: Starts the kiosk.
        token: What the agent knows this screen by; empty: a new one.
    """
    with _Terminal() as terminal, _Signals() as signals:
        watch = _Watch(command, report, token or os.urandom(16).hex(), patience or Patience())
        return watch.run(terminal, signals)


class _Watch:
    def __init__(self, command: Sequence[str], report: Report, token: str, patience: Patience) -> None:
        self._command = list(command)
        self._report = report
        self._token = token
        self._patience = patience
        self._falls = 0
        self._fell_at = -SAME_S

    def run(self, terminal: "_Terminal", signals: "_Signals") -> int:
        pauses_s = self._patience.pauses_s
        while True:
            status, why = self._one_kiosk(signals)
            if status == 0 or signals.told_to_end:
                return 0
            now = time.monotonic()
            self._falls = self._falls + 1 if now - self._fell_at < SAME_S else 1
            self._fell_at = now
            self._report(f"the kiosk fell ({why}), {self._falls} in a row")
            terminal.please_wait()
            if self._falls > len(pauses_s):
                return EXIT_FELL
            if signals.wait_s(pauses_s[self._falls - 1]):
                return 0

    def _one_kiosk(self, signals: "_Signals") -> tuple[int, str]:
        """Run one kiosk to its end. Return its status, and in words why it ended."""
        beats, beat = os.pipe()
        environment = {**os.environ, TOKEN_VARIABLE: self._token, BEAT_VARIABLE: str(beat)}
        # What fell twice would fall a third time, so the next one wants nothing of it.
        if self._falls > 1:
            environment[FRESH_VARIABLE] = "1"
        kiosk = subprocess.Popen(self._command, env=environment, pass_fds=(beat,))  # noqa: S603 -- this program itself
        os.close(beat)
        try:
            return self._until_end(kiosk, beats, signals)
        finally:
            os.close(beats)
            if kiosk.poll() is None:
                kiosk.kill()
                kiosk.wait()

    def _until_end(self, kiosk: "subprocess.Popen[bytes]", beats: int, signals: "_Signals") -> tuple[int, str]:
        said, silent_s, last = b"", self._patience.start_s, time.monotonic()
        pid_fd = os.pidfd_open(kiosk.pid)
        try:
            waited = [pid_fd, beats, signals.fileno()]
            while True:
                left_s = last + silent_s - time.monotonic()
                ready = select.select(waited, [], [], max(left_s, 0.0))[0]
                if beats in ready:
                    piece = os.read(beats, 4_096)
                    if not piece:
                        waited.remove(beats)
                    said = (said + piece.replace(BEAT, b""))[-512:]
                    if BEAT in piece:
                        silent_s, last = self._patience.silent_s, time.monotonic()
                if signals.told_to_end:
                    kiosk.terminate()
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        kiosk.wait(END_WITHIN_S)
                    return 0, "told to end"
                if pid_fd in ready:
                    return kiosk.wait(), said.decode(errors="replace").strip() or f"status {kiosk.returncode}"
                if time.monotonic() - last >= silent_s:
                    kiosk.kill()
                    kiosk.wait()
                    return EXIT_FELL, f"no beat for {silent_s:g} s"
        finally:
            os.close(pid_fd)


class _Terminal:
    """The terminal between two kiosks: it echoes nothing, its keys send no signals, and it says 请稍候."""

    def __enter__(self) -> "_Terminal":
        self._found = termios.tcgetattr(sys.stdin.fileno())
        quiet = termios.tcgetattr(sys.stdin.fileno())
        quiet[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
        # A kiosk restores at its end what it found, so it finds the quiet state.
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, quiet)
        self._quiet = quiet
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError, termios.error):
            self._write(_LEAVE)
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, self._found)

    def please_wait(self) -> None:
        """Say that the kiosk comes back, in the middle of a page that is empty otherwise."""
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSAFLUSH, self._quiet)
            columns, rows = os.get_terminal_size(sys.stdout.fileno())
            lines = (words_session.PLEASE_WAIT, "", words_session.WAIT_DETAIL)
            top = max(1, (rows - len(lines)) // 2 + 1)
            # A Chinese character is two cells wide.
            placed = (f"\x1b[{top + at};{max(1, columns // 2 - len(line) + 1)}H{line}" for at, line in enumerate(lines))
            self._write(_SHOW + "".join(placed))

    def _write(self, text: str) -> None:
        # Not through sys.stdout: a terminal that takes nothing must not keep this program from ending.
        fd = sys.stdout.fileno()
        data = text.encode()
        while data and select.select([], [fd], [], 1.0)[1]:
            data = data[os.write(fd, data) :]


class _Signals:
    """SIGTERM and SIGHUP end this program; what a keyboard could send does not."""

    def __enter__(self) -> "_Signals":
        self.told_to_end = False
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before = {number: signal.signal(number, self._told) for number in (signal.SIGTERM, signal.SIGHUP)}
        for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN):
            self._before[ignored] = signal.signal(ignored, signal.SIG_IGN)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def fileno(self) -> int:
        """Return what can be read once this program is told to end."""
        return self._reader

    def wait_s(self, seconds: float) -> bool:
        """Wait; return whether this program is told to end meanwhile."""
        select.select([self._reader], [], [], seconds)
        return self.told_to_end

    def _told(self, _number: int, _frame: object) -> None:
        self.told_to_end = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._writer, b"\0")
