"""The envelope: consecutive facts of one stream with the signed head that they lead to."""

from typing import Annotated

from msgspec import Meta

from protocol import chain
from protocol.codec import Message, VersionedMessage, decode
from protocol.facts import MAX_BODY_BYTES
from protocol.heads import SignedHead
from protocol.refusal import Refused
from protocol.units import Salt, Seq, StationId

MAX_ENVELOPE_BYTES = 49_152
MAX_FACTS = 500
SENT_FACTS, SENT_FACT_BYTES = 200, 32_768
"""How many facts and bytes a station puts into one envelope. That is less than may be read, so that a lost envelope
costs little on a slow line."""


class SealedFact(Message, frozen=True, kw_only=True, array_like=True):
    """A fact as it travels: ``[salt, body]``."""

    salt: Salt
    body: Annotated[bytes, Meta(min_length=1, max_length=MAX_BODY_BYTES)]

    def digest(self) -> bytes:
        """Return the salted digest that enters the chain."""
        return chain.fact_digest(salt=self.salt, body=self.body)


class Envelope(VersionedMessage, frozen=True, kw_only=True):
    """Facts ``first`` … ``first + len(facts) - 1``; ``head.through`` is the last of them.

    ``alg`` names hash and signature (`chain.ALGORITHM_SHA256_ED25519`). ``enc`` is reserved for encryption of the
    bodies; it is 0 today, because TLS protects them on their way.
    """

    station: StationId
    first: Seq
    facts: Annotated[list[SealedFact], Meta(min_length=1, max_length=MAX_FACTS)]
    head: SignedHead
    alg: int = chain.ALGORITHM_SHA256_ED25519
    enc: int = 0


def decode_envelope(raw: bytes) -> Envelope:
    """Read an envelope and check all that can be checked without a key.

    Raises:
        Refused: ``too_large``, ``malformed``, ``unknown_version`` or ``unknown_algorithm``.
    """
    envelope = decode(raw, Envelope, limit=MAX_ENVELOPE_BYTES)
    if envelope.alg != chain.ALGORITHM_SHA256_ED25519 or envelope.enc != 0:
        raise Refused("unknown_algorithm", f"alg {envelope.alg}, enc {envelope.enc}")
    last = envelope.first + len(envelope.facts) - 1
    if envelope.head.through != last:
        raise Refused("malformed", f"facts end at seq {last}, the head at {envelope.head.through}")
    return envelope
