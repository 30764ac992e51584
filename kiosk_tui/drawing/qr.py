"""QR codes (ISO/IEC 18004) of half blocks, on a screen that has little room.

A code needs a quiet zone of four modules. Readers make do with two, and the smallest screen has no more.
"""

from collections.abc import Iterator
from typing import Any

from protocol.left_out import left_out, with_nothing_of

# segno writes its codes as SVG too, and for that would bring the whole of xml, http and email along: 1.7 MB.
with left_out({"xml.sax.saxutils": with_nothing_of("xml.sax.saxutils", "quoteattr", "escape")}):
    import segno
    from segno import consts

from kiosk_tui.drawing.pixels import draw

QUIET, LEAST_QUIET = 4, 2


def qr_code(address: str, *, columns: int, lines: int) -> list[str] | None:
    """Return a QR code with its quiet zone as lines of half blocks, dark on light; None if it does not fit.

    Args:
        address: With its secret after ``#``.
        columns: Cells in a line.
        lines: Each is two modules high.
    """
    for matrix in _codes(address):
        side = len(matrix)
        quiet = min(QUIET, (columns - side) // 2, (2 * lines - side) // 2)
        if quiet >= LEAST_QUIET:
            empty = ["." * (side + 2 * quiet)] * quiet
            inner = [
                "".join("." * quiet + "".join("#" if dark else "." for dark in row) + "." * quiet) for row in matrix
            ]
            return draw([*empty, *inner, *empty])
    return None


def _codes(address: str) -> Iterator[Any]:
    """Yield codes of the address, each smaller than the one before or as small."""
    yield segno.make_qr(address, error="M", boost_error=False).matrix
    yield segno.make_qr(address, error="L", boost_error=False).matrix
    # Scheme and host are the same in capitals (RFC 3986, section 6.2.2.1), and capitals take 5.5 bits instead of 8.
    head, mark, code = address.partition("#")
    parts: Any = [
        (head.upper(), consts.MODE_ALPHANUMERIC),
        (mark, consts.MODE_BYTE),
        (code, consts.MODE_ALPHANUMERIC),
    ]
    yield segno.make_qr(parts, error="L", boost_error=False).matrix
