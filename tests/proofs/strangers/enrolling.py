"""Who is enrolled on a claim, and who gets a new certificate."""

import os
import subprocess

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from protocol.claim import check_digit
from protocol.enrolment import sign_request
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.county import OTHER_VILLAGE
from tests.proofs.strangers.station import Board, common_name, make_csr, post

WRONG_TRIES = 10


def claims(bench: Bench, outcomes: Outcomes) -> None:
    """Codes that are guessed, used, replaced, expired or burnt."""
    county = bench.county
    code = county.claim("claims-01")
    unknown = "000000000000" if code[:6] != "000000" else "999999000000"
    outcomes.refused("a wrong check digit", Board(county).enrol(code[:12] + str((int(code[12]) + 1) % 10)).admitted)
    outcomes.refused("a guessed code", Board(county).enrol(guess_beside(code)).admitted)
    outcomes.refused("a code that was never made", Board(county).enrol(unknown + check_digit(unknown)).admitted)
    board = Board(county)
    request = msgspec.json.encode(board.enrol_request(code))
    outcomes.welcome("the right code", post(county, "/enrol", request).admitted)
    outcomes.refused("the same request again", post(county, "/enrol", request).admitted)
    outcomes.refused("a used code with other keys", Board(county).enrol(code).admitted)

    replaced, code = county.claim("claims-02"), county.claim("claims-02")
    outcomes.refused("a code that a newer one replaced", Board(county).enrol(replaced).admitted)
    county.sql("UPDATE enrolment_claim SET expires_at = now() - interval '1 second' WHERE station_id = 'claims-02'")
    outcomes.refused("an expired code", Board(county).enrol(code).admitted)

    code = county.claim("claims-03")
    for _ in range(WRONG_TRIES):
        outcomes.refused("a guess at a known lookup", Board(county).enrol(guess_beside(code)).admitted)
    outcomes.refused("the right code, burnt by ten guesses", Board(county).enrol(code).admitted)


def guess_beside(code: str) -> str:
    """Return a wrong code that the county looks up like the right one: the same first half, and a check digit that
    fits."""
    twelve = f"{code[:6]}{(int(code[6:12]) + 1) % 10**6:06}"
    return twelve + check_digit(twelve)


def impatience(bench: Bench, outcomes: Outcomes) -> None:
    """Somebody who guesses on and on is no longer served at all; others are."""
    code = bench.county.claim("patience-01")
    guess = msgspec.json.encode(Board(bench.county).enrol_request("0000000000000"))
    answers = [post(bench.county, "/enrol", guess, source="127.2.0.1") for _ in range(25)]
    outcomes.refused("25 guesses from one address", any(answer.admitted for answer in answers))
    outcomes.refused("guessing without end", answers[-1].status != 429)
    right = msgspec.json.encode(Board(bench.county).enrol_request(code))
    outcomes.refused(
        "the right code from that address", post(bench.county, "/enrol", right, source="127.2.0.1").admitted
    )
    outcomes.welcome("the right code from another address", post(bench.county, "/enrol", right).admitted)


def requests(bench: Bench, outcomes: Outcomes) -> None:
    """Signing requests and signatures that do not fit, all with a code that stays good."""
    county = bench.county
    code = county.claim("request-01")
    board = Board(county)
    good_csr = make_csr("any-name", board.tls_key)
    broken_csr = good_csr[:200] + ("A" if good_csr[200] != "A" else "B") + good_csr[201:]
    bad = {
        "a CSR with an RSA key": make_csr("a-name", rsa.generate_private_key(65537, 2048)),
        "a CSR on P-384": make_csr("a-name", ec.generate_private_key(ec.SECP384R1())),
        "a CSR that is damaged": broken_csr,
        "a CSR that is no CSR": "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        "a certificate in place of a CSR": bench.first.certificate,
    }
    for case, csr in bad.items():
        answer = post(county, "/enrol", msgspec.json.encode(board.enrol_request(code, csr=csr)))
        outcomes.refused(case, answer.admitted or answer.status >= 500)
    request = board.enrol_request(code)
    foreign = sign_request(Ed25519PrivateKey.generate(), request)
    outcomes.refused("signed by another record key", post(county, "/enrol", msgspec.json.encode(foreign)).admitted)
    other = msgspec.structs.replace(request, csr=make_csr("any-name", ec.generate_private_key(ec.SECP256R1())))
    outcomes.refused("another CSR slipped in", post(county, "/enrol", msgspec.json.encode(other)).admitted)
    for case, body in _garbage(msgspec.json.encode(request)).items():
        answer = post(county, "/enrol", body)
        outcomes.refused(case, answer.admitted or answer.status >= 500 or "message" not in answer.body)

    named = board.enrol_request(code, name=bench.second.station)
    answer = post(county, "/enrol", msgspec.json.encode(named))
    outcomes.welcome("a CSR with a foreign name is taken for its key", answer.admitted)
    given = common_name(answer.body["certificate"]) if answer.admitted else ""
    outcomes.refused("a foreign name from the CSR", given == bench.second.station)
    outcomes.welcome("the name comes from the claim", given == "request-01")


