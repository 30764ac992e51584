"""Encode and decode MessagePack, within bounds and with one kind of refusal.

Wire messages are MessagePack maps (https://github.com/msgpack/msgpack/blob/master/spec.md)
with text keys. A reader ignores keys that it does not know, so a minor change adds a key.
"""

import msgspec

from protocol import MAJOR
from protocol.refusal import Refused

MAX_MESSAGE_BYTES = 65_536
"""Largest MQTT payload either side sends or reads."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Anything that travels as MessagePack. Subclasses add their fields."""


class VersionedMessage(Message, frozen=True, kw_only=True):
    """A message that states the contract's major version under the key ``v``."""

    v: int = MAJOR


def encode(message: msgspec.Struct) -> bytes:
    """Return ``message`` as one MessagePack value."""
    return msgspec.msgpack.encode(message)


def decode[T](raw: bytes, kind: type[T], *, limit: int = MAX_MESSAGE_BYTES) -> T:
    """Read one message.

    Args:
        raw: At most ``limit`` bytes.
        kind: The message type.

    Raises:
        Refused: ``too_large``, ``unknown_version`` or ``malformed``.
    """
    # The length is judged before anything is decoded, so that nobody can make a reader use up its memory.
    if len(raw) > limit:
        raise Refused("too_large", f"{len(raw)} bytes, at most {limit} are read")
    # RecursionError: a few kB of arrays, nested in one another, exhaust the stack.
    try:
        value: T = msgspec.msgpack.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("malformed", str(error)) from error
    version = getattr(value, "v", MAJOR)
    if version != MAJOR:
        raise Refused("unknown_version", f"major version {version}, this reader knows {MAJOR}")
    return value
