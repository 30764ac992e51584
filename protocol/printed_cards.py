"""Turn the number that a reader prints into the UID, in hex in the order in which the card sends it.

Readers print the same card in different ways. A card with the UID ``04 A2 2B 1C`` (sent in this order, ISO/IEC
14443-3, 6.5.4) is printed as:

- ``hex``: ``04A22B1C``, as sent ("MSB" in readers' manuals);
- ``hex_reversed``: ``1C2BA204``, last byte first ("LSB", 反码);
- ``decimal``: ``77736732``, the number 0x04A22B1C, with or without zeros before it;
- ``decimal_reversed``: ``472621572``, the number 0x1C2BA204;
- ``8H10D``: ``0077736732``, as decimal, always ten digits for four bytes, so that a lost digit shows.

Both ends need this: a station for what a keyboard reader types, the county for the lists that people bring. Only
`protocol.cards` judges whether the bytes can be a card's.
"""

import re
from typing import Literal, get_args

type Format = Literal["hex", "hex_reversed", "decimal", "decimal_reversed", "8H10D"]
FORMATS: tuple[Format, ...] = get_args(Format.__value__)

MAX_PRINTED = 40
_DECIMAL_DIGITS = {4: 10, 5: 13, 7: 17, 10: 25}
"""Digits of the largest number of so many bytes."""


def uid_as_sent(printed: str, form: Format) -> str:
    """Return the bytes that ``printed`` stands for as lower-case hex, or an empty string if it has another form.

    A decimal number does not say how many bytes the card has. So the card is taken for the shortest kind that has room
    for the value and for the digits printed, leading zeros included.
    """
    match form:
        case "hex":
            number = _hex(printed)
        case "hex_reversed":
            number = _hex(printed)[::-1]
        case "decimal":
            number = _decimal(printed)
        case "decimal_reversed":
            number = _decimal(printed)[::-1]
        case "8H10D":
            number = _decimal(printed)
            # This form always has ten digits and four bytes. With fewer digits a reader has lost one.
            if len(printed) != 10 or len(number) != 4:
                number = b""
    return number.hex()


def _hex(printed: str) -> bytes:
    return bytes.fromhex(printed) if re.fullmatch(rf"([0-9A-Fa-f]{{2}}){{1,{MAX_PRINTED // 2}}}", printed) else b""


def _decimal(printed: str) -> bytes:
    if not re.fullmatch(rf"[0-9]{{1,{MAX_PRINTED}}}", printed):
        return b""
    number = int(printed)
    for length, digits in _DECIMAL_DIGITS.items():
        if len(printed) <= digits and number < 256**length:
            return number.to_bytes(length, "big")
    return b""
