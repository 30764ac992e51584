"""Whose card was it, as the county knew it; a person's number is a card of its own."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import F

from server_broker.dated.models import Dated
from server_broker.duty.reading import these
from server_broker.people.models import Binding, BindingState, PersonRecord
from server_broker.settlement import values
from server_broker.settlement.times import ALWAYS, FIRST_MINUTE, LAST_MINUTE, Minute
from server_broker.settling.moments import minute
from server_broker.settling.span import Span
from server_broker.settling.stations import Means
from server_broker.settling.told import NUMBER

NOBODY = "nobody"
"""Holds a card until it is first given out, where the county knows since when that was."""


@dataclass(frozen=True, slots=True)
class Cards:
    """The bindings of some people's cards, and by what their touches are known."""

    bindings: tuple[values.Binding, ...]
    means: Means


def cards_of(people: Collection[int], span: Span) -> Cards:
    """Return the cards that these people ever held, with all who held them, in three queries."""
    own = Binding.objects.known(span.known).filter(person__in=people).values_list("subject", flat=True)
    rows = Binding.objects.known(span.known).filter(subject=these(set(own))).annotate(token=F("subject__token"))
    of_card: dict[bytes, list[Binding]] = defaultdict(list)
    for row in rows.order_by(F("valid_from").asc(nulls_first=True)):
        of_card[bytes(row.token)].append(row)
    bindings = [one for token, some in sorted(of_card.items()) for one in _bindings(token, some)]
    several = frozenset(token for token, some in of_card.items() if len(some) > 1)
    numbers, by_number = _numbers(people, span)
    return Cards((*bindings, *by_number), Means(frozenset(of_card), several, numbers))


def _bindings(token: bytes, rows: Iterable[Binding]) -> list[values.Binding]:
    """Return a card's bindings. A card that is lost and found again is bound anew from then on."""
    found: list[values.Binding] = []
    for row in rows:
        begin, end = _minutes(row)
        is_lost = row.state == BindingState.LOST
        if row.state == BindingState.ENDED:
            if not found:
                # Without it the first binding would count back over the time in which the card was nobody's.
                found.append(values.Binding(card=token.hex(), person=NOBODY, begin=begin, end=end))
            continue
        before = found[-1] if found else None
        if is_lost and before is not None and before.person == str(row.person_id) and before.end == begin:
            found[-1] = _binding(token, row, before.begin, end, lost=begin)
        else:
            found.append(_binding(token, row, begin, end, lost=begin if is_lost else LAST_MINUTE))
    return found


def _binding(token: bytes, row: Binding, begin: Minute, end: Minute, *, lost: Minute) -> values.Binding:
    # Only rows that stand are here, so the loss is known whenever the binding is.
    return values.Binding(
        card=token.hex(), person=str(row.person_id), begin=begin, end=end, lost=lost, lost_known=ALWAYS
    )


def _numbers(people: Collection[int], span: Span) -> tuple[frozenset[str], list[values.Binding]]:
    """Return the numbers that these people had, as bindings. Somebody who has left has none."""
    rows = PersonRecord.objects.known(span.known).filter(subject=these(people)).exclude(number="")
    found = []
    for row in rows.order_by("subject", F("valid_from").asc(nulls_first=True)):
        begin, end = _minutes(row)
        person = NOBODY if row.left else str(row.subject_id)
        found.append(values.Binding(card=NUMBER + row.number, person=person, begin=begin, end=end))
    return frozenset(one.card.removeprefix(NUMBER) for one in found), found


def _minutes(row: Dated) -> tuple[Minute, Minute]:
    begin = FIRST_MINUTE if row.valid_from is None else minute(row.valid_from)
    return begin, LAST_MINUTE if row.valid_to is None else minute(row.valid_to)
