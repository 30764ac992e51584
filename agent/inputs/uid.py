"""Find the form in which a reader sends card numbers.

`protocol.printed_cards` lists the forms and turns a number of each into a UID. A number alone does not tell its form,
and a reader that is set to another form makes another UID of the same card. So the form is found with a card whose UID
is known. A 125 kHz card (EM4100) has five bytes, and the form ``8H10D`` shows only the last four: the number of a card
with ``0007625328`` on it ends with 00745A70, and nobody can tell its first byte.

Whether a text is a UID at all is decided in `protocol.cards` alone.
"""

from protocol.cards import normalise_uid
from protocol.printed_cards import FORMATS, MAX_PRINTED, Format, uid_as_sent
from protocol.refusal import Refused

__all__ = ["FORMATS", "MAX_PRINTED", "Format", "formats_that_fit", "uid_as_sent"]


def formats_that_fit(printed: str, known_uid: str) -> list[Format]:
    """Return every form in which ``printed`` means the card with the known UID.

    Raises:
        Refused: ``bad_uid``: ``known_uid`` is no UID.
    """
    known = normalise_uid(known_uid)
    return [form for form in FORMATS if _is(uid_as_sent(printed, form), known)]


def _is(uid: str, known: str) -> bool:
    try:
        return normalise_uid(uid) == known
    except Refused:
        return False
