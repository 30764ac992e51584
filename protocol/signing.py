"""Ed25519 signatures (RFC 8032), each bound to its purpose.

A signature covers ``context || 00 || message``, so that a signature for one purpose is never valid for another.
Public keys travel as their raw 32 bytes; files hold PKCS#8 and SubjectPublicKeyInfo PEM (RFC 8410).
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.codec import MAX_MESSAGE_BYTES, VersionedMessage, decode, encode
from protocol.refusal import Refused
from protocol.units import Signature

type Context = Literal[
    "cunhui head 1",
    "cunhui receipt 1",
    "cunhui welcome 1",
    "cunhui match 1",
    "cunhui missing 1",
    "cunhui desired 1",
    "cunhui command 1",
    "cunhui pack 1",
    "cunhui enrol 1",
    "cunhui export 1",
    "cunhui calendar 1",
    "cunhui bundle 1",
    "cunhui index 1",
    "cunhui fetch 1",
    "cunhui manifest 1",
    "cunhui shelf 1",
    "cunhui record key 1",
]


def sign(key: Ed25519PrivateKey, context: Context, message: bytes) -> bytes:
    """Return the 64-byte signature of ``message`` for ``context``."""
    return key.sign(context.encode() + b"\x00" + message)


def verify(public_key: bytes, context: Context, message: bytes, signature: bytes) -> None:
    """Check a signature made by `sign`.

    Args:
        public_key: Raw Ed25519 public key, 32 bytes.

    Raises:
        Refused: ``bad_signature``.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, context.encode() + b"\x00" + message)
    # ValueError: the public key is not one.
    except (InvalidSignature, ValueError) as error:
        raise Refused("bad_signature", f"no valid signature for {context!r}") from error


def key_id(public_key: bytes) -> bytes:
    """Return the 8-byte name of a public key: the start of its SHA-256. It only finds the key; it proves nothing."""
    return hashlib.sha256(public_key).digest()[:8]


class Signed(VersionedMessage, frozen=True, kw_only=True, array_like=True):
    """``[v, key, payload, signature]``: a document of the county, signed over exactly these bytes."""

    key: bytes
    payload: bytes
    signature: Signature


class Detached(VersionedMessage, frozen=True, kw_only=True, array_like=True):
    """``[v, key, signature]``: a signature that lies beside the document which it is for."""

    key: bytes
    signature: Signature


MAX_DETACHED_BYTES = 128


def sign_beside(key: Ed25519PrivateKey, context: Context, payload: bytes) -> bytes:
    """Return an encoded `Detached` for ``payload``, which is named by its own hash and keeps its name under any key."""
    public_key = key.public_key().public_bytes_raw()
    return encode(Detached(key=key_id(public_key), signature=sign(key, context, payload)))


def verify_beside(payload: bytes, beside: bytes, context: Context, public_keys: Mapping[bytes, bytes]) -> None:
    """Check the `Detached` signature ``beside`` a document.

    Raises:
        Refused: ``malformed``, ``too_large``, ``unknown_version``, ``unknown_key`` or ``bad_signature``.
    """
    detached = decode(beside, Detached, limit=MAX_DETACHED_BYTES)
    verify(_trusted(detached.key, public_keys), context, payload, detached.signature)


def split_signed(raw: bytes, *, limit: int = MAX_MESSAGE_BYTES) -> tuple[bytes, bytes]:
    """Return the payload of an encoded `Signed`, and its signature as one that lies beside it. Nothing is verified yet.

    Bundles and indexes are fetched so: one answer brings both.

    Raises:
        Refused: ``malformed``, ``too_large`` or ``unknown_version``.
    """
    signed = decode(raw, Signed, limit=limit)
    return signed.payload, encode(Detached(key=signed.key, signature=signed.signature))


def _trusted(name: bytes, public_keys: Mapping[bytes, bytes]) -> bytes:
    public_key = public_keys.get(name)
    if public_key is None:
        raise Refused("unknown_key", f"signed by unknown key {name.hex()[:16]}")
    return public_key


def seal(key: Ed25519PrivateKey, context: Context, payload: bytes) -> bytes:
    """Wrap ``payload`` in an encoded `Signed`."""
    return encode(Signed(key=_own_id(key), payload=payload, signature=sign(key, context, payload)))


@lru_cache(maxsize=4)
def _own_id(key: Ed25519PrivateKey) -> bytes:
    """Return the `key_id` of a key that signs. Kept, because a county seals thousands of receipts a second with one."""
    return key_id(key.public_key().public_bytes_raw())


def unseal(
    raw: bytes, context: Context, public_keys: Mapping[bytes, bytes], *, limit: int = MAX_MESSAGE_BYTES
) -> bytes:
    """Return the payload of an encoded `Signed`.

    Args:
        public_keys: The keys trusted for this context, by `key_id`.

    Raises:
        Refused: ``malformed``, ``too_large``, ``unknown_version``, ``unknown_key`` or ``bad_signature``.
    """
    signed = decode(raw, Signed, limit=limit)
    verify(_trusted(signed.key, public_keys), context, signed.payload, signed.signature)
    return signed.payload
