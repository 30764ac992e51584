"""How a connection begins and ends: birth and welcome, comparison of streams, will.

A station that has connected states where its stream stands. The county answers with its own place in that stream, its
generation, and the time, and repeats the birth's nonce. If the two streams differ, the station opens a new epoch, asks
with `Compare` how much of the old stream the county has, and re-issues the rest.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.heads import SignedHead
from protocol.receipts import MAX_HELD, Held
from protocol.refusal import Refused
from protocol.signing import Context, seal, unseal
from protocol.units import BootId, ClockRun, Epoch, Head, Nonce, Seq, ShortText, StationId, Through, WallMs

MAX_HEADS = 64
"""With each step back twice as long as the one before, so many heads reach from any stream's end to its start."""
NOT_TOLD = 0
"""``wall`` of a welcome whose county does not trust its own clock."""


class Birth(VersionedMessage, frozen=True, kw_only=True):
    """First message of a connection. It is sent again if no answer came, or if the time is still wanted."""

    station: StationId
    head: SignedHead
    boot: BootId
    nonce: Nonce
    """Names the connection, as its will does."""
    software: ShortText
    twin_version: Annotated[int, Meta(ge=0)] = 0
    """Version of the desired state that the station has; a county with a newer one sends it."""
    generation: Annotated[int, Meta(ge=0)] | None = None
    """The county's generation as the station knows it. None comes from an older station, which does not know
    `NOT_TOLD`."""
    question: Nonce | None = None
    """If present, the welcome repeats this nonce instead, so that a birth that is sent again asks for the time anew."""

    contract: Annotated[int, Meta(ge=0, le=1_000)] = 0
    """Minor version of the contract that the station speaks (`protocol.MINOR`); 0 from one that does not say."""
    release: ShortText = ""
    """The installed release by its name; empty on a station that was not installed from one."""
    image: ShortText = ""
    """The image of the system."""
    slot: ShortText = ""
    """Which of the system's places runs."""

    @property
    def asked(self) -> bytes:
        """The nonce that the welcome repeats."""
        return self.nonce if self.question is None else self.question


class HeadAtSeq(Message, frozen=True, kw_only=True, array_like=True):
    """``[seq, head]``: the station's chain value at a seq."""

    seq: Seq
    head: Head


class Welcome(VersionedMessage, frozen=True, kw_only=True):
    """The county's answer to a birth.

    ``through`` and ``head`` are the county's, for the birth's epoch; 0 and ``head(0)`` when it knows none of it.
    ``signed`` are the heads beyond ``through`` that the station has signed so far, rising in seq. If the outbox on the
    station's SD card does not lead to every one of them, that SD card is an older copy or a clone of the one that
    signed. ``wall`` counts as trusted time only when ``nonce`` is the newest question's and the answer came within 2 s;
    `NOT_TOLD` is no time. ``clock_run`` says which stretch of the county's clock told it.
    """

    station: StationId
    epoch: Epoch
    through: Through
    head: Head
    generation: Annotated[int, Meta(ge=1)]
    nonce: Nonce
    wall: WallMs
    held: Annotated[list[Held], Meta(max_length=MAX_HELD)] = []
    signed: Annotated[list[HeadAtSeq], Meta(max_length=MAX_HEADS)] = []
    clock_run: ClockRun | None = None
    contract: Annotated[int, Meta(ge=0, le=1_000)] = 0
    """Minor version of the contract that the county speaks. Until a welcome has said it, a station sends no message and
    no word that came with a later minor version than 0. Kinds of facts may come: the county holds them."""


class Compare(VersionedMessage, frozen=True, kw_only=True):
    """The station asks up to which seq of ``epoch`` the county has the same facts. ``marks`` fall in seq."""

    station: StationId
    epoch: Epoch
    marks: Annotated[list[HeadAtSeq], Meta(min_length=1, max_length=MAX_HEADS)]


class Match(VersionedMessage, frozen=True, kw_only=True):
    """Answer to `Compare`: the seq of the highest mark that agrees, or 0. All facts before it then agree too."""

    station: StationId
    epoch: Epoch
    through: Through


class Gone(VersionedMessage, frozen=True, kw_only=True):
    """The connection that began with ``nonce`` is over.

    ``broken`` is the will left with the broker at connect (MQTT 5.0, 3.1.2.5); the others are sent before a
    disconnect in good order.
    """

    station: StationId
    nonce: Nonce
    reason: Literal["broken", "shutdown", "restart"]


def seal_welcome(key: Ed25519PrivateKey, welcome: Welcome) -> bytes:
    """Sign and encode a welcome."""
    return seal(key, "cunhui welcome 1", encode(welcome))


def unseal_welcome(raw: bytes, *, station: str, public_keys: Mapping[bytes, bytes]) -> Welcome:
    """Read a welcome meant for ``station``.

    Raises:
        Refused: As `protocol.signing.unseal`; ``wrong_station``.
    """
    return _for_station(station, _open(raw, "cunhui welcome 1", public_keys, Welcome))


def seal_match(key: Ed25519PrivateKey, match: Match) -> bytes:
    """Sign and encode the answer to a comparison."""
    return seal(key, "cunhui match 1", encode(match))


def unseal_match(raw: bytes, *, station: str, public_keys: Mapping[bytes, bytes]) -> Match:
    """Read a match meant for ``station``.

    Raises:
        Refused: As `protocol.signing.unseal`; ``wrong_station``.
    """
    return _for_station(station, _open(raw, "cunhui match 1", public_keys, Match))


def _open[T](raw: bytes, context: Context, public_keys: Mapping[bytes, bytes], kind: type[T]) -> T:
    return decode(unseal(raw, context, public_keys), kind)


def _for_station[T: (Welcome, Match)](station: str, message: T) -> T:
    if message.station != station:
        raise Refused("wrong_station", f"a message for {message.station}")
    return message
