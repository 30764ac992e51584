"""Judge whether groups of digits are the number of a person, a telephone, a card or an account."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from server_broker.guard.check_digits import (
    has_right_check,
    is_credit_code,
    is_identity,
    looks_like_identity,
    may_be_identity,
    passes_luhn,
)
from server_broker.guard.labels import LOOK_BACK, Label, labels_before
from server_broker.guard.zones import LEAST_DIGITS, Group, Window

type Kind = Literal["identity_number", "mobile", "landline", "bank_card", "account", "secret_word"]

LONGEST_ONE = 25
"""Digits of the longest number: an account."""
LONGEST = 44
"""Digits of the longest window: two identity numbers that nothing separates, or one and a telephone number."""
FEWEST_WITHOUT_A_WORD = 10
"""Fewer digits are a telephone number at most, and only if a word says so."""
MOST_GROUPS = LONGEST
LONG_PAGE, MOST_GROUPS_OF_A_PAGE = 2_000, 6
"""On a page of so many groups of digits and nothing else a number is looked for in six at most: more takes too long."""
_MOBILE = re.compile(r"(?:0086|86|17951|12593|0)?(1[3-9][0-9]{9})X?")
_AREA = re.compile(r"(?:0(?:10|2[0-57-9])[2-8][0-9]{6,7}|0[3-9][0-9]{2}[2-8][0-9]{6,7})X?")
_FROM_ABROAD = re.compile(r"(?:0086|86)0?((?:10|2[0-57-9]|[3-9][0-9]{2})[2-8][0-9]{6,7})")
"""A landline with the number of the country before that of its area."""
_LOCAL = re.compile(r"[2-8][0-9]{6,7}X?")
_ISSUER = re.compile(r"62|60|4|5[1-5]|35|955|94")
_IDENTITY_SHAPE = "[1-9][0-9]{5}(?:(?:19|20)[0-9]{2})?[0-9]{0,2}[01][0-9][0-3][0-9]{4}"
_PLAIN_SHAPE = re.compile(
    rf"62|(?:0086|86|17951|12593|0)?1[3-9][0-9]{{9}}|(?:0|0?0?86)[1-9][0-9]{{8}}|{_IDENTITY_SHAPE}"
)
_SHAPE = re.compile(rf"{_PLAIN_SHAPE.pattern}|{_ISSUER.pattern}")
_FOURS = re.compile(r"(?:4,){3}4(?:,[1-3])?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was found, from ``start`` to ``end`` of the text.

    ``digits`` is how it is written without anything else. ``sure``: nothing else can be meant.
    """

    kind: Kind
    digits: str
    start: int
    end: int
    sure: bool


type Judge = Callable[[Window, Label | None, Label | None], Number | None]


def numbers_in(groups: list[Group], before: Callable[[int], str], after: str = "") -> Iterator[Number]:
    """Return the numbers in the groups of one place; a digit belongs to one of them at most.

    Args:
        before: Returns the words that say what a number is that begins there.
        after: The words after all of them, which count where none before say anything.
    """
    said = _Said(before, after)
    # Rather within a line than over its edge, and rather all of a number than its beginning.
    windows = sorted(_worth_a_look(groups, said), key=lambda one: (one.over_columns, -len(one.digits)))
    taken: set[int] = set()
    for judge, lengths in _JUDGES.items():
        for window in windows:
            if len(window.digits) not in lengths or (taken and any(group.start in taken for group in window.groups)):
                continue
            found = judge(window, *said[window.start])
            if found is not None:
                taken.update(group.start for group in window.groups)
                yield found
                yield from _beside(found, window)


class _Said(dict[int, tuple[Label | None, Label | None]]):
    """What the words say that a number is which begins at a place: the nearest label, and the one right before it."""

    def __init__(self, before: Callable[[int], str], after: str) -> None:
        super().__init__()
        self._before, self._after = before, after

    def __missing__(self, start: int) -> tuple[Label | None, Label | None]:
        last, at_end = labels_before(self._before(start)[-LOOK_BACK:])
        self[start] = said = last or labels_before(self._after)[0], at_end
        return said


