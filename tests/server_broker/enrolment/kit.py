"""What a board brings when it asks to be taken in or to be renewed, and how a refusal is read."""

import json
import os

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.http import HttpResponse
from django.test import Client

from protocol.enrolment import EnrolRequest, RenewRequest, sign_request
from tests.cast import SHILI


class Kit:
    """A board's keys and its requests."""

    def __init__(self) -> None:
        self.record_key = Ed25519PrivateKey.generate()
        self.tls_key = ec.generate_private_key(ec.SECP256R1())

    def csr(self, name: str = "any-name") -> str:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        return builder.sign(self.tls_key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def enrol(self, code: str, name: str = "any-name", nonce: bytes | None = None) -> HttpResponse:
        request = EnrolRequest(
            claim=code,
            csr=self.csr(name),
            record_key=self.record_key.public_key().public_bytes_raw(),
            nonce=nonce or os.urandom(16),
            signature=bytes(64),
        )
        return post("/enrol", msgspec.json.encode(sign_request(self.record_key, request)))

    def renew(self, station: str = SHILI, nonce: bytes | None = None) -> HttpResponse:
        request = RenewRequest(station=station, csr=self.csr(), nonce=nonce or os.urandom(16), signature=bytes(64))
        return post("/renew", msgspec.json.encode(sign_request(self.record_key, request)))


def post(path: str, body: bytes) -> HttpResponse:
    response = Client().post(path, body, content_type="application/json")
    assert isinstance(response, HttpResponse)
    return response


def refusal(response: HttpResponse) -> tuple[int, str]:
    body = json.loads(response.content)
    assert any("一" <= letter <= "鿿" for letter in body["message"])
    return response.status_code, body["reason"]
