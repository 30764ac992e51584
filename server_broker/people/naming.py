"""Find whom somebody means who types a number, its digits alone, or a full name, among the people that they may see."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import BooleanField, ExpressionWrapper, F, Func, Q, QuerySet, Value

from server_broker.people.models import Person
from server_broker.people.names import plain_name


def by_number(people: QuerySet[Person], number: str) -> Person | None:
    """Return whose number it is, if it names one person who has not left.

    A kiosk has a numeric keypad, so people know their number by its digits alone. Digits are enough here too, unless
    two of these people share them. It is one query whatever was typed, so that its time tells nobody's number.
    """
    exact = ExpressionWrapper(Q(number__iexact=number), output_field=BooleanField())
    same = ExpressionWrapper(Q(number=number), output_field=BooleanField())
    here = people.filter(left=False).annotate(exact=exact).alias(digits=_digits(), same=same)
    # Three are enough to see whether the number names one, to the letter, in full or by its digits.
    found = list(here.filter(Q(exact=True) | Q(digits=number)).order_by("-same", "-exact")[:3])
    named = [one for one in found if one.number == number] or [one for one in found if one.exact] or found
    return named[0] if len(named) == 1 else None


@dataclass(frozen=True, slots=True)
class Named:
    """Whom some words mean. A word that means several people means none: its number would say who."""

    people: list[Person]
    nobody: list[str] = field(default_factory=list)
    several: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> str:
        """What is wrong with the words, in Chinese and without a full stop; empty if nothing is."""
        said = []
        if self.nobody:
            said.append(f"没有找到：{'、'.join(self.nobody)}（范围里没有这个姓名或编号的人）")
        if self.several:
            said.append(f"不止一个人：{'、'.join(self.several)}（请写编号）")
        return "；".join(said)


def named_by(people: QuerySet[Person], words: Iterable[str]) -> Named:
    """Return whom each word names: by number, by its digits, or by full name. It is one query for all words."""
    wanted = list(dict.fromkeys(words))
    if not wanted:
        return Named([])
    names = [plain_name(one) for one in wanted]
    here = people.filter(left=False).alias(digits=_digits())
    found = list(here.filter(Q(number__in=wanted) | Q(digits__in=wanted) | Q(name__in=[*wanted, *names])))
    named: dict[int, Person] = {}
    nobody: list[str] = []
    several: list[str] = []
    for word in wanted:
        meant = [one for one in found if one.number == word] or [one for one in found if _is_meant(one, word)]
        if len(meant) == 1:
            named[meant[0].pk] = meant[0]
        else:
            (several if meant else nobody).append(word)
    return Named(list(named.values()), nobody, several)


def one_named(people: QuerySet[Person], written: str) -> Person | None:
    """Return the one person whom a text names: a number, its digits, a full name, or a number and the name."""
    words = " ".join(written.split())
    found = named_by(people, [words]).people or named_by(people, words.split(" ")[:1]).people
    return found[0] if found else None


def _is_meant(person: Person, word: str) -> bool:
    digits = "".join(letter for letter in person.number if letter in "0123456789")
    return digits == word or plain_name(person.name) == plain_name(word)


def _digits() -> Func:
    return Func(F("number"), Value(r"\D"), Value(""), Value("g"), function="regexp_replace")
