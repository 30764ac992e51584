"""Facts of the county's own stream: what people decided in the county.

The stream is made as a station's is (`protocol.chain`, `protocol.heads`): its id begins with ``county-``, each fact has
a salted digest, and each head is signed by the county's record key. A fact names rows by table and id, and their
content only by salted digests, so that a name can be erased later and the chain still verifies. Each subject has a
module of its own; here the decisions are one union and are read.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from protocol.codec import Message, decode, encode
from protocol.decision_base import DecisionKind
from protocol.decisions_accounts import AccessReset, AccountChanged, AccountMade
from protocol.decisions_months import MonthClosed
from protocol.decisions_people import (
    CardBound,
    CardFound,
    CardLost,
    CardMoved,
    PersonChanged,
    PersonLeft,
    PersonMade,
    PinReset,
    RegionChanged,
    RequestAnswered,
    RowsImported,
    WindowChanged,
    WindowEnded,
    WindowMade,
)
from protocol.decisions_retention import Erased, FactsErased, HoldLifted, HoldSet
from protocol.decisions_stations import (
    BundlePublished,
    BundleWithdrawn,
    FactsWrittenOff,
    SettingChosen,
    StationClaimed,
    StationEnrolled,
    StationOrdered,
    StationRevoked,
)
from protocol.decisions_stream import (
    ClockConfirmed,
    CountyRestored,
    ManifestMade,
    RecordKeyReplaced,
    SigningKeyReplaced,
    StreamEnd,
    StreamOpened,
    TablesStated,
    prove_record_key,
    verify_record_key,
)
from protocol.facts import MAX_BODY_BYTES
from protocol.merkle import merkle_root
from protocol.refusal import Refused
from protocol.units import Sha256, ShortText, WallMs

__all__ = [
    "COUNTY_PREFIX",
    "KINDS",
    "MAX_ROWS",
    "RESERVED",
    "AccessReset",
    "AccountChanged",
    "AccountMade",
    "BundlePublished",
    "BundleWithdrawn",
    "CardBound",
    "CardFound",
    "CardLost",
    "CardMoved",
    "ClockConfirmed",
    "CountyFact",
    "CountyRestored",
    "Decided",
    "Decision",
    "Erased",
    "FactsErased",
    "FactsWrittenOff",
    "HoldLifted",
    "HoldSet",
    "ManifestMade",
    "MonthClosed",
    "PersonChanged",
    "PersonLeft",
    "PersonMade",
    "PinReset",
    "RecordKeyReplaced",
    "RegionChanged",
    "RequestAnswered",
    "Row",
    "Rows",
    "RowsImported",
    "SettingChosen",
    "SigningKeyReplaced",
    "StationClaimed",
    "StationEnrolled",
    "StationOrdered",
    "StationRevoked",
    "StreamEnd",
    "StreamOpened",
    "TablesStated",
    "WindowChanged",
    "WindowEnded",
    "WindowMade",
    "decode_decision",
    "is_the_countys",
    "prove_record_key",
    "row_digest",
    "rows_of",
    "verify_record_key",
]

COUNTY_PREFIX = "county-"
"""Ids of county streams begin so; no station may have such an id."""
RESERVED = ("county",)
"""Words that name the county where a station could be named."""
MAX_ROWS = 2**31 - 1

type Actor = Annotated[str, Meta(max_length=150)]
"""An account, ``station:ID``, ``cli:NAME`` or ``service``, as in the audit log."""
type Subject = Annotated[str, Meta(max_length=128)]


class Row(Message, frozen=True, kw_only=True, array_like=True):
    """``[table, id, digest]``: a row of the county's database as it stood after the decision.

    ``digest`` is `row_digest` of its content. It is nil if the decision removed the row.
    """

    table: ShortText
    id: ShortText
    digest: Sha256 | None


class Rows(Message, frozen=True, kw_only=True, array_like=True):
    """``[count, root]``: the rows that a decision wrote, as the root of a Merkle tree over them in their order."""

    count: Annotated[int, Meta(ge=1, le=MAX_ROWS)]
    root: Sha256


class Decided(DecisionKind, frozen=True, kw_only=True, tag="decided"):
    """A decision without a kind of its own: action and subject are those of its audit entry."""

    action: ShortText
    subject: Subject = ""


type Decision = (
    StreamOpened
    | TablesStated
    | RecordKeyReplaced
    | ManifestMade
    | PersonMade
    | PersonChanged
    | PersonLeft
    | CardBound
    | CardLost
    | CardFound
    | CardMoved
    | WindowMade
    | WindowChanged
    | WindowEnded
    | RegionChanged
    | RowsImported
    | AccountMade
    | AccountChanged
    | AccessReset
    | PinReset
    | BundlePublished
    | BundleWithdrawn
    | StationClaimed
    | StationEnrolled
    | StationRevoked
    | StationOrdered
    | SettingChosen
    | FactsWrittenOff
    | HoldSet
    | HoldLifted
    | Erased
    | FactsErased
    | CountyRestored
    | SigningKeyReplaced
    | ClockConfirmed
    | Decided
    | RequestAnswered
    | MonthClosed
)


class CountyFact(Message, frozen=True, kw_only=True):
    """A fact of the county: who decided what, when, and which rows were written for it.

    ``at`` and ``by`` are those of the audit entry whose hash is ``audit``. So the county's signature covers the audit
    log too, which has no signatures of its own.
    """

    at: WallMs
    by: Actor
    audit: Sha256
    what: Decision
    rows: Rows | None = None


KINDS: frozenset[str] = frozenset(str(kind.__struct_config__.tag) for kind in Decision.__value__.__args__)

_ROW = b"cunhui row 1\x00"


def is_the_countys(name: str) -> bool:
    """Return whether a station's id would be the county's own name."""
    return name in RESERVED or name.startswith(COUNTY_PREFIX)


def row_digest(*, salt: bytes, content: bytes) -> bytes:
    """Return the salted digest of a row's content: ``H("cunhui row 1" 00 || salt || content)``."""
    return hashlib.sha256(_ROW + salt + content).digest()


def rows_of(rows: Sequence[Row]) -> Rows | None:
    """Return what a fact says of ``rows``; None if there are none."""
    return Rows(count=len(rows), root=merkle_root([encode(row) for row in rows])) if rows else None


def decode_decision(body: bytes) -> CountyFact:
    """Read the body of a county's fact.

    Raises:
        Refused: ``too_large`` or ``malformed``; ``unknown_kind`` for a decision of a later version.
    """
    try:
        return decode(body, CountyFact, limit=MAX_BODY_BYTES)
    except Refused as refused:
        try:
            kind = decode(body, _AnyFact, limit=MAX_BODY_BYTES).what.kind
        except Refused:
            raise refused from None
        if kind not in KINDS:
            raise Refused("unknown_kind", f"decision of kind {kind[:64]!r}") from refused
        raise


class _AnyDecision(Message, frozen=True, kw_only=True):
    kind: str


class _AnyFact(Message, frozen=True, kw_only=True):
    what: _AnyDecision
