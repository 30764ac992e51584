"""Read the header ``Range`` of a request (RFC 9110, section 14)."""

import re

_RANGE = re.compile(r"bytes=([0-9]{0,12})-([0-9]{0,12})", re.ASCII)


class RangeNotSatisfiable(Exception):
    """The range lies outside of the content, or is empty. The answer is 416."""


def wanted_range(header: str, *, size: int) -> tuple[int, int] | None:
    """Return the bytes ``[start, end)`` that a request wants.

    Returns:
        None if the header is no single byte range. The whole content is the answer then, as RFC 9110 allows.

    Raises:
        RangeNotSatisfiable: None of these bytes exists.

    Example:
        >>> wanted_range("bytes=-3", size=10)
        (7, 10)
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if match[1]:
        start, end = int(match[1]), min(int(match[2] or size - 1), size - 1) + 1
    else:  # a suffix range, ``bytes=-N``: the last N bytes
        start, end = max(0, size - int(match[2])), size
    if start >= end:
        raise RangeNotSatisfiable
    return start, end