def _garbage(whole: bytes) -> dict[str, bytes]:
    return {
        "an empty body": b"",
        "half a request": whole[: len(whole) // 2],
        "a list": b"[]",
        "bytes that are no text": b"\xff\xfe\x00" * 50,
        "deep nesting": b"[" * 8000,
        "a request that is too large": whole[:-1] + b" " * 17_000 + b"}",
        "another major version": whole.replace(b'"v":1', b'"v":2'),
        "a number for a claim": whole.replace(b'"claim":"', b'"claim":7,"old":"'),
    }


def renewals(bench: Bench, outcomes: Outcomes) -> None:
    """Only the holder of a record key of a station on the list gets a new certificate."""
    county = bench.county
    board = Board(county)
    board.enrol(county.claim("renewal-01"))
    request = msgspec.json.encode(board.renew_request(name=bench.second.station))
    answer = post(county, "/renew", request)
    outcomes.welcome("the right record key", answer.admitted)
    given = common_name(answer.body["certificate"]) if answer.admitted else ""
    outcomes.welcome("the name stays", given == "renewal-01")
    outcomes.refused("the same request again", post(county, "/renew", request).admitted)
    thief = Board(county, station="renewal-01")
    outcomes.refused("another record key", thief.renew().admitted)
    outcomes.refused(
        "another station's record key", Board(county, bench.first.record_key, station="renewal-01").renew().admitted
    )
    outcomes.refused("a station that is not on the list", Board(county, station="nobody-01").renew().admitted)

    old = board
    board = Board(county)
    outcomes.welcome("a new board in its place", board.enrol(county.claim("renewal-01", OTHER_VILLAGE)).admitted)
    outcomes.refused("the old board's record key", old.renew().admitted)
    outcomes.welcome("the new board's record key", board.renew().admitted)
    for path in ("/enrol", "/renew"):
        answer = post(county, path, os.urandom(300))
        outcomes.refused(f"noise on {path}", answer.admitted or answer.status >= 500)


def wishes(bench: Bench, outcomes: Outcomes) -> None:
    """A request that asks for more than a station's certificate gets a station's certificate."""
    county, key = bench.county, ec.generate_private_key(ec.SECP256R1())
    wished: dict[str, x509.ExtensionType] = {
        "to be an authority": x509.BasicConstraints(ca=True, path_length=None),
        "to sign certificates": x509.KeyUsage(True, True, True, True, True, True, True, False, False),
        "to be a server": x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        "another name": x509.SubjectAlternativeName([x509.DNSName(bench.second.station), x509.DNSName("localhost")]),
    }
    for number, (wish, extension) in enumerate(wished.items(), start=1):
        named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "any-name")])
        request = x509.CertificateSigningRequestBuilder().subject_name(named).add_extension(extension, critical=True)
        csr = request.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
        board = Board(county, tls_key=key)
        answer = post(
            county, "/enrol", msgspec.json.encode(board.enrol_request(county.claim(f"wish-0{number}"), csr=csr))
        )
        outcomes.welcome(f"a request that wishes {wish}", answer.admitted)
        given = x509.load_pem_x509_certificate(answer.body["certificate"].encode()) if answer.admitted else None
        outcomes.refused(f"its wish {wish}", given is None or has(given, extension))
    code = county.claim("wish-09")
    for case, csr in _weak_requests().items():
        answer = post(county, "/enrol", msgspec.json.encode(Board(county).enrol_request(code, csr=csr)))
        outcomes.refused(case, answer.admitted or answer.status >= 500)


def has(certificate: x509.Certificate, wished: x509.ExtensionType) -> bool:
    """Return whether a certificate carries exactly the extension that was asked for."""
    try:
        return certificate.extensions.get_extension_for_oid(wished.oid).value == wished
    except x509.ExtensionNotFound:
        return False


def _weak_requests() -> dict[str, str]:
    """Return requests with keys and digests that nobody should use any more, as openssl makes them."""
    made = {}
    for case, key, digest in (
        ("a CSR with 512 bits of RSA", ("rsa:512",), "sha256"),
        ("a CSR with 1,024 bits of RSA and MD5", ("rsa:1024",), "md5"),
        ("a CSR on P-521", ("ec", "-pkeyopt", "ec_paramgen_curve:P-521"), "sha256"),
        ("a CSR on brainpool", ("ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"), "sha256"),
        ("a CSR on secp256k1", ("ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"), "sha256"),
    ):
        command = ["openssl", "req", "-new", "-newkey", *key, "-noenc", "-keyout", "/dev/null", "-subj", "/CN=any"]
        made[case] = subprocess.run([*command, f"-{digest}"], check=True, capture_output=True, text=True).stdout
    return made
