"""Report to the service manager (sd_notify(3)) that the agent is ready, alive or stopping. Without one, do nothing."""

import logging
import os
import socket
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)


EXTENDED_MS = 120_000
"""How long a start may go on after `Notifier.starting` (``EXTEND_TIMEOUT_USEC`` of sd_notify(3)). It only ever adds to
``TimeoutStartSec``."""


class Notifier:
    """Sends datagrams to ``NOTIFY_SOCKET``. Only the core loop feeds the watchdog."""

    def __init__(self, *, environ: Mapping[str, str], mono_ms: Callable[[], int]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._mono_ms = mono_ms
        # The variables may be inherited from a parent; WATCHDOG_PID says whose watchdog it is.
        mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        usec = environ.get("WATCHDOG_USEC", "")
        self._every_ms = int(usec) // 2_000 if mine and usec.isascii() and usec.isdigit() else 0
        """How often the watchdog is fed: at half of its time. 0 without a watchdog."""
        self._fed_ms: int | None = None
        self._extended_ms: int | None = None

    def starting(self) -> None:
        """Ask the service manager for more time to start, because there is much to do before the first card."""
        now = self._mono_ms()
        if self._extended_ms is None or now - self._extended_ms >= EXTENDED_MS // 4:
            self._extended_ms = now
            self._send(f"EXTEND_TIMEOUT_USEC={EXTENDED_MS * 1_000}")

    def ready(self) -> None:
        """Tell the service manager that cards can be touched from now on."""
        self._send("READY=1")

    def stopping(self) -> None:
        """Tell the service manager that the agent begins to end."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Feed the watchdog if half of its time is over (as sd_watchdog_enabled(3) advises)."""
        now = self._mono_ms()
        if self._every_ms and (self._fed_ms is None or now - self._fed_ms >= self._every_ms):
            self._fed_ms = now
            self._send("WATCHDOG=1")

    def feed_within_ms(self) -> int:
        """Return how long the core may wait before the next `alive`."""
        return self._every_ms or 60_000

    def _send(self, text: str) -> None:
        if not self._address:
            return
        # A leading @ stands for the zero byte of an abstract socket (sd_notify(3)).
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)
                sock.sendto(text.encode(), name)
        except OSError as error:
            log.warning("the service manager was not told %s: %s", text, error)
