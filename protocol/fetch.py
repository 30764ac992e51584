"""A station's signed request for what not everybody may fetch.

The request travels in a header of HTTP (``Authorization: Cunhui TEXT``); TEXT is the base64 of `FetchRequest`. The
record key signs station, path, nonce and time, so that a request is good for one thing, once, and for a short time.
"""

import base64
import binascii
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import VersionedMessage, decode, encode
from protocol.refusal import Refused
from protocol.signing import sign, verify
from protocol.units import Nonce, Signature, StationId, WallMs

SCHEME = "Cunhui"
MAX_HEADER_BYTES = 512
VALID_MS = 600_000
"""How far the station's time may be from the county's, and how long the county remembers a nonce."""


type FetchPath = Annotated[str, Meta(pattern=r"^/[a-z]+/[0-9a-f]{64}\Z")]
"""The path of a file that is named by its SHA-256."""


class FetchRequest(VersionedMessage, frozen=True, kw_only=True):
    """Who asks for what, and when."""

    station: StationId
    path: FetchPath
    nonce: Nonce
    wall: WallMs
    """The station's time."""
    signature: Signature


def sign_fetch(key: Ed25519PrivateKey, *, station: str, path: str, nonce: bytes, wall: int) -> str:
    """Return the value of the ``Authorization`` header for one request of ``path``.

    Args:
        path: As in the request line, without a query: ``/bundles/HEX``.
        nonce: 16 random bytes, used for this request alone.
    """
    signature = sign(key, "cunhui fetch 1", _signed_bytes(station, path, nonce, wall))
    request = FetchRequest(station=station, path=path, nonce=nonce, wall=wall, signature=signature)
    return f"{SCHEME} {base64.b64encode(encode(request)).decode()}"


def read_fetch(header: str) -> FetchRequest:
    """Read the value of an ``Authorization`` header. Nothing of it is proven yet: see `verify_fetch`.

    Raises:
        Refused: ``too_large``, ``malformed`` or ``unknown_version``.
    """
    if len(header) > MAX_HEADER_BYTES:
        raise Refused("too_large", f"a header of {len(header)} characters")
    scheme, _, text = header.partition(" ")
    if scheme != SCHEME:
        raise Refused("malformed", "not a request of a station")
    try:
        raw = base64.b64decode(text, validate=True)
    # ValueError: characters that are not ASCII.
    except (binascii.Error, ValueError) as error:
        raise Refused("malformed", "no base64") from error
    return decode(raw, FetchRequest, limit=MAX_HEADER_BYTES)


def verify_fetch(public_key: bytes, request: FetchRequest, *, path: str, now: int) -> None:
    """Check that the station with this record key asks for ``path`` at about ``now``.

    That the nonce is new is the caller's to check, because only the caller remembers.

    Raises:
        Refused: ``bad_signature`` (also for another path) or ``expired``.
    """
    if request.path != path:
        raise Refused("bad_signature", "signed for another path")
    message = _signed_bytes(request.station, request.path, request.nonce, request.wall)
    verify(public_key, "cunhui fetch 1", message, request.signature)
    if abs(now - request.wall) > VALID_MS:
        raise Refused("expired", f"{abs(now - request.wall)} ms from the county's time")


def _signed_bytes(station: str, path: str, nonce: bytes, wall: int) -> bytes:
    return station.encode() + b"\x00" + path.encode() + b"\x00" + nonce + wall.to_bytes(8, "big")
