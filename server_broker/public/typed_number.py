"""Whom a number names that somebody typed at a telephone."""

import unicodedata

from django.db.models import BooleanField, ExpressionWrapper, F, Func, Q, Value

from server_broker.people.models import Person

MOST_LETTERS = 32


def person_of(number: str) -> Person | None:
    """Return whose number it is, if it names one person who has not left.

    A kiosk has a numeric keypad, so people know their number by its digits alone. Digits are enough here too, unless
    two people of the county share them. It is one query whatever was typed, so that its time tells nobody's number.

    Args:
        number: As `plain` returns it.
    """
    if not number:
        return None
    digits = Func(F("number"), Value(r"\D"), Value(""), Value("g"), function="regexp_replace")
    exact = ExpressionWrapper(Q(number__iexact=number), output_field=BooleanField())
    same = ExpressionWrapper(Q(number=number), output_field=BooleanField())
    people = Person.objects.filter(left=False).annotate(exact=exact).alias(digits=digits, same=same)
    # Three are enough to see whether the number names one, to the letter, in full or by its digits.
    found = list(people.filter(Q(exact=True) | Q(digits=number)).order_by("-same", "-exact")[:3])
    named = [one for one in found if one.number == number] or [one for one in found if one.exact] or found
    return named[0] if len(named) == 1 else None


def plain(typed: str) -> str:
    """Return a number or PIN as it is compared: half-width and without blanks, at most `MOST_LETTERS` long.

    Without NUL either, which nobody types and PostgreSQL takes in no text.
    """
    return unicodedata.normalize("NFKC", typed[: 2 * MOST_LETTERS]).replace(" ", "").replace("\0", "")[:MOST_LETTERS]
