"""The front door's certificate: whether its files can be served, and a private authority for demonstrations.

The county's own authority never signs it, because no telephone trusts that one, and a person who is told to ignore a
browser's warning once will ignore the next one too.
"""

import datetime as dt
import secrets
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from protocol.system_errors import os_cause
from server_broker.platform.files import write_atomically
from server_broker.platform.front_door import FrontDoor
from server_broker.platform.home import CountyHome
from server_broker.trust.authority import CertificateAuthority

_FOR_OTHERS = 0o037
"""Mode bits that a private key may not have. The group may read it, as Debian's ``ssl-cert`` does."""
DEMONSTRATION_FOLDER = "front-door"
_DEMONSTRATION_NAME = "村慧演示专用"


@dataclass(frozen=True, slots=True)
class CertificateProblem:
    """What is wrong with the files. ``key`` is the setting of ``[front_door]`` that it is about."""

    key: str
    words: str


def certificate_problems(home: CountyHome, front_door: FrontDoor, *, now: dt.datetime) -> list[CertificateProblem]:
    """Return what keeps the front door's certificate from being served; an empty list if nothing does."""
    certificate_file, key_file = front_door.files(home.root)
    about_certificate = "acme_folder" if front_door.acme_folder else "certificate"
    about_key = "acme_folder" if front_door.acme_folder else "key"
    problems = []
    try:
        certificate: x509.Certificate | None = x509.load_pem_x509_certificates(certificate_file.read_bytes())[0]
    except OSError as error:
        certificate = None
        problems.append(CertificateProblem(about_certificate, f"读不到证书 {certificate_file}：{os_cause(error)}"))
    except ValueError:
        certificate = None
        problems.append(CertificateProblem(about_certificate, f"{certificate_file} 不是 PEM 证书"))
    if certificate is not None:
        words = _certificate_words(certificate, front_door.host, now)
        problems += [CertificateProblem(about_certificate, f"{certificate_file} {one}") for one in words]
    problems += [CertificateProblem(about_key, words) for words in _key_words(key_file, certificate)]
    if front_door.private_authority and (wrong := _authority_words(home, front_door)):
        problems.append(CertificateProblem("private_authority", wrong))
    return problems


def trust_problems(home: CountyHome, front_door: FrontDoor) -> list[CertificateProblem]:
    """Return why no telephone will take a certificate that can be served; an empty list if nothing speaks against it.

    Whether a public authority has signed it only a telephone can say. What has signed itself, none has.
    """
    if front_door.private_authority:
        return []
    try:
        certificate = x509.load_pem_x509_certificates(front_door.files(home.root)[0].read_bytes())[0]
        certificate.verify_directly_issued_by(certificate)
    except (OSError, ValueError, TypeError, InvalidSignature):
        return []
    words = "证书是自己给自己签的，手机不信任：请换公共机构签发的；只作演示就用 cunhui-server demo-door"
    return [CertificateProblem("acme_folder" if front_door.acme_folder else "certificate", words)]


def _certificate_words(certificate: x509.Certificate, host: str, now: dt.datetime) -> list[str]:
    words = []
    if now > certificate.not_valid_after_utc:
        words.append(f"已于 {certificate.not_valid_after_utc:%Y-%m-%d} 过期，请续期")
    if now < certificate.not_valid_before_utc:
        words.append(f"到 {certificate.not_valid_before_utc:%Y-%m-%d} 才生效，请核对本机时间")
    if not _is_for(certificate, host):
        words.append(f"不是 {host} 的证书")
    return words


def _is_for(certificate: x509.Certificate, host: str) -> bool:
    """Tell whether a browser takes the certificate for one of ``host`` (RFC 9525): by its alternative names alone."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if host in {str(address) for address in names.get_values_for_type(x509.IPAddress)}:
        return True
    wanted = host.lower().rstrip(".")
    above = "*." + wanted.partition(".")[2]
    return bool({name.lower() for name in names.get_values_for_type(x509.DNSName)} & {wanted, above})


def _key_words(file: Path, certificate: x509.Certificate | None) -> list[str]:
    try:
        mode = file.stat().st_mode
        raw = file.read_bytes()
    except OSError as error:
        return [f"读不到私钥 {file}：{os_cause(error)}"]
    words = []
    if mode & _FOR_OTHERS:
        words.append(f"私钥 {file} 别人也能读或改（权限 {mode & 0o777:o}），请运行 chmod 600 {file}")
    try:
        key = load_pem_private_key(raw, None)
    except (ValueError, TypeError):
        return [*words, f"{file} 不是不带口令的 PEM 私钥"]
    if certificate is not None and key.public_key() != certificate.public_key():
        words.append(f"私钥 {file} 和证书不是一对")
    return words


def _authority_words(home: CountyHome, front_door: FrontDoor) -> str:
    file = home.root / front_door.private_authority
    try:
        authority = x509.load_pem_x509_certificate(file.read_bytes())
        chain = x509.load_pem_x509_certificates(front_door.files(home.root)[0].read_bytes())
    except (OSError, ValueError):
        return f"{file} 或证书不是可读的 PEM 文件"
    try:
        chain[0].verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return f"证书不是 {file} 签发的"
    return ""


def private_authority_name(home: CountyHome, front_door: FrontDoor) -> str:
    """Return the name of the private authority that signed the certificate; an empty text if a public one did."""
    if not front_door.private_authority:
        return ""
    authority = x509.load_pem_x509_certificate((home.root / front_door.private_authority).read_bytes())
    return authority.subject.rfc4514_string().removeprefix("CN=")


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a TLS context that serves the pair: 1.2 and 1.3, because older telephones have no 1.3.

    Raises:
        OSError: A file can't be read, or the two are no pair (`ssl.SSLError` is an `OSError`).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(
        "ECDHE+AESGCM:ECDHE+CHACHA20"
    )  # forward secrecy and AEAD alone (RFC 9325); 1.3 has nothing else
    context.load_cert_chain(certificate, key)
    return context


def make_demonstration(home: CountyHome, *, host: str, port: int, now: dt.datetime) -> FrontDoor:
    """Make a private authority and a certificate of it for ``host`` in the county's folder; return the table for them.

    The authority's key is thrown away, so that it can never sign anything else.
    """
    folder = home.root / DEMONSTRATION_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    authority, _ = CertificateAuthority.make(f"{_DEMONSTRATION_NAME} {secrets.token_hex(4)}")
    key = ec.generate_private_key(ec.SECP256R1())
    issued = authority.issue_server([host], key.public_key(), now=now)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomically(folder / "privkey.pem", pem)
    write_atomically(folder / "fullchain.pem", issued.pem.encode("ascii") + authority.pem, mode=0o644)
    write_atomically(folder / "authority.pem", authority.pem, mode=0o644)
    return FrontDoor(
        host=host,
        port=port,
        certificate=f"{DEMONSTRATION_FOLDER}/fullchain.pem",
        key=f"{DEMONSTRATION_FOLDER}/privkey.pem",
        private_authority=f"{DEMONSTRATION_FOLDER}/authority.pem",
    )
