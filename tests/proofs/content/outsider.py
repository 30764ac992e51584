"""Which questions a GIFT file has, counted without the product: blocks of lines between blank ones.

It knows two things of the format: a line that begins with ``//`` is a comment, and a block that begins with
``$CATEGORY:`` and has no second line is no question.
"""

import re
from typing import NamedTuple

_ENDS = re.compile(rb"\r\n|\r|\n")
_BLANKS = b" \t\x0b\x0c\x1c\x1d\x1e\x1f"
_MARK = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """A block with something that is no comment: the line of that, and all its lines without the blanks around them."""

    line: int
    text: bytes


def blocks(data: bytes) -> list[Block]:
    """Return what must be accounted for, in order."""
    found: list[Block] = []
    lines: list[bytes] = []
    first = told = 0
    for number, raw in enumerate([*_ENDS.split(data.removeprefix(_MARK)), b""], 1):
        line = raw.strip(_BLANKS)
        if line:
            lines.append(line)
            if not line.startswith(b"//"):
                first, told = first or number, told + 1
            continue
        if told > 1 or (told and not any(line.startswith(b"$CATEGORY:") for line in lines)):
            found.append(Block(first, b"\n".join(lines)))
        lines, first, told = [], 0, 0
    return found
