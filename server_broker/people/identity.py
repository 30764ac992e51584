"""Recognise identity numbers that somebody types, because the county must never store one."""

import datetime as dt
import re
import unicodedata

_NUMBER = re.compile(r"(?<![0-9])(?:[0-9]{17}[0-9Xx]|[0-9]{15})(?![0-9])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
"""By the weighted sum modulo 11 (GB 11643-1999, after ISO 7064 MOD 11-2)."""
REMEDY = "像是身份证号。县里不保存身份证号，请改用单位自编的编号"


def identity_number_in(text: str) -> str:
    """Return the first identity number in ``text``, or an empty string.

    It is found even if it is written in full-width characters or with blanks, dots or hyphens in it. 18 characters are
    an identity number if the check digit is right or they hold a date of birth: a number with one wrong digit reveals
    the person too. The older numbers have 15 digits and no check digit, so only their date counts.
    """
    plain = unicodedata.normalize("NFKC", text)
    for found in _NUMBER.findall(re.sub(r"[\s._-]", "", plain)):
        if len(found) == 18 and (_checks(found) or _is_date(found[6:14])):
            return str(found)
        # The year of birth has two digits in these numbers, and is in the twentieth century.
        if len(found) == 15 and _is_date(f"19{found[6:12]}"):
            return str(found)
    return ""


def _checks(number: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return _CHECK_DIGITS[total % 11] == number[17].upper()


def _is_date(digits: str) -> bool:
    if not "1900" <= digits[:4] <= "2099":
        return False
    try:
        dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
