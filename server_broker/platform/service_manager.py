"""Tell systemd that a part of the county is ready and alive (sd_notify(3)). Where no unit runs the part, do nothing."""

import os
import socket
import time
from collections.abc import Callable, Mapping


class ServiceManager:
    """The service manager's socket, as the unit's environment names it. A part's main loop calls `alive`."""

    def __init__(
        self, environ: Mapping[str, str] = os.environ, *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of an abstract socket (sd_notify(3)).
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        # Inherited from the process that started us, it is the watchdog of that one (sd_watchdog_enabled(3)).
        ours = environ.get("WATCHDOG_PID", "") == str(os.getpid())
        self._every_s = int(environ["WATCHDOG_USEC"]) / 2_000_000 if ours else None
        self._monotonic_s = monotonic_s
        self._fed_s: float | None = None

    def alive(self) -> None:
        """Say that the part works: at the first call that it is ready, then to the watchdog at half of its time."""
        now_s = self._monotonic_s()
        if self._fed_s is None:
            told = self._tell(b"READY=1\nWATCHDOG=1")
        elif self._every_s is not None and now_s - self._fed_s >= self._every_s:
            told = self._tell(b"WATCHDOG=1")
        else:
            return
        if told:
            self._fed_s = now_s

    def _tell(self, state: bytes) -> bool:
        """Send one state; return whether it was taken. The manager may be behind: then the next call tells it again.

        Raises:
            OSError: The unit's socket is gone. The part ends by it and systemd starts it again.
        """
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
                try:
                    manager.sendto(state, socket.MSG_DONTWAIT, self._address)
                except BlockingIOError:
                    return False
        return True
