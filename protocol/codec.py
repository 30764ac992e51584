"""Encode and decode MessagePack, within bounds and with one kind of refusal.

Wire messages are MessagePack maps (https://github.com/msgpack/msgpack/blob/master/spec.md)
with text keys. A reader ignores keys that it does not know, so a minor change adds a key.
"""

from typing import Any

import msgspec

from protocol import MAJOR
from protocol.later import LaterWord, with_known_words, without_later_words
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

    Words of closed lists that only a later version knows are left out (`protocol.later`).

    Raises:
        Refused: ``too_large``, ``unknown_version``, ``malformed``, or ``unknown_value``: a word that it needs is of a
            later version.
    """
    # The length is judged before anything is decoded, so that nobody can make a reader use up its memory.
    if len(raw) > limit:
        raise Refused("too_large", f"{len(raw)} bytes, at most {limit} are read")
    # RecursionError: a few kB of arrays, nested in one another, exhaust the stack.
    try:
        value: T = msgspec.msgpack.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        value = _without_later_words(raw, kind, error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("malformed", str(error)) from error
    version = getattr(value, "v", MAJOR)
    if version != MAJOR:
        raise Refused("unknown_version", f"major version {version}, this reader knows {MAJOR}")
    return value


def _without_later_words[T](raw: bytes, kind: type[T], why: msgspec.ValidationError) -> T:
    """Read a message again that may have words of a later version. ``why`` says why it could not be read."""
    try:
        value = msgspec.msgpack.decode(raw)
        try:
            read: T = _as(without_later_words(value, kind), kind)
        except LaterWord:
            _as(with_known_words(value, kind), kind)
            raise Refused("unknown_value", str(why)) from why
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused("malformed", str(why)) from why
    return read


def _as(value: Any, kind: Any) -> Any:
    # Through bytes, because a conversion between Python's types would also take text for bytes.
    return msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind)


def has_only_later_words(raw: bytes, kind: type) -> bool:
    """Tell whether words of a later version are all for which ``raw`` can't be read as ``kind``."""
    try:
        _as(with_known_words(msgspec.msgpack.decode(raw), kind), kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
