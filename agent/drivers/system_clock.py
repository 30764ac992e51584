"""The machine's own clocks, on Linux."""

import ctypes
import struct
import time
import uuid
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 256
_STATUS_OFFSET = struct.calcsize("@I4l")
"""Where adjtimex(2)'s ``status`` stands: after ``modes`` and four longs."""


class LinuxClock:
    """Implements `agent.ports.SystemClock`."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def wall_ms(self) -> int:
        """Milliseconds since 1970 by CLOCK_REALTIME."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """Milliseconds of CLOCK_BOOTTIME."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def boot_id(self) -> bytes:
        """The kernel's id of this boot."""
        return uuid.UUID(_BOOT_ID.read_text(encoding="ascii").strip()).bytes

    def ntp_synced(self) -> bool:
        """Whether the kernel's clock is disciplined; False where it can't be asked."""
        timex = ctypes.create_string_buffer(_TIMEX_BYTES)
        if self._libc.adjtimex(timex) < 0:
            return False
        (status,) = struct.unpack_from("@i", timex, _STATUS_OFFSET)
        return not status & _STA_UNSYNC
