"""An optional real-time clock, read once at the start through sysfs (Documentation/ABI/testing/rtc-cdev of Linux).

The agent never sets it. The kernel sets it every 11 minutes while a time service disciplines the system's clock
(CONFIG_RTC_SYSTOHC), or chrony does with ``rtcsync``. So after a power cut it shows NTP's time, apart from its own
drift.
"""

import errno
import fcntl
import os
import struct
from pathlib import Path
from typing import Literal

from agent.causes import cause
from agent.ports import HintRead

SYS = Path("/sys/class/rtc")
MIDDLE_OF_A_SECOND_MS = 500
"""The chip counts whole seconds, so half a second more halves the largest error."""

_RTC_VL_READ = 0x80047013
"""_IOR('p', 0x13, unsigned int) of linux/rtc.h."""
_DATA_INVALID, _BACKUP_LOW, _BACKUP_EMPTY = 1, 2, 4
"""RTC_VL_DATA_INVALID, RTC_VL_BACKUP_LOW, RTC_VL_BACKUP_EMPTY (linux/rtc.h)."""


class Rtc:
    """Implements `agent.ports.TimeHint`."""

    source: Literal["rtc"] = "rtc"
    tries = 1

    def __init__(self, device: Path, *, sys: Path = SYS) -> None:
        """``device``: as ``/dev/rtc0``."""
        self._device = device
        self._seconds = sys / device.name / "since_epoch"

    def read(self) -> HintRead:
        """Return its time, and what is wrong with it. May take seconds if the chip's bus is stuck."""
        try:
            wall_ms = int(self._seconds.read_text(encoding="ascii")) * 1000 + MIDDLE_OF_A_SECOND_MS
        except FileNotFoundError:
            return HintRead(None, f"没有 {self._device}")
        except OSError as error:
            # Kernel drivers such as ds1307 and pcf8523 return EINVAL if the chip reports that its oscillator stopped.
            stopped = error.errno == errno.EINVAL
            return HintRead(None, "芯片停过，时间已失效" if stopped else f"读不出：{cause(error)}")
        except ValueError:
            return HintRead(None, "读出的不是时间")
        flags = self._voltage_flags()
        if flags & (_DATA_INVALID | _BACKUP_EMPTY):
            return HintRead(None, "电池没电，时间已失效")
        return HintRead(wall_ms, "电池电量低" if flags & _BACKUP_LOW else "")

    def _voltage_flags(self) -> int:
        """Return the chip's battery flags; 0 if it does not report them or another program uses it."""
        # The kernel lets one program at a time open an RTC, unlike its files in sysfs (drivers/rtc/dev.c).
        try:
            device = os.open(self._device, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return 0
        try:
            (flags,) = struct.unpack("I", fcntl.ioctl(device, _RTC_VL_READ, bytes(4)))
        except OSError:
            return 0
        finally:
            os.close(device)
        return int(flags)
