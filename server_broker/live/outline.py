"""Judge a frame by its outline, without decoding it.

The web never decodes what a station sends live: it passes bytes on to the viewer's browser, which decodes them in a
sandbox. A decoder here would give a hostile station a way into the process that holds everybody's sessions, or to make
all viewers wait; a process apart costs more than a hundred times as much. So only what can be read in a few steps is
asked: one baseline JPEG (ITU-T T.81, Annex B) in one scan, as stations make them, of a sane number of pixels, from its
first marker to its last. Whether the scan makes a nice picture, the browser finds out.
"""

import re

from server_broker.media.kinds import MAX_PIXELS

_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"
_SCAN = 0xDA
_BASELINE = (0xC0, 0xC1)
_TABLES = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
"""Huffman and quantisation tables, the restart interval, comments, and data of applications."""
_SIZE_BYTES = 8
"""Length, precision, height and width of a frame header."""
_MARKER = re.compile(rb"\xff(?![\x00\xd0-\xd7])")
"""Within a scan: neither a stuffed byte nor a restart."""


def is_jpeg(data: bytes) -> bool:
    """Tell whether bytes have the outline of a whole JPEG that may be shown."""
    if not data.startswith(_BEGIN) or not data.endswith(_END):
        return False
    at, pixels = len(_BEGIN), 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind, begin = data[at + 1], at + 2
        at = begin + int.from_bytes(data[begin : begin + 2])
        if at < begin + 2:
            return False
        if kind == _SCAN:
            marker = _MARKER.search(data, at)
            return 0 < pixels <= MAX_PIXELS and marker is not None and marker.start() == len(data) - len(_END)
        if kind in _BASELINE and not pixels and at >= begin + _SIZE_BYTES:
            pixels = int.from_bytes(data[begin + 3 : begin + 5]) * int.from_bytes(data[begin + 5 : begin + 7])
        elif kind not in _TABLES:
            return False
    return False
