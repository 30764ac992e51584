"""How passwords and claim codes are hashed, and how many hashes run at once.

The parameters are the least that OWASP's Password Storage Cheat Sheet recommends for Argon2id: 19 MiB, two passes, one
lane (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html, read in November 2026).
Django's own are 100 MiB and eight lanes, which strangers made the county spend for each guess. A hash of other
parameters is verified by its own, and replaced at the next right password (`django.contrib.auth.hashers`).
"""

import threading
from typing import Any, ClassVar

from django.contrib.auth.hashers import Argon2PasswordHasher

HASHES_AT_ONCE = 3
"""In one process, whoever asks for them: at most 57 MiB, or 300 while old hashes are left."""
_NOBODYS_SALT, _NOBODYS_HASH = "bm9jbGFpbWhhc3RoaXM", "A" * 43


class CountyArgon2Hasher(Argon2PasswordHasher):
    """Argon2id (RFC 9106) with OWASP's parameters, a few at once."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
    _room: ClassVar = threading.BoundedSemaphore(HASHES_AT_ONCE)

    def encode(self, password: str, salt: str) -> str:
        """Hash, when there is room for it."""
        with self._room:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Compare, when there is room for it."""
        with self._room:
            return super().verify(password, encoded)

    def safe_summary(self, encoded: str) -> Any:
        """Return what an account's page says of its password: how it is kept, and nothing of the hash."""
        return {"算法": "Argon2id", "占用内存": f"{self.decode(encoded)['memory_cost'] // 1024} MiB"}


def nobodys_hash() -> str:
    """Return a hash that no text has, to spend on an unknown name as much time as on a known one."""
    own = CountyArgon2Hasher
    cost = f"m={own.memory_cost},t={own.time_cost},p={own.parallelism}"
    return f"argon2$argon2id$v=19${cost}${_NOBODYS_SALT}${_NOBODYS_HASH}"
