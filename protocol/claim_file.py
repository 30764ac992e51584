"""``claim.toml``: what a technician carries to a new station, on a stick: the county's address, its CA, a claim code.

The county writes it when a code is made, and ``cunhui-agent setup`` reads it. It is worth as much as the code in it,
and ends with the code. It is TOML, so that a person can look at it.
"""

import hashlib
import json
import tomllib
from base64 import b64decode

import msgspec

from protocol.claim import parse_claim_code
from protocol.refusal import Refused

CLAIM_FILE = "claim.toml"
MAX_CLAIM_FILE_BYTES = 32_768
VERSION = 1
_HEAD = """\
# 村慧接入文件：在新站点上运行 sudo cunhui-agent setup --file claim.toml
# 里面有接入码，只能用一次。用完或过期后请删掉这个文件。
"""
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_SPOKEN_DIGITS, _GROUP = 30, 5


class ClaimFile(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the file. Fields that a later version adds are ignored."""

    version: int = VERSION
    url: str
    """The county's address for stations, ``https://HOST:PORT``."""
    ca: str
    """The county CA's certificate, PEM."""
    claim: str
    """The claim code."""
    station: str
    """Id of the station for which the code was made."""
    name: str
    """What people call the station."""
    expires: str
    """When the code ends, as people of the county read it."""


def encode_claim_file(content: ClaimFile) -> bytes:
    """Return the file's bytes."""
    # A basic string of TOML is written as one of JSON (TOML 1.0, "String").
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in msgspec.to_builtins(content).items()]
    return (_HEAD + "\n".join(lines) + "\n").encode()


def decode_claim_file(raw: bytes) -> ClaimFile:
    """Return what stands in the file.

    Raises:
        Refused: ``too_large``, ``unknown_version`` or ``malformed``: it is damaged, or no such file.
    """
    if len(raw) > MAX_CLAIM_FILE_BYTES:
        raise Refused("too_large", "the claim file is too large")
    try:
        table = tomllib.loads(raw.decode("utf-8-sig"))
        if isinstance(version := table.get("version"), int) and version > VERSION:
            raise Refused("unknown_version", f"claim file of version {version}")
        content = msgspec.convert(table, ClaimFile)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Refused("malformed", f"no claim file: {error}") from error
    parse_claim_code(content.claim)
    certificate_bytes(content.ca)
    return content


def certificate_bytes(pem: str) -> bytes:
    """Return the DER of the one certificate in a PEM text (RFC 7468).

    Raises:
        Refused: ``malformed``.
    """
    head, begins, rest = pem.partition(_BEGIN)
    body, ends, tail = rest.partition(_END)
    try:
        if head.strip() or tail.strip() or not (begins and ends):
            raise ValueError("not one certificate")
        return b64decode("".join(body.split()), validate=True)
    except ValueError as error:
        raise Refused("malformed", f"no certificate: {error}") from error


def spoken_fingerprint(pem: str) -> str:
    """Return a certificate's fingerprint as two people compare it by telephone: six groups of five digits.

    They are the last 30 decimal digits of its SHA-256, some 100 bits: nobody makes a second certificate that has them.

    Raises:
        Refused: ``malformed``.
    """
    number = int.from_bytes(hashlib.sha256(certificate_bytes(pem)).digest())
    digits = f"{number % 10**_SPOKEN_DIGITS:0{_SPOKEN_DIGITS}}"
    return " ".join(digits[at : at + _GROUP] for at in range(0, _SPOKEN_DIGITS, _GROUP))
