"""What changed of windows: was, now, when it came, and by what."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

import msgspec
from django.db.models import Q

from server_broker.dated.days import begin_of, end_of
from server_broker.duty.models import AbsenceRecord
from server_broker.requests.models import Correction
from server_broker.settlement.counting import PRESENT
from server_broker.settlement.results import Result
from server_broker.settlement.times import month_of, next_month
from server_broker.settling.due import PARAMETER, RULES, with_code
from server_broker.settling.kept import settled_of
from server_broker.settling.models import SettledWindow, SettledWindowQuerySet
from server_broker.settling.sheet_csv import names_on
from server_broker.settling.windows import FactName, Settled

_DAY = dt.timedelta(days=1)
_OFF = "休"
_GRAVE = {"旷": 3, "缺": 2, "迟": 1, "早": 1}
_REQUEST = "request:"


class Said(msgspec.Struct, frozen=True, order=True):
    """What a window came to, as far as a change of it counts (docs/rules.md, 8.19)."""

    result: str = _OFF
    kind: str = ""
    beside: str = ""
    late: int = 0
    early: int = 0
    leave_minutes: int = 0

    @property
    def weight(self) -> tuple[int, int, bool]:
        """How heavily it lies on its person: what it is called, minutes, and whether it counts as present no more."""
        return (_GRAVE.get(self.result, 0), self.late + self.early, self.result not in PRESENT)

    def is_worse_than(self, other: "Said") -> bool:
        """Tell whether somebody must be able to object to it who had nothing to object to the other."""
        return any(mine > theirs for mine, theirs in zip(self.weight, other.weight, strict=True))


OFF = Said()
"""Also what a window comes to that is on nobody's sheet."""


def said_of(result: Result) -> Said:
    """Return what a result says. Of one that is off nothing else counts."""
    if result.result == _OFF:
        return OFF
    beside = "".join(result.beside)
    return Said(result.result, result.kind, beside, result.late, result.early, result.leave_minutes)


class Place(NamedTuple):
    """Which window of whom. Two that start at the same minute share it."""

    person: int
    day: dt.date
    start: int


type Stood = Mapping[Place, Collection[Said]]
"""What the windows of a place came to."""


@dataclass(frozen=True)
class Change:
    """A window that came to something else."""

    person: int
    number: str
    name: str
    day: dt.date
    start: int
    was: Said
    now: Said
    came_at: dt.datetime
    """When it was settled so."""
    why: str
    """Codes of what had it settled again, and of what is another than it was (`server_broker.settling.due`)."""
    facts: tuple[FactName, ...]
    """On which it rests now and did not rest before."""
    decisions: tuple[str, ...]
    """Names of the requests whose approval came since (`server_broker.requests.cases.Case.key`)."""

    @property
    def month(self) -> str:
        """The month of the window."""
        return month_of(self.day)


@dataclass(frozen=True, slots=True)
class Between:
    """A village's dates from ``first`` to ``last``, after ``since`` and up to ``known`` (None: now)."""

    village: int
    first: dt.date
    last: dt.date
    since: dt.datetime
    known: dt.datetime | None = None

    def rows(self) -> SettledWindowQuerySet:
        """Return all results of the dates, those too that stand no more."""
        return SettledWindow.objects.filter(village__identity=self.village, day__range=(self.first, self.last))

    def after(self, column: str) -> Q:
        """Return that a time lies in this time."""
        found = Q(**{f"{column}__gt": self.since})
        return found if self.known is None else found & Q(**{f"{column}__lte": self.known})

    def touched(self) -> set[Place]:
        """Return the places whose results came or went in this time. Two queries, as each has an index of its own."""
        times = (self.after("settled_at"), self.after("superseded_at"))
        found = (self.rows().filter(one).values_list("person", "day", "start") for one in times)
        return {Place(*place) for some in found for place in some}


def changed_since(between: Between) -> list[Change]:
    """Return the windows that came to something else than they had at ``since``, by date and person."""
    places = between.touched()
    stood = {place: [said for said, _ in some] for place, some in _standing(between, places, between.since).items()}
    return changes(between, places, stood)


def worse_than_shown(windows: Iterable[Settled], between: Between) -> int:
    """Return at how many places a window lies more heavily on its person than at ``between.since``. One query."""
    stood, stand = Counter[tuple[Place, Said]](), Counter[tuple[Place, Said]]()
    for some, counted in ((settled_of(between.rows().known(between.since)), stood), (windows, stand)):
        counted.update((Place(one.person, one.result.day, one.result.start), said_of(one.result)) for one in some)
    gone, came = _by_place(stood - stand), _by_place(stand - stood)
    return sum(
        any(now.is_worse_than(was) for now in came.get(place, [OFF]) for was in gone.get(place, [OFF]))
        for place in gone.keys() | came.keys()
    )


def _by_place(counted: Iterable[tuple[Place, Said]]) -> dict[Place, list[Said]]:
    found: dict[Place, list[Said]] = defaultdict(list)
    for place, said in counted:
        found[place].append(said)
    return found


