"""A bundle or an index as it travels and lies on the disk: a `protocol.signing.Signed` around its bytes.

Its name is the hash of the bytes inside, so a new signing key renames nothing.
"""

import hashlib

from protocol.codec import encode
from protocol.refusal import Refused
from protocol.signing import Signed, split_signed

_EMPTY = len(encode(Signed(key=bytes(8), payload=b"", signature=bytes(64))))


def sealed_size(size: int) -> int:
    """Return how long the `Signed` around so many bytes is. MessagePack states lengths in 1, 2 or 4 bytes (bin)."""
    return _EMPTY + size + (0 if size < 2**8 else 1 if size < 2**16 else 3)


def split_sealed(raw: bytes, *, sha256: bytes) -> tuple[bytes, bytes]:
    """Return the bytes inside and the signature that lies beside them. Nothing but the hash is proven yet.

    Raises:
        Refused: ``malformed``; ``wrong_hash``.
    """
    payload, beside = split_signed(raw, limit=len(raw))
    if hashlib.sha256(payload).digest() != sha256:
        raise Refused("wrong_hash", f"not the bytes of {sha256.hex()[:16]}")
    return payload, beside
