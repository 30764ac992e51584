"""A county's table of working days as a signed file, which another county can read.

The file is a `protocol.signing.Signed` over a `CalendarTable`, which names the whole key. So the signature proves that
whoever has this key made exactly this table, and no more. Whose key it is, the reader learns from its `fingerprint`.
"""

import datetime as dt
import hashlib
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.refusal import Refused
from protocol.signing import key_id, seal, split_signed, unseal
from protocol.units import PublicKey, ShortText, WallMs

MAX_TABLE_BYTES = 262_144
MAX_DAYS = 2_000
_SHOWN_DIGITS = 32


class CalendarDay(Message, frozen=True, kw_only=True, array_like=True):
    """``[date, working, name]``: what the county says of a date."""

    date: dt.date
    working: bool
    name: ShortText


class CalendarTable(VersionedMessage, frozen=True, kw_only=True):
    """All that a county itself says of its working days. ``issuer`` is its own name for itself, ``key`` signs."""

    issuer: ShortText
    key: PublicKey
    made_at: WallMs
    days: Annotated[list[CalendarDay], Meta(max_length=MAX_DAYS)]


def seal_table(key: Ed25519PrivateKey, *, issuer: str, made_at: int, days: list[CalendarDay]) -> bytes:
    """Return the file."""
    public = key.public_key().public_bytes_raw()
    table = CalendarTable(issuer=issuer, key=public, made_at=made_at, days=days)
    return seal(key, "cunhui calendar 1", encode(table))


def unseal_table(raw: bytes) -> CalendarTable:
    """Read a file, and check that the key that it names has signed it.

    Raises:
        Refused: ``malformed``, ``too_large``, ``unknown_version``, ``unknown_key`` or ``bad_signature``.
    """
    payload, _ = split_signed(raw, limit=MAX_TABLE_BYTES)
    table = decode(payload, CalendarTable, limit=MAX_TABLE_BYTES)
    unseal(raw, "cunhui calendar 1", {key_id(table.key): table.key}, limit=MAX_TABLE_BYTES)
    if len({day.date for day in table.days}) != len(table.days):
        raise Refused("malformed", "a date stands there twice")
    return table


def fingerprint(key: bytes) -> str:
    """Return the first 128 bits of a key's SHA-256 in groups of four digits, for two people to compare by telephone."""
    digits = hashlib.sha256(key).hexdigest()[:_SHOWN_DIGITS].upper()
    return " ".join(digits[n : n + 4] for n in range(0, _SHOWN_DIGITS, 4))
