"""Claim codes: 12 digits and a check digit, read out over a telephone.

The check digit is Luhn's (ISO/IEC 7812-1, annex B). It finds every single wrong digit, and nearly every swap of two
neighbours.
"""

import re
import unicodedata

from protocol.refusal import Refused

DIGITS = 13
"""The check digit included."""
_GROUPS = re.compile(r"[\s\-]+")


def digits_typed(text: str) -> str:
    """Return what a person typed as a claim code, without blanks and hyphens and in plain digits (NFKC)."""
    return _GROUPS.sub("", unicodedata.normalize("NFKC", text[:64]))


def check_digit(twelve: str) -> str:
    """Return the Luhn digit of 12 digits."""
    total = 0
    # Luhn doubles every second digit from the right, beginning beside the check digit, which is not there yet.
    for place, digit in enumerate(reversed(twelve)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def parse_claim_code(text: str) -> str:
    """Return the 13 digits of a claim code typed by a person, with or without blanks and hyphens.

    Raises:
        Refused: ``bad_claim_code``.
    """
    digits = digits_typed(text)
    if not re.fullmatch(r"[0-9]{13}", digits, re.ASCII):
        raise Refused("bad_claim_code", "a claim code has 13 digits")
    if check_digit(digits[:12]) != digits[12]:
        raise Refused("bad_claim_code", "the check digit does not fit")
    return digits


def format_claim_code(digits: str) -> str:
    """Return a claim code as people read it, in groups of four: ``1234 5678 9012 3``."""
    return " ".join([digits[0:4], digits[4:8], digits[8:12], digits[12:]])
