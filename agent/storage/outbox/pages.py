"""Read rows out of a damaged SQLite file, page by page, without the pages that lead to them.

Every table leaf page (https://sqlite.org/fileformat2.html, 1.6) lists its own rows, so a lost header, schema or
interior page costs no row. Other pages, and cells that do not parse, are passed over.
"""

from collections.abc import Callable, Iterator

from agent.storage.store import PAGE_BYTES, Row, Value

LEAF = 0x0D
_FIXED_SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
"""Bytes of a value by its serial type (file format, 2.1); longer types are text and blobs."""
_MAX_LOCAL = PAGE_BYTES - 35
_MIN_LOCAL = (PAGE_BYTES - 12) * 32 // 255 - 23
"""X and M of the file format, 1.6: how much of a row lies on the leaf page itself."""
_MAX_PAYLOAD = 1 << 20
"""No row of ours comes near. A damaged length must not make salvage gather the whole file as one row."""

type PageReader = Callable[[int], bytes | None]
"""Page number (from 1) to its bytes, or None."""


class _Unreadable(Exception):
    """The bytes are no cell of a table."""


def leaf_rows(page: bytes, *, number: int, pages: PageReader) -> Iterator[tuple[int, Row]]:
    """Yield ``(rowid, values)`` of each cell of a table leaf page that parses; nothing for other pages.

    Args:
        number: The page's number; page 1 begins with the file header.
        pages: Where overflow pages are found.
    """
    start = 100 if number == 1 else 0
    if len(page) != PAGE_BYTES or page[start] != LEAF:
        return
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    # The count may be damaged too; a page has no room for more cells than this.
    for index in range(min(count, PAGE_BYTES // 4)):
        pointer = start + 8 + 2 * index
        try:
            size, at = _varint(page, int.from_bytes(page[pointer : pointer + 2], "big"))
            rowid, at = _varint(page, at)
            if 0 < size <= _MAX_PAYLOAD:
                yield rowid, _record(_payload(page, at, size, pages))
        except (_Unreadable, IndexError, UnicodeDecodeError):
            continue


def _payload(page: bytes, at: int, size: int, pages: PageReader) -> bytes:
    """Gather a cell's payload: on the page, and on its overflow pages (file format, 1.6 and 1.5)."""
    if size <= _MAX_LOCAL:
        return page[at : at + size]
    spread = _MIN_LOCAL + (size - _MIN_LOCAL) % (PAGE_BYTES - 4)
    local = spread if spread <= _MAX_LOCAL else _MIN_LOCAL
    parts = [page[at : at + local]]
    following = int.from_bytes(page[at + local : at + local + 4], "big")
    missing = size - local
    # A damaged chain of pages may lead back to itself; it still ends, because each page gives some of the payload.
    while missing > 0:
        overflow = pages(following)
        if overflow is None:
            raise _Unreadable
        parts.append(overflow[4 : 4 + missing])
        missing -= PAGE_BYTES - 4
        following = int.from_bytes(overflow[:4], "big")
    return b"".join(parts)


def _record(payload: bytes) -> Row:
    """Decode a record (file format, 2.1)."""
    end, at = _varint(payload, 0)
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    for kind in kinds:
        size = _FIXED_SIZES.get(kind, (kind - 12) // 2)
        if size < 0 or at + size > len(payload):
            raise _Unreadable
        values.append(_value(kind, payload[at : at + size]))
        at += size
    return tuple(values)


def _value(kind: int, raw: bytes) -> Value:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind <= 6:
        return int.from_bytes(raw, "big", signed=True)
    if kind < 12:
        raise _Unreadable
    return raw if kind % 2 == 0 else raw.decode()


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """Read a 64-bit big-endian varint of 1 to 9 bytes."""
    value = 0
    for index in range(8):
        byte = raw[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | raw[at + 8], at + 9
