"""The county's keys in their folder. They are made once and then only read."""

import datetime as dt
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from protocol.signing import key_id
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.trust.authority import CertificateAuthority, IssuedCertificate

RENEW_SERVER_BEFORE = dt.timedelta(days=365)
"""A year, because the pair is looked at only when the service starts, and it may run for many months."""
CARD_KEY_BYTES = 32
SERVERS = ("web", "broker", "rabbitmq")
"""The servers that stations connect to."""
_CLIENT = "county-client"

type PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class CountyKeys:
    """The keys that the county signs with, and those that it gives to stations.

    Attributes:
        signing_key: Signs receipts, welcomes, desired states, commands and packs.
        public_keys: Raw Ed25519 public keys that stations are to trust, by `protocol.signing.key_id`.
        card_key: 32 bytes; the key of the hash of card numbers (`protocol.cards`).
        ca_pem: The county CA's certificate.
        authority: Issues certificates and the revocation list.
    """

    signing_key: ed25519.Ed25519PrivateKey
    public_keys: dict[bytes, bytes]
    card_key: bytes
    ca_pem: bytes
    authority: CertificateAuthority


def prepare(home: CountyHome) -> None:
    """Make the county's keys if they were never completely made.

    Raises:
        ServiceError: A key was made once and is missing now. A new one would cut off every station.
    """
    home.trust.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.trust.chmod(0o700)
    names = ("ca.key", "ca.pem", "signing.key", "card.key")
    missing = [name for name in names if not (home.trust / name).exists()]
    if not missing:
        return
    if (home.trust / "complete").exists():
        raise ServiceError(f"{home.trust} 里缺少 {'、'.join(missing)}：请从备份恢复这个文件夹")
    authority, key = CertificateAuthority.make()
    write_atomically(home.trust / "ca.key", _pem(key))
    write_atomically(home.trust / "ca.pem", authority.pem)
    write_atomically(home.trust / "signing.key", _pem(ed25519.Ed25519PrivateKey.generate()))
    write_atomically(home.trust / "card.key", secrets.token_bytes(CARD_KEY_BYTES))
    write_atomically(home.root / "ca.pem", authority.pem, mode=0o644)
    # Last: while this file is missing, no station can have been given a key, so all keys may be made again.
    write_atomically(home.trust / "complete", b"")


def replace_signing_key(home: CountyHome) -> None:
    """Replace the signing key by a new one. The old key is deleted, and stations no longer believe it.

    A station asks for a renewal as soon as it meets a signature by a key that it does not know, and the renewal brings
    the new key. Processes that have read the old key must be restarted.
    """
    write_atomically(home.trust / "signing.key", _pem(ed25519.Ed25519PrivateKey.generate()))
    _read.cache_clear()


def county_keys(home: CountyHome) -> CountyKeys:
    """Return the county's keys, read once in a process.

    Raises:
        ServiceError: The keys have not been made, or a file is damaged or belongs to other keys.
    """
    return _read(home.trust)


@lru_cache(maxsize=4)
def _read(trust: Path) -> CountyKeys:
    try:
        authority_key = load_pem_private_key((trust / "ca.key").read_bytes(), None)
        signing_key = load_pem_private_key((trust / "signing.key").read_bytes(), None)
        ca_pem = (trust / "ca.pem").read_bytes()
        card_key = (trust / "card.key").read_bytes()
        certificate = x509.load_pem_x509_certificate(ca_pem)
    except FileNotFoundError as error:
        raise ServiceError(f"{trust} 里没有县平台的密钥：请从备份恢复这个文件夹") from error
    except ValueError as error:
        raise ServiceError(f"{trust} 里有文件损坏：请从备份恢复这个文件夹") from error
    if not (
        isinstance(authority_key, ec.EllipticCurvePrivateKey)
        and isinstance(signing_key, ed25519.Ed25519PrivateKey)
        # A folder put together from two backups may hold keys that do not belong together.
        and authority_key.public_key() == certificate.public_key()
        and len(card_key) == CARD_KEY_BYTES
    ):
        raise ServiceError(f"{trust} 里的文件不是一套的：请从备份恢复这个文件夹")
    public = signing_key.public_key().public_bytes_raw()
    authority = CertificateAuthority(certificate, authority_key)
    return CountyKeys(signing_key, {key_id(public): public}, card_key, ca_pem, authority)


