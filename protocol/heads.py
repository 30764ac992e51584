"""The signed head: a station's signature over how far its stream has got.

The record key signs the head and never a batch of facts, so that a station may send the same facts again in other
batches.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import signing
from protocol.codec import Message
from protocol.units import Epoch, Head, Signature, Through


class SignedHead(Message, frozen=True, kw_only=True, array_like=True):
    """``[epoch, through, head, signature]``: a station's chain value, signed by its record key."""

    epoch: Epoch
    through: Through
    head: Head
    signature: Signature


def _signed_bytes(*, station: str, epoch: bytes, through: int, head: bytes) -> bytes:
    return station.encode() + b"\x00" + epoch + through.to_bytes(8, "big") + head


def sign_head(key: Ed25519PrivateKey, *, station: str, epoch: bytes, through: int, head: bytes) -> SignedHead:
    """Sign ``head`` as the value of ``station``'s chain after ``through`` facts of ``epoch``."""
    message = _signed_bytes(station=station, epoch=epoch, through=through, head=head)
    return SignedHead(epoch=epoch, through=through, head=head, signature=signing.sign(key, "cunhui head 1", message))


def verify_head(public_key: bytes, *, station: str, signed: SignedHead) -> None:
    """Check that ``station``'s record key signed this head.

    Raises:
        Refused: ``bad_signature``.
    """
    message = _signed_bytes(station=station, epoch=signed.epoch, through=signed.through, head=signed.head)
    signing.verify(public_key, "cunhui head 1", message, signed.signature)
