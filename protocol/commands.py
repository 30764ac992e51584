"""Commands: signed orders that expire, are executed once, and are answered by a fact."""

from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import VersionedMessage, decode, encode
from protocol.refusal import Refused
from protocol.signing import seal, unseal
from protocol.units import LongText, ShortText, StationId, WallMs

type Order = Literal["identify", "snapshot"]
"""identify: blink and beep so that a person finds the station. snapshot: take a still of the room now."""


class Command(VersionedMessage, frozen=True, kw_only=True):
    """An order to one station."""

    id: Annotated[bytes, Meta(min_length=16, max_length=16)]
    station: StationId
    order: Order
    not_after: WallMs
    issuer: ShortText
    """Account name of who ordered it."""
    reason: LongText


def seal_command(key: Ed25519PrivateKey, command: Command) -> bytes:
    """Sign and encode a command."""
    return seal(key, "cunhui command 1", encode(command))


def unseal_command(raw: bytes, *, station: str, public_keys: dict[bytes, bytes]) -> Command:
    """Read a command meant for ``station``. Expiry and repetition are the station's to judge.

    Raises:
        Refused: As `protocol.signing.unseal`; ``wrong_station``.
    """
    command = decode(unseal(raw, "cunhui command 1", public_keys), Command)
    if command.station != station:
        raise Refused("wrong_station", f"a command for {command.station}")
    return command
