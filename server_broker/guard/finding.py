"""Find what must not be published in a text or a table, and say what it is, where it stands, and no more of it."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate

from server_broker.guard.labels import LOOK_BACK
from server_broker.guard.numbers import Kind, Number, numbers_in
from server_broker.guard.secrets import PHRASES, marks_in, phrases_in
from server_broker.guard.zones import CELL, UNSEEN, readings, zones_of

NAMES: dict[Kind, str] = {
    "identity_number": "身份证号",
    "mobile": "手机号",
    "landline": "座机号码",
    "bank_card": "银行卡号",
    "account": "银行账号",
    "secret_word": "不能外传的字样",
}
LONGEST_LINE = 120
AROUND = 6
"""Signs before a finding that its author is shown, so that it is found again."""


@dataclass(frozen=True)
class County:
    """What a county has decided: numbers that may be published, as digits, and its own words with harmless phrases."""

    allowed: frozenset[str] = frozenset()
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def allows(self, number: Number) -> bool:
        """Tell whether people have allowed this number. One that is surely a person's or a card's can't be."""
        if number.sure:
            return False
        if number.digits in self.allowed:
            return True
        return number.kind == "landline" and any(
            one.startswith("0") and one.endswith(number.digits) and len(one) - len(number.digits) in (3, 4)
            for one in self.allowed
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must not be published.

    Attributes:
        where: In which part and row, in Chinese.
        excerpt: What stands there, with most of a number hidden.
        start: Its place in the text, or in the row.
        value: The number as digits, or the word.
        sure: It can't be allowed by anybody: it has to be taken out.
    """

    what: Kind
    where: str
    excerpt: str
    start: int
    value: str
    sure: bool

    @property
    def name(self) -> str:
        """What it is, in Chinese."""
        return NAMES[self.what]


NOBODY = County()


def find(text: str, county: County = NOBODY, *, where: str = "") -> list[Finding]:
    """Return what must not be published of a text, in its order."""
    return _ordered(_find(text, county, where, lambda reading, start: _words_before(reading, start)))


def find_in_table(rows: Sequence[Sequence[str]], county: County = NOBODY, *, where: str = "") -> list[Finding]:
    """Return what must not be published of a table.

    A number may be cut over the cells of a row. What it is may stand at the head of its column, or to the left.
    """
    found: list[Finding] = []
    heads = list(rows[0]) if rows else []
    for number, row in enumerate(rows, start=1):
        joined = CELL.join(row)
        place = f"{where}第 {number} 行"
        before = _in_row(row, heads if number > 1 else [])
        found += _ordered(_find(joined, county, place, before))
    return found


def _in_row(row: Sequence[str], heads: Sequence[str]) -> Callable[[str, int], str]:
    # Every sign has been replaced by one sign, so that cells begin where they did.
    begins = list(accumulate((len(cell) + 1 for cell in row), initial=0))
    # A head may stand over several columns, and the cells right of it are empty then.
    over: list[str] = []
    for column in range(len(row)):
        head = heads[column].strip() if column < len(heads) else ""
        over.append(head or (over[-1] if over else ""))

    def before(reading: str, start: int) -> str:
        column = bisect_right(begins, start) - 1
        left = row[column - 1] if column and not any(sign.isdecimal() for sign in row[column - 1]) else ""
        return f"{left[-LOOK_BACK:]} {over[column]} {reading[begins[column] : start]}"

    return before


def _words_before(reading: str, start: int) -> str:
    return reading[max(0, start - 32) : start]


def _find(text: str, county: County, where: str, before: Callable[[str, int], str]) -> Iterator[Finding]:
    read = readings(text)
    seen: set[tuple[str, str]] = set()
    judged: list[Number] = []
    for reading in read:
        earlier = tuple(judged)
        for groups in zones_of(reading):
            # Of a whole page of digits the words after it say nothing.
            end = groups[-1].end
            after = reading[end : end + LOOK_BACK] if end - groups[0].start < LONGEST_LINE else ""
            for number in numbers_in(groups, partial(before, reading), after):
                # In another reading the same signs may be a digit more or less: one finding is enough.
                known = any(_is_within(number, other) for other in earlier)
                judged.append(number)
                if known or county.allows(number) or (number.kind, number.digits) in seen:
                    continue
                seen.add((number.kind, number.digits))
                yield _of_number(text, number, where)
    for start, end, word in (*marks_in(read[0]), *phrases_in(read[0], {**PHRASES, **county.words})):
        yield Finding(
            what="secret_word",
            where=where,
            excerpt=_seen(text[max(0, start - AROUND) : end + AROUND]),
            start=start,
            value=_seen(word),
            sure=False,
        )


def _is_within(one: Number, other: Number) -> bool:
    return one.kind == other.kind and other.start <= one.start and one.end <= other.end


def _of_number(text: str, number: Number, where: str) -> Finding:
    before = _seen(text[max(0, number.start - AROUND) : number.start])
    # Of a number enough is shown that its author knows which it is.
    before = "".join("*" if sign.isdecimal() else sign for sign in before)
    shown = f"{number.digits[:3]}{'*' * (len(number.digits) - 5)}{number.digits[-2:]}"
    return Finding(
        what=number.kind,
        where=where,
        excerpt=f"{before}{shown}",
        start=number.start,
        value=number.digits,
        sure=number.sure,
    )


def _seen(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text.replace(UNSEEN, "")).split())


def _ordered(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: one.start)
