"""Turn the number that a reader prints into the UID, in hex in the order in which the card sends it.

Readers that print agree on nothing but the card. One with the UID ``04 A2 2B 1C`` (sent in this order, ISO/IEC
14443-3, 6.5.4) comes out as:

- ``hex``: ``04A22B1C``, as sent ("MSB" in readers' manuals);
- ``hex_reversed``: ``1C2BA204``, last byte first ("LSB", 反码);
- ``decimal``: ``77736732``, the number 0x04A22B1C, with or without zeros before it;
- ``decimal_reversed``: ``472621572``, the number 0x1C2BA204;
- ``8H10D``: ``0077736732``, as decimal, four bytes in always ten digits: a digit that got lost shows.

That is the trap: each of them looks like a card number, and two readers set differently see two cards. A 125 kHz
card (EM4100) has five bytes and ``8H10D`` prints the last four of them: a card with ``0007625328`` on it has a number
that ends with 00745A70, and nobody can tell its first byte.

What is a UID at all, `protocol.cards` judges alone; the turning is `protocol.printed_cards`, which the county uses too.
"""

from protocol.cards import normalise_uid
from protocol.printed_cards import FORMATS, MAX_PRINTED, Format, uid_as_sent
from protocol.refusal import Refused

__all__ = ["FORMATS", "MAX_PRINTED", "Format", "formats_that_fit", "uid_as_sent"]


def formats_that_fit(printed: str, known_uid: str) -> list[Format]:
    """Return every form in which ``printed`` is the card of which the UID is known.

    Raises:
        Refused: ``bad_uid``: what is known is no UID.
    """
    known = normalise_uid(known_uid)
    return [form for form in FORMATS if _is(uid_as_sent(printed, form), known)]


def _is(uid: str, known: str) -> bool:
    try:
        return normalise_uid(uid) == known
    except Refused:
        return False
