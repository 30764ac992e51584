"""The small types that every message is made of, with their units and bounds."""

import re
from typing import Annotated, Literal

from msgspec import Meta

from protocol.codec import Message

type StationId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{3,31}\Z")]
"""MQTT client id, user name and certificate common name of a station, all three the same."""

type Epoch = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""128 random bits that name a stream; together with a seq they name a fact for ever."""

type Seq = Annotated[int, Meta(ge=1, le=2**53 - 1)]
"""A fact's place in its stream: 1, 2, 3, … without gaps."""

type Through = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""The last seq of a gap-free run from 1; 0 is "none yet"."""

type Sha256 = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""A SHA-256 value (FIPS 180-4)."""

MAX_BLOB_BYTES = 64 * 2**20

type BlobSize = Annotated[int, Meta(ge=1, le=MAX_BLOB_BYTES)]
"""Bytes of a file that a station sends in chunks."""

type Head = Sha256
"""The chain's value after a seq, see `protocol.chain`."""

type Salt = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""Random, so that nobody can find an erased body by trying bodies until the digest fits."""

type Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
"""Ed25519 (RFC 8032, section 5.1)."""

type PublicKey = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""Ed25519 public key, the raw 32 bytes of RFC 8032, section 5.1.5."""

type Nonce = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""Random, used once."""

type BootId = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""The kernel's boot id (/proc/sys/kernel/random/boot_id) as 16 bytes."""

type ClockRun = Annotated[bytes, Meta(min_length=8, max_length=8)]
"""Random; names a stretch in which the county's clock ran on without a step, in one boot of its machine."""

type WallMs = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""Milliseconds since 1970-01-01T00:00:00Z without leap seconds."""

LAST_WALL_MS = 7_258_118_399_999
"""The last millisecond of the year 2199. No station's real-time clock counts further, and nobody means a later date.

Whoever reckons with a stored time adds days to it, which must not run out of the calendar. The county holds a fact that
states a later one.
"""

type MonoMs = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""Milliseconds of CLOCK_BOOTTIME: since this boot, counting sleep."""

type DurationMs = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""Milliseconds from one moment to another."""

type CardToken = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""Keyed hash of a card's UID, see `protocol.cards`."""

MAX_SHORT_TEXT, MAX_LONG_TEXT = 64, 400
type ShortText = Annotated[str, Meta(max_length=MAX_SHORT_TEXT)]
type LongText = Annotated[str, Meta(max_length=MAX_LONG_TEXT)]

type PersonId = ShortText
"""A person's id in the county's list, as in `protocol.twin.Person`; empty for nobody whom the station knows."""

_FILE_NAME = r"^(?!.*\.\.)[^/\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+\Z"
type FileName = Annotated[str, Meta(min_length=1, max_length=MAX_SHORT_TEXT, pattern=_FILE_NAME)]
"""A name that can be no path: no ``/``, no ``\\``, no ``..``, no control character and none that turns the direction of
text."""


def is_file_name(text: str) -> bool:
    """Tell whether a text is a `FileName`."""
    return len(text) <= MAX_SHORT_TEXT and re.match(_FILE_NAME, text) is not None


type CodeWord = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.:-]{0,63}\Z")]
"""A code of an open list: its meaning is settled between a feature's two ends, and a reader shows one that it does not
know as it is."""

type CodeWordOrNone = Annotated[str, Meta(pattern=r"^([a-z][a-z0-9_.:-]{0,63})?\Z")]
"""A `CodeWord`, or an empty string where none is said."""

type RegionPrefix = Annotated[str, Meta(pattern=r"^[0-9]{0,12}\Z")]
"""The beginning of a 12-digit statistical code: everything below that region. Empty: the whole county."""

type DayText = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
"""A date in Asia/Shanghai, ISO 8601."""

type TextSizeName = Literal["normal", "large", "largest"]
"""How large the text of a kiosk's screen is."""

type ClockQuality = Literal["synced", "holdover", "restored", "unknown"]
"""synced: trusted now. holdover: synced earlier in this boot. restored: taken over from the disk, an RTC or a modem.
unknown: none of these."""
DATED_QUALITIES: tuple[ClockQuality, ...] = ("synced", "holdover")
"""Only with these qualities does the station know the time, and can date a fact."""

type Direction = Literal["in", "out"]
"""上班 or 下班."""


class Moment(Message, frozen=True, kw_only=True, array_like=True):
    """``[wall, boot, mono, quality]``: when something happened, as a station without a clock battery knows it.

    The order of facts comes from their seq, never from their moments. ``wall`` counts only as far as ``quality`` says.
    With ``boot`` and ``mono`` a later `ClockCorrected` fact of the same boot can date the moment.
    """

    wall: WallMs
    boot: BootId
    mono: MonoMs
    quality: ClockQuality


class FactRef(Message, frozen=True, kw_only=True):
    """The identity of a fact of the same station under which it was first committed."""

    epoch: Epoch
    seq: Seq
