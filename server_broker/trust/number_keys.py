"""The keys of people's identity and telephone numbers: one seals them, another makes the index by which they are found.

Both stand in one file, so that they are replaced together. New keys are written beside the old ones before anything is
sealed by them, and take their place once nothing is sealed by the old ones. A crash in between leaves both files.
"""

import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from server_broker.platform.files import sync_folder, write_once
from server_broker.platform.home import CountyHome
from server_broker.trust.sealing import SealBroken

_KEY_BYTES = 32
INDEX_BYTES = 16


@dataclass(frozen=True, slots=True)
class NumberKeys:
    """A pair of keys."""

    id: str
    """Eight hex digits. Each sealed number names the pair that it is sealed by."""
    sealing: bytes
    indexing: bytes

    def index_of(self, kind: str, number: str) -> bytes:
        """Return what a number is found by. Who has no key can't tell from it which number it is, nor try them all."""
        return hmac.digest(self.indexing, f"{kind} {number}".encode(), "sha256")[:INDEX_BYTES]


def make_number_keys(home: CountyHome) -> None:
    """Make the first keys if there are none."""
    home.trust.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_once(_file(home), secrets.token_bytes(2 * _KEY_BYTES))


def present_keys(home: CountyHome) -> NumberKeys:
    """Return the keys to seal with: during a change the new ones.

    Raises:
        SealBroken: They are missing or damaged.
    """
    with suppress(FileNotFoundError):
        return _read(_next_file(home))
    # The new ones may have taken the place of the old ones just now, and then they stand here.
    try:
        return _read(_file(home))
    except FileNotFoundError as error:
        raise SealBroken("the keys of numbers are missing") from error


def kept_keys(home: CountyHome) -> dict[str, NumberKeys]:
    """Return the keys that open numbers, by id: one pair, and during a change two. None if they are lost."""
    found = {}
    for path in (_next_file(home), _file(home)):
        with suppress(FileNotFoundError):
            keys = _read(path)
            found[keys.id] = keys
    return found


def prepare_next(home: CountyHome) -> NumberKeys:
    """Return new keys, which lie beside the present ones until `put_in_force`; those of a change that was cut off."""
    write_once(_next_file(home), secrets.token_bytes(2 * _KEY_BYTES))
    return _read(_next_file(home))


def put_in_force(home: CountyHome) -> None:
    """Let the new keys take the place of the old ones, which are gone. Repeating is harmless."""
    if _next_file(home).exists():
        _next_file(home).replace(_file(home))
        sync_folder(home.trust)


def _file(home: CountyHome) -> Path:
    return home.trust / "numbers.key"


def _next_file(home: CountyHome) -> Path:
    return home.trust / "numbers.key.next"


def _read(path: Path) -> NumberKeys:
    content = path.read_bytes()
    if len(content) != 2 * _KEY_BYTES:
        raise SealBroken("the keys of numbers are damaged")
    return NumberKeys(hashlib.sha256(content).hexdigest()[:8], content[:_KEY_BYTES], content[_KEY_BYTES:])