def _worth_a_look(groups: list[Group], said: _Said) -> Iterator[Window]:
    """Return what groups that follow one another may make, without what is nothing by its first digits.

    A page may be all digits, so most of them are passed over before anything is made of them.
    """
    digits = "".join(group.digits for group in groups)
    if len(digits) < FEWEST_WITHOUT_A_WORD:
        named = [group for group in groups if group is groups[0] or group.opens_cell]
        if not any(said[group.start][1] == "phone" for group in named):
            return
    most = MOST_GROUPS if len(groups) <= LONG_PAGE else MOST_GROUPS_OF_A_PAGE
    at = 0
    for first, group in enumerate(groups):
        # Words stand before the first group, or at the head of a column.
        may_be_named = group.start - groups[0].start < LOOK_BACK or group.opens_cell
        shape = _SHAPE if len(group.digits) == 4 or len(group.digits) > 6 else _PLAIN_SHAPE
        if (
            len(group.digits) > LONGEST_ONE
            or shape.match(digits, at)
            or (may_be_named and said[group.start] != (None, None))
            or (first == 0 and len(digits) <= LONGEST)
        ):
            yield from _windows_from(groups, first, most=most)
        at += len(group.digits)


def _windows_from(groups: list[Group], first: int, *, most: int) -> Iterator[Window]:
    size = 0
    for last in range(first, min(len(groups), first + most)):
        size += len(groups[last].digits)
        is_alone = last - first == len(groups) - 1
        if size > LONGEST_ONE and last > first and not (is_alone and size <= LONGEST):
            # Only numbers that nothing separates are longer, and nothing else stands beside them.
            if first > 0 or size > LONGEST:
                break
            continue
        if size >= LEAST_DIGITS:
            yield Window(tuple(groups[first : last + 1]), is_alone=is_alone)


def _found(kind: Kind, window: Window, *, digits: str = "", sure: bool = True) -> Number:
    return Number(kind=kind, digits=digits or window.digits, start=window.start, end=window.end, sure=sure)


def _identity(window: Window, label: Label | None, at_end: Label | None) -> Number | None:
    digits = window.digits
    if len(digits) == 18 and is_identity(digits):
        if at_end == "code" and is_credit_code(digits):
            return None
        return _found("identity_number", window)
    # Elsewhere the day and the check digit may be chance.
    elsewhere = len(digits) == 18 and at_end != "code" and not (window.over_columns or window.cuts or window.is_sums)
    if elsewhere and "X" not in digits[:17] and may_be_identity(digits):
        return _found("identity_number", window, sure=label == "identity")
    return None


def _hidden_identity(window: Window, label: Label | None, at_end: Label | None) -> Number | None:
    """Find an identity number in a longer one: that of a disabled person's card, or two that nothing separates."""
    digits = window.digits
    if len(digits) <= 18 or not (window.is_one or window.is_alone) or window.is_listed:
        return None
    for start in range(len(digits) - 17):
        part = digits[start : start + 18]
        if "X" not in part[:17] and is_identity(part):
            # Over the edges of groups it may be chance.
            return _found("identity_number", window, digits=part, sure=window.is_one)
    return None


def _beside(found: Number, window: Window) -> Iterator[Number]:
    """Find the telephone or the card that is written together with an identity number."""
    if found.kind != "identity_number" or len(window.digits) <= 18:
        return
    for rest in window.digits.split(found.digits, 1):
        mobile = _MOBILE.fullmatch(rest)
        if mobile is not None:
            yield _found("mobile", window, digits=mobile[1], sure=False)
        elif 16 <= len(rest) <= 19 and rest.isdecimal() and _ISSUER.match(rest) and passes_luhn(rest):
            yield _found("bank_card", window, digits=rest, sure=window.is_one)


def _likely_identity(window: Window, label: Label | None, at_end: Label | None) -> Number | None:
    """Find numbers without the right check digit. One wrong digit does not hide a person."""
    digits = window.digits
    if len(digits) not in (15, 18) or "X" in digits[:-1] or (len(digits) == 15 and "X" in digits):
        return None
    if label == "identity" and (not (window.cuts or window.is_listed) or looks_like_identity(digits)):
        return _found("identity_number", window)
    likely = looks_like_identity(digits) and at_end != "code" and digits[:2] != "91"
    if not likely or window.over_columns:
        return None
    if len(digits) == 15 and not (window.is_one or window.is_alone or window.sizes[0] == 6):
        return None
    return _found("identity_number", window, sure=len(digits) == 18 and has_right_check(digits))


