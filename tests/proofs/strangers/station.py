"""A station as an outsider writes one: keys, a request, and an HTTPS call with its own source address."""

import http.client
import itertools
import json
import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from protocol.enrolment import EnrolRequest, RenewRequest, sign_request
from tests.proofs.strangers.county import County

_addresses = (f"127.1.{high}.{low}" for high, low in itertools.product(range(256), range(1, 255)))


@dataclass(frozen=True)
class Answer:
    """The county's answer."""

    status: int
    body: dict[str, Any]

    @property
    def admitted(self) -> bool:
        """Whether a certificate came."""
        return self.status == 200 and "certificate" in self.body


def post(county: County, path: str, body: bytes, *, source: str | None = None) -> Answer:
    """Send one request from an address of its own, so that refusals of one case do not slow the next."""
    trusted = ssl.create_default_context(cafile=str(county.ca))
    link = http.client.HTTPSConnection(
        "127.0.0.1", county.web_port, timeout=20, context=trusted, source_address=(source or next(_addresses), 0)
    )
    try:
        link.request("POST", path, body, {"Content-Type": "application/json"})
        answer = link.getresponse()
        return Answer(answer.status, json.loads(answer.read()))
    finally:
        link.close()


def make_csr(common_name: str, key: CertificateIssuerPrivateKeyTypes) -> str:
    """Return a signing request for any name."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    digest = hashes.SHA256() if not isinstance(key, Ed25519PrivateKey) else None
    return (
        x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, digest).public_bytes(Encoding.PEM).decode()
    )


@dataclass
class Board:
    """A piece of hardware with its keys. It is a station once it has been enrolled."""

    county: County
    record_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    tls_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    station: str = ""
    certificate: str = ""

    def enrol_request(self, claim: str, *, csr: str | None = None, name: str = "any-name") -> EnrolRequest:
        """Return a signed request on ``claim``."""
        return sign_request(
            self.record_key,
            EnrolRequest(
                claim=claim,
                csr=csr or make_csr(name, self.tls_key),
                record_key=self.record_key.public_key().public_bytes_raw(),
                nonce=os.urandom(16),
                signature=bytes(64),
            ),
        )

    def renew_request(self, *, station: str | None = None, name: str = "any-name") -> RenewRequest:
        """Return a signed request for a new certificate."""
        csr = make_csr(name, self.tls_key)
        request = RenewRequest(station=station or self.station, csr=csr, nonce=os.urandom(16), signature=bytes(64))
        return sign_request(self.record_key, request)

    def enrol(self, claim: str) -> Answer:
        """Ask to be enrolled, and keep the certificate."""
        return self._keep(post(self.county, "/enrol", msgspec.json.encode(self.enrol_request(claim))))

    def renew(self) -> Answer:
        """Ask for the next certificate, and keep it."""
        return self._keep(post(self.county, "/renew", msgspec.json.encode(self.renew_request())))

    def _keep(self, answer: Answer) -> Answer:
        if answer.admitted:
            self.station, self.certificate = answer.body["station"], answer.body["certificate"]
        return answer

    def tls(self) -> ssl.SSLContext:
        """Return a TLS client context with this board's certificate."""
        return client_tls(self.county, self.certificate, self.tls_key)


def client_tls(county: County, certificate: str, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    """Return a TLS client context that trusts the county and shows ``certificate``, if there is one."""
    context = ssl.create_default_context(cafile=str(county.ca))
    if certificate:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        pair = Path(county.home, f"pair-{os.urandom(6).hex()}.pem")
        pair.write_text(certificate + pem)
        context.load_cert_chain(pair)
        pair.unlink()
    return context


def common_name(certificate: str) -> str:
    """Return the common name in a certificate."""
    subject = x509.load_pem_x509_certificate(certificate.encode()).subject
    return str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
