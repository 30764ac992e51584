"""Facts: what a station knows to have happened, in the order of its stream.

A fact's body is the MessagePack map of one of the types below with its ``kind``. It is encoded once, when it is
committed. These bytes are hashed and travel; nobody encodes the fact again. Each subject has a module of its own; here
they are one union and are read.
"""

import msgspec

from protocol.codec import decode, encode, has_only_later_words
from protocol.fact_base import MAX_BODY_BYTES, StationFact
from protocol.facts_learning import Attempt, LearningMode, LevelEnded, PackChosen, RunId
from protocol.facts_media import BlobAnnounced, BlobEvicted, BlobPurpose
from protocol.facts_public import (
    BallotsSealed,
    FeedbackGiven,
    FeedbackRated,
    MeetingStepped,
    RecordMade,
    RecordWithdrawn,
    ScoreGiven,
    SlipsSpent,
    VotesCounted,
)
from protocol.facts_requests import Agreed, PersonVouched, RequestKind, RequestMade, RequestWithdrawn
from protocol.facts_station import (
    AlarmCleared,
    AlarmRaised,
    BootCause,
    Booted,
    BundleTaken,
    ClockCorrected,
    CommandResult,
    ContactChanged,
    ContactKind,
    HelpAsked,
    HintAnswered,
    LiveEnd,
    LiveViewBegan,
    LiveViewEnded,
    ReaderBack,
    ReaderLost,
    Retired,
    Severity,
    ShutDown,
    UpdateStepped,
    WindowClosed,
)
from protocol.facts_stream import EpochOpened, EpochReason, FactsLost, Reissued
from protocol.facts_touch import DirectionChosen, NumberAnswer, NumberEntered, PinSet, Touch, TouchAnswer, VisitEnded
from protocol.phone_link import PhoneLinkShown
from protocol.refusal import Refused

__all__ = [
    "KINDS",
    "MAX_BODY_BYTES",
    "Agreed",
    "AlarmCleared",
    "AlarmRaised",
    "Attempt",
    "BallotsSealed",
    "BlobAnnounced",
    "BlobEvicted",
    "BlobPurpose",
    "BootCause",
    "Booted",
    "BundleTaken",
    "ClockCorrected",
    "CommandResult",
    "ContactChanged",
    "ContactKind",
    "DirectionChosen",
    "EpochOpened",
    "EpochReason",
    "Fact",
    "FactsLost",
    "FeedbackGiven",
    "FeedbackRated",
    "HelpAsked",
    "HintAnswered",
    "LearningMode",
    "LevelEnded",
    "LiveEnd",
    "LiveViewBegan",
    "LiveViewEnded",
    "MeetingStepped",
    "NumberAnswer",
    "NumberEntered",
    "PackChosen",
    "PersonVouched",
    "PhoneLinkShown",
    "PinSet",
    "ReaderBack",
    "ReaderLost",
    "RecordMade",
    "RecordWithdrawn",
    "Reissued",
    "RequestKind",
    "RequestMade",
    "RequestWithdrawn",
    "Retired",
    "RunId",
    "ScoreGiven",
    "Severity",
    "ShutDown",
    "SlipsSpent",
    "StationFact",
    "Touch",
    "TouchAnswer",
    "UpdateStepped",
    "VisitEnded",
    "VotesCounted",
    "WindowClosed",
    "decode_fact",
    "encode_fact",
]

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
    # From here on of contract 1.1.
    | NumberEntered
    | PinSet
    | VisitEnded
    | PhoneLinkShown
    | PackChosen
    | RequestMade
    | RequestWithdrawn
    | Agreed
    | PersonVouched
    | MeetingStepped
    | VotesCounted
    | RecordMade
    | RecordWithdrawn
    | FeedbackGiven
    | FeedbackRated
    | ScoreGiven
    | BallotsSealed
    | SlipsSpent
    | HintAnswered
    | BundleTaken
    | UpdateStepped
    | Retired
)


_DECODER: msgspec.msgpack.Decoder[Fact] = msgspec.msgpack.Decoder(Fact)
_TYPES: dict[str, type[StationFact]] = {str(kind.__struct_config__.tag): kind for kind in Fact.__value__.__args__}


class _Kind(msgspec.Struct):
    kind: str


KINDS = frozenset(_TYPES)
"""Every kind that this version reads."""


def encode_fact(fact: Fact) -> bytes:
    """Return the fact's body, as it is committed, hashed and sent."""
    return encode(fact)


def decode_fact(body: bytes) -> Fact:
    """Read a fact's body.

    Raises:
        Refused: ``too_large``, ``malformed``; and what a later version can read, so that it must be kept held:
            ``unknown_kind``, and ``unknown_value`` for a word of a closed list.
    """
    # The kind is read first and alone, because an unknown kind is no malformed fact: a later version can read it.
    kind = decode(body, _Kind, limit=MAX_BODY_BYTES).kind
    if kind not in KINDS:
        raise Refused("unknown_kind", f"fact kind {kind[:40]!r}")
    try:
        return _DECODER.decode(body)
    except msgspec.ValidationError as error:
        later = has_only_later_words(body, _TYPES[kind])
        raise Refused("unknown_value" if later else "malformed", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("malformed", str(error)) from error
