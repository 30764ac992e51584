"""Facts of the county's own stream: what people decided in the county.

The stream is made as a station's is (`protocol.chain`, `protocol.heads`): its id begins with ``county-``, each fact has
a salted digest, and each head is signed by the county's record key. A fact names rows by table and id, and their
content only by salted digests, so that a name can be erased later and the chain still verifies.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol import signing
from protocol.codec import Message, decode, encode
from protocol.facts import MAX_BODY_BYTES
from protocol.merkle import merkle_root
from protocol.refusal import Refused
from protocol.units import (
    Epoch,
    Head,
    LongText,
    PublicKey,
    Seq,
    Sha256,
    ShortText,
    Signature,
    StationId,
    Through,
    WallMs,
)

COUNTY_PREFIX = "county-"
"""Ids of county streams begin so; no station may have such an id."""
RESERVED = ("county",)
"""Words that name the county where a station could be named."""
MAX_ROWS = 2**31 - 1
MAX_TABLES = 128

type Actor = Annotated[str, Meta(max_length=150)]
"""An account, ``station:ID``, ``cli:NAME`` or ``service``, as in the audit log."""
type RowNumber = Annotated[int, Meta(ge=0, le=2**63 - 1)]
type RegionCode = Annotated[str, Meta(pattern=r"^[0-9]{12}\Z")]
type Version = Annotated[int, Meta(ge=0, le=2**53 - 1)]
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


class StreamEnd(Message, frozen=True, kw_only=True):
    """Where an earlier stream of this county ends: ``through`` facts of ``epoch`` are there, though ``signed`` were
    signed for."""

    epoch: Epoch
    through: Through
    head: Head
    signed: Through


class _Decision(Message, frozen=True, kw_only=True, tag_field="kind"):
    pass


class StreamOpened(_Decision, frozen=True, kw_only=True, tag="stream_opened"):
    """The stream begins. Its rows are those that the county already had: nobody vouches for how they came to be.

    ``previous`` is nil in a county's first stream. A county that was restored from a backup opens a new one.
    """

    key: PublicKey
    tables: Annotated[list[ShortText], Meta(max_length=MAX_TABLES)]
    previous: StreamEnd | None = None


class TablesStated(_Decision, frozen=True, kw_only=True, tag="tables_stated"):
    """A new version of the program keeps watch over more tables; its rows are those that were in them."""

    tables: Annotated[list[ShortText], Meta(max_length=MAX_TABLES)]


class RecordKeyReplaced(_Decision, frozen=True, kw_only=True, tag="record_key_replaced"):
    """From the next fact on another record key signs. The head of this fact is signed by the old key, ``proof`` by the
    new one (`prove_record_key`).

    ``stolen``: others may have had the old key. Then only what was witnessed stands without doubt: up to the manifest
    ``witnessed``, of which stations keep the root (0: none).
    """

    old: PublicKey
    new: PublicKey
    proof: Signature
    stolen: bool = False
    witnessed: Version = 0


class ManifestMade(_Decision, frozen=True, kw_only=True, tag="manifest_made"):
    """The daily manifest ``number`` was made. The next manifest carries the head that this fact leads to."""

    number: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    root: Sha256


class PersonMade(_Decision, frozen=True, kw_only=True, tag="person_made"):
    """A person was put on file."""

    person: RowNumber


class PersonChanged(_Decision, frozen=True, kw_only=True, tag="person_changed"):
    """Name, village, post or unit of a person changed."""

    person: RowNumber


class PersonLeft(_Decision, frozen=True, kw_only=True, tag="person_left"):
    """A person no longer belongs to the county's staff."""

    person: RowNumber


class CardBound(_Decision, frozen=True, kw_only=True, tag="card_bound"):
    """A card was given to a person."""

    card: RowNumber
    person: RowNumber


class CardLost(_Decision, frozen=True, kw_only=True, tag="card_lost"):
    """A card was reported as lost."""

    card: RowNumber


class CardFound(_Decision, frozen=True, kw_only=True, tag="card_found"):
    """A lost card is in its owner's hands again."""

    card: RowNumber


class CardMoved(_Decision, frozen=True, kw_only=True, tag="card_moved"):
    """A card was taken from a wrong person and given to ``person``; nil: to nobody."""

    card: RowNumber
    person: RowNumber | None = None


class WindowMade(_Decision, frozen=True, kw_only=True, tag="window_made"):
    """A duty window was made."""

    window: RowNumber


class WindowChanged(_Decision, frozen=True, kw_only=True, tag="window_changed"):
    """Name, times or people of a duty window changed."""

    window: RowNumber


class WindowEnded(_Decision, frozen=True, kw_only=True, tag="window_ended"):
    """A duty window ends."""

    window: RowNumber


class RegionChanged(_Decision, frozen=True, kw_only=True, tag="region_changed"):
    """A region was made, renamed, given another code, merged or ended; ``code`` is its code after that."""

    code: RegionCode


class RowsImported(_Decision, frozen=True, kw_only=True, tag="rows_imported"):
    """A list was imported; the rows say what it wrote."""


