"""Measure how long it takes until the county has a fact too. A person would see it at the kiosk, so this reads the
kiosk's socket.

After a touch the station says how many facts wait for a receipt. When none waits any more, the county's signed receipt
for the touch is there. The agent writes to its kiosks at most five times a second, so a delay reads up to 200 ms long.
"""

import socket
import threading
import time
from pathlib import Path

from protocol.kiosk import Home, TouchShown, decode_from_agent

_RETRY_S = 0.2


class ReceiptWatch:
    """Connects like a kiosk to one station and times receipts, through every restart of the agent."""

    def __init__(self, kiosk_socket: Path) -> None:
        self._path = kiosk_socket
        self._delays_ms: list[float] = []
        self._open: list[float] = []
        """When each touch that still waits for its receipt was shown."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="receipts", daemon=True)
        self._thread.start()

    def close(self) -> list[float]:
        """Stop watching and return the delays in milliseconds."""
        self._ended.set()
        self._thread.join(timeout=10)
        return list(self._delays_ms)

    def _watch(self) -> None:
        while not self._ended.wait(_RETRY_S):
            with socket.socket(socket.AF_UNIX) as kiosk:
                kiosk.settimeout(1)
                try:
                    kiosk.connect(str(self._path))
                    self._read(kiosk)
                except OSError:
                    continue

    def _read(self, kiosk: socket.socket) -> None:
        rest = b""
        while not self._ended.is_set():
            try:
                data = kiosk.recv(65536)
            except TimeoutError:
                continue
            if not data:
                return
            now = time.monotonic()
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                match decode_from_agent(line):
                    case TouchShown(colour="green" | "amber"):
                        self._open.append(now)
                    case Home(waiting=0):
                        self._delays_ms += [(now - shown) * 1000 for shown in self._open]
                        self._open.clear()
                    case _:
                        pass


def percentile(values: list[float], share: float) -> float | None:
    """Return the value below which ``share`` of ``values`` lie, or None where there are none."""
    ranked = sorted(values)
    return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 1) if ranked else None
