"""The ports: what the agent needs of hardware, in its own words. Drivers implement them; only `agent.wiring` chooses
one."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from protocol.health import Machine
from protocol.topics import Up

type JudgeAt = Literal["system", "never"] | int
"""The time by which certificates are judged: the system's clock, no time at all, or this wall time in milliseconds."""

type Colour = Literal["green", "amber", "red"]

type Suspect = Literal["", "black", "covered", "frozen"]
"""What is wrong with a camera's picture, see `agent.camera.sight`; empty if nothing is."""


class DeviceError(Exception):
    """A device is gone or does not answer. Trying again later may help."""


class PeerNotProven(DeviceError):
    """Somebody answers at the county's address and does not prove to be the county.

    Attributes:
        dates: Whether only the dates of the certificate were wrong, by the clock that judged them.
    """

    def __init__(self, message: str, *, dates: bool = False) -> None:
        super().__init__(message)
        self.dates = dates


class CardReader(Protocol):
    """Reads card UIDs and reports them on a thread of its own."""

    simulated: bool

    def start(self, *, touched: Callable[[str], None], ready: Callable[[bool], None]) -> None:
        """Begin reading.

        Args:
            touched: Called with the UID as the reader gave it (hex text, not yet judged), once per touch.
            ready: Called with whether cards can be read now, at once and then at each change.
        """

    def stop(self) -> None:
        """End reading; no callback comes after it returns."""


class KeyboardGuard(Protocol):
    """Sees keyboards that are plugged in although nobody allowed them."""

    def start(self, *, unknown: Callable[[str, str], None], there: Callable[[bool], None]) -> None:
        """Begin to watch.

        Args:
            unknown: Called once each time that such a keyboard is plugged in, with its USB vendor and product
                (``1a2c:0e24``) and the name that it gives itself.
            there: Called at each change with whether any such keyboard is there; at first there is none. Both are
                called on the guard's own thread.
        """

    def stop(self) -> None:
        """End watching; no callback comes after it returns."""


class Indicator(Protocol):
    """Lamp and beeper."""

    simulated: bool

    @property
    def ready(self) -> bool:
        """Whether it can show an outcome, as far as it knows without lighting anything."""

    def show(self, colour: Colour, *, fact: str) -> None:
        """Light and sound an outcome and return at once.

        Args:
            fact: ``EPOCHHEX/SEQ`` of the fact that is on disk, empty for red. Real lamps ignore it.

        Raises:
            DeviceError: Nothing was shown.
        """

    def close(self) -> None:
        """Switch off."""


type SoundKind = Literal["clip", "tone", "text"]
"""clip: Opus in Ogg (`protocol.clip_sound`). tone: its name, ``right`` or ``wrong``. text: UTF-8 for a machine's
voice."""


class Sound(Struct, frozen=True):
    """Something to be heard."""

    kind: SoundKind
    data: bytes


class Speaker(Protocol):
    """Makes sound, in a process of its own."""

    simulated: bool

    def start(self, *, ready: Callable[[bool, bool], None]) -> None:
        """Begin, at rest: nothing runs until `want`.

        Args:
            ready: Called at each change with whether sound can be heard now, and whether text can be read; at first
                neither is so. It is called on the driver's own thread.
        """

    def want(self, wanted: bool) -> None:
        """Have the player ready from now on, or let it go. Returns at once."""

    def play(self, sounds: Sequence[Sound]) -> None:
        """Play these one after another, in place of whatever sounds; none of them is silence. Returns at once.

        A sound that can't be played is left out, and the log says so.
        """

    def stop(self) -> None:
        """End; no callback comes after it returns."""


class Contact(Protocol):
    """A door contact or a motion sensor. It is active while the door is open or something moves."""

    simulated: bool

    def start(self, *, changed: Callable[[bool], None]) -> None:
        """Begin to watch.

        Args:
            changed: Called with whether it is active, at once and then once at each debounced change, on a thread of
                the driver's own.

        Raises:
            DeviceError: Nothing is watched; `start` may be called again.
        """

    def stop(self) -> None:
        """End watching; no callback comes after it returns."""


class CameraFrame(Struct, frozen=True):
    """One picture as a camera gives it. `agent.camera.stills` makes a still out of it.

    ``jpeg`` is a whole JPEG (ITU-T T.81); as part of a Motion-JPEG stream it may lack its Huffman tables. The other
    layouts are rows from the top: ``rgb`` has 8 bits for each colour; ``yuyv`` has Y0 Cb Y1 Cr for two pixels
    (V4L2_PIX_FMT_YUYV); ``nv12`` has the plane of Y, then the plane of Cb Cr for each 2×2 pixels (V4L2_PIX_FMT_NV12).
    Nothing is checked yet, so every field may be absurd.
    """

    layout: Literal["jpeg", "rgb", "yuyv", "nv12"]
    data: bytes
    width: int = 0
    """In pixels; 0 for a JPEG, which contains its size."""
    height: int = 0
    stride: int = 0
    """Bytes from one row (of Y) to the next; 0 if rows are not padded."""
    full_range: bool = False
    """Whether Y, Cb and Cr use 0 to 255 (JFIF) rather than the narrower range of ITU-R BT.601."""


class Camera(Protocol):
    """Takes pictures of the room, in a process of its own."""

    simulated: bool

    def capture(self) -> CameraFrame:
        """Return what the camera sees now, with its exposure settled. May take seconds.

        Raises:
            DeviceError: No picture was taken.
        """

    def close(self) -> None:
        """Release the device."""


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

        True if the kernel can't be asked. The time counts only if the time service itself reports well, too.
        """


class HostMachine(Protocol):
    """The computer that the station runs on: heat, supply, memory, storage card, network."""

    simulated: bool

    def look(self) -> Machine:
        """Return how the machine is now; what it does not report is absent. May take seconds. Raises nothing."""


class NtpState(Struct, frozen=True):
    """What the machine's time service reports of itself."""

    service: str
    """chrony or timesyncd; kernel if neither runs."""
    problem: str
    """Why its time does not count; empty if it counts. English, for the log."""


class TimeService(Protocol):
    """The program that keeps the machine's clock to NTP."""

    def read(self) -> NtpState:
        """Return its state. May take seconds."""


class HintRead(Struct, frozen=True):
    """An unsigned time, and what is wrong with its source, in Chinese."""

    wall_ms: int | None
    problem: str


class TimeHint(Protocol):
    """An RTC or a modem, which may know roughly what time it is. That is better than a lower bound."""

    @property
    def source(self) -> Literal["rtc", "modem"]:
        """Which kind it is."""

    @property
    def tries(self) -> int:
        """How often it is asked, once a minute, until it gives a time."""

    def read(self) -> HintRead:
        """Return its time. May take seconds."""


class Link(Protocol):
    """One MQTT 5 connection at a time to the county's broker. Events come through the inbox."""

    def connect(
        self, *, attempt: int, keepalive_s: int, will: bytes, judge_at: JudgeAt = "system", endpoint: int = 0
    ) -> None:
        """Begin to connect and return at once. `LinkUp` or `LinkDown` with ``attempt`` follows.

        Args:
            keepalive_s: MQTT 5.0, 3.1.2.10.
            will: Payload published on the station's ``gone`` topic when the connection breaks.
            judge_at: The time at which the broker's certificate must be valid. All else about it is always checked.
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
        """Return the bytes of IP packets of all connections so far, both ways. A metered line is billed for these."""
