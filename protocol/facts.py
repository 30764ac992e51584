"""Facts: what a station knows to have happened, in the order of its stream.

A fact's body is the MessagePack map of one of the types below with its ``kind``. It is encoded once, when it is
committed. These bytes are hashed and travel; nobody encodes the fact again.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.codec import Message, decode, encode
from protocol.refusal import Refused
from protocol.units import (
    BootId,
    CardToken,
    ClockQuality,
    ClockRun,
    Direction,
    Epoch,
    FactRef,
    LongText,
    Moment,
    MonoMs,
    Salt,
    Seq,
    Sha256,
    ShortText,
    Through,
    WallMs,
)

MAX_BODY_BYTES = 8_192
"""Largest fact body. Anything bigger is a blob."""

type TouchAnswer = Literal["recorded", "repeat", "unknown", "lost"]
"""What the screen said to the person: 打卡成功, 已打卡, 已记录，待县里核对, 请联系镇办."""

type ContactKind = Literal["door", "motion"]
type BlobPurpose = Literal["touch", "requested", "random", "door", "record", "log"]
"""Why a blob was made. A picture: of a touch, on the county's command, at a random moment of a duty window, at a door's
opening, for a work record. ``log`` is no picture but the end of the program's log."""
type BootCause = Literal["power_on", "restart"]
type EpochReason = Literal["first", "ahead", "differs", "corrupt"]
type Severity = Literal["info", "minor", "major", "critical"]
"""提示 一般 重要 紧急."""


class _Fact(Message, frozen=True, kw_only=True, tag_field="kind"):
    at: Moment


class Touch(_Fact, frozen=True, kw_only=True, tag="touch"):
    """A card was touched. What it means is derived later; ``answer`` and ``direction`` are what the person saw."""

    card: CardToken
    reader: ShortText
    answer: TouchAnswer
    direction: Direction | None = None


class DirectionChosen(_Fact, frozen=True, kw_only=True, tag="direction_chosen"):
    """The person corrected the direction of their touch: a key chose it and their card, touched again, confirmed it."""

    touch: FactRef
    direction: Direction


class Booted(_Fact, frozen=True, kw_only=True, tag="booted"):
    """The agent began. ``last_alive`` is the last moment at which the run before is known to have lived: at most 10
    minutes before its end."""

    cause: BootCause
    software: ShortText
    last_alive: Moment | None = None


class ShutDown(_Fact, frozen=True, kw_only=True, tag="shut_down"):
    """The agent ended in good order."""


class ReaderLost(_Fact, frozen=True, kw_only=True, tag="reader_lost"):
    """From here on no card can be read by ``reader``."""

    reader: ShortText


class ReaderBack(_Fact, frozen=True, kw_only=True, tag="reader_back"):
    """From here on cards can be read by ``reader``."""

    reader: ShortText


class ContactChanged(_Fact, frozen=True, kw_only=True, tag="contact_changed"):
    """A door opened or closed, or something moved where nobody is on duty.

    ``flapping``: it changes too often. From here on no change is stated until the input has been calm.
    """

    input: ShortText
    sensor: ContactKind
    active: bool
    """The door is open, or something moves."""
    flapping: bool = False


class WindowClosed(_Fact, frozen=True, kw_only=True, tag="window_closed"):
    """No touch can count for a duty window any more. The station was up until then, so its record covers the window."""

    window: ShortText
    date: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")]
    closed: WallMs


class ClockCorrected(_Fact, frozen=True, kw_only=True, tag="clock_corrected"):
    """At ``mono`` of ``boot`` the true time was ``wall``. This dates those facts of the boot that have no better time.

    ``county`` stands over ``ntp``. ``modem`` and ``rtc`` are not signed, so they date nothing.
    """

    boot: BootId
    mono: MonoMs
    wall: WallMs
    source: Literal["county", "ntp", "modem", "rtc"]
    before: ClockQuality
    clock_run: ClockRun | None = None
    """For ``county``: which stretch of the county's clock told the time. If the county learns later that this clock was
    wrong, it dates the boot anew."""


class EpochOpened(_Fact, frozen=True, kw_only=True, tag="epoch_opened"):
    """First fact of every stream: why it was opened, and how far the county has the stream before."""

    reason: EpochReason
    previous: Epoch | None = None
    matched: Through = 0


class Reissued(_Fact, frozen=True, kw_only=True, tag="reissued"):
    """A fact of an earlier stream, byte for byte. Its identity stays ``(epoch, seq)`` of that stream."""

    epoch: Epoch
    seq: Seq
    salt: Salt
    body: Annotated[bytes, Meta(max_length=MAX_BODY_BYTES)]


class FactsLost(_Fact, frozen=True, kw_only=True, tag="facts_lost"):
    """The facts ``first`` to ``last`` of ``epoch`` can't be recovered. The ledger shows them as lost."""

    epoch: Epoch
    first: Seq
    last: Seq


class BlobAnnounced(_Fact, frozen=True, kw_only=True, tag="blob_announced"):
    """A file whose bytes follow in chunks under the facts, named by its SHA-256."""

    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=64 * 2**20)]
    media_type: ShortText
    purpose: BlobPurpose
    about: FactRef | None = None


