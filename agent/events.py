"""The events that may happen to a station. Threads put them into the inbox and return; only the core thread decides."""

from typing import Literal

from msgspec import Struct

from agent.ports import HintRead, NtpState, Suspect
from protocol.facts import BlobPurpose, Severity
from protocol.health import Machine
from protocol.kiosk import ToAgent
from protocol.pins import PinVerifier
from protocol.topics import Down
from protocol.units import FactRef


class CardTouched(Struct, frozen=True):
    """A reader read a card. ``uid`` is what the reader gave, not checked yet."""

    uid: str
    reader: str


class ReaderReady(Struct, frozen=True):
    """A reader can read cards from now on, or can't."""

    reader: str
    ready: bool


class InputChanged(Struct, frozen=True):
    """An input became active (door open, something moves) or inactive. The first event says how it was at the start."""

    input: str
    active: bool


class InputFailed(Struct, frozen=True):
    """An input can't be watched; ``problem`` is English, for the log."""

    input: str
    problem: str


class StrangeKeyboard(Struct, frozen=True):
    """A keyboard that nobody allowed was plugged in; or the last such keyboard was pulled out."""

    there: bool


class SpeakerReady(Struct, frozen=True):
    """Sound can be heard from now on, or can't. ``reads``: text that nobody recorded can be read, too."""

    ready: bool
    reads: bool


class AlarmSeen(Struct, frozen=True):
    """A device saw something that a person in the county must know.

    The fields are those of `protocol.facts.AlarmRaised`.
    """

    code: str
    severity: Severity
    detail: str


class MachineSeen(Struct, frozen=True):
    """How the machine is now."""

    state: Machine


class KioskJoined(Struct, frozen=True):
    """A kiosk connected to the socket; ``kiosk`` is the number by which it is answered.

    Until it is answered for the first time, it gets nothing that is shown to all kiosks. So the first message that it
    gets is the whole home screen.
    """

    kiosk: int


class KioskLeft(Struct, frozen=True):
    """A kiosk's connection ended."""

    kiosk: int


class KioskSaid(Struct, frozen=True):
    """A kiosk asked for something."""

    kiosk: int
    message: ToAgent


class PinWorked(Struct, frozen=True):
    """The slow work at a PIN is done: it was judged (``right``), or its verifier was derived.

    ``problem`` says in English why neither was possible.
    """

    job: int
    right: bool | None = None
    verifier: PinVerifier | None = None
    problem: str = ""


class PictureTaken(Struct, frozen=True):
    """The camera worker finished. If it failed, ``sha256`` is None and ``problem`` says why.

    The picture's ``size`` bytes are written to the blob store and not kept yet.
    """

    about: FactRef | None
    purpose: BlobPurpose
    sha256: bytes | None
    size: int = 0
    problem: str = ""
    spooled: str = ""
    """Name of the picture's file in the camera's spool."""
    command: bytes | None = None
    """Id of the county's command that asked for it."""
    suspect: Suspect | None = None
    """What is wrong with the picture, "" if nothing; None if nobody judged it in this run."""


class FrameTaken(Struct, frozen=True):
    """The camera worker took a frame for a live view. If it failed, ``problem`` says why."""

    command: bytes
    jpeg: bytes = b""
    problem: str = ""


class LinkUp(Struct, frozen=True):
    """The broker accepted the connection and the subscriptions. ``attempt`` numbers the connection."""

    attempt: int


class LinkDown(Struct, frozen=True):
    """A connection ended or an attempt failed. ``reason`` is English, for the log.

    ``dates_refused`` says that only the dates of the broker's certificate were wrong; ``refused``, that the broker
    proved to be the county's and lets this machine in no more; ``taken_over``, that it ended the connection because
    another one was made by this station's identity.
    """

    attempt: int
    reason: str
    dates_refused: bool = False
    refused: bool = False
    taken_over: bool = False


class MessageCame(Struct, frozen=True):
    """A message came on one of the station's own down topics, at ``mono_ms``."""

    attempt: int
    leaf: Down
    payload: bytes
    retained: bool
    mono_ms: int


class Delivered(Struct, frozen=True):
    """The broker acknowledged a QoS 1 publish. Only ``reason_code`` 0 means delivered (MQTT 5.0, 3.4.2.1)."""

    attempt: int
    ticket: int
    reason_code: int


class PackFetched(Struct, frozen=True):
    """The download of a pack ended; ``file`` is None if it failed."""

    sha256: bytes
    file: bytes | None
    problem: str = ""


class ShelfMoved(Struct, frozen=True):
    """What is in force on the shelf has changed, or the trip that changes it ``ended``."""

    ended: bool


class RenewalEnded(Struct, frozen=True):
    """The certificate was checked, and renewed if it was due; ``problem`` is empty if that went well.

    ``due_ms`` is the wall time at which the certificate now in place must be renewed. ``county_keys`` come with a
    renewed certificate: the raw keys that sign for the county from now on.
    """

    problem: str = ""
    renewed: bool = False
    due_ms: int = 0
    county_keys: tuple[bytes, ...] = ()


class NtpRead(Struct, frozen=True):
    """The machine's time service reported its state. It was asked at ``mono_ms``."""

    state: NtpState
    mono_ms: int


class TimeHinted(Struct, frozen=True):
    """An RTC or a modem gave the time, or said why it can't. It was read at ``mono_ms``."""

    source: Literal["rtc", "modem"]
    read: HintRead
    mono_ms: int


class StopAsked(Struct, frozen=True):
    """The service manager, or a command of the county, asks the agent to end.

    With ``restart`` it begins anew at once.
    """

    reason: str
    restart: bool = False


type Event = (
    CardTouched
    | ReaderReady
    | InputChanged
    | InputFailed
    | StrangeKeyboard
    | SpeakerReady
    | AlarmSeen
    | MachineSeen
    | KioskJoined
    | KioskLeft
    | KioskSaid
    | PinWorked
    | PictureTaken
    | FrameTaken
    | LinkUp
    | LinkDown
    | MessageCame
    | Delivered
    | PackFetched
    | ShelfMoved
    | RenewalEnded
    | NtpRead
    | TimeHinted
    | StopAsked
)
