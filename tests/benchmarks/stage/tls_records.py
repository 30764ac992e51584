"""Tell large TLS records from small ones in a byte stream: a picture's chunks from the messages about the picture."""

LARGE_BYTES = 1_500
_HEADER = 5
"""Type, version and length (RFC 8446, section 5.1)."""


class LargeRecords:
    """Follows one direction of one connection."""

    def __init__(self) -> None:
        self._header = bytearray()
        self._left = 0
        self._large = False

    def feed(self, chunk: bytes) -> int:
        """Take the next bytes, and return how many of them belong to large records; a header counts as soon as it is
        whole."""
        large = at = 0
        while at < len(chunk):
            if self._left:
                step = min(self._left, len(chunk) - at)
                self._left -= step
                large += step * self._large
            else:
                step = min(_HEADER - len(self._header), len(chunk) - at)
                self._header += chunk[at : at + step]
                large += self._begin() * self._large
            at += step
        return large

    def _begin(self) -> int:
        """Begin a record when its header is whole, and return the header's bytes; return 0 before."""
        if len(self._header) < _HEADER:
            return 0
        self._left = int.from_bytes(self._header[3:5])
        self._large = self._left >= LARGE_BYTES
        self._header.clear()
        return _HEADER
