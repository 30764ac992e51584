"""Text without signs that nobody sees, that turn it round, or that pile up on one letter.

Names and documents come from people and from other programs. A sign that nobody sees makes two names look alike, one
that turns the direction shows another text than is stored, and a hundred accents on one letter cover the lines above.

What names of minorities need stays: ``·``, every letter of every script, up to `MOST_MARKS` marks on a letter (Tibetan
needs three), and one variation selector, because some characters of names differ by nothing else. Joiners of no width
go; an emoji that is made of several by them falls apart into these, and each stays readable.
"""

import json
import unicodedata

MOST_MARKS = 4
_SELECTORS = frozenset((*map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0xE0100, 0xE01F0))))
_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters that are drawn as nothing."""
_RARE_CHARACTERS = range(0x20000, 0x3FFFE)
"""Planes of Chinese characters alone. Some are newer than the Unicode data of the Python that runs."""


class _Seen(dict[int, str]):
    """What each sign becomes. Learnt sign by sign, because Unicode has more than a million of them."""

    def __init__(self, breaks: str) -> None:
        super().__init__()
        self.marks: set[str] = set()
        self._breaks = breaks

    def __missing__(self, code: int) -> str:
        self[code] = seen = self._read(chr(code))
        return seen

    def _read(self, sign: str) -> str:
        if sign in self._breaks:
            return sign
        if sign in _BREAKS:
            return "\n" if "\n" in self._breaks else " "
        if sign == "\t" or sign in _BLANK_LETTERS:
            return " "
        kind = unicodedata.category(sign)
        if kind[0] == "M":
            self.marks.add(sign)
        return "" if kind[0] == "C" and ord(sign) not in _RARE_CHARACTERS else sign


_LINE, _LINES = _Seen(""), _Seen("\n")


class _Spelled(dict[int, str]):
    """What `spelled_out` writes for each sign, learnt sign by sign."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        obeyed = unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        self[code] = written = json.dumps(sign)[1:-1] if obeyed else sign
        return written


_SPELLED, _SPELLED_IN_LINES = _Spelled({0x7F: r"\u007f"}), _Spelled({0x7F: r"\u007f", 0x09: "\t", 0x0A: "\n"})


def one_line(text: str) -> str:
    """Return ``text`` clean and on one line: breaks and tabs become blanks."""
    return _cleaned(text.replace("\r\n", "\n"), _LINE)


def lines(text: str) -> str:
    """Return ``text`` clean, with ``\\n`` for each break."""
    return _cleaned(text.replace("\r\n", "\n"), _LINES)


def is_clean(text: str) -> bool:
    """Tell whether `lines` would change nothing but tabs and the kind of breaks."""
    return lines(text) == text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")


def spelled_out(text: str, *, in_lines: bool = False) -> str:
    """Return ``text`` with each sign that a terminal obeys, or that nobody sees, written as in JSON: ``\\u001b``.

    Nothing is lost, and JSON stays the same JSON. These are control characters, line and paragraph separators, what
    turns the direction of text, and what has no width.

    Args:
        in_lines: Newlines and tabs stay as they are.
    """
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_SPELLED_IN_LINES if in_lines else _SPELLED)


def _cleaned(text: str, seen: _Seen) -> str:
    if text.isascii() and text.isprintable():
        return text
    plain = text.translate(seen)
    return plain if seen.marks.isdisjoint(plain) else _thinned(plain, seen.marks)


def _thinned(text: str, marks: set[str]) -> str:
    """Return ``text`` without marks that have no letter, or too many on theirs."""
    kept: list[str] = []
    room, may_select = 0, False
    for sign in text:
        if sign not in marks:
            room, may_select = (0, False) if sign.isspace() else (MOST_MARKS, True)
        elif sign in _SELECTORS:
            if not may_select:
                continue
            may_select = False
        elif room == 0:
            continue
        else:
            room -= 1
        kept.append(sign)
    return "".join(kept)
