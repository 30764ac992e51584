"""How the C library keeps the memory that Python no longer needs."""

import ctypes

_M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h; mallopt(3)."""
_LARGE_BYTES = 128 * 1024
"""glibc's own first value."""


def give_back_large_blocks() -> None:
    """Have each block of 128 KiB and more go back to the system as soon as it is free.

    By itself glibc raises this limit to the largest block that was freed so far. From the first pack that somebody
    opens, blocks of its size would then lie among smaller ones and stay in the process.
    """
    ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
