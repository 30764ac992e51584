"""How a station's machine and devices are: only values on which a person in the county can act."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.codec import Message
from protocol.units import ShortText

HOT_C = 80
"""A Raspberry Pi slows its processor down from 80 °C on (Raspberry Pi documentation, "Thermal management")."""
SHORT_DISK_KIB, SHORT_DISK_SHARE = 200 * 1024, 20
"""A disk is short if less than 200 MiB of it is free; a small disk, if less than a twentieth is."""
WORN_PERCENT = 90
"""A memory card that has used up more of its life than this must be replaced."""

type Seen = Literal["no", "earlier", "now"]
"""Whether something is the case now, or was at some time since the machine started."""

type ResetCause = Literal["watchdog", "overheated", "power_fault"]
type BootReason = Literal["ordered", "abrupt", "undervoltage"] | ResetCause
"""Why the machine last started. ordered: the station had ended in good order. undervoltage: it had not, and shortly
before its end its voltage was too low. abrupt: it had not, and nothing tells why; the power failed, somebody pulled the
plug, or the system stood still."""

type DeviceKind = Literal["reader", "camera", "indicator", "input", "speaker", "microphone", "screen", "updater"]
DEVICES_OF_1_0: tuple[DeviceKind, ...] = ("reader", "camera", "indicator", "input")
type Kib = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class DeviceHealth(Message, frozen=True, kw_only=True, array_like=True):
    """``[name, kind, ready, simulated]``: one device of a station. ``name`` is what ``station.toml`` calls it."""

    name: ShortText
    kind: DeviceKind
    ready: bool
    simulated: bool = False


class Machine(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What a machine tells of itself. A value that it does not know is absent and takes no room."""

    model: ShortText = ""
    """As its firmware names the board."""
    system: ShortText = ""
    """Name and version of the operating system."""
    kernel: ShortText = ""
    temperature_c: Annotated[int, Meta(ge=-60, le=200)] | None = None
    """Of the processor, in whole degrees Celsius."""
    throttled: Seen | None = None
    """The firmware slows the processor down because of heat or low voltage."""
    undervoltage: Seen | None = None
    """The supply voltage is below what the board needs (Raspberry Pi: 4.63 V)."""
    memory_kib: Kib | None = None
    memory_free_kib: Kib | None = None
    """Memory that programs can still get without swapping (proc_meminfo(5), MemAvailable)."""
    disk_kib: Kib | None = None
    """Size of the file system that holds the station's folder."""
    card: Literal["emmc", "sd"] | None = None
    """The kind of memory card that holds that file system; absent if it lies on something else."""
    card_worn_percent: Annotated[int, Meta(ge=0, le=110)] | None = None
    """How much of its life is used at most, in steps of ten; 110 is beyond its life (eMMC only, JESD84-B51, 7.4.38
    ff.)."""
    card_end: Literal["normal", "warning", "urgent"] | None = None
    """State of the memory card's spare blocks; warning: 80 % are used (eMMC only, PRE_EOL_INFO)."""
    link: Literal["ethernet", "wifi", "modem", "other"] | None = None
    """What the default route leads through; absent if there is no default route."""
    signal_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    """Strength of the radio signal, of a modem or of Wi-Fi."""
    reset: ResetCause | None = None
    """What the hardware says of its last reset (Linux watchdog API, bootstatus)."""


class Health(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The machine, the devices, and how the machine last started."""

    machine: Machine = Machine()
    devices: Annotated[list[DeviceHealth], Meta(max_length=32)] = []
    camera_untried: bool = False
    """No picture was asked for since the program started, so nobody knows yet whether the camera works."""
    boot_reason: BootReason | None = None
    up_s: Annotated[int, Meta(ge=0, le=2**40)] | None = None
    """Seconds since the machine started."""
    disk_written_kib: Kib | None = None
    """How much was written, since the machine started, to the whole device that holds the station's folder."""


def disk_limit_kib(disk_kib: int | None) -> int:
    """Return how much must be free on a disk of this size; None or 0: the size is not known."""
    return min(SHORT_DISK_KIB, disk_kib // SHORT_DISK_SHARE) if disk_kib else SHORT_DISK_KIB


def card_worn(machine: Machine) -> bool:
    """Return whether the memory card must be replaced, because of its writes or its spare blocks (PRE_EOL_INFO)."""
    return (machine.card_worn_percent or 0) > WORN_PERCENT or machine.card_end in ("warning", "urgent")
