"""Card numbers: one normal form, refusals, and the keyed hash that travels instead of them.

A card is named by its UID (ISO/IEC 14443-3, 6.5: 4, 7 or 10 bytes) or, at 125 kHz, by the 40 bits of an EM4100
(EM Microelectronic EM4100 data sheet: version byte and 32 bits), in lower-case hex in the order in which the card
sends it. Neither a station's disk nor the wire holds UIDs: only ``token = HMAC-SHA-256(key, uid)[:16]``
(RFC 2104) under a key of the county.
"""

import hashlib
import hmac
import re
import unicodedata
from typing import Literal

from protocol.refusal import Refused

UID_BYTES = (4, 5, 7, 10)
"""How long card numbers are: 5 bytes for an EM4100, the others for ISO/IEC 14443-3."""
_SEPARATORS = re.compile(r"[\s:\-]+")
_CASCADE_TAG = 0x88
"""A longer UID comes in steps, and each step but the last begins with this byte. So a UID of four bytes that begins
with it is only the first step: the reader has read half a card."""
_RANDOM_UID = 0x08
"""First byte of a number that telephones make up for each touch, so it names nobody."""

type UidFault = Literal["length", "empty", "not_hex", "all_alike", "random", "cascade_tag"]


class BadUid(Refused):
    """A number is no card's (``bad_uid``). ``fault`` says why, for programs; ``detail`` says it for logs."""

    def __init__(self, fault: UidFault, detail: str) -> None:
        super().__init__("bad_uid", detail)
        self.fault: UidFault = fault


def normalise_uid(text: str) -> str:
    """Return a UID in its normal form: 8, 10, 14 or 20 lower-case hex digits.

    Full-width digits and the separators blank, ``:`` and ``-`` are accepted, as people paste them.

    Raises:
        BadUid: It has another length, is not hex, is all zero or all ones, is a random number (ISO/IEC 14443-3: a UID
            of four bytes that begins with 08, as telephones send), or begins with the cascade tag 88, which is half a
            UID.
    """
    if len(text) > 64:
        raise BadUid("length", "longer than any card number")
    # NFKC turns full-width digits into plain ones. It can also make a text longer, so the length is judged first.
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).lower()
    if not digits:
        raise BadUid("empty", "empty")
    if not re.fullmatch(r"[0-9a-f]+", digits):
        raise BadUid("not_hex", "not hexadecimal")
    if len(digits) not in [2 * n for n in UID_BYTES]:
        raise BadUid("length", f"{len(digits)} hex digits, a card has 8, 10, 14 or 20")
    uid = bytes.fromhex(digits)
    if not any(uid) or all(byte == 0xFF for byte in uid):
        raise BadUid("all_alike", "all zero or all ones")
    if len(uid) == 4 and uid[0] == _RANDOM_UID:
        raise BadUid("random", "a random number, as telephones send")
    if len(uid) == 4 and uid[0] == _CASCADE_TAG:
        raise BadUid("cascade_tag", "begins with the cascade tag")
    return digits


def card_token(key: bytes, uid: str) -> bytes:
    """Return the 16-byte token of a normalised UID under the county's card key (32 bytes)."""
    return hmac.new(key, bytes.fromhex(uid), hashlib.sha256).digest()[:16]
