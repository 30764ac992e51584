"""The hash chain over a station's facts.

``digest = H("cunhui fact 1" 00 || salt || body)``; ``head(0) = H("cunhui head 1" 00 || station 00 || epoch)``;
``head(n) = H(head(n-1) || seq as 8 bytes big-endian || digest)``; H is SHA-256 (FIPS 180-4).
For privacy a body can be erased together with its salt. The digest then says nothing about the body, because nobody can
try bodies without the salt, and the chain still verifies.
"""

import hashlib

# The zero byte ends each prefix, so that no prefix can be the beginning of another.
_FACT = b"cunhui fact 1\x00"
_HEAD = b"cunhui head 1\x00"

ALGORITHM_SHA256_ED25519 = 1
"""Algorithm id of this module's hash together with Ed25519. Others (SM3 with SM2) get other numbers."""


def fact_digest(*, salt: bytes, body: bytes) -> bytes:
    """Return the 32-byte salted digest of a fact's encoded body."""
    return hashlib.sha256(_FACT + salt + body).digest()


def first_head(*, station: str, epoch: bytes) -> bytes:
    """Return ``head(0)``, which binds a stream to its station and epoch."""
    return hashlib.sha256(_HEAD + station.encode() + b"\x00" + epoch).digest()


def next_head(previous: bytes, *, seq: int, digest: bytes) -> bytes:
    """Return ``head(seq)`` from ``head(seq - 1)``."""
    return hashlib.sha256(previous + seq.to_bytes(8, "big") + digest).digest()
