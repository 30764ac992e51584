"""Seal small secrets that the database keeps. The key lies beside the county's other keys, so a copy of the database
opens none of them.

What is sealed is also bound to what it is of. Put beside something else, it does not open.
"""

import base64
import binascii
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server_broker.platform.files import sync_folder
from server_broker.platform.home import CountyHome

_KEY_BYTES, _NONCE_BYTES = 32, 12
_MARK = "1:"
"""Before each sealed text. Another way to seal would get another mark."""


class SealBroken(Exception):
    """It does not open: the key is missing or another one, or the county did not seal it for this."""


def make_sealing_key(home: CountyHome) -> None:
    """Make the county's sealing key if there is none. Of several callers at the same time, one makes it."""
    path = _file(home)
    if path.exists():
        return
    home.trust.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # A link is not made over a file that is there: what another caller has sealed meanwhile must still open.
        with suppress(FileExistsError):
            path.hardlink_to(own)
    finally:
        own.unlink()
    sync_folder(home.trust)


def seal(home: CountyHome, secret: bytes, *, of: str) -> str:
    """Return ``secret`` as sealed text, which opens for the same ``of`` alone.

    Raises:
        SealBroken: The county has no sealing key.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(_key(home)).encrypt(nonce, secret, of.encode())
    return _MARK + base64.urlsafe_b64encode(nonce + sealed).decode("ascii")


def unseal(home: CountyHome, sealed: str, *, of: str) -> bytes:
    """Return the secret of a sealed text.

    Raises:
        SealBroken: It does not open.
    """
    key = _key(home)
    if not sealed.startswith(_MARK):
        raise SealBroken("this was never sealed")
    try:
        parts = base64.b64decode(sealed.removeprefix(_MARK), altchars=b"-_", validate=True)
        return AESGCM(key).decrypt(parts[:_NONCE_BYTES], parts[_NONCE_BYTES:], of.encode())
    except (binascii.Error, ValueError, InvalidTag) as error:
        raise SealBroken("another key sealed it, or it was for something else") from error


def _key(home: CountyHome) -> bytes:
    try:
        key = _file(home).read_bytes()
    except FileNotFoundError as error:
        raise SealBroken("the county has no sealing key") from error
    if len(key) != _KEY_BYTES:
        raise SealBroken("the sealing key is damaged")
    return key


def _file(home: CountyHome) -> Path:
    return home.trust / "seal.key"
