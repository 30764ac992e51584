"""Keep a kiosk on this terminal: whatever becomes of its program, the screen says 请稍候 and the kiosk is back at once.

The kiosk runs in a child of this program on the same terminal and writes a beat every second into a pipe. A kiosk that
dies, or whose loop hangs so that no beat comes, is replaced. All of them have the same token, so that the agent gives
each what the one before showed (`protocol.kiosk_keeping`). If what is shown makes the kiosk die again, the next one
begins at home.

The child is a fork: everything is loaded already, which takes a small computer longer than all the rest of a start.
This program itself runs nothing of what it has loaded, and draws nothing but one sentence.
"""

import contextlib
import gc
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from kiosk_tui.words import session as words_session

TOKEN_VARIABLE = "CUNHUI_KIOSK_TOKEN"  # noqa: S105 -- a name
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


class Turn(NamedTuple):
    """What one kiosk is told."""

    token: str
    fresh: bool
    """It wants nothing of what was kept: that made two kiosks fall."""
    beat: int
    """The descriptor for `BEAT`, and for a line about why it dies."""


class Patience(NamedTuple):
    """How long is waited for what."""

    silent_s: float = 5.0
    """A kiosk whose loop has not turned for so long hangs."""
    start_s: float = 30.0
    """Until the first beat, which comes once a screen stands."""
    pauses_s: tuple[float, ...] = (0.0, 0.0, 1.0, 2.0, 4.0)
    """Before each next start, while one fall follows the other. After that the program gives up, and whoever started
    it begins anew with everything."""


type Kiosk = Callable[[Turn], int]
"""Shows the kiosk until it ends, and returns its status."""
type Report = Callable[[str], None]
"""Takes one line about what became of a kiosk, in English and without anything of a person."""


def keep_running(kiosk: Kiosk, *, report: Report, token: str = "", patience: Patience | None = None) -> int:
    """Run a kiosk on this terminal until it ends by itself or this program is told to end. Returns the exit status.

    Args:
        token: What the agent knows this screen by; empty: a new one.
    """
    # What is loaded stays as it is, so that the processes share its memory.
    gc.freeze()
    with _Terminal() as terminal, _Signals() as signals:
        watch = _Watch(kiosk, report, token or os.urandom(16).hex(), patience or Patience())
        return watch.run(terminal, signals)


class _Watch:
    def __init__(self, kiosk: Kiosk, report: Report, token: str, patience: Patience) -> None:
        self._kiosk = kiosk
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
            terminal.please_wait()
            self._report(f"the kiosk fell ({why}), {self._falls} in a row")
            if self._falls > len(pauses_s):
                return EXIT_FELL
            if signals.wait_s(pauses_s[self._falls - 1]):
                return 0

    def _one_kiosk(self, signals: "_Signals") -> tuple[int, str]:
        """Run one kiosk to its end. Return its status, and in words why it ended."""
        beats, beat = os.pipe()
        turn = Turn(self._token, fresh=self._falls > 1, beat=beat)
        if (pid := os.fork()) == 0:
            os.close(beats)
            signals.leave()
            _be(self._kiosk, turn)
        os.close(beat)
        child = _Child(pid)
        try:
            return self._until_end(child, beats, signals)
        finally:
            os.close(beats)
            child.close()

    def _until_end(self, child: "_Child", beats: int, signals: "_Signals") -> tuple[int, str]:
        said, silent_s, last = b"", self._patience.start_s, time.monotonic()
        waited = [child.fileno(), beats, signals.fileno()]
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
                child.end()
                return 0, "told to end"
            if child.fileno() in ready:
                status = child.status()
                return status, said.decode(errors="replace").strip() or f"status {status}"
            if time.monotonic() - last >= silent_s:
                return EXIT_FELL, f"no beat for {silent_s:g} s"


def _be(kiosk: Kiosk, turn: Turn) -> NoReturn:
    """Be the kiosk: nothing of the watching program may run in this process any more, whatever happens."""
    status = EXIT_FELL
    try:
        status = kiosk(turn)
    finally:
        os._exit(status)


class _Child:
    """A kiosk's process."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._pid_fd = os.pidfd_open(pid)
        self._status: int | None = None

    def fileno(self) -> int:
        """Return what can be read once it has ended."""
        return self._pid_fd

    def status(self) -> int:
        """Wait for its end and return its status; that of a signal is negative."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._status

    def end(self) -> None:
        """Ask it to end, and wait for a while."""
        signal.pidfd_send_signal(self._pid_fd, signal.SIGTERM)
        select.select([self._pid_fd], [], [], END_WITHIN_S)

    def close(self) -> None:
        """End it, if it has not ended."""
        if self._status is None:
            # Until it is waited for, its number and this descriptor stay its own.
            signal.pidfd_send_signal(self._pid_fd, signal.SIGKILL)
            self.status()
        os.close(self._pid_fd)


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

    def leave(self) -> None:
        """Let a child be ended by what ends this program; what a keyboard could send it ignores too."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
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
