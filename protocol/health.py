"""How a station's machine and devices are, in values that a person in the county can act upon."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.codec import Message
from protocol.units import ShortText

HOT_C = 80
"""A Raspberry Pi slows its processor down from 80 °C on (Raspberry Pi documentation, "Thermal management")."""
SHORT_DISK_KIB, SHORT_DISK_SHARE = 200 * 1024, 20
"""A disk is short if less than this is free. Of a small disk, less than one part in so many."""
WORN_PERCENT = 90
"""A storage card whose writes are used up further than this must be replaced."""

type Seen = Literal["no", "earlier", "now"]
"""Whether something is the case, or was since the machine started."""

type ResetCause = Literal["watchdog", "overheated", "power_fault"]
type BootReason = Literal["ordered", "abrupt", "undervoltage"] | ResetCause
"""Why the machine last started. ordered: the station had been ended in good order. undervoltage: it ended without
that, soon after its voltage had been too low. abrupt: it ended without that, and nothing tells why: power cut, plug
pulled, or the system stood still."""

type DeviceKind = Literal["reader", "camera", "indicator", "input"]
type Kib = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class DeviceHealth(Message, frozen=True, kw_only=True, array_like=True):
    """``[name, kind, ready, simulated]``: one device of a station. ``name`` is what ``station.toml`` calls it."""

    name: ShortText
    kind: DeviceKind
    ready: bool
    simulated: bool = False


class Machine(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What a machine tells of itself. A value that it can't tell is absent and takes no room."""

    model: ShortText = ""
    """As its firmware names the board."""
    system: ShortText = ""
    """Name and version of the operating system."""
    kernel: ShortText = ""
    temperature_c: Annotated[int, Meta(ge=-60, le=200)] | None = None
    """Of the processor, in whole degrees Celsius."""
    throttled: Seen | None = None
    """The firmware holds the processor back, for heat or for want of voltage."""
    undervoltage: Seen | None = None
    """The supply voltage is below what the board needs (Raspberry Pi: 4.63 V)."""
    memory_kib: Kib | None = None
    memory_free_kib: Kib | None = None
    """What programs can still have without swapping (proc_meminfo(5), MemAvailable)."""
    disk_kib: Kib | None = None
    """Size of the file system that holds the station's folder."""
    card: Literal["emmc", "sd"] | None = None
    """What that file system lies on, where it is a card."""
    card_worn_percent: Annotated[int, Meta(ge=0, le=110)] | None = None
    """The worn part of its life at most, in steps of ten; 110 is beyond it (eMMC alone, JESD84-B51, 7.4.38 ff.)."""
    card_end: Literal["normal", "warning", "urgent"] | None = None
    """How much of the card's spare blocks is left; warning: 80 % are used (eMMC alone, PRE_EOL_INFO)."""
    link: Literal["ethernet", "wifi", "modem", "other"] | None = None
    """What the default route leads through; absent where there is none."""
    signal_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    """Strength of the radio signal, of a modem or of Wi-Fi."""
    reset: ResetCause | None = None
    """What the hardware says of its last reset (Linux watchdog API, bootstatus)."""


class Health(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What a person in the county can act upon."""

    machine: Machine = Machine()
    devices: Annotated[list[DeviceHealth], Meta(max_length=32)] = []
    camera_untried: bool = False
    """No picture was asked for since the program started: whether the camera works, nobody knows yet."""
    boot_reason: BootReason | None = None
    up_s: Annotated[int, Meta(ge=0, le=2**40)] | None = None
    """Seconds since the machine started."""
    disk_written_kib: Kib | None = None
    """Written since then to the whole device that holds the station's folder, as the kernel counts it."""


def disk_limit_kib(disk_kib: int | None) -> int:
    """Return how much must be free on a disk of this size; None: the size is not known."""
    return SHORT_DISK_KIB if disk_kib is None else min(SHORT_DISK_KIB, disk_kib // SHORT_DISK_SHARE)


def card_worn(machine: Machine) -> bool:
    """Return whether the storage card must be replaced, by its writes or by its own word (PRE_EOL_INFO)."""
    return (machine.card_worn_percent or 0) > WORN_PERCENT or machine.card_end in ("warning", "urgent")
