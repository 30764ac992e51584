"""Seal small secrets that the database keeps. The key lies beside the county's other keys, so a copy of the database
opens none of them.

What is sealed is also bound to what it is of. Put beside something else, it does not open.
"""

import base64
import binascii
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server_broker.platform.files import write_once
from server_broker.platform.home import CountyHome

_KEY_BYTES, _NONCE_BYTES = 32, 12
_MARK = "1:"
"""Before each sealed text. Another way to seal would get another mark."""


COUNTY_KEY = "seal"
"""The key of what must open for as long as the county stands."""
PASSING_KEY = "passing"
"""The key of what is kept for an hour. If it is lost, nothing is lost with it, so a new one may take its place."""


class SealBroken(Exception):
    """It does not open: the key is missing or another one, or the county did not seal it for this."""


def make_sealing_key(home: CountyHome, *, key: str = COUNTY_KEY) -> None:
    """Make a sealing key of the county if there is none. Of several callers at the same time, one makes it."""
    home.trust.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_once(_file(home, key), secrets.token_bytes(_KEY_BYTES))


def seal_bytes(key: bytes, secret: bytes, *, of: str) -> bytes:
    """Return ``secret`` sealed with a key of 32 bytes. It opens for the same ``of`` alone."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, of.encode())


def unseal_bytes(key: bytes, sealed: bytes, *, of: str) -> bytes:
    """Return the secret of sealed bytes.

    Raises:
        SealBroken: It does not open.
    """
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], of.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken("sealed by another key, or for something else") from error


def seal(home: CountyHome, secret: bytes, *, of: str, key: str = COUNTY_KEY) -> str:
    """Return ``secret`` as sealed text, which opens for the same ``of`` alone.

    Raises:
        SealBroken: The county has no such key.
    """
    return _MARK + base64.urlsafe_b64encode(seal_bytes(_key(home, key), secret, of=of)).decode("ascii")


def unseal(home: CountyHome, sealed: str, *, of: str, key: str = COUNTY_KEY) -> bytes:
    """Return the secret of a sealed text.

    Raises:
        SealBroken: It does not open.
    """
    opener = _key(home, key)
    if not sealed.startswith(_MARK):
        raise SealBroken("this was never sealed")
    try:
        parts = base64.b64decode(sealed.removeprefix(_MARK), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise SealBroken("this was never sealed") from error
    return unseal_bytes(opener, parts, of=of)


def _key(home: CountyHome, name: str) -> bytes:
    try:
        key = _file(home, name).read_bytes()
    except FileNotFoundError as error:
        raise SealBroken(f"the county has no sealing key {name}") from error
    if len(key) != _KEY_BYTES:
        raise SealBroken(f"the sealing key {name} is damaged")
    return key


def _file(home: CountyHome, name: str) -> Path:
    return home.trust / f"{name}.key"
