"""PINs: six digits, of which neither end keeps more than a slow, salted hash.

Agent and county derive by this one implementation. Six digits are a million guesses. Whoever steals a station's SD card
has its verifiers and can try them all: the slow hash makes that hours instead of a second, and no more. What protects a
PIN is that the kiosk and the front door count the tries.
"""

import hashlib
import hmac
import re
from typing import Annotated

from msgspec import Meta

from protocol.codec import Message
from protocol.refusal import Refused

PIN_DIGITS = 6
ALGORITHM_SCRYPT = 1
"""scrypt (RFC 7914), password: the PIN's six ASCII digits."""

_BLOCK_BYTES = 128
_MAX_MEMORY_BYTES = 16 * 2**20
"""What a reader grants one derivation: a verifier from outside must not use up a small board's memory."""

_PIN = re.compile(rf"[0-9]{{{PIN_DIGITS}}}", re.ASCII)
_RUNS = ("01234567890", "09876543210")
_WELL_KNOWN = """
520131 521131 131420 131452 201314 131421 110119 518518 147258 258369 147852 159357
357159 789456 456789 159753 147369 123654 112358 314159 142857 100200 123000 123789
789123 987123 135790 246800 135246 102030 112211 123312 521314 123457 102938
"""


class PinVerifier(Message, frozen=True, kw_only=True):
    """What is kept of a PIN. ``log2_n``, ``r`` and ``p`` are the cost of scrypt (RFC 7914, section 2)."""

    algorithm: Annotated[int, Meta(ge=1, le=255)] = ALGORITHM_SCRYPT
    log2_n: Annotated[int, Meta(ge=1, le=20)]
    r: Annotated[int, Meta(ge=1, le=32)]
    p: Annotated[int, Meta(ge=1, le=16)]
    salt: Annotated[bytes, Meta(min_length=16, max_length=16)]
    digest: Annotated[bytes, Meta(min_length=32, max_length=32)]

    def __post_init__(self) -> None:
        """Refuse a cost that no reader would pay."""
        if _BLOCK_BYTES * self.r << self.log2_n > _MAX_MEMORY_BYTES:
            raise ValueError("Expected a cost of at most 16 MiB")


LOG2_N, BLOCK_SIZE, PARALLEL = 12, 8, 4
"""4 MiB at a time, four times over: an agent has 60 MB in all."""


def is_common(pin: str) -> bool:
    """Tell whether a PIN is one of those that people guess first: it may not be set.

    These are all runs and repeats (000000, 123456, 121212, 123123, 112233, 111222, 123321) and the best known numbers.
    """
    doubled = pin[0::2] == pin[1::2] and pin[0::2] in "".join(_RUNS)
    return (
        len(set(pin)) < 3
        or any(pin in run for run in _RUNS)
        or pin[:3] == pin[3:]
        or pin[:2] * 3 == pin
        or pin == pin[::-1]
        or doubled
        or pin in _WELL_KNOWN.split()
    )


def check_new_pin(pin: str) -> None:
    """Check that ``pin`` may be set.

    Raises:
        Refused: ``bad_pin``: it is not six digits, or one of the commonest.
    """
    if not _PIN.fullmatch(pin):
        raise Refused("bad_pin", "a PIN has six digits")
    if is_common(pin):
        raise Refused("bad_pin", "one of the commonest PINs")


def derive_verifier(pin: str, *, salt: bytes) -> PinVerifier:
    """Return what is kept of a new PIN.

    Args:
        salt: 16 random bytes.

    Raises:
        Refused: ``bad_pin``, see `check_new_pin`.
    """
    check_new_pin(pin)
    digest = _scrypt(pin, salt, LOG2_N, BLOCK_SIZE, PARALLEL)
    return PinVerifier(log2_n=LOG2_N, r=BLOCK_SIZE, p=PARALLEL, salt=salt, digest=digest)


def is_pin(verifier: PinVerifier, pin: str) -> bool:
    """Tell whether ``pin`` is the one that was set. It takes some tenths of a second on a small board.

    Raises:
        Refused: ``unknown_algorithm``: the verifier is of a later version.
    """
    if verifier.algorithm != ALGORITHM_SCRYPT:
        raise Refused("unknown_algorithm", f"PIN algorithm {verifier.algorithm}")
    if not _PIN.fullmatch(pin):
        return False
    derived = _scrypt(pin, verifier.salt, verifier.log2_n, verifier.r, verifier.p)
    return hmac.compare_digest(derived, verifier.digest)


def _scrypt(pin: str, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    memory = 2 * _MAX_MEMORY_BYTES
    return hashlib.scrypt(pin.encode("ascii"), salt=salt, n=1 << log2_n, r=r, p=p, maxmem=memory, dklen=32)
