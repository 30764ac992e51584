"""``claim.toml`` is read as it was written, and anything else is refused."""

import pytest

from protocol.claim_file import (
    MAX_CLAIM_FILE_BYTES,
    ClaimFile,
    certificate_bytes,
    decode_claim_file,
    encode_claim_file,
    spoken_fingerprint,
)
from protocol.refusal import Refused

PEM = "-----BEGIN CERTIFICATE-----\nAAEC\nAwQF\n-----END CERTIFICATE-----\n"
FILE = ClaimFile(
    url="https://county.example:8443",
    ca=PEM,
    claim="1234567890128",
    station="shili-01",
    name='示例"村\\\n',
    expires="2026-12-01 08:30",
)


def test_it_comes_back_as_it_was_written() -> None:
    raw = encode_claim_file(FILE)
    assert decode_claim_file(raw) == FILE
    assert decode_claim_file(b"\xef\xbb\xbf" + raw + b'later = "field"\n') == FILE


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "malformed"),
        (b"\xff", "malformed"),
        (b"url = 1\n", "malformed"),
        (encode_claim_file(FILE)[:-10], "malformed"),
        (encode_claim_file(FILE).replace(b"version = 1", b"version = 2"), "unknown_version"),
        (encode_claim_file(FILE).replace(b"1234567890128", b"1234567890127"), "bad_claim_code"),
        (encode_claim_file(FILE).replace(b"AAEC", b"????"), "malformed"),
        (b"#" * (MAX_CLAIM_FILE_BYTES + 1), "too_large"),
    ],
)
def test_what_is_no_claim_file_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        decode_claim_file(raw)
    assert refused.value.reason == reason


def test_a_fingerprint_is_six_groups_of_the_certificate_alone() -> None:
    assert certificate_bytes(PEM) == bytes(range(6))
    spoken = spoken_fingerprint(PEM)
    # Of what sha256sum(1) says of these six bytes.
    assert spoken == "05246 15160 89019 25854 51079 67811"
    assert spoken_fingerprint("\n" + PEM.replace("\n", "\r\n")) == spoken
    assert spoken_fingerprint(PEM.replace("AAEC", "AAED")) != spoken
    for two in (PEM + PEM, "text " + PEM):
        with pytest.raises(Refused):
            spoken_fingerprint(two)
