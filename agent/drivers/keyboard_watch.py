"""Watch for keyboards that nobody allowed, because whoever plugs one in may type into the station."""

import logging
import threading
from collections.abc import Callable, Collection

from agent.drivers.keyboards import EvdevKeyboards, Keyboard, Keyboards

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0


class KeyboardWatch:
    """Implements `agent.ports.KeyboardGuard`."""

    def __init__(self, *, allowed: Collection[tuple[str, str]], keyboards: Keyboards | None = None) -> None:
        """``allowed``: of each allowed keyboard its USB vendor and product (``1a2c:0e24``), and its port, empty for any
        port."""
        self._allowed = frozenset(allowed)
        self._keyboards = keyboards or EvdevKeyboards()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, *, unknown: Callable[[str, str], None], there: Callable[[bool], None]) -> None:
        """Look at the keyboards that are plugged in now, and go on looking."""
        self._unknown, self._there = unknown, there
        self._thread = threading.Thread(target=self._run, name="keyboard-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        before: set[Keyboard] = set()
        failing = False
        while not self._stopping.is_set():
            try:
                now = {
                    one
                    for one in self._keyboards.present()
                    if one.types and self._allowed.isdisjoint({(one.usb, ""), (one.usb, one.port)})
                }
                for keyboard in sorted(now - before, key=lambda one: one.path):
                    self._unknown(keyboard.usb, keyboard.name)
                if bool(now) is not bool(before):
                    self._there(bool(now))
                before, failing = now, False
            except Exception:
                if not failing:
                    log.exception("keyboards can't be looked at")
                failing = True
            self._stopping.wait(_LOOK_EVERY_S)
