"""How the C library keeps the memory that Python no longer needs."""

import ctypes

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Of glibc's malloc.h; mallopt(3)."""
_LIBC = ctypes.CDLL(None)
_LARGE_BYTES = 128 * 1024
"""glibc's own first value."""


def keep_little_memory() -> None:
    """Have the C library keep one arena, and give each block of 128 KiB and more back as soon as it is free.

    Call it before the first thread begins. By itself glibc begins an arena for each thread, up to eight for each
    processor, and what one thread frees no other can use. In Python one thread at a time allocates, so one arena is
    enough: it saves the agent 0.9 MB.

    By itself glibc also raises the limit of large blocks to the largest that was freed so far. From the first pack that
    somebody opens, blocks of its size would then lie among smaller ones and stay in the process.
    """
    mallopt = _LIBC.mallopt
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def give_back_free_memory() -> None:
    """Give back what the C library holds and nobody uses, between what is used (malloc_trim(3)).

    Reading modules and the last facts leaves such holes: 0.3 MB after a start.
    """
    _LIBC.malloc_trim(0)