def server_certificate(home: CountyHome, part: str, names: list[str], *, now: dt.datetime) -> tuple[Path, Path]:
    """Return the certificate and key files of a server (``part`` is one of `SERVERS`), valid for ``names`` and for the
    names that the one before was valid for (`dropped_hosts`).

    A new pair is made if there is none, if ``names`` has new ones, or a year before the old one ends.
    """
    certificate_file, key_file = home.trust / f"{part}.pem", home.trust / f"{part}.key"
    authority = county_keys(home).authority
    names = [*names, *dropped_hosts(home, names, part=part)]
    if not (key_file.exists() and _still_good(certificate_file, names, authority, now)):
        key = ec.generate_private_key(ec.SECP256R1())
        _write_pair(certificate_file, key_file, authority.issue_server(names, key.public_key(), now=now), key)
    return certificate_file, key_file


def prepare_client_certificate(home: CountyHome, *, now: dt.datetime) -> None:
    """Make the certificate by which the county's programs show a broker of its own whose they are (`client_files`).

    A new pair is made if there is none, or a year before the old one ends.
    """
    certificate_file, key_file = client_files(home)
    authority = county_keys(home).authority
    if certificate_file.exists() and key_file.exists():
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        if _is_ours_for_long(certificate, authority, now):
            return
    key = ec.generate_private_key(ec.SECP256R1())
    _write_pair(certificate_file, key_file, authority.issue_client("county", key.public_key(), now=now), key)


def client_files(home: CountyHome) -> tuple[Path, Path]:
    """Return where certificate and key of the county's own programs lie."""
    return home.trust / f"{_CLIENT}.pem", home.trust / f"{_CLIENT}.key"


def dropped_hosts(home: CountyHome, names: Collection[str], *, part: str = "web") -> list[str]:
    """Return the hosts that a server's certificate is valid for and that are not among ``names``.

    A station goes on to use the name that it was enrolled with, so a certificate keeps what it was valid for until
    `forget_host`.
    """
    file = home.trust / f"{part}.pem"
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return []
    return sorted(_named(certificate) - set(names))


def forget_host(home: CountyHome, host: str) -> bool:
    """Have the next certificates leave ``host`` out; return whether one named it.

    The files are removed, so that each server makes its certificate anew when it starts.
    """
    named = [part for part in SERVERS if host in dropped_hosts(home, (), part=part)]
    for part in named:
        (home.trust / f"{part}.pem").unlink(missing_ok=True)
    return bool(named)


def _named(certificate: x509.Certificate) -> set[str]:
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    named = {*alternatives.get_values_for_type(x509.DNSName)}
    return named | {str(address) for address in alternatives.get_values_for_type(x509.IPAddress)}


def _still_good(path: Path, names: list[str], authority: CertificateAuthority, now: dt.datetime) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return _named(certificate) == set(names) and _is_ours_for_long(certificate, authority, now)


def _is_ours_for_long(certificate: x509.Certificate, authority: CertificateAuthority, now: dt.datetime) -> bool:
    # After a change of the authority the old pair may still be here, and nobody would trust it.
    ours = certificate.issuer == authority.certificate.subject
    return ours and certificate.not_valid_after_utc - now > RENEW_SERVER_BEFORE


def _write_pair(
    certificate_file: Path, key_file: Path, issued: IssuedCertificate, key: ec.EllipticCurvePrivateKey
) -> None:
    certificate_file.unlink(missing_ok=True)  # a crash between the writes must not leave a pair that does not match
    write_atomically(key_file, _pem(key))
    write_atomically(certificate_file, issued.pem.encode("ascii"))


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
