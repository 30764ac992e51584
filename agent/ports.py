"""What the agent needs of hardware, in our words. Drivers implement these; only `agent.wiring` chooses one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from protocol.health import Machine as MachineState
from protocol.topics import Up

type JudgeAt = Literal["system", "never"] | int
"""By which time certificates are judged: the system's clock, none at all, or this wall time in milliseconds."""

type Colour = Literal["green", "amber", "red"]


type Suspect = Literal["", "black", "covered", "frozen"]
"""What is wrong with what a camera sees, see `agent.camera.sight`; empty for nothing."""


class DeviceError(Exception):
    """A device is gone or does not answer. Trying again later may help."""


class PeerNotProven(DeviceError):
    """Somebody answers where the county should, and does not prove to be it.

    Attributes:
        dates: All that is wrong is the time at which its certificate was looked at.
    """

    def __init__(self, message: str, *, dates: bool = False) -> None:
        super().__init__(message)
        self.dates = dates


class CardReader(Protocol):
    """Something that reads card UIDs by itself and tells of them from a thread of its own."""

    simulated: bool

    def start(self, *, touched: Callable[[str], None], ready: Callable[[bool], None]) -> None:
        """Begin reading.

        Args:
            touched: Called with the UID as the reader gave it (hex text, not yet judged), once per touch.
            ready: Called at each change with whether cards can be read now; the first call comes without delay.
        """

    def stop(self) -> None:
        """End reading; no callback comes after it returns."""


class KeyboardGuard(Protocol):
    """Sees keyboards that are plugged in and that nobody allowed."""

    def start(self, *, unknown: Callable[[str, str], None], there: Callable[[bool], None]) -> None:
        """Begin to look.

        Args:
            unknown: Called on a thread of its own once for each such keyboard, again when it is plugged in again,
                with its USB vendor and product (``1a2c:0e24``) and the name that it gives itself.
            there: Called on that thread at each change with whether any such keyboard is there; none is to begin with.
        """

    def stop(self) -> None:
        """End looking; no callback comes after it returns."""


class Indicator(Protocol):
    """Lamp and beeper."""

    simulated: bool

    @property
    def ready(self) -> bool:
        """Whether it can show an outcome, as far as that is known without lighting anything."""

    def show(self, colour: Colour, *, fact: str) -> None:
        """Light and sound an outcome and return at once.

        Args:
            fact: ``EPOCHHEX/SEQ`` of the fact that is on disk, empty for red. A real lamp has no use for it.

        Raises:
            DeviceError: Nothing was shown.
        """

    def close(self) -> None:
        """Switch off."""


class Contact(Protocol):
    """A door contact or a motion sensor: something that is active (door open, something moves) or not."""

    simulated: bool

    def start(self, *, changed: Callable[[bool], None]) -> None:
        """Begin to watch.

        Args:
            changed: Called without delay with how it is now, then at each change, once and debounced. It comes on a
                thread of the driver's own.

        Raises:
            DeviceError: Nothing is watched; it may be tried again.
        """

    def stop(self) -> None:
        """End watching; no callback comes after it returns."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as a camera gives it, not yet fit for anyone's eyes: `agent.camera.stills` makes the still.

    ``jpeg`` is a whole JPEG (ITU-T T.81), also one of a Motion-JPEG stream that leaves its Huffman tables out. The
    others are rows from the top: ``rgb`` 8 bits each; ``yuyv`` Y0 Cb Y1 Cr for two pixels (V4L2_PIX_FMT_YUYV);
    ``nv12`` the plane of Y, then that of Cb Cr for each 2×2 pixels (V4L2_PIX_FMT_NV12). Nothing here is
    checked: a camera may say what it likes.
    """

    layout: Literal["jpeg", "rgb", "yuyv", "nv12"]
    data: bytes
    width: int = 0
    """Pixels; a JPEG tells its own."""
    height: int = 0
    stride: int = 0
    """Bytes from one row (of Y) to the next; 0: rows are not padded."""
    full_range: bool = False
    """Y, Cb and Cr use 0 to 255 as JFIF has it, not the narrower range of ITU-R BT.601."""


class Camera(Protocol):
    """Takes pictures of the room, in a process of its own."""

    simulated: bool

    def capture(self) -> Frame:
        """Return what the camera sees now, exposure settled. May take seconds.

        Raises:
            DeviceError: No picture was taken.
        """

    def close(self) -> None:
        """Let the device go."""


class SystemClock(Protocol):
    """The machine's clocks."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z by the system's clock, right or wrong."""

    def mono_ms(self) -> int:
        """Milliseconds of CLOCK_BOOTTIME."""

    def boot_id(self) -> bytes:
        """The 16 bytes of this boot's id."""

    def ntp_synced(self) -> bool:
        """Whether the kernel says that a time service disciplines the clock (adjtimex(2): not STA_UNSYNC).

        True where it can't be asked. The time counts only together with what the service says of itself.
        """


class Machine(Protocol):
    """The computer under the station: heat, supply, memory, card, network."""

    simulated: bool

    def look(self) -> MachineState:
        """Return how the machine is now; what it does not tell is absent. May take seconds, and raises nothing."""


@dataclass(frozen=True, slots=True)
class NtpState:
    """What the machine's time service says of itself."""

    service: str
    """chrony, timesyncd, or the kernel where neither runs."""
    problem: str
    """Why its time does not count; empty where it is well. English, for the log."""


class TimeService(Protocol):
    """Whoever keeps the machine's clock to NTP."""

    def read(self) -> NtpState:
        """Return its state. May take seconds."""


@dataclass(frozen=True, slots=True)
class HintRead:
    """An unsigned time, and what is wrong with its source, in Chinese."""

    wall_ms: int | None
    problem: str


class TimeHint(Protocol):
    """Something that may know about what time it is, better than a floor: an RTC or a modem."""

    @property
    def source(self) -> Literal["rtc", "modem"]:
        """What it is."""

    @property
    def tries(self) -> int:
        """How often, once a minute, it is to be asked until it tells a time."""

    def read(self) -> HintRead:
        """Return its time. May take seconds."""


class Link(Protocol):
    """One MQTT 5 connection at a time to the county's broker. Events come through the inbox."""

    def connect(
        self, *, attempt: int, keepalive_s: int, will: bytes, judge_at: JudgeAt = "system", endpoint: int = 0
    ) -> None:
        """Begin connecting and return. `LinkUp` or `LinkDown` with ``attempt`` follows.

        Args:
            keepalive_s: MQTT 5.0, 3.1.2.10.
            will: Payload published on the station's ``gone`` topic when the connection breaks.
            judge_at: By which time the broker's certificate must be valid; everything else about it is always checked.
            endpoint: Which of the broker's ports; 0 is the usual one.
        """

    def publish(self, leaf: Up, payload: bytes, *, qos: Literal[0, 1]) -> int:
        """Send to one of the station's own topics and return a ticket; for QoS 1 `Delivered` may follow.

        Raises:
            DeviceError: The connection is gone; `LinkDown` follows or has come.
        """

    def disconnect(self) -> None:
        """End the connection in good order (the will is not published); no further event of this attempt follows."""

    def bytes_moved(self) -> tuple[int, int]:
        """Return TCP payload bytes (sent, received) of this process's connections so far."""

    def bytes_billed(self) -> int:
        """Return what the connections so far took as IP packets, both ways: what a metered line is billed for."""
