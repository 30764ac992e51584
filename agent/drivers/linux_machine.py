"""Describe the machine by the files of Linux and of the Raspberry Pi's firmware, and by two programs if they are there.

Every file is optional, is read up to a few kilobytes, and counts only if it holds a sensible value. If a file is
missing, unreadable or absurd, only its own value is missing. Not tried on a real Raspberry Pi: the paths come from the
kernel's documentation (Documentation/ABI, Documentation/admin-guide) and from the Raspberry Pi kernel's firmware
driver.

Some storage reports how far it is worn: an eMMC in its extended CSD (JESD84-B51, 7.4: DEVICE_LIFE_TIME_EST_TYP_A and
_TYP_B, PRE_EOL_INFO), which the kernel shows as ``life_time`` and ``pre_eol_info``
(Documentation/driver-api/mmc/mmc-dev-attrs). SD cards do not report it.
"""

import logging
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from msgspec import Struct

from agent.config.settings import ConfigSettings
from agent.drivers.machine_programs import LIMIT_S, output_of
from agent.drivers.which import which
from agent.ports import DeviceError
from agent.storage.disk import space
from protocol.health import Machine, ResetCause, Seen

log = logging.getLogger(__name__)

type LinkKind = Literal["ethernet", "wifi", "modem", "other"]

MAX_BYTES = 16_384
_TEXT_CHARS = 64
_UNDERVOLTAGE, _FREQUENCY_CAPPED, _THROTTLED, _SOFT_LIMIT = 0, 1, 2, 3
_SINCE_START = 16
"""Bits of the firmware's answer to ``get_throttled``: now; and 16 bits higher: since the machine started
(Raspberry Pi documentation, "vcgencmd get_throttled")."""
_RESETS: tuple[tuple[int, ResetCause], ...] = ((0x20, "watchdog"), (0x01, "overheated"), (0x10, "power_fault"))
"""WDIOF_CARDRESET, WDIOF_OVERHEAT, WDIOF_POWERUNDER (Linux watchdog API, linux/watchdog.h)."""
_FROM_BEST: tuple[Seen | None, ...] = (None, "no", "earlier", "now")
_ROUTE_UP = 0x1
"""RTF_UP (linux/route.h)."""
_ETHER, _PPP = "1", "512"
"""ARPHRD_ETHER, ARPHRD_PPP (linux/if_arp.h)."""
_INTERFACE = re.compile(r"[A-Za-z0-9_.@-]{1,15}")
"""A name of an interface, at most IFNAMSIZ - 1 characters (linux/if.h)."""
_CARD_KINDS: dict[str, Literal["emmc", "sd"]] = {"MMC": "emmc", "SD": "sd"}
_CARD_ENDS: dict[int, Literal["normal", "warning", "urgent"]] = {1: "normal", 2: "warning", 3: "urgent"}
_MOST_WORN = 0x0B
"""The highest band that JESD84-B51 defines; higher values are reserved."""


def output(command: Sequence[str], *, limit_s: float = LIMIT_S) -> str:
    """Return what a program of the system prints; empty if it is missing, fails, hangs or prints too much."""
    try:
        return output_of(command, limit_s=limit_s)
    except DeviceError as error:
        log.info("%s", error)
        return ""


