"""Commands of the county to a station: each is signed, expires, is executed once, and its result is a fact."""

from collections.abc import Mapping
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.refusal import Refused
from protocol.signing import seal, unseal
from protocol.units import LongText, ShortText, StationId, WallMs

type CommandKind = Literal[
    "identify", "snapshot", "restart_agent", "send_logs", "time_check", "live_view", "end_live_view"
]
"""What a command tells a station to do. identify: blink and beep so that a person finds the station. snapshot: take a
still of the room now. restart_agent: end in good order and begin anew. send_logs: send the end of the program's log as
a blob. time_check: say how the clock stands. live_view: send frames for a leased time. end_live_view: end that."""

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
