"""The kiosk's terminal: it lets a keypad's keys through, and drops floods, pastes and nonsense."""

import os
import re
import select
import signal
import time
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Any

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.messages import TerminalSupportsSynchronizedOutput

from kiosk_tui.terminal.terminal_input import TerminalInput

if TYPE_CHECKING:
    from textual.app import App

KEYS_AT_ONCE = 16
KEYS_A_SECOND = 16

_KEYPAD_5_WITHOUT_NUMLOCK = "\x1b[E"
_DRAWS_IN_ONE_GO = re.compile(r"\x1b\[\?2026;[1-4]\$y")
"""The terminal's answer that it has synchronized output (DECRPM of mode 2026)."""
_LOOK_EVERY_S = 0.1
_READ_BYTES = 4096


class KeyGate:
    """Lets through as many keys as a hand can press, so that a flood on the keyboard costs the rest nothing."""

    def __init__(self) -> None:
        self._credit = float(KEYS_AT_ONCE)
        self._at_s = 0.0

    def lets_through(self, now_s: float) -> bool:
        """Tell whether a key at ``now_s`` (monotonic seconds) may pass."""
        self._credit = min(float(KEYS_AT_ONCE), self._credit + (now_s - self._at_s) * KEYS_A_SECOND)
        self._at_s = now_s
        if self._credit < 1:
            return False
        self._credit -= 1
        return True


class KioskDriver(LinuxDriver):
    """Textual's terminal driver without mouse, paste, floods and suspension, and with a reader of its own.

    Of what a terminal sends, only keys and one answer are passed on. The size of the window comes from the kernel
    (TIOCGWINSZ), because somebody at the keyboard could type a false one.
    """

    def __init__(self, app: "App[Any]", *, debug: bool = False, mouse: bool = True, size: Any = None) -> None:
        super().__init__(app, debug=debug, mouse=False, size=size)
        self._gate = KeyGate()
        # Textual does not know the sequence that a terminal without the kitty protocol sends for this key.
        if isinstance(ANSI_SEQUENCES_KEYS, dict):
            ANSI_SEQUENCES_KEYS[_KEYPAD_5_WITHOUT_NUMLOCK] = "5"
        # Somebody with a full keyboard could send these (ctrl+z, ctrl+c, ctrl+\) and get at a shell behind the kiosk.
        for stopping in (signal.SIGTSTP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(stopping, signal.SIG_IGN)

    @property
    def can_suspend(self) -> bool:
        """Never: behind a suspended kiosk there would be a shell."""
        return False

    def run_input_thread(self) -> None:
        """Read the terminal until the kiosk ends.

        Raises:
            OSError, EOFError: The terminal is gone. The kiosk then ends too.
        """
        # With "replace" a byte that is no UTF-8 becomes a character that is no key.
        decode = getincrementaldecoder("utf-8")("replace").decode
        terminal_input = TerminalInput()
        while not self.exit_event.is_set():
            if not select.select([self.fileno], [], [], _LOOK_EVERY_S)[0]:
                continue
            if not (raw := os.read(self.fileno, _READ_BYTES)):
                raise EOFError("the terminal is gone")
            now_s = time.monotonic()
            for sequence in terminal_input.feed(decode(raw), now_s):
                if _DRAWS_IN_ONE_GO.fullmatch(sequence):
                    self.process_message(TerminalSupportsSynchronizedOutput())
                elif self._gate.lets_through(now_s):
                    for key in keys_named(sequence):
                        self.process_message(key)

    def _query_in_band_window_resize(self) -> None:
        """Do not ask the terminal for its size: the answer would come among the keys."""


_PARSER = XTermParser()


def keys_named(sequence: str) -> list[events.Key]:
    """Return the keys that Textual knows by a character or a whole sequence; nothing if it can't be a key."""
    try:
        return list(_PARSER._sequence_to_key_events(sequence))
    except (ValueError, OverflowError):  # a code point that Unicode does not have
        return []
