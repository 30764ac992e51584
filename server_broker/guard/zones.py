"""Find where digits stand in a text, however they are written, and cut them into groups.

A digit may be full-width, bold, Chinese or in a circle, and signs that nobody sees may stand between digits. Each sign
is replaced by one sign, so that places in the result are places in the text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

UNSEEN = "\u200b"
CELL = "\x1f"
"""Stands between the cells of a row."""
_MARK = "◆"
"""Stands for each sign that is a picture, such as ● or →."""
_CHINESE = {
    **dict(zip("〇零○◯", "0000", strict=True)),
    **dict(zip("一二三四五六七八九", "123456789", strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True)),
    **dict(zip("幺两貳參陸弌弍弎", "12236123", strict=True)),
    **dict(zip("〡〢〣〤〥〦〧〨〩", "123456789", strict=True)),
    **dict(zip("洞拐勾", "079", strict=True)),
}
_LETTERS = dict(zip("OoОоΟοlIｌＩＯｏ", "000000111100", strict=True))
"""Letters that people type for a digit."""
_SPECIAL = {
    **dict.fromkeys("×✕xХхⅩｘＸ", "X"),
    **dict.fromkeys("‐‑‒–—―−－﹣ー﹘━─", "-"),
    **dict.fromkeys("．․﹒", "."),
    **dict.fromkeys("•‧∙⋅・･", "·"),
    **dict.fromkeys("｜│┃", "|"),
    **dict.fromkeys("，、", "、"),
    **dict.fromkeys("。；：", "。"),
    **dict.fromkeys("\r\v\f\x85\u2028\u2029", "\n"),
    # Of marks of secrecy and what stands around them.
    **dict(zip("機絕祕國級內資傳擴單", "机绝秘国级内资传扩单", strict=True)),
    **dict.fromkeys("\u3164\uffa0\u115f\u1160\u2800", " "),
}
type Gap = Literal["near", "listed", "spaced", "column"]


class _Plain(dict[int, str]):
    """How each sign is read. Learnt sign by sign, because Unicode has more than a million of them."""

    def __init__(self, *, chinese: bool = False, circled: bool = False) -> None:
        super().__init__()
        self._chinese, self._circled = chinese, circled

    def __missing__(self, code: int) -> str:
        self[code] = found = self._read(chr(code))
        return found

    def _read(self, sign: str) -> str:
        if sign in _SPECIAL:
            return _SPECIAL[sign]
        if self._chinese and (sign in _CHINESE or sign in _LETTERS):
            return _CHINESE.get(sign) or _LETTERS[sign]
        kind = unicodedata.category(sign)
        if kind == "Nd":
            return str(unicodedata.digit(sign))
        if sign in "\n\t" or sign == CELL:
            return sign
        if kind in ("Cf", "Cc", "Mn", "Me", "Cs"):
            return UNSEEN
        if kind == "Zs":
            return " "
        if sign in "←→↑↓" or (kind == "So" and sign not in _CHINESE and sign not in "★☆"):
            return _MARK
        normal = unicodedata.normalize("NFKC", sign)
        if kind == "No":
            # ①, ⑴ or ㈠ before a number may be a part of it, or count the line.
            value = unicodedata.numeric(sign, -1)
            return str(int(value)) if self._circled and value in range(10) else "#"
        return normal if len(normal) == 1 else sign


_READERS = (_Plain(), _Plain(chinese=True), _Plain(chinese=True, circled=True))
_BRACKETS = r"<>《》〈〉\[\]【】〔〕{}「」『』“”‘’"
_GAP = rf"[ \t\n|{CELL}_.,、/()·~'\"*\\…!?@&^`{_BRACKETS}★☆{_MARK}\-{UNSEEN}]"
_OTHER = f"#{''.join(_CHINESE)}{''.join(_LETTERS)}"
_OTHER_DIGIT = re.compile(f"[{_OTHER}]")
_DIGITS_OF_ANY_KIND = re.compile(rf"[0-9{_OTHER}](?:{_GAP}*+X?{_GAP}*+[0-9{_OTHER}]){{6,}}")
"""Enough signs in a row that can be read as digits, in the plainest reading."""
_END_X = rf"(?:{_GAP}{{0,6}}X(?![A-Za-z]))?"
_ZONE = re.compile(rf"[0-9](?:{_GAP}{{0,16}}X?{_GAP}{{0,16}}[0-9])+{_END_X}")
_WIDE_ZONE = re.compile(rf"[0-9](?:{_GAP}*+X?{_GAP}*+[0-9])+{_END_X}")
"""Also over an empty page: a number may be torn apart so that nobody sees it as one."""
_WIDE_GAP = re.compile(rf"[0-9]X?{_GAP}{{17}}")
_GROUP = re.compile(rf"[0-9]+(?:{UNSEEN}+[0-9]+)*(?:{UNSEEN}*X)?|X")
_DATE = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}([-./])[0-9]{1,2}\1[0-9]{1,2}(?![0-9])")
_END = rf"(?!{UNSEEN}*[0-9.])"
_MONEY = rf"[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]{{1,2}})?{_END}|[0-9]+\.[0-9]{{1,2}}{_END}"
_SUM = re.compile(rf"(?<![0-9.,])(?:(?P<money>{_MONEY})|[0-9]+\.[0-9]+{_END})")
_COUNTED = re.compile(f"(?<=[\u4e00-\u9fff])(?<![{''.join(_CHINESE)}])[一二三四五六七八九]")
"""A Chinese digit that may belong to the word before it, as to a name."""
_YUAN = re.compile(rf"[ {UNSEEN}]{{0,3}}[十百千万亿]{{0,2}}元(?![旦宵])")
LEAST_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Group:
    """Digits that stand together, from ``start`` to ``end`` of the text, and what lies between them and those before.

    ``whole`` is the date or the sum that the group is a part of, as its bounds in the text.
    """

    digits: str
    start: int
    end: int
    gap: Gap
    is_money: bool
    whole: tuple[int, int]
    opens_cell: bool = False
    """Whether it is the first in a cell of a table."""
    is_paid: bool = False
    """Whether it belongs to the sum before a 元."""


@dataclass(frozen=True)
class Window:
    """Groups that follow one another, read as one number."""

    groups: tuple[Group, ...]
    is_alone: bool = False
    """Whether no other digits stand beside it."""

    @cached_property
    def digits(self) -> str:
        """All digits; an X may be the last one."""
        return "".join(group.digits for group in self.groups)

    @property
    def start(self) -> int:
        """Where the number begins in the text."""
        return self.groups[0].start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.groups[-1].end

    @property
    def is_one(self) -> bool:
        """Whether nothing that is seen stands between the digits."""
        return len(self.groups) == 1

    @property
    def over_columns(self) -> bool:
        """Whether it goes over the edge of a column or of a line, or over a Chinese comma."""
        return any(group.gap != "near" for group in self.groups[1:])

    @property
    def is_spaced(self) -> bool:
        """Whether nothing but blanks and ends of lines stands between its digits, and more than a blank or two."""
        return self.over_columns and all(group.gap in ("near", "spaced") for group in self.groups[1:])

    @property
    def is_listed(self) -> bool:
        """Whether a Chinese comma stands between its digits, as between those of different numbers."""
        return any(group.gap == "listed" for group in self.groups[1:])

    @property
    def is_paid(self) -> bool:
        """Whether it is, or ends in, the sum before a 元."""
        return self.groups[-1].is_paid

    @property
    def parts(self) -> tuple[str, ...]:
        """The digits of each cell, line or part of a list over which it goes."""
        parts = [""]
        for place, group in enumerate(self.groups):
            if place and group.gap != "near":
                parts.append("")
            parts[-1] += group.digits
        return tuple(parts)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many digits each group has."""
        return tuple(len(group.digits) for group in self.groups)

    @property
    def cuts(self) -> bool:
        """Whether it begins or ends in the middle of a date or a sum."""
        return self.groups[0].whole[0] < self.start or self.groups[-1].whole[1] > self.end

    @property
    def is_sums(self) -> bool:
        """Whether it is nothing but sums of money, or one decimal number or day."""
        first, last = self.groups[0], self.groups[-1]
        is_one = not self.is_one and first.whole == last.whole
        return is_one or all(group.is_money for group in self.groups)


