"""The record key: it signs the county's own stream and the daily manifests, and nothing else.

It is another key than the one that signs what goes to stations (`server_broker.trust.keys`). That one may have to be
void within minutes (ADR 18); what this one has signed must still be evidence then.

A new key is written beside the old one before the fact that names it is committed, and takes its place afterwards. A
crash in between leaves both files, and the database says which of them counts.
"""

import hashlib
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from server_broker.platform.files import file_version, sync_folder, write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError


class RecordStopped(ServiceError):
    """The county can't record decisions, so it takes none, until somebody has mended its folder of keys."""


_held: dict[Path, tuple[tuple[int, int, int], Ed25519PrivateKey]] = {}
_lock = threading.Lock()


def _file(home: CountyHome) -> Path:
    return home.trust / "record.key"


def _next_file(home: CountyHome) -> Path:
    return home.trust / "record.key.next"


def make_record_key(home: CountyHome) -> Ed25519PrivateKey:
    """Return the county's first record key, which is made if there is none yet."""
    if not _file(home).exists():
        home.trust.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(_file(home), _pem(Ed25519PrivateKey.generate()))
    return _read(_file(home))


def record_key(home: CountyHome, public_key: bytes) -> Ed25519PrivateKey:
    """Return the private key to ``public_key``, with which the county's stream is signed at present.

    Raises:
        RecordStopped: The folder does not have it.
    """
    for path in _files(home):
        key = _read(path)
        if key.public_key().public_bytes_raw() != public_key:
            continue
        if path != _file(home):  # the program ended after the COMMIT and before the renaming
            put_in_force(home)
        return key
    raise RecordStopped(f"{home.trust} 里没有县记录链现在用的密钥（record.key）：请从备份恢复这个文件夹")


def kept_record_keys(home: CountyHome) -> list[bytes]:
    """Return the public keys of the record keys that the folder has: one, and during a change two.

    Raises:
        RecordStopped: One of them can't be read.
    """
    return [_read(path).public_key().public_bytes_raw() for path in _files(home)]


def prepare_next(home: CountyHome) -> Ed25519PrivateKey:
    """Return a new record key. It lies beside the present one until `put_in_force`."""
    write_atomically(_next_file(home), _pem(Ed25519PrivateKey.generate()))
    return _read(_next_file(home))


def put_in_force(home: CountyHome) -> None:
    """Let the new key take the old one's place. The old one is gone. Repeating is harmless."""
    if _next_file(home).exists():
        _next_file(home).replace(_file(home))
        sync_folder(home.trust)


def fingerprint(public_key: bytes) -> str:
    """Return the key's fingerprint for people: the first 16 bytes of its SHA-256, in groups of four digits."""
    text = hashlib.sha256(public_key).hexdigest()[:32]
    return " ".join(text[at : at + 4] for at in range(0, 32, 4))


def _files(home: CountyHome) -> list[Path]:
    return [path for path in (_file(home), _next_file(home)) if path.exists()]


def _read(path: Path) -> Ed25519PrivateKey:
    version = file_version(path)
    with _lock:
        known = _held.get(path)
        if known is not None and known[0] == version:
            return known[1]
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except (ValueError, OSError) as error:
            raise RecordStopped(f"{path} 读不出来：请从备份恢复这个文件夹") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise RecordStopped(f"{path} 不是记录密钥：请从备份恢复这个文件夹")
        _held[path] = (version, key)
        return key


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
