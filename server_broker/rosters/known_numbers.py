"""What the county has of the identity and mobile numbers that an import names, and how the import writes them."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import batched

from django.conf import settings

from server_broker.people.models import Person, PrivateNumber
from server_broker.people.number_forms import KINDS, WORDS, NumberKind, masked
from server_broker.people.private_numbers import IS_ANOTHERS, LOST, opened, seal_into, sealing_keys
from server_broker.rosters.plan import PersonRow
from server_broker.sheets.changes import FieldChange
from server_broker.sheets.row_errors import RowError
from server_broker.trust.number_keys import kept_keys
from server_broker.trust.sealing import SealBroken

_AT_A_TIME = 2_000
_UNREADABLE = "打不开"


@dataclass(frozen=True, slots=True)
class KnownNumbers:
    """The numbers of the people of an import."""

    of_people: dict[tuple[str, str], str]
    """By the person's staff number and the kind."""
    holders: dict[str, str]
    """Whose each identity number of the import is already: a staff number."""

    def changes(self, row: PersonRow) -> Iterator[FieldChange]:
        """Yield the columns that change, with the numbers masked."""
        for kind, new in wanted(row):
            old = self.of_people.get((row.number, kind), "")
            if old == new:
                continue
            before, after = (masked(old) if old and old != _UNREADABLE else old), masked(new)
            yield FieldChange(WORDS[kind], before, f"{after}（中间的数字不同）" if before == after else after)


def wanted(row: PersonRow) -> list[tuple[NumberKind, str]]:
    """Return the numbers that a row names."""
    return [(kind, number) for kind in KINDS if (number := getattr(row, kind))]


def known_numbers(rows: Collection[PersonRow]) -> KnownNumbers:
    """Read what the county has of the numbers and of the people of these rows."""
    of_people: dict[tuple[str, str], str] = {}
    holders: dict[str, str] = {}
    kept = kept_keys(settings.HOME)
    for some in batched([row for row in rows if wanted(row)], _AT_A_TIME, strict=False):
        people = PrivateNumber.objects.filter(person__number__in={row.number for row in some})
        for one in people.select_related("person"):
            try:
                of_people[one.person.number, one.kind] = opened(one, kept)
            except SealBroken:
                of_people[one.person.number, one.kind] = _UNREADABLE
        asked = {keys.index_of("identity", row.identity): row.identity for keys in kept.values() for row in some}
        found = PrivateNumber.objects.filter(kind="identity", index__in=asked)
        for index, number in found.values_list("index", "person__number"):
            holders[asked[bytes(index)]] = number
    return KnownNumbers(of_people, holders)


def check_numbers(rows: Iterable[PersonRow], known: KnownNumbers) -> Iterator[RowError]:
    """Yield an error for each identity number that would be two people's. It does not say whose it is."""
    first: dict[str, PersonRow] = {}
    for row in rows:
        if not row.identity:
            continue
        other = first.setdefault(row.identity, row)
        if other.number != row.number:
            yield RowError("人员", row.row, f"“{WORDS['identity']}”与第 {other.row} 行相同")
        elif known.holders.get(row.identity, row.number) != row.number:
            yield RowError("人员", row.row, f"“{WORDS['identity']}”不能导入：这个{IS_ANOTHERS}")


def numbers_closed(rows: Iterable[PersonRow]) -> Iterator[RowError]:
    """Yield an error if there are numbers to seal and the county's keys for them are lost."""
    if any(wanted(row) for row in rows) and PrivateNumber.objects.exists() and not kept_keys(settings.HOME):
        yield RowError("人员", 0, LOST)


def write_numbers(rows: Collection[PersonRow], known: KnownNumbers) -> list[PrivateNumber]:
    """Seal the numbers that differ from what the county has, in the caller's transaction, and return their rows.

    Raises:
        NumberRefused: The keys are lost.
    """
    news = [(row.number, kind, new) for row in rows for kind, new in wanted(row)]
    news = [one for one in news if known.of_people.get(one[:2]) != one[2]]
    if not news:
        return []
    keys, written = sealing_keys(), []
    for some in batched(news, _AT_A_TIME, strict=False):
        people = {person.number: person for person in Person.objects.filter(number__in={one[0] for one in some})}
        old = {(row.person_id, row.kind): row for row in PrivateNumber.objects.filter(person__in=list(people.values()))}
        made, changed = [], []
        for number, kind, new in some:
            person = people[number]
            row = old.get((person.pk, kind))
            if row is None:
                made.append(seal_into(PrivateNumber(person=person, kind=kind), new, keys))
            else:
                row.version += 1
                changed.append(seal_into(row, new, keys))
        # First what changes: a number that goes from one person to another is free then.
        PrivateNumber.objects.bulk_update(changed, ["version", "sealed", "index", "key"])
        written += [*changed, *PrivateNumber.objects.bulk_create(made)]
    return written
