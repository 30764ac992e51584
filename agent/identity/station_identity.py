"""Who this station is: its keys, its certificate and the county's response, in the station's folder.

Both keys are made here and never leave. Every file is written beside its place, synced and renamed, so that a power cut
leaves the old file or the new one. The county's response is the source: the TLS library needs the certificate as a file
of its own, and that file is made again from the response if it differs.
"""

from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from agent.causes import Explained
from agent.identity.county_keys import CountyKeys
from agent.storage.durable import make_folder, write_durably
from protocol.enrolment import MAX_ANSWER_BYTES, Enrolled, decode_json
from protocol.refusal import Refused

RECORD_KEY = "record-key.pem"
TLS_KEY = "tls-key.pem"
CERTIFICATE = "certificate.pem"
ENROLLED = "enrolled.json"


class IdentityBroken(Explained):
    """A file of the station's folder is missing or has the wrong content. A person must look."""


class Identity(Struct, frozen=True):
    """An enrolled station."""

    folder: Path
    record_key: Ed25519PrivateKey
    enrolled: Enrolled

    @property
    def station(self) -> str:
        """The station's id."""
        return self.enrolled.station

    @property
    def county_keys(self) -> CountyKeys:
        """The keys that signed for the county when it last responded."""
        return CountyKeys(self.enrolled.county_keys)

    @property
    def certificate_file(self) -> Path:
        """The client certificate, PEM."""
        return self.folder / CERTIFICATE

    @property
    def tls_key_file(self) -> Path:
        """The client certificate's key, PKCS#8 PEM."""
        return self.folder / TLS_KEY


def load_identity(folder: Path) -> Identity | None:
    """Return the station's identity, or None if it was never enrolled.

    Raises:
        IdentityBroken: A file is damaged, or the county's response is there and a key is missing.
    """
    try:
        raw = (folder / ENROLLED).read_bytes()
    except FileNotFoundError:
        return None
    try:
        enrolled = decode_json(raw, Enrolled, limit=MAX_ANSWER_BYTES)
    except Refused as refused:
        raise IdentityBroken(f"{ENROLLED}: {refused}", says=f"{ENROLLED} 内容不对") from refused
    # A missing key must not be made anew here, because the county knows only the one that was enrolled.
    for name in (RECORD_KEY, TLS_KEY):
        if not (folder / name).exists():
            raise IdentityBroken(f"{name} is missing", says=f"缺少 {name}")
    tls_key(folder)  # a damaged key is found now, and not only when the broker is first called
    _restore_certificate(folder, enrolled)
    return Identity(folder=folder, record_key=record_key(folder), enrolled=enrolled)


def save_enrolment(folder: Path, enrolled: Enrolled) -> Identity:
    """Keep the county's response. Once this returns, the station is the one that the response names."""
    # The response first: after a power cut in between, the certificate's file is made from it at the next start.
    _write(folder / ENROLLED, msgspec.json.encode(enrolled))
    _restore_certificate(folder, enrolled)
    return Identity(folder=folder, record_key=record_key(folder), enrolled=enrolled)


def _restore_certificate(folder: Path, enrolled: Enrolled) -> None:
    path = folder / CERTIFICATE
    wanted = enrolled.certificate.encode()
    if not path.exists() or path.read_bytes() != wanted:
        _write(path, wanted)


def record_key(folder: Path) -> Ed25519PrivateKey:
    """Return the key that signs this station's records (Ed25519, RFC 8032; PKCS#8, RFC 8410). The first call makes it.

    Raises:
        IdentityBroken: The file holds no such key.
    """
    key = _key(folder / RECORD_KEY)
    if key is None:
        key = Ed25519PrivateKey.generate()
        _write(folder / RECORD_KEY, _pem(key))
    if not isinstance(key, Ed25519PrivateKey):
        raise IdentityBroken(f"{RECORD_KEY} holds no Ed25519 key", says=f"{RECORD_KEY} 里没有密钥")
    return key


def tls_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """Return the client certificate's key (ECDSA on P-256). The first call makes it.

    Raises:
        IdentityBroken: The file holds no such key.
    """
    key = _key(folder / TLS_KEY)
    if key is None:
        key = ec.generate_private_key(ec.SECP256R1())
        _write(folder / TLS_KEY, _pem(key))
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise IdentityBroken(f"{TLS_KEY} holds no elliptic curve key", says=f"{TLS_KEY} 里没有密钥")
    return key


def _key(path: Path) -> object | None:
    try:
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise IdentityBroken(f"{path.name}: {error}", says=f"{path.name} 内容不对") from error


def _pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` durably, for its owner alone."""
    make_folder(path.parent)
    write_durably(path, content, beside=path.with_name(f".{path.name}.new"), mode=0o600)
