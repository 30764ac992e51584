"""Decisions of the county's stream about itself: how it begins, what it watches, which keys sign."""

from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol import signing
from protocol.codec import Message
from protocol.decision_base import DecisionKind, Version
from protocol.units import Epoch, Head, PublicKey, Sha256, ShortText, Signature, Through

MAX_TABLES = 128


class StreamEnd(Message, frozen=True, kw_only=True):
    """Where an earlier stream of this county ends: ``through`` facts of ``epoch`` are there, though ``signed`` were
    signed for."""

    epoch: Epoch
    through: Through
    head: Head
    signed: Through


class StreamOpened(DecisionKind, frozen=True, kw_only=True, tag="stream_opened"):
    """The stream begins. Its rows are those that the county already had: nobody vouches for how they came to be.

    ``previous`` is nil in a county's first stream. A county that was restored from a backup opens a new one.
    """

    key: PublicKey
    tables: Annotated[list[ShortText], Meta(max_length=MAX_TABLES)]
    previous: StreamEnd | None = None


class TablesStated(DecisionKind, frozen=True, kw_only=True, tag="tables_stated"):
    """A new version of the program keeps watch over more tables; its rows are those that were in them."""

    tables: Annotated[list[ShortText], Meta(max_length=MAX_TABLES)]


class RecordKeyReplaced(DecisionKind, frozen=True, kw_only=True, tag="record_key_replaced"):
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


class ManifestMade(DecisionKind, frozen=True, kw_only=True, tag="manifest_made"):
    """The daily manifest ``number`` was made. The next manifest carries the head that this fact leads to."""

    number: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    root: Sha256


class CountyRestored(DecisionKind, frozen=True, kw_only=True, tag="county_restored"):
    """The county came back from a backup, for the ``generation``-th time."""

    generation: Version


class SigningKeyReplaced(DecisionKind, frozen=True, kw_only=True, tag="signing_key_replaced"):
    """The key changed with which the county signs what it sends to stations."""

    key: PublicKey


class ClockConfirmed(DecisionKind, frozen=True, kw_only=True, tag="clock_confirmed"):
    """A person confirmed the time of the county's machine."""


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