def readings(text: str) -> tuple[str, ...]:
    """Return the text with its digits as 0 to 9 in each way in which that can be meant, the plainest first.

    A Chinese digit or one in a circle may be a part of a number, or a word or the number of a line before it.
    """
    plain = text.translate(_READERS[0])
    if not any(_OTHER_DIGIT.search(found.group()) for found in _DIGITS_OF_ANY_KIND.finditer(plain)):
        return (plain,)
    counted = _COUNTED.sub("#", text)
    others = [text.translate(reader) for reader in _READERS[1:]]
    return tuple(dict.fromkeys([plain, *others, *(counted.translate(reader) for reader in _READERS[1:])]))


def zones_of(reading: str) -> Iterator[list[Group]]:
    """Cut each place with enough digits into its groups; where gaps are wide, once more over them."""
    zones = list(_ZONE.finditer(reading))
    if _WIDE_GAP.search(reading):
        zones += _WIDE_ZONE.finditer(reading)
    for zone in zones:
        piece = zone.group()
        if len(piece) < LEAST_DIGITS:
            continue
        groups = _groups(piece, zone.start())
        if sum(len(group.digits) for group in groups) < LEAST_DIGITS:
            continue
        if _YUAN.match(reading, zone.end()):
            paid = groups[-1].whole
            groups = [replace(group, is_paid=True) if group.whole == paid else group for group in groups]
        yield groups


def _groups(piece: str, offset: int) -> list[Group]:
    tokens = [(found.span(), False) for found in _DATE.finditer(piece)]
    tokens += [(found.span(), found["money"] is not None) for found in _SUM.finditer(piece)]
    tokens.sort()
    groups: list[Group] = []
    last, place = 0, 0
    for found in _GROUP.finditer(piece):
        start, end = found.span()
        while place < len(tokens) and tokens[place][0][1] <= start:
            place += 1
        inside = place < len(tokens) and tokens[place][0][0] <= start
        whole = tokens[place][0] if inside else (start, end)
        groups.append(
            Group(
                digits=found.group().replace(UNSEEN, ""),
                start=offset + start,
                end=offset + end,
                gap=_kind_of(piece[last:start]),
                is_money=inside and tokens[place][1],
                whole=(offset + whole[0], offset + whole[1]),
                opens_cell=CELL in piece[last:start],
            )
        )
        last = end
    return groups


@lru_cache(maxsize=1_000)
def _kind_of(gap: str) -> Gap:
    # A page of digits has the same few gaps all over.
    seen = gap.replace(UNSEEN, "")
    is_column = any(sign in seen for sign in ("\t", "\n", "|", CELL, "   ")) or len(seen) > 4
    if is_column:
        return "spaced" if not seen.strip(" \n") else "column"
    return "listed" if "、" in seen else "near"
