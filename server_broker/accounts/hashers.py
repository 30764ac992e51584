"""How passwords and claim codes are hashed, and how many hashes run at once.

The parameters are the least that OWASP's Password Storage Cheat Sheet recommends for Argon2id: 19 MiB, two passes, one
lane (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html, read in November 2026).
Django's defaults are 100 MiB and eight lanes, and any stranger could make the county spend them on each guess. A hash
with other parameters is verified by its own, and is replaced when its owner signs in (`django.contrib.auth.hashers`).
"""

import threading
from typing import Any, ClassVar

from django.contrib.auth.hashers import Argon2PasswordHasher

HASHES_AT_ONCE = 3
"""Most hashes at the same time in one process. They take at most 57 MiB; 300 MiB while old hashes are left."""
_NOBODYS_SALT, _NOBODYS_HASH = "bm9jbGFpbWhhc3RoaXM", "A" * 43


class CountyArgon2Hasher(Argon2PasswordHasher):
    """Argon2id (RFC 9106) with OWASP's parameters, at most `HASHES_AT_ONCE` at the same time."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
    _room: ClassVar = threading.BoundedSemaphore(HASHES_AT_ONCE)

    def encode(self, password: str, salt: str) -> str:
        """Hash, as soon as fewer than `HASHES_AT_ONCE` hashes run."""
        with self._room:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Compare, as soon as fewer than `HASHES_AT_ONCE` hashes run."""
        with self._room:
            return super().verify(password, encoded)

    def safe_summary(self, encoded: str) -> Any:
        """Return what an account's page shows about its password: the algorithm, but nothing of the hash."""
        return {"算法": "Argon2id", "占用内存": f"{self.decode(encoded)['memory_cost'] // 1024} MiB"}


def nobodys_hash() -> str:
    """Return a hash that no text has. Checking it takes as much time for an unknown name as for a known one."""
    own = CountyArgon2Hasher
    cost = f"m={own.memory_cost},t={own.time_cost},p={own.parallelism}"
    return f"argon2$argon2id$v=19${cost}${_NOBODYS_SALT}${_NOBODYS_HASH}"
