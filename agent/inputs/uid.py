"""Find in which form a reader prints card numbers.

`protocol.printed_cards` lists the forms and turns a number of each into the UID. A number alone does not tell its form,
and a reader that is set to another form turns the same card into another UID. A 125 kHz card (EM4100) has five bytes
and ``8H10D`` prints the last four of them: a card with ``0007625328`` on it has a number that ends with 00745A70, and
nobody can tell its first byte.

What is a UID at all, `protocol.cards` judges alone.
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
