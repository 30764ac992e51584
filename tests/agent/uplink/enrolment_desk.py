"""The county's enrolment desk for tests of the station's side."""

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from protocol.claim import check_digit
from protocol.enrolment import Broker, Enrolled, EnrolRequest, RenewRequest, decode_json, verify_request
from tests.agent.uplink.pki import Authority, pem

CLAIM = "123456789012" + check_digit("123456789012")


class EnrolmentDesk:
    """The county's enrolment desk: takes one claim, keeps the record key."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.station = "demo-0001"
        self.common = "demo-0001"
        self.record_key = b""
        self.answer: tuple[int, bytes] | None = None
        self.wrong_nonce = False
        self.foreign_key = False
        self.county_keys = [b"\x01" * 32]

    def __call__(self, path: str, body: bytes, _range: str | None) -> tuple[int, dict[str, str], bytes]:
        if self.answer is not None:
            return self.answer[0], {}, self.answer[1]
        request: EnrolRequest | RenewRequest
        if path == "/enrol":
            request = decode_json(body, EnrolRequest)
            self.record_key = request.record_key
        else:
            request = decode_json(body, RenewRequest)
        verify_request(self.record_key, request)
        return 200, {}, msgspec.json.encode(self.enrolled(request))

    def enrolled(self, request: EnrolRequest | RenewRequest) -> Enrolled:
        csr = x509.load_pem_x509_csr(request.csr.encode())
        assert csr.is_signature_valid
        key = csr.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        if self.foreign_key:
            key = ec.generate_private_key(ec.SECP256R1()).public_key()
        return Enrolled(
            station=self.station,
            village="示例村",
            nonce=bytes(16) if self.wrong_nonce else request.nonce,
            certificate=pem(self.authority.certify(self.common, key)).decode(),
            broker=Broker(host="127.0.0.1", port=8883, shard=0),
            county_keys=self.county_keys,
            card_key=b"\x02" * 32,
        )
