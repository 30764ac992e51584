"""The terminal behind the kiosk, hardened: a keypad comes through, floods and pastes do not."""

import signal
import time
from typing import TYPE_CHECKING, Any

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

if TYPE_CHECKING:
    from textual.app import App

KEYS_AT_ONCE = 16
KEYS_A_SECOND = 16

_KEYPAD_5_WITHOUT_NUMLOCK = "\x1b[E"


class KeyGate:
    """Lets through what a hand can press; a megabyte on the keyboard costs nothing behind it."""

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
    """Textual's terminal driver without mouse, paste, floods and suspension."""

    def __init__(self, app: "App[Any]", *, debug: bool = False, mouse: bool = True, size: Any = None) -> None:
        super().__init__(app, debug=debug, mouse=False, size=size)
        self._gate = KeyGate()
        _learn_keypad_5()
        for stopping in (signal.SIGTSTP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(stopping, signal.SIG_IGN)

    @property
    def can_suspend(self) -> bool:
        """No: behind a suspended kiosk would be a shell."""
        return False

    def process_message(self, message: Message) -> None:
        """Pass on a message from the terminal, on the input thread."""
        if isinstance(message, events.Paste | events.MouseEvent):
            return
        if isinstance(message, events.Key) and not self._gate.lets_through(time.monotonic()):
            return
        super().process_message(message)


def _learn_keypad_5() -> None:
    # Textual passes over what a terminal without the kitty protocol sends for it.
    if isinstance(ANSI_SEQUENCES_KEYS, dict):
        ANSI_SEQUENCES_KEYS[_KEYPAD_5_WITHOUT_NUMLOCK] = "5"