def changes(between: Between, places: Collection[Place], stood: Stood) -> list[Change]:
    """Return which of these places came to something else than they had, by a fixed number of queries."""
    if not places:
        return []
    before = _standing(between, places, between.since)
    after = _standing(between, places, between.known)
    pairs = {place: _pairs(stood.get(place, ()), after.get(place, ())) for place in places}
    pairs = {place: some for place, some in pairs.items() if some}
    if not pairs:
        return []
    names = names_on(next_month(between.last) - _DAY, {place.person for place in pairs}, known=between.known)
    decided = _decisions(between, set(pairs))
    went = _went(between, set(pairs))
    found = []
    for place, some in sorted(pairs.items(), key=lambda item: (item[0].day, names.get(item[0].person), item[0])):
        stood_rows = [row for _, row in before.get(place, ())]
        known_facts = {fact for row in stood_rows for fact in _facts(row)}
        for was, now, row in some:
            found.append(
                Change(
                    *(place.person, *names.get(place.person, ("", "")), place.day, place.start, was, now),
                    came_at=went[place] if row is None else row.settled_at,
                    why="" if row is None else _why(row, stood_rows),
                    facts=() if row is None else tuple(one for one in _facts(row) if one not in known_facts),
                    decisions=decided.get((place.person, place.day), ()),
                )
            )
    return found


type _Standing = dict[Place, list[tuple[Said, SettledWindow]]]


def _standing(between: Between, places: Collection[Place], known: dt.datetime | None) -> _Standing:
    """Return what stood at these places."""
    found: _Standing = defaultdict(list)
    rows = _of(between, places)
    rows = rows.current() if known is None else rows.known(known)
    for row in rows:
        place = Place(row.person_id, row.day, row.start)
        if place in places:
            [one] = settled_of([row])
            found[place].append((said_of(one.result), row))
    return found


def _of(between: Between, places: Collection[Place]) -> SettledWindowQuerySet:
    people, days = {place.person for place in places}, {place.day for place in places}
    return between.rows().filter(person__in=people, day__in=days)


def _pairs(
    stood: Collection[Said], after: Collection[tuple[Said, SettledWindow]]
) -> list[tuple[Said, Said, SettledWindow | None]]:
    """Return what was and what is, where they differ."""
    left = sorted(after, key=lambda one: one[0])
    gone = []
    for said in sorted(stood):
        same = next((one for one in left if one[0] == said), None)
        if same is None:
            gone.append(said)
        else:
            left.remove(same)
    pairs = zip_longest(gone, left)
    found = [(OFF if was is None else was, *((OFF, None) if now is None else now)) for was, now in pairs]
    return [one for one in found if one[0] != one[1]]


def _why(row: SettledWindow, before: Collection[SettledWindow]) -> str:
    """Return what had a window settled so, and whether it is by other rules or numbers than those before.

    A new version may have numbers that the one before did not know, so of the two only the version is told.
    """
    if before and row.rules not in {one.rules for one in before}:
        return with_code(row.why, RULES)
    if before and row.parameters not in {one.parameters for one in before}:
        return with_code(row.why, PARAMETER)
    return row.why


def _facts(row: SettledWindow) -> list[FactName]:
    return [FactName(*fact) for fact in row.facts]


def _went(between: Between, places: Collection[Place]) -> dict[Place, dt.datetime]:
    """Return when the last result of each place went."""
    rows = _of(between, places).filter(between.after("superseded_at")).order_by("superseded_at")
    return {
        Place(person, day, start): at
        for person, day, start, at in rows.values_list("person", "day", "start", "superseded_at")
        if at is not None
    }


def _decisions(between: Between, places: Collection[Place]) -> dict[tuple[int, dt.date], tuple[str, ...]]:
    """Return which requests about these people's dates were approved in this time."""
    people, days = {place.person for place in places}, {place.day for place in places}
    found: dict[tuple[int, dt.date], list[str]] = defaultdict(list)
    corrections = Correction.objects.filter(between.after("approved_at"), person__in=people, day__in=days)
    for person, day, asked in corrections.values_list("person", "day", "answer__asked"):
        found[person, day].append(f"c{asked}")
    absences = AbsenceRecord.objects.filter(between.after("recorded_at"), subject__person__in=people)
    rows = absences.during(begin_of(min(days)), end_of(max(days))).select_related("subject")
    for row in rows.filter(subject__source__startswith=_REQUEST):
        for day in days:
            begins = row.valid_from is None or row.valid_from < end_of(day)
            if begins and (row.valid_to is None or begin_of(day) < row.valid_to):
                found[row.subject.person_id, day].append(row.subject.source.removeprefix(_REQUEST))
    return {key: tuple(dict.fromkeys(some)) for key, some in found.items()}


def listed(changed: Iterable[Change]) -> list[Change]:
    """Return changes as slips have them: by month, number and date."""
    return sorted(changed, key=lambda one: (one.month, one.number, one.day, one.start, one.was, one.now))