class BlobEvicted(_Fact, frozen=True, kw_only=True, tag="blob_evicted"):
    """The station gave up the bytes of an announced blob before the county had them."""

    sha256: Sha256
    reason: Literal["disk", "data", "damaged"]


class Attempt(_Fact, frozen=True, kw_only=True, tag="attempt"):
    """A question was answered. ``chosen`` are the option numbers of the pack (from 0), in the order given."""

    run: Annotated[bytes, Meta(min_length=8, max_length=8)]
    pack: ShortText
    pack_version: int
    level: ShortText
    question: ShortText
    chosen: Annotated[list[Annotated[int, Meta(ge=0, le=5)]], Meta(max_length=6)]
    right: bool
    lives_left: Annotated[int, Meta(ge=0, le=3)]


class LevelEnded(_Fact, frozen=True, kw_only=True, tag="level_ended"):
    """A run through a level came to its end."""

    run: Annotated[bytes, Meta(min_length=8, max_length=8)]
    pack: ShortText
    pack_version: int
    level: ShortText
    passed: bool
    stars: Annotated[int, Meta(ge=0, le=3)]


class HelpAsked(_Fact, frozen=True, kw_only=True, tag="help_asked"):
    """Someone pressed 9 on a screen."""

    screen: ShortText


class CommandResult(_Fact, frozen=True, kw_only=True, tag="command_result"):
    """What became of a command."""

    command: Annotated[bytes, Meta(min_length=16, max_length=16)]
    outcome: Literal["done", "failed", "refused"]
    detail: LongText = ""
    """Why it failed or was refused: a code and, if there is more to say, a colon and English."""
    figures: Annotated[dict[ShortText, int], Meta(max_length=16)] = {}
    """Numbers about what was done, by name: bytes, frames, milliseconds."""


type LiveEnd = Literal["time", "data", "link", "camera", "kiosk", "county", "stopped"]
"""What ended a live view. time: its lease is over. data: its own data or the month's ran out. link: the line broke.
camera: no pictures came. kiosk: there is no kiosk to announce it on. county: the county ended it. stopped: the agent
itself ended."""


class LiveViewBegan(_Fact, frozen=True, kw_only=True, tag="live_view_began"):
    """From here on the county looks into the room, and the kiosk says so."""

    command: Annotated[bytes, Meta(min_length=16, max_length=16)]
    issuer: ShortText
    """Name of the account that asked for it."""
    viewer: ShortText
    """Who looks, in the kiosk's words."""
    reason: LongText
    seconds: Annotated[int, Meta(ge=1, le=600)]


class LiveViewEnded(_Fact, frozen=True, kw_only=True, tag="live_view_ended"):
    """Nobody looks any more. ``sent_bytes`` are those of the pictures."""

    command: Annotated[bytes, Meta(min_length=16, max_length=16)]
    why: LiveEnd
    frames: Annotated[int, Meta(ge=0)]
    sent_bytes: Annotated[int, Meta(ge=0)]
    seconds: Annotated[int, Meta(ge=0)]


class AlarmRaised(_Fact, frozen=True, kw_only=True, tag="alarm_raised"):
    """Something happened, or is the case, that a person in the county must see."""

    code: ShortText
    severity: Severity
    detail: LongText = ""


class AlarmCleared(_Fact, frozen=True, kw_only=True, tag="alarm_cleared"):
    """The alarm with this code is over: the station has seen that it is well again."""

    code: ShortText


type Fact = (
    Touch
    | DirectionChosen
    | Booted
    | ShutDown
    | ReaderLost
    | ReaderBack
    | ContactChanged
    | WindowClosed
    | ClockCorrected
    | EpochOpened
    | Reissued
    | FactsLost
    | BlobAnnounced
    | BlobEvicted
    | Attempt
    | LevelEnded
    | HelpAsked
    | CommandResult
    | LiveViewBegan
    | LiveViewEnded
    | AlarmRaised
    | AlarmCleared
)


_DECODER: msgspec.msgpack.Decoder[Fact] = msgspec.msgpack.Decoder(Fact)


class _Kind(msgspec.Struct):
    kind: str


KINDS = frozenset(str(kind.__struct_config__.tag) for kind in Fact.__value__.__args__)
"""Every kind that this version reads."""


def encode_fact(fact: Fact) -> bytes:
    """Return the fact's body, as it is committed, hashed and sent."""
    return encode(fact)


def decode_fact(body: bytes) -> Fact:
    """Read a fact's body.

    Raises:
        Refused: ``too_large``, ``unknown_kind`` (a later version's fact: keep it held) or ``malformed``.
    """
    # The kind is read first and alone, because an unknown kind is no malformed fact: a later version can read it.
    kind = decode(body, _Kind, limit=MAX_BODY_BYTES).kind
    if kind not in KINDS:
        raise Refused("unknown_kind", f"fact kind {kind[:40]!r}")
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("malformed", str(error)) from error
