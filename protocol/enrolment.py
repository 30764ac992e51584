"""The HTTPS call by which a station becomes the county's, and the same kind of call for a new certificate.

Bodies are JSON (RFC 8259), bytes in them are base64. The station signs its request over `signed_bytes`, with the record
key that the request names. The county answers only over TLS, with a certificate of the county CA, which came with the
installation kit. Paths: ``POST /enrol`` and ``POST /renew``.
"""

from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol import MAJOR, signing
from protocol.codec import VersionedMessage
from protocol.refusal import Refused
from protocol.units import Nonce, PublicKey, ShortText, Signature, StationId

MAX_REQUEST_BYTES = 16_384
MAX_ANSWER_BYTES = 65_536

type Pem = Annotated[str, Meta(min_length=1, max_length=8192)]


class EnrolRequest(VersionedMessage, frozen=True, kw_only=True):
    """A new station asks to be taken in. The CSR's subject is ignored: the claim says who the station is."""

    claim: Annotated[str, Meta(pattern=r"^[0-9]{13}\Z")]
    csr: Pem
    """PKCS#10 (RFC 2986), signed by the TLS key."""
    record_key: PublicKey
    nonce: Nonce
    signature: Signature


class RenewRequest(VersionedMessage, frozen=True, kw_only=True):
    """A station asks for a new certificate, also after the old one has expired."""

    station: StationId
    csr: Pem
    nonce: Nonce
    signature: Signature


class Broker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the county's broker listens for stations."""

    host: Annotated[str, Meta(min_length=1, max_length=253)]
    port: Annotated[int, Meta(ge=1, le=65535)]
    shard: Annotated[int, Meta(ge=0, le=255)]
    fallback_port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    """Another port where it listens, for stations on lines that do not let ``port`` through."""
    other_hosts: Annotated[list[Annotated[str, Meta(min_length=1, max_length=253)]], Meta(max_length=7)] = []
    """Further hosts of the same broker, with the same ports, for when ``host`` is away."""

    @property
    def endpoints(self) -> list[tuple[str, int]]:
        """Hosts and ports in the order in which to try them."""
        ports = [self.port] if self.fallback_port is None else [self.port, self.fallback_port]
        return [(host, port) for host in [self.host, *self.other_hosts] for port in ports]


class Enrolled(VersionedMessage, frozen=True, kw_only=True):
    """The county's answer. ``county_keys`` sign receipts, welcomes, desired states, commands and packs."""

    station: StationId
    village: ShortText
    nonce: Nonce
    certificate: Pem
    broker: Broker
    county_keys: Annotated[list[PublicKey], Meta(min_length=1, max_length=8)]
    card_key: Annotated[bytes, Meta(min_length=32, max_length=32)]


class NotEnrolled(VersionedMessage, frozen=True, kw_only=True):
    """Why the station was not taken in: in Chinese for the technician (``message``) and as a code for programs."""

    reason: ShortText
    message: ShortText


type Request = EnrolRequest | RenewRequest


def signed_bytes(request: Request) -> bytes:
    """Return the bytes that the record key signs: the request's JSON with an all-zero signature, keys in the types'
    order."""
    return msgspec.json.encode(msgspec.structs.replace(request, signature=bytes(64)))


def sign_request[R: (EnrolRequest, RenewRequest)](key: Ed25519PrivateKey, request: R) -> R:
    """Return ``request`` with its signature."""
    return msgspec.structs.replace(request, signature=signing.sign(key, "cunhui enrol 1", signed_bytes(request)))


def verify_request(public_key: bytes, request: Request) -> None:
    """Check that the holder of ``public_key`` made this request.

    Raises:
        Refused: ``bad_signature``.
    """
    signing.verify(public_key, "cunhui enrol 1", signed_bytes(request), request.signature)


def decode_json[T](raw: bytes, kind: type[T], *, limit: int = MAX_REQUEST_BYTES) -> T:
    """Read a request or an answer.

    Raises:
        Refused: ``too_large``, ``malformed`` or ``unknown_version``.
    """
    if len(raw) > limit:
        raise Refused("too_large", f"{len(raw)} bytes, at most {limit} are read")
    try:
        value = msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("malformed", str(error)) from error
    if getattr(value, "v", MAJOR) != MAJOR:
        raise Refused("unknown_version", f"this county speaks version {MAJOR}")
    return value