class AccountMade(_Decision, frozen=True, kw_only=True, tag="account_made"):
    """An account was made. ``region`` is the code of the region whose subtree it sees."""

    account: RowNumber
    role: ShortText
    region: RegionCode | None = None


class AccountChanged(_Decision, frozen=True, kw_only=True, tag="account_changed"):
    """Role, region or activity of an account changed; the values are the new ones."""

    account: RowNumber
    role: ShortText
    region: RegionCode | None = None
    active: bool = True


class AccessReset(_Decision, frozen=True, kw_only=True, tag="access_reset"):
    """The means by which an account signs in was set or reset."""

    account: RowNumber
    means: Literal["password", "second_factor", "link"]


class PinReset(_Decision, frozen=True, kw_only=True, tag="pin_reset"):
    """The township reset a person's PIN."""

    person: RowNumber


class BundlePublished(_Decision, frozen=True, kw_only=True, tag="bundle_published"):
    """A document went out to stations. ``form`` is the kind of bundle, or ``pack``."""

    form: ShortText
    id: ShortText
    version: Version
    sha256: Sha256


class BundleWithdrawn(_Decision, frozen=True, kw_only=True, tag="bundle_withdrawn"):
    """A document was taken back from stations."""

    form: ShortText
    id: ShortText
    version: Version


class StationClaimed(_Decision, frozen=True, kw_only=True, tag="station_claimed"):
    """A claim code was made for a station."""

    station: StationId
    village: RegionCode


class StationEnrolled(_Decision, frozen=True, kw_only=True, tag="station_enrolled"):
    """A board was taken in as a station by a claim code; from now on its record key signs the station's facts."""

    station: StationId
    record_key: PublicKey


class StationRevoked(_Decision, frozen=True, kw_only=True, tag="station_revoked"):
    """A station was revoked for good."""

    station: StationId


class StationOrdered(_Decision, frozen=True, kw_only=True, tag="station_ordered"):
    """A command was given to a station."""

    station: StationId
    order: ShortText


class SettingChosen(_Decision, frozen=True, kw_only=True, tag="setting_chosen"):
    """A setting was chosen for a station or a region; an empty value takes the choice back."""

    place: ShortText
    name: ShortText
    value: LongText


class FactsWrittenOff(_Decision, frozen=True, kw_only=True, tag="facts_written_off"):
    """A person decided that facts of a station stay unread."""

    station: StationId
    epoch: Epoch
    first: Seq
    last: Seq
    count: Annotated[int, Meta(ge=1, le=2**53 - 1)]


class HoldSet(_Decision, frozen=True, kw_only=True, tag="hold_set"):
    """Something is kept past its retention, because a case needs it."""

    what: ShortText


class HoldLifted(_Decision, frozen=True, kw_only=True, tag="hold_lifted"):
    """Something is no longer kept past its retention."""

    what: ShortText


class Erased(_Decision, frozen=True, kw_only=True, tag="erased"):
    """Content was erased because its time was over or its owner asked. Its digests stay.

    ``contents`` earlier contents of ``rows`` (ids in ``table``) were erased from the county's records of decisions.
    """

    table: ShortText
    ids: Annotated[list[ShortText], Meta(min_length=1, max_length=100)]
    contents: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0


class FactsErased(_Decision, frozen=True, kw_only=True, tag="facts_erased"):
    """The content of ``facts`` facts of stations was erased at the end of its time; ``digest`` covers which."""

    holding: ShortText
    facts: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    digest: Sha256


class CountyRestored(_Decision, frozen=True, kw_only=True, tag="county_restored"):
    """The county came back from a backup, for the ``generation``-th time."""

    generation: Version


class SigningKeyReplaced(_Decision, frozen=True, kw_only=True, tag="signing_key_replaced"):
    """The key changed with which the county signs what it sends to stations."""

    key: PublicKey


class ClockConfirmed(_Decision, frozen=True, kw_only=True, tag="clock_confirmed"):
    """A person confirmed the time of the county's machine."""


class Decided(_Decision, frozen=True, kw_only=True, tag="decided"):
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


def _key_change(*, county: str, epoch: bytes, old: bytes, new: bytes) -> bytes:
    return county.encode() + b"\x00" + epoch + old + new


def prove_record_key(key: Ed25519PrivateKey, *, county: str, epoch: bytes, old: bytes) -> bytes:
    """Return the signature with which a new record key takes over from ``old`` in a stream (`RecordKeyReplaced`)."""
    message = _key_change(county=county, epoch=epoch, old=old, new=key.public_key().public_bytes_raw())
    return signing.sign(key, "cunhui record key 1", message)


def verify_record_key(change: RecordKeyReplaced, *, county: str, epoch: bytes) -> None:
    """Check that the new key took over itself.

    Raises:
        Refused: ``bad_signature``.
    """
    message = _key_change(county=county, epoch=epoch, old=change.old, new=change.new)
    signing.verify(change.new, "cunhui record key 1", message, change.proof)
