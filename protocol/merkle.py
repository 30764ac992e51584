"""Merkle trees as in Certificate Transparency (RFC 6962, section 2.1; RFC 9162, section 2.1.3): SHA-256.

A leaf is hashed with a leading ``00`` and a node with a leading ``01``, so that no node can be shown as a leaf.
"""

import hashlib
from collections.abc import Sequence

from protocol.refusal import Refused

HASH_BYTES = 32
MAX_PATH = 53
"""Longest path that is read: a tree has at most 2^53 leaves."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over ``leaves`` in their order; of no leaves it is the hash of nothing."""
    if not leaves:
        return hashlib.sha256().digest()
    level = [leaf_hash(leaf) for leaf in leaves]
    while len(level) > 1:
        level = _above(level)
    return level[0]


def _above(level: list[bytes]) -> list[bytes]:
    # A last node without a neighbour goes up as it is. This is the tree of the RFC: its left part is always full.
    above = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return above + level[-1:] if len(level) % 2 else above


def merkle_paths(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return for each leaf the hashes that lead from it to the root, from below."""
    levels = [[leaf_hash(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        levels.append(_above(levels[-1]))
    return [
        [level[(index >> height) ^ 1] for height, level in enumerate(levels[:-1]) if (index >> height) ^ 1 < len(level)]
        for index in range(len(leaves))
    ]


def root_of_path(leaf: bytes, *, index: int, count: int, path: Sequence[bytes]) -> bytes:
    """Return the root to which ``path`` leads from ``leaf`` as leaf ``index`` of ``count``.

    Raises:
        Refused: ``malformed``: there is no such leaf, or the path is too short or too long for it.
    """
    if not 0 <= index < count or len(path) > MAX_PATH:
        raise Refused("malformed", f"leaf {index} of {count}")
    value, place, last, rest = leaf_hash(leaf), index, count - 1, list(path)
    while last:
        if place % 2 or place < last:
            if not rest:
                raise Refused("malformed", "the path ends early")
            beside = rest.pop(0)
            value = _node(beside, value) if place % 2 else _node(value, beside)
        place, last = place // 2, last // 2
    if rest:
        raise Refused("malformed", "the path is too long")
    return value