def _card(window: Window, label: Label | None, at_end: Label | None) -> Number | None:
    digits = window.digits
    if not 15 <= len(digits) <= 19 or "X" in digits or window.cuts or at_end == "code":
        return None
    if label == "card" and (not window.over_columns or (not window.is_listed and passes_luhn(digits))):
        return _found("bank_card", window)
    if len(digits) < 16 or not _ISSUER.match(digits) or not passes_luhn(digits):
        return None
    sizes = map(len, window.parts) if window.is_listed else window.sizes
    is_union, in_fours = digits.startswith("62"), bool(_FOURS.fullmatch(",".join(map(str, sizes))))
    if window.is_listed:
        return _found("bank_card", window) if in_fours and (is_union or label in ("card", "account")) else None
    if window.is_one or in_fours or (is_union and (not window.over_columns or label == "account")):
        return _found("bank_card", window)
    return None


def _mobile(window: Window, label: Label | None, at_end: Label | None) -> Number | None:
    digits = window.digits
    found = _MOBILE.fullmatch(digits)
    if found is None:
        return _two_mobiles(window, at_end)
    if at_end == "code" or not (_is_meant(window, label, at_end) or _is_over_parts(window)):
        return None
    return _found("mobile", window, digits=found[1], sure=False)


def _is_over_parts(window: Window) -> bool:
    """Tell whether cells or lines are a telephone number by their sizes. In a table they may be sums; no sum begins
    with a 0."""
    parts = window.parts if window.is_alone else ()
    sizes = tuple(map(len, parts))
    if window.is_spaced:
        return sizes in ((3, 4, 4), (3, 8), (7, 4))
    return sizes == (3, 4, 4) and any(part[0] == "0" for part in parts)


def _two_mobiles(window: Window, at_end: Label | None) -> Number | None:
    digits = window.digits
    if len(digits) != 22 or at_end == "code" or not (window.is_one or window.is_alone):
        return None
    both = _MOBILE.fullmatch(digits[:11]) and _MOBILE.fullmatch(digits[11:])
    return _found("mobile", window, sure=False) if both else None


def _is_meant(window: Window, label: Label | None, at_end: Label | None) -> bool:
    """Tell whether groups are one telephone number, rather than sums or days that stand side by side."""
    if (window.is_paid or window.is_listed) and at_end != "phone":
        return False
    if window.is_one:
        return True
    if label == "phone":
        return not window.cuts or not window.over_columns
    return not (window.cuts or window.is_sums or window.over_columns)


def _landline(window: Window, label: Label | None, at_end: Label | None) -> Number | None:
    digits = window.digits
    if _AREA.fullmatch(digits):
        meant = at_end != "code" and _is_meant(window, label, at_end)
        return _found("landline", window, sure=False) if meant else None
    abroad = _FROM_ABROAD.fullmatch(digits)
    if abroad is not None and at_end != "code" and (label == "phone" or window.sizes[0] in (2, 4)):
        meant = _is_meant(window, label, at_end)
        return _found("landline", window, digits=f"0{abroad[1]}", sure=False) if meant else None
    meant = at_end == "phone" and not window.cuts and not window.over_columns
    return _found("landline", window, sure=False) if meant and _LOCAL.fullmatch(digits) else None


def _account(window: Window, label: Label | None, at_end: Label | None) -> Number | None:
    if at_end != "account" or not 10 <= len(window.digits) <= 25 or "X" in window.digits or window.is_sums:
        return None
    if window.is_listed:
        return None
    return _found("account", window, sure=False)


_JUDGES: dict[Judge, range] = {
    _identity: range(18, 19),
    _hidden_identity: range(19, LONGEST + 1),
    _card: range(15, 20),
    _likely_identity: range(15, 19),
    _account: range(10, LONGEST_ONE + 1),
    _mobile: range(11, 23),
    _landline: range(LEAST_DIGITS, 18),
}
"""The surest first, each with how many digits a number can have of which it says anything."""
