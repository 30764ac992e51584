"""Whom a number names that somebody typed at a telephone."""

import unicodedata

from server_broker.people.models import Person
from server_broker.people.naming import by_number

MOST_LETTERS = 32


def person_of(number: str) -> Person | None:
    """Return whose number it is, if it names one person who has not left.

    Digits are enough, unless two people of the county share them (`naming.by_number`).

    Args:
        number: As `plain` returns it.
    """
    return by_number(Person.objects.all(), number) if number else None


def plain(typed: str) -> str:
    """Return a number or PIN as it is compared: half-width and without blanks, at most `MOST_LETTERS` long.

    Without NUL either, which nobody types and PostgreSQL takes in no text.
    """
    return unicodedata.normalize("NFKC", typed[: 2 * MOST_LETTERS]).replace(" ", "").replace("\0", "")[:MOST_LETTERS]
