"""The machine's own clocks, on Linux."""

import ctypes
import struct
import time
import uuid
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 256
"""Room for struct timex, which has 208 bytes on 64-bit Linux."""
_MAX_ERROR_OFFSET = struct.calcsize("@I2l")
_STATUS_OFFSET = struct.calcsize("@I4l")
"""Where ``maxerror`` and ``status`` stand in struct timex (adjtimex(2)): after ``modes`` and two longs, then two
more."""


def kernel_discipline() -> tuple[bool, float] | None:
    """Return whether the kernel's clock is undisciplined, and by how many seconds it may be wrong at most.

    None if it can't be asked: a sandbox (ProtectClock= of systemd.exec(5)) forbids the whole call. The second value
    grows by 0.5 ms a second after the last update by a time service (adjtimex(2): STA_UNSYNC, maxerror).
    """
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    if ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
        return None
    (max_error_us,) = struct.unpack_from("@l", timex, _MAX_ERROR_OFFSET)
    (status,) = struct.unpack_from("@i", timex, _STATUS_OFFSET)
    return bool(status & _STA_UNSYNC), max_error_us / 1e6


class LinuxClock:
    """Implements `agent.ports.SystemClock`."""

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
        """Whether the kernel says that its clock is disciplined, or can't be asked."""
        asked = kernel_discipline()
        return asked is None or not asked[0]