class LinuxMachine:
    """Implements `agent.ports.HostMachine`."""

    simulated = False

    settings: ClassVar[ConfigSettings] = {}

    def __init__(
        self,
        *,
        folder: Path,
        root: Path = Path("/"),
        run: Callable[[Sequence[str]], str] = output,
        which: Callable[[str], str | None] = which,
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
        memory = re.findall(
            r"^(MemTotal|MemAvailable):\s+(\d{1,12}) kB$", text(self._root / "proc/meminfo"), re.MULTILINE
        )
        kib = {name: int(size) for name, size in memory}
        try:
            disk_kib = space(self._folder).total_bytes // 1024
        except OSError:
            disk_kib = None
        link, signal = link_and_signal(self._root, self._modem_signal)
        card = storage_card_of(self._folder, self._root)
        return Machine(
            model=self._shown("proc/device-tree/model") or self._shown("sys/class/dmi/id/product_name"),
            system=self._system(),
            kernel=self._shown("proc/sys/kernel/osrelease"),
            temperature_c=self._temperature(),
            throttled=throttled,
            # Either source may be missing, and only the firmware's answer remembers what happened earlier.
            undervoltage=max(undervoltage, self._low_voltage_alarm(), key=_FROM_BEST.index),
            memory_kib=kib.get("MemTotal"),
            # Not MemFree, because the page cache gives its memory back (Documentation/filesystems/proc.rst).
            memory_free_kib=kib.get("MemAvailable"),
            disk_kib=disk_kib,
            card=card.kind,
            card_worn_percent=card.worn_percent,
            card_end=card.end,
            link=link,
            signal_percent=signal,
            reset=self._reset(),
        )

    def _shown(self, path: str) -> str:
        # A string of the device tree ends with a NUL (Devicetree Specification, 2.2.4).
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
        reply = text(self._root / "sys/devices/platform/soc/soc:firmware/get_throttled")
        # Other kernels lack this file, but the firmware's own program may be there.
        if not reply and (program := self._which("vcgencmd")):
            reply = self._run([program, "get_throttled"]).removeprefix("throttled=")
        found = re.fullmatch(r"(?:0x)?([0-9a-fA-F]{1,8})", reply.strip())
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

    def _modem_signal(self) -> int | None:
        """Ask ModemManager (mmcli(1), ``--output-keyvalue``) for the signal quality in per cent."""
        program = self._which("mmcli")
        reply = self._run([program, "-m", "any", "--output-keyvalue"]) if program else ""
        found = re.search(r"^modem\.generic\.signal-quality\.value\s*:\s*(\d{1,3})\s*$", reply, re.MULTILINE)
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


def link_and_signal(root: Path, modem_signal: Callable[[], int | None]) -> tuple[LinkKind | None, int | None]:
    """Return the kind of the link and the signal in per cent, each None if it is not known."""
    interface = _default_interface(text(root / "proc/net/route"))
    if interface is None:
        return None, None
    kind = _kind(root / "sys/class/net" / interface, interface)
    if kind == "wifi":
        return kind, _wifi_signal(text(root / "proc/net/wireless"), interface)
    return kind, modem_signal() if kind == "modem" else None


def _default_interface(routes: str) -> str | None:
    """Return the interface of the default route with the lowest metric (proc(5), ``/proc/net/route``)."""
    found: list[tuple[int, str]] = []
    for line in routes.splitlines()[1:]:
        fields = line.split()
        # The name becomes part of a path, so it must look like one of an interface.
        if len(fields) < 8 or fields[1] != "00000000" or not _INTERFACE.fullmatch(fields[0]):
            continue
        if re.fullmatch(r"[0-9A-Fa-f]{1,8}", fields[3]) and int(fields[3], 16) & _ROUTE_UP and fields[6].isdecimal():
            found.append((int(fields[6]), fields[0]))
    return min(found)[1] if found else None


def _kind(interface: Path, name: str) -> LinkKind:
    """Return the kind of an interface. A 4G stick that acts as a network card (RNDIS) looks like a cable."""
    hardware = text(interface / "type").strip()
    if "DEVTYPE=wwan" in text(interface / "uevent").splitlines() or hardware == _PPP or name.startswith("wwan"):
        return "modem"
    if (interface / "wireless").exists() or (interface / "phy80211").exists():
        return "wifi"
    return "ethernet" if hardware == _ETHER else "other"


def _wifi_signal(wireless: str, interface: str) -> int | None:
    """Return the signal of ``/proc/net/wireless`` in per cent: −100 dBm is 0 %, −50 dBm is 100 %.

    A driver that reports no dBm reports a link quality of at most 70 instead (cfg80211's wireless extensions).
    """
    found = re.search(rf"^\s*{re.escape(interface)}:\s+\w+\s+(\d{{1,3}})\.?\s+(-?\d{{1,3}})\.?", wireless, re.MULTILINE)
    if found is None:
        return None
    quality, level = int(found[1]), int(found[2])
    # A driver that reports no dBm leaves the level at 0 or above.
    percent = 2 * (level + 100) if level < 0 else round(quality / 70 * 100)
    return max(0, min(100, percent))


class StorageCard(Struct, frozen=True):
    """What is known of a storage card. All is None if the folder lies on something else."""

    kind: Literal["emmc", "sd"] | None = None
    worn_percent: int | None = None
    end: Literal["normal", "warning", "urgent"] | None = None


def storage_card_of(folder: Path, root: Path) -> StorageCard:
    """Describe the card that holds ``folder``; ``root`` is the file tree that contains sysfs."""
    try:
        number_of_device = os.stat(folder).st_dev
    except OSError:
        return StorageCard()
    return storage_card_at(f"{os.major(number_of_device)}:{os.minor(number_of_device)}", root)


def storage_card_at(device: str, root: Path) -> StorageCard:
    """Describe the card of a block device or partition, named ``MAJOR:MINOR``."""
    try:
        block = (root / "sys/dev/block" / device).resolve(strict=True)
    except (OSError, RuntimeError):
        return StorageCard()
    whole = block.parent if (block / "partition").exists() else block
    kind = _CARD_KINDS.get(text(whole / "device/type").strip())
    if kind != "emmc":
        return StorageCard(kind)
    end = number(whole / "device/pre_eol_info", least=0, most=255)
    return StorageCard(kind, _worn(text(whole / "device/life_time")), _CARD_ENDS.get(end or 0))


def _worn(life_time: str) -> int | None:
    """Return the upper end of the worse area's band in per cent: 0x01 is 0–10 %, 0x0A 90–100 %, 0x0B above 100 %."""
    found = re.fullmatch(r"(?:0x)?([0-9a-fA-F]{1,2})\s+(?:0x)?([0-9a-fA-F]{1,2})", life_time.strip())
    bands = [int(band, 16) for band in found.groups()] if found else []
    known = [band for band in bands if 1 <= band <= _MOST_WORN]
    return 10 * max(known) if known else None


def text(path: Path) -> str:
    """Return the beginning of a file as text, at most `MAX_BYTES` of it; empty if it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def number(path: Path, *, least: int, most: int) -> int | None:
    """Return the whole number in a file, decimal or 0x…; None unless it lies between ``least`` and ``most``."""
    found = re.fullmatch(r"-?[0-9]{1,19}|0[xX][0-9a-fA-F]{1,16}", text(path).strip())
    value = int(found[0], 16 if "x" in found[0].lower() else 10) if found else None
    return value if value is not None and least <= value <= most else None
