"""Judge the files of a certificate that the county did not issue: whether they can be served for their host.

A file that a person or an ACME client put there is read and never written.
"""

import datetime as dt
import ssl
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from protocol.system_errors import os_cause
from server_broker.platform.own_certificate import OwnCertificate

AUTHORITIES_OF_DEBIAN = Path("/etc/ssl/certs/ca-certificates.crt")
"""The public authorities that Debian's ``ca-certificates`` trusts."""
OWN_CERTIFICATE_BEFORE = dt.timedelta(days=14)
"""ACME clients renew when 30 days are left, so renewal has failed for two weeks by then."""
_FOR_OTHERS = 0o037
"""Mode bits that a private key may not have. The group may read it, as Debian's ``ssl-cert`` does."""


@dataclass(frozen=True, slots=True)
class CertificateProblem:
    """What is wrong with the files. ``key`` is the setting of the table that it is about."""

    key: str
    words: str


def pair_problems(root: Path, own: OwnCertificate, *, now: dt.datetime) -> list[CertificateProblem]:
    """Return what keeps a certificate from being served; an empty list if nothing does.

    Args:
        root: The county's folder.
    """
    certificate_file, key_file = own.files(root)
    about_certificate, about_key = about(own)
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
        words = _certificate_words(certificate, own.host, now)
        problems += [CertificateProblem(about_certificate, f"{certificate_file} {one}") for one in words]
    return problems + [CertificateProblem(about_key, words) for words in _key_words(key_file, certificate)]


def console_problems(root: Path, own: OwnCertificate, *, now: dt.datetime) -> list[CertificateProblem]:
    """Return what keeps the console's own certificate from being served: `pair_problems`, and a chain that breaks.

    A browser that lacks the chain says the same as of a false certificate, so the county's own is no worse.
    """
    if problems := pair_problems(root, own, now=now):
        return problems
    file = own.files(root)[0]
    words = chain_words(x509.load_pem_x509_certificates(file.read_bytes()))
    return [CertificateProblem(about(own)[0], f"{file} {words}")] if words else []


def leaf_of(root: Path, own: OwnCertificate) -> x509.Certificate:
    """Return the host's own certificate. Call this if there are no `pair_problems`."""
    return x509.load_pem_x509_certificates(own.files(root)[0].read_bytes())[0]


def about(own: OwnCertificate) -> tuple[str, str]:
    """Return the settings that name the certificate and its key."""
    return ("acme_folder", "acme_folder") if own.acme_folder else ("certificate", "key")


def chain_words(certificates: Sequence[x509.Certificate], *, authorities: Path = AUTHORITIES_OF_DEBIAN) -> str:
    """Return in Chinese what keeps browsers from following a chain to an authority; empty if nothing is seen.

    Args:
        certificates: As they stand in the file, the host's own first.
        authorities: PEM of the authorities that this machine trusts.
    """
    for number, (one, issuer) in enumerate(pairwise(certificates), start=1):
        if not _issued_by(one, issuer):
            return f"里第 {number} 张证书不是第 {number + 1} 张签发的：先放本机名字的证书，再放签发它的中间证书"
    if len(certificates) > 1:
        return ""
    (alone,) = certificates
    if _issued_by(alone, alone):
        return "是自己给自己签的，浏览器不信任：请换公共机构签发的"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old authorities break rules that cryptography warns of
            trusted = x509.load_pem_x509_certificates(authorities.read_bytes())
    except (OSError, ValueError):
        trusted = []
    if any(_issued_by(alone, authority) for authority in trusted if authority.subject == alone.issuer):
        return ""
    return "里只有一张证书，缺签发它的中间证书：请用 fullchain.pem，或把中间证书接在后面"


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


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


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a TLS context that serves the pair: 1.2 and 1.3, because older telephones and browsers have no 1.3.

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
