"""The county's word that facts are safe: published after its database COMMIT, never before."""

from collections.abc import Mapping
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.refusal import Refused
from protocol.signing import seal, unseal
from protocol.units import Epoch, Head, Seq, Sha256, ShortText, StationId, Through

MAX_HELD = 500
"""How many fit one message. If more are held, several receipts with the same ``through`` follow one another."""


class Held(Message, frozen=True, kw_only=True):
    """A fact that the county keeps unread until a person has looked at it. The station keeps it too and stops sending
    it."""

    seq: Seq
    digest: Sha256
    reason: ShortText


class Receipt(VersionedMessage, frozen=True, kw_only=True):
    """The county has every fact of ``epoch`` up to ``through`` on disk; those in ``held`` it could not read.

    ``head`` is the county's own chain value at ``through``. ``generation`` rises each time the county comes back from a
    backup. With a higher generation ``through`` may be lower than before.
    """

    station: StationId
    epoch: Epoch
    through: Through
    head: Head
    generation: Annotated[int, Meta(ge=1)]
    held: Annotated[list[Held], Meta(max_length=MAX_HELD)] = []


def seal_receipt(key: Ed25519PrivateKey, receipt: Receipt) -> bytes:
    """Sign and encode a receipt."""
    return seal(key, "cunhui receipt 1", encode(receipt))


def unseal_receipt(raw: bytes, *, station: str, public_keys: Mapping[bytes, bytes]) -> Receipt:
    """Read a receipt meant for ``station``.

    Raises:
        Refused: As `protocol.signing.unseal`; ``wrong_station``.
    """
    receipt = decode(unseal(raw, "cunhui receipt 1", public_keys), Receipt)
    if receipt.station != station:
        raise Refused("wrong_station", f"a receipt for {receipt.station}")
    return receipt
