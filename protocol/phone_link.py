"""The short code with which a person who showed their card at a kiosk opens their page on a telephone.

The kiosk shows it as a QR code for a few minutes. It is too small for a signature, so the proof goes another way: the
station states a `PhoneLinkShown` with the code's hash. The fact is in the station's chain and signed with its record
key like every other, and the county opens the page for nobody before it has it.
"""

import hashlib
import re
import secrets
import unicodedata

from protocol.fact_base import StationFact
from protocol.refusal import Refused
from protocol.units import FactRef, PersonId, Sha256

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, 1, I, L and O, which are taken for one another. All stand in a QR code's alphanumeric set."""
CODE_LETTERS = 12
"""31 ** 12 is more than 2 ** 59. A code lives for minutes, and wrong ones are counted."""
PATH = "/K"
"""In capitals, so that the whole address can stand in a QR code's alphanumeric set (ISO/IEC 18004)."""
LIFETIME_MS = 300_000
"""How long a code opens something after it was shown."""


class PhoneLinkShown(StationFact, frozen=True, kw_only=True, tag="phone_link_shown"):
    """A kiosk showed a person a code for their telephone. ``code`` is its hash; nobody can read the code from it."""

    person: PersonId
    by: FactRef
    """The touch with which the person showed who they are."""
    code: Sha256


def new_code() -> str:
    """Return a random code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))


def phone_address(front_door: str, code: str) -> str:
    """Return the address in the QR code. The code is in the fragment, which no browser sends to a server.

    Args:
        front_door: ``https://`` with host and port, without a slash at its end.
    """
    return f"{front_door}{PATH}#{code}"


def read_code(typed: str) -> str:
    """Return the code that somebody typed or scanned: full-width and small letters and blanks are allowed.

    Raises:
        Refused: ``malformed``: it is no code.
    """
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed[:64])).upper()
    if len(plain) != CODE_LETTERS or any(letter not in ALPHABET for letter in plain):
        raise Refused("malformed", "no code of a kiosk")
    return plain


def code_hash(code: str) -> bytes:
    """Return the SHA-256 by which station and county name a code."""
    return hashlib.sha256(b"cunhui phone link 1\x00" + code.encode("ascii")).digest()
