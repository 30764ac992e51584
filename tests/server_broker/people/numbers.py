"""Fictional identity and mobile numbers. Province 99 is no place."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def identity_number(body: str) -> str:
    """Return 17 digits with their check digit (GB 11643)."""
    return body + "10X98765432"[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11]


IDENTITY, OTHER_IDENTITY = identity_number("99010119900101123"), identity_number("99010119910203456")
MOBILE, OTHER_MOBILE = "13900005678", "13900001234"
