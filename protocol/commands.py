"""Commands of the county to a station: each is signed, expires, is executed once, and its result is a fact."""

from collections.abc import Mapping
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.refusal import Refused
from protocol.signing import seal, unseal
from protocol.units import CodeWord, FileName, LongText, Sha256, ShortText, StationId, WallMs

type CommandKind = Literal[
    "identify",
    "snapshot",
    "restart_agent",
    "send_logs",
    "time_check",
    "live_view",
    "end_live_view",
    "hint",
    "say",
    "live_extend",
    "record_still",
    "install_release",
    "retire",
]
"""What a command tells a station to do. identify: blink and beep so that a person finds the station. snapshot: take a
still of the room now. restart_agent: end in good order and begin anew. send_logs: send the end of the program's log as
a blob. time_check: say how the clock stands. live_view: send frames for a leased time. end_live_view: end that. hint:
show a line to whoever is at the kiosk. say: speak a line. live_extend: a live view may go on. record_still: take a
still for a work record. install_release: change to another release. retire: end for good, once everything is with the
county."""

type CommandId = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""Random. A station executes each id once, however often the command comes."""

MAX_VALID_MS = 7 * 86_400_000
"""How long a command may be valid at most. A station must remember each command for so long, to execute it only
once."""

MAX_LEASE_S = 600
"""How long one command may let the county look into the room."""


class LogTerms(Message, frozen=True, kw_only=True):
    """How much of the log ``send_logs`` wants."""

    kib: Annotated[int, Meta(ge=1, le=64)] = 32


class LiveTerms(Message, frozen=True, kw_only=True):
    """The lease of ``live_view``. The view ends as soon as one of these is used up."""

    seconds: Annotated[int, Meta(ge=5, le=MAX_LEASE_S)] = 120
    frames_a_minute: Annotated[int, Meta(ge=1, le=120)] = 30
    """At most; a slow line gives fewer."""
    kib: Annotated[int, Meta(ge=40, le=20_480)] = 5_120
    """Bytes of pictures alone, without what the line adds."""
    viewer: ShortText = ""
    """Who looks, in words for the kiosk: an office, never a person's name."""
    viewers: Annotated[list[ShortText], Meta(max_length=8)] = []
    """All who look, if there are several."""
    sound: bool = False
    """Sound goes with the pictures."""


class HintTerms(Message, frozen=True, kw_only=True):
    """What ``hint`` shows, and what people can answer."""

    line: Annotated[str, Meta(min_length=1, max_length=40)]
    answers: Annotated[list[CodeWord], Meta(max_length=4)] = []
    seconds: Annotated[int, Meta(ge=5, le=3_600)] = 60


class SayTerms(Message, frozen=True, kw_only=True):
    """What ``say`` speaks: an item of a ``clips`` bundle."""

    bundle: FileName
    item: FileName


class ReleaseTerms(Message, frozen=True, kw_only=True):
    """Which release ``install_release`` changes to."""

    release: ShortText
    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=2**40)]


class Command(VersionedMessage, frozen=True, kw_only=True):
    """A command to one station."""

    id: CommandId
    station: StationId
    order: ShortText
    """A `CommandKind`. A station refuses a command whose kind it does not know."""
    not_after: WallMs
    issuer: ShortText
    """Name of the account that gave it."""
    reason: LongText
    issued: WallMs = 0
    """The county's clock when it signed; 0 if the county does not tell it."""
    log: LogTerms = LogTerms()
    live: LiveTerms = LiveTerms()
    hint: HintTerms | None = None
    say: SayTerms | None = None
    record: Annotated[bytes, Meta(min_length=16, max_length=16)] | None = None
    """For ``record_still``: the work record."""
    release: ReleaseTerms | None = None


def seal_command(key: Ed25519PrivateKey, command: Command) -> bytes:
    """Sign and encode a command."""
    return seal(key, "cunhui command 1", encode(command))


def unseal_command(raw: bytes, *, station: str, public_keys: Mapping[bytes, bytes]) -> Command:
    """Read a command meant for ``station``. The station itself judges expiry, repetition and an unknown kind.

    Raises:
        Refused: As `protocol.signing.unseal`; ``wrong_station``.
    """
    command = decode(unseal(raw, "cunhui command 1", public_keys), Command)
    if command.station != station:
        raise Refused("wrong_station", f"a command for {command.station}")
    return command
