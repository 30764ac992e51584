"""The check digits of identity numbers (GB 11643), bank cards (ISO/IEC 7812) and credit codes of bodies (GB 32100)."""

import datetime as dt

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
"""By the weighted sum modulo 11 (GB 11643-1999, after ISO 7064 MOD 11-2)."""
_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SIGN_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_PROVINCES = frozenset(
    f"{region}{number}"
    for region, numbers in {
        1: "12345",
        2: "123",
        3: "1234567",
        4: "123456",
        5: "01234",
        6: "12345",
        7: "1",
        8: "123",
        9: "19",
    }.items()
    for number in numbers
)
"""With which an identity number begins (GB/T 2260); 91 is for people from abroad, and 99 for samples."""


def is_identity(number: str) -> bool:
    """Tell whether 18 signs are an identity number with the right check digit."""
    return looks_like_identity(number) and has_right_check(number)


def may_be_identity(number: str) -> bool:
    """Tell whether 18 signs have a day of birth and the right check digit, whatever the province."""
    return number[0] != "0" and is_day(number[6:14]) and has_right_check(number)


def has_right_check(number: str) -> bool:
    """Tell whether the last of 18 signs is the check digit of those before."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return _CHECK_DIGITS[total % 11] == number[17]


def looks_like_identity(number: str) -> bool:
    """Tell whether 18 signs, or 15 digits of the older kind, have a province and a day of birth in them."""
    return number[:2] in _PROVINCES and is_day(number[6:14] if len(number) == 18 else f"19{number[6:12]}")


def is_day(digits: str) -> bool:
    """Tell whether eight digits are a day on which somebody may have been born."""
    if not "1900" <= digits[:4] <= "2099":
        return False
    try:
        dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def passes_luhn(number: str) -> bool:
    """Tell whether the last digit is the one that Luhn's sum asks for."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_credit_code(code: str) -> bool:
    """Tell whether 18 signs are the credit code of a body, with the right check sign."""
    if len(code) != 18 or any(sign not in _SIGNS for sign in code):
        return False
    total = sum(_SIGNS.index(sign) * weight for sign, weight in zip(code, _SIGN_WEIGHTS, strict=False))
    return _SIGNS[-total % 31] == code[17]
