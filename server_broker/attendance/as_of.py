"""Who held which card, who was on which post and whose window it was, at one time and as known at another."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F
from django.db.models.expressions import RawSQL

from server_broker.attendance.models import WindowRecord
from server_broker.dated.models import AsOf
from server_broker.people.models import Binding, BindingState, Person, PersonRecord
from server_broker.people.posts import holders
from server_broker.regions.models import Region, RegionRecord


@dataclass(frozen=True, slots=True)
class Bindings:
    """The bindings of some cards, as known at one time. Any number of touches can be asked of them."""

    rows: dict[bytes, list[Binding]]

    def at(self, token: bytes, at: dt.datetime) -> Binding | None:
        """Return the binding that held then; None if the card was nobody's, or not known."""
        for row in self.rows.get(token, ()):
            begun = row.valid_from is None or row.valid_from <= at
            if begun and (row.valid_to is None or at < row.valid_to):
                return None if row.state == BindingState.ENDED else row
        return None


def bindings_of(tokens: Iterable[bytes], *, known: dt.datetime | None = None) -> Bindings:
    """Return all bindings of these cards, as known at a time (None: now), in one query."""
    found: dict[bytes, list[Binding]] = defaultdict(list)
    # As one value: thousands of tokens take longer to bind than the query takes.
    asked = RawSQL("SELECT unnest(%s::bytea[])", (sorted(set(tokens)),))
    rows = Binding.objects.known(known).filter(subject__token__in=asked).select_related("person")
    for row in rows.annotate(token=F("subject__token")):
        found[bytes(row.token)].append(row)
    return Bindings(dict(found))


def holder(token: bytes, asked: AsOf) -> Person | None:
    """Return who held a card at a time, as known at another."""
    row = bindings_of([token], known=asked.known).at(token, asked.at)
    return None if row is None else row.person


@dataclass(frozen=True, slots=True)
class Due:
    """A window and the people who are in it, by name or by post."""

    window: WindowRecord
    people: tuple[int, ...]
    """Ids, in order."""


def due_under(prefix: str, asked: AsOf) -> list[Due]:
    """Return the windows of the villages whose code of that time begins with ``prefix``, with their people.

    These are the windows as they are by the week. Who is due on a date is `server_broker.duty`'s to say.
    """
    villages = places_under(prefix, asked)
    rows = WindowRecord.objects.as_of(asked).filter(ended=False, village__in=villages).order_by("subject")
    listed = list(rows.select_related("village"))
    posts = sorted({post for row in listed for post in row.posts})
    of_post: dict[int, set[int]] = defaultdict(set)
    for held in holders(posts, asked) if posts else ():
        of_post[held.subject.post_id].add(held.subject.person_id)
    return [
        Due(row, tuple(sorted({*row.people, *(pk for post in row.posts for pk in of_post[post])}))) for row in listed
    ]


def places_under(prefix: str, asked: AsOf) -> list[int]:
    """Return the identities of the regions whose code of that time begins with ``prefix``."""
    rows = RegionRecord.objects.as_of(asked).filter(code__startswith=prefix, ended=False)
    rows = rows.select_related("subject")
    return [row.subject.identity for row in rows]


def people_under(prefix: str, asked: AsOf) -> list[PersonRecord]:
    """Return the people of these regions who had not left, as they were on file."""
    rows = PersonRecord.objects.as_of(asked).filter(left=False, village__in=places_under(prefix, asked))
    return list(rows.select_related("village").order_by("number"))


def cards_under(prefix: str, asked: AsOf) -> list[Binding]:
    """Return the bindings of the cards of these people."""
    people = [row.subject_id for row in people_under(prefix, asked)]
    rows = Binding.objects.as_of(asked).filter(person__in=people)
    return list(rows.select_related("subject", "person").order_by("subject"))


def code_of(region: Region, asked: AsOf) -> str:
    """Return the code that a region had."""
    row = RegionRecord.objects.as_of(asked).filter(subject=region).first()
    return row.code if row else region.code
