"""Describe the machine by the files of Linux and of the Raspberry Pi's firmware, and by two programs if they are there.

Every file is optional, is read up to a few kilobytes, and counts only if it holds a sensible value. If a file is
missing, unreadable or absurd, only its own value is missing. Not tried on a real Raspberry Pi: the paths come from the
kernel's documentation (Documentation/ABI, Documentation/admin-guide) and from the Raspberry Pi kernel's firmware
driver.
"""

import logging
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from agent.config.settings import Settings
from agent.drivers.linux_files import number, text
from agent.drivers.linux_network import link_and_signal
from agent.drivers.linux_storage_card import storage_card_of
from agent.drivers.machine_programs import LIMIT_S, output_of
from agent.ports import DeviceError
from agent.storage.disk import space
from protocol.health import Machine, ResetCause, Seen

log = logging.getLogger(__name__)

_TEXT_CHARS = 64
_UNDERVOLTAGE, _FREQUENCY_CAPPED, _THROTTLED, _SOFT_LIMIT = 0, 1, 2, 3
_SINCE_START = 16
"""Bits of the firmware's answer to ``get_throttled``: now; and 16 bits higher: since the machine started
(Raspberry Pi documentation, "vcgencmd get_throttled")."""
_RESETS: tuple[tuple[int, ResetCause], ...] = ((0x20, "watchdog"), (0x01, "overheated"), (0x10, "power_fault"))
"""WDIOF_CARDRESET, WDIOF_OVERHEAT, WDIOF_POWERUNDER (Linux watchdog API, linux/watchdog.h)."""


def output(command: Sequence[str], *, limit_s: float = LIMIT_S) -> str:
    """Return what a program of the system prints; empty if it is missing, fails, hangs or prints too much."""
    try:
        return output_of(command, limit_s=limit_s)
    except DeviceError as error:
        log.info("%s", error)
        return ""


class LinuxMachine:
    """Implements `agent.ports.Machine`."""

    simulated = False

    settings: ClassVar[Settings] = {}

    def __init__(
        self,
        *,
        folder: Path,
        root: Path = Path("/"),
        run: Callable[[Sequence[str]], str] = output,
        which: Callable[[str], str | None] = shutil.which,
    ) -> None:
        """Describe the machine whose file tree is ``root``.

        Args:
            folder: Lies on the file system that is described.
            run: Runs a program and returns what it prints, at most a few kilobytes; empty if it fails or hangs.
            which: Finds a program.
        """
        self._folder = folder
        self._root = root
        self._run = run
        self._which = which

    def look(self) -> Machine:
        """Read everything once."""
        throttled, undervoltage = self._firmware()
        memory = self._memory()
        link, signal = link_and_signal(self._root, self._modem_signal)
        card = storage_card_of(self._folder, self._root)
        return Machine(
            model=self._shown("proc/device-tree/model") or self._shown("sys/class/dmi/id/product_name"),
            system=self._system(),
            kernel=self._shown("proc/sys/kernel/osrelease"),
            temperature_c=self._temperature(),
            throttled=throttled,
            undervoltage=_worse(undervoltage, self._low_voltage_alarm()),
            memory_kib=memory.get("MemTotal"),
            memory_free_kib=memory.get("MemAvailable"),
            disk_kib=self._disk_kib(),
            card=card.kind,
            card_worn_percent=card.worn_percent,
            card_end=card.end,
            link=link,
            signal_percent=signal,
            reset=self._reset(),
        )

    def _shown(self, path: str) -> str:
        words = text(self._root / path).replace("\0", " ").split()
        return " ".join(word for word in words if word.isprintable())[:_TEXT_CHARS]

    def _system(self) -> str:
        found = re.search(r'^PRETTY_NAME="?([^"\n]*)', text(self._root / "etc/os-release"), re.MULTILINE)
        return " ".join(found[1].split())[:_TEXT_CHARS] if found else ""

    def _temperature(self) -> int | None:
        """Return the processor's temperature (Documentation/ABI: thermal_zone temp, in thousandths of a degree)."""
        zones = sorted((self._root / "sys/class/thermal").glob("thermal_zone*"))
        # There may be zones of other parts, such as the radio. If none is named after the processor, take the first.
        named = [zone for zone in zones if "cpu" in text(zone / "type")]
        for zone in named or zones[:1]:
            thousandths = number(zone / "temp", least=-60_000, most=200_000)
            if thousandths is not None:
                return round(thousandths / 1000)
        return None

    def _firmware(self) -> tuple[Seen | None, Seen | None]:
        """Return (throttled, undervoltage) as the Raspberry Pi's firmware reports it to the kernel or to
        ``vcgencmd``."""
        said = text(self._root / "sys/devices/platform/soc/soc:firmware/get_throttled")
        if not said and (program := self._which("vcgencmd")):
            said = self._run([program, "get_throttled"]).removeprefix("throttled=")
        found = re.fullmatch(r"(?:0x)?([0-9a-fA-F]{1,8})", said.strip())
        if found is None:
            return None, None
        bits = int(found[1], 16)
        throttled = _seen(bits, _FREQUENCY_CAPPED, _THROTTLED, _SOFT_LIMIT)
        return throttled, _seen(bits, _UNDERVOLTAGE)

    def _low_voltage_alarm(self) -> Seen | None:
        """Return what the kernel's ``rpi_volt`` sensor reports (Documentation/hwmon/raspberrypi-hwmon.rst)."""
        for sensor in sorted((self._root / "sys/class/hwmon").glob("hwmon*")):
            if text(sensor / "name").strip() == "rpi_volt":
                alarm = number(sensor / "in0_lcrit_alarm", least=0, most=1)
                return None if alarm is None else "now" if alarm else "no"
        return None

    def _memory(self) -> dict[str, int]:
        found = re.findall(
            r"^(MemTotal|MemAvailable):\s+(\d{1,12}) kB$", text(self._root / "proc/meminfo"), re.MULTILINE
        )
        return {name: int(size) for name, size in found}

    def _disk_kib(self) -> int | None:
        try:
            return space(self._folder).total_bytes // 1024
        except OSError:
            return None

    def _modem_signal(self) -> int | None:
        """Ask ModemManager (mmcli(1), ``--output-keyvalue``) for the signal quality in per cent."""
        program = self._which("mmcli")
        said = self._run([program, "-m", "any", "--output-keyvalue"]) if program else ""
        found = re.search(r"^modem\.generic\.signal-quality\.value\s*:\s*(\d{1,3})\s*$", said, re.MULTILINE)
        return int(found[1]) if found and int(found[1]) <= 100 else None

    def _reset(self) -> ResetCause | None:
        for watchdog in sorted((self._root / "sys/class/watchdog").glob("watchdog*")):
            bits = number(watchdog / "bootstatus", least=0, most=2**31 - 1) or 0
            for bit, cause in _RESETS:
                if bits & bit:
                    return cause
        return None


def _seen(bits: int, *places: int) -> Seen:
    if any(bits >> place & 1 for place in places):
        return "now"
    return "earlier" if any(bits >> place + _SINCE_START & 1 for place in places) else "no"


def _worse(one: Seen | None, other: Seen | None) -> Seen | None:
    order: tuple[Seen | None, ...] = (None, "no", "earlier", "now")
    return max(one, other, key=order.index)
