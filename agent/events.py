"""What may happen to a station. Threads put these into the inbox and return; the core thread alone decides."""

from dataclasses import dataclass
from typing import Literal

from agent.ports import HintRead, NtpState, Suspect
from protocol.facts import BlobPurpose, Severity
from protocol.health import Machine
from protocol.kiosk import ToAgent
from protocol.topics import Down
from protocol.units import FactRef


@dataclass(frozen=True, slots=True)
class CardTouched:
    """A reader read a card. ``uid`` is as the reader gave it, not yet judged."""

    uid: str
    reader: str


@dataclass(frozen=True, slots=True)
class ReaderReady:
    """A reader came or went."""

    reader: str
    ready: bool


@dataclass(frozen=True, slots=True)
class InputChanged:
    """An input is active (door open, something moves) or not. The first one says how it was found at the start."""

    input: str
    active: bool


@dataclass(frozen=True, slots=True)
class InputFailed:
    """An input can't be watched; ``problem`` is English, for the log."""

    input: str
    problem: str


@dataclass(frozen=True, slots=True)
class StrangeKeyboard:
    """A keyboard that nobody allowed is plugged in, or none is any more."""

    there: bool


@dataclass(frozen=True, slots=True)
class AlarmSeen:
    """A device saw what a person in the county must see: the fields of `protocol.facts.AlarmRaised`."""

    code: str
    severity: Severity
    detail: str


@dataclass(frozen=True, slots=True)
class MachineSeen:
    """How the machine is now."""

    state: Machine


@dataclass(frozen=True, slots=True)
class KioskJoined:
    """A kiosk connected to the socket; ``kiosk`` is the number to answer it by.

    Until it is answered, it hears nothing of what is shown to all: the first that it gets is the whole home screen.
    """

    kiosk: int


@dataclass(frozen=True, slots=True)
class KioskLeft:
    """A kiosk's connection ended."""

    kiosk: int


@dataclass(frozen=True, slots=True)
class KioskSaid:
    """A kiosk asked for something."""

    kiosk: int
    message: ToAgent


@dataclass(frozen=True, slots=True)
class PictureTaken:
    """The camera worker finished; ``sha256`` is None when it failed, and ``problem`` says why.

    The picture's ``size`` bytes are on disk in the blob store, written and not yet kept.
    """

    about: FactRef | None
    purpose: BlobPurpose
    sha256: bytes | None
    size: int = 0
    problem: str = ""
    spooled: str = ""
    """Name of the picture's file in the camera's spool."""
    command: bytes | None = None
    """The county's order that it answers."""
    suspect: Suspect | None = None
    """What is wrong with what the camera sees, "" for nothing; None where nobody judged it in this run."""


@dataclass(frozen=True, slots=True)
class FrameTaken:
    """The camera worker took a frame for a live view, or did not, and ``problem`` says why."""

    command: bytes
    jpeg: bytes = b""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The broker accepted the connection and the subscriptions. ``attempt`` numbers the connection."""

    attempt: int


@dataclass(frozen=True, slots=True)
class LinkDown:
    """A connection ended or an attempt failed. ``reason`` is English, for the log.

    ``dates_refused``: nothing was wrong with the broker's certificate but its dates.
    """

    attempt: int
    reason: str
    dates_refused: bool = False


@dataclass(frozen=True, slots=True)
class MessageCame:
    """A message on one of the station's own down topics. ``mono_ms`` is when it came."""

    attempt: int
    leaf: Down
    payload: bytes
    retained: bool
    mono_ms: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """The broker answered a QoS 1 publish. ``reason_code`` 0 alone means delivered (MQTT 5.0, 3.4.2.1)."""

    attempt: int
    ticket: int
    reason_code: int


@dataclass(frozen=True, slots=True)
class PackFetched:
    """A pack download ended; ``file`` is None when it failed."""

    sha256: bytes
    file: bytes | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RenewalEnded:
    """The certificate was looked at, and renewed where that was due; ``problem`` is empty when that went well.

    ``due_ms`` is the wall time at which the one now in place is to be renewed. ``county_keys`` came with a renewed one:
    the keys that sign for the county from now on, raw.
    """

    problem: str = ""
    renewed: bool = False
    due_ms: int = 0
    county_keys: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class NtpRead:
    """The machine's time service said how it is. ``mono_ms`` is when it was asked."""

    state: NtpState
    mono_ms: int


@dataclass(frozen=True, slots=True)
class TimeHinted:
    """An RTC or a modem told the time, or why it can't. ``mono_ms`` is when it was read."""

    source: Literal["rtc", "modem"]
    read: HintRead
    mono_ms: int


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The service manager, or the county's order, asked the agent to end; with ``restart`` it begins anew at once."""

    reason: str
    restart: bool = False


type Event = (
    CardTouched
    | ReaderReady
    | InputChanged
    | InputFailed
    | StrangeKeyboard
    | AlarmSeen
    | MachineSeen
    | KioskJoined
    | KioskLeft
    | KioskSaid
    | PictureTaken
    | FrameTaken
    | LinkUp
    | LinkDown
    | MessageCame
    | Delivered
    | PackFetched
    | RenewalEnded
    | NtpRead
    | TimeHinted
    | StopAsked
)
