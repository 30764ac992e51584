"""A village's month as pages, files and programs show it: as it was kept, and once it is closed as it was signed."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models.functions import TruncMonth

from server_broker.closing.changes import Change
from server_broker.closing.content import Signed
from server_broker.closing.models import ClosedMonth
from server_broker.closing.residents import ResidentLine, kept_residents, lines_of
from server_broker.closing.slips import open_slip, signed_slip
from server_broker.closing.standing import Standing, standings
from server_broker.regions.models import Region, RegionRecord
from server_broker.settlement.counting import NOT_FINAL, Totals, totals
from server_broker.settlement.states import CLOSED
from server_broker.settlement.times import first_of_month, next_month
from server_broker.settlement.version import RULES
from server_broker.settling.kept import kept_windows
from server_broker.settling.models import SettleDue, SettledWindow, SettledWindowQuerySet
from server_broker.settling.moments import noon
from server_broker.settling.sheet_csv import names_on
from server_broker.settling.windows import Settled

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class PersonMonth:
    """One person's windows of a village's month, by date and start."""

    person: int
    number: str
    name: str
    windows: tuple[Settled, ...]

    @cached_property
    def totals(self) -> Totals:
        """What they add up to (docs/rules.md, section 4)."""
        return totals(str(self.person), (one.result for one in self.windows if one.result.result != "休"))

    def on(self, day: dt.date) -> list[Settled]:
        """Return the windows of one date."""
        return [one for one in self.windows if one.result.day == day]


@dataclass(frozen=True)
class VillageMonth:
    """A village's sheet of a month."""

    village: int
    """Identity of the region."""
    code: str
    name: str
    month: str
    """Such as ``2026-03``."""
    known: dt.datetime
    """What the county knew at this moment gave it; of a closed month that of the closing."""
    state: str
    """进行中, 未定稿, 可公示, 公示 or 定稿."""
    rules: str
    people: tuple[PersonMonth, ...]
    """By their numbers."""
    shown_at: dt.datetime | None
    objections_until: dt.date | None
    """The last date on which objections are taken; None: it was not shown."""
    closed_at: dt.datetime | None
    closed_by: str
    """Name of the account."""
    sha256: str
    """Of what was signed, in hexadecimal digits; empty while it is not closed."""
    slip: tuple[Change, ...]
    """What came of months that were closed before: as it is now, or as it was signed with this one."""
    waiting: tuple[dt.date, ...]
    """Dates that are about to be settled again, because something new came."""
    standing: Standing
    """How far it is."""
    residents: tuple[ResidentLine, ...]
    """Who is sent to live there, by number: as it was reckoned last, and once it is closed as it was signed."""

    @property
    def first(self) -> dt.date:
        """The first date of the month."""
        return first_of_month(self.month)

    @property
    def last(self) -> dt.date:
        """The last date of the month."""
        return next_month(self.first) - _DAY

    @property
    def days(self) -> list[dt.date]:
        """The dates of the month."""
        return [self.first + number * _DAY for number in range((self.last - self.first).days + 1)]

    @property
    def windows(self) -> list[Settled]:
        """All windows."""
        return [one for person in self.people for one in person.windows]

    @cached_property
    def totals(self) -> Totals:
        """What the windows of all people add up to."""
        return totals("", (one.result for one in self.windows if one.result.result != "休"))

    @property
    def open(self) -> list[Settled]:
        """The windows that keep the month from being closed: 未, 待 or blank."""
        return [one for one in self.windows if one.result.result in NOT_FINAL]


def month_of(village: int, month: str, now: dt.datetime) -> VillageMonth:
    """Return a village's month as it stands, by a fixed number of queries. Nothing is settled for it.

    Args:
        village: Identity of the region.
        month: Such as ``2026-03``.
    """
    closed = ClosedMonth.objects.filter(village__identity=village, month=month).first()
    [standing] = standings([Region.objects.get(identity=village)], month, now)
    first = first_of_month(month)
    last = next_month(first) - _DAY
    if closed is None:
        windows = kept_windows(village, first, last)
        names = names_on(last, {one.person for one in windows})
        code, name = _named(village, last)
        due = SettleDue.objects.filter(village__identity=village, day__range=(first, last))
        waiting = sorted(due.values_list("day", flat=True))
        residents = _residents(village, month, last)
    else:
        signed = Signed(bytes(closed.content), village, closed.people)
        windows, names, waiting = signed.windows(), signed.names, []
        code, name = signed.head["village"]
        residents = tuple(signed.residents())
    return VillageMonth(
        village=village,
        code=code,
        name=name,
        month=month,
        known=now if closed is None else closed.closed_at,
        state=standing.state if closed is None else CLOSED,
        rules=RULES if closed is None else closed.rules,
        people=_people(windows, names),
        shown_at=standing.shown_at,
        objections_until=standing.objections_until,
        closed_at=None if closed is None else closed.closed_at,
        closed_by="" if closed is None else closed.closed_by,
        sha256="" if closed is None else bytes(closed.sha256).hex(),
        slip=tuple(open_slip(village, month) if closed is None else signed_slip(closed)),
        waiting=tuple(waiting),
        standing=standing,
        residents=residents,
    )


def _residents(village: int, month: str, last: dt.date) -> tuple[ResidentLine, ...]:
    lived = kept_residents(village, month)
    people = {int(one.person) for one in lived}
    named = names_on(last, people)
    return tuple(lines_of(lived, {person: named.get(person, ("", "")) for person in people}))


def months_of(person: int, first: dt.date, last: dt.date) -> set[tuple[int, str]]:
    """Return in which villages' months (identity of the region, and month) somebody has windows on some dates.

    They stand, or were signed: what was signed stays, also where nothing of it stands. Three queries.
    """
    rows = SettledWindow.objects.filter(person=person, day__range=(first, last))
    ever, stand = _by_month(rows), _by_month(rows.current())
    closed = ClosedMonth.objects.filter(
        village__identity__in={village for village, _ in ever}, month__in={month for _, month in ever}
    )
    signed = {
        (int(village), month)
        for village, month, people in closed.values_list("village", "month", "people")
        if person in people.values()
    }
    return stand | (signed & ever)


def _by_month(rows: SettledWindowQuerySet) -> set[tuple[int, str]]:
    found = rows.annotate(month=TruncMonth("day")).values_list("village", "month").distinct()
    return {(int(village), f"{month:%Y-%m}") for village, month in found}


def _named(village: int, last: dt.date) -> tuple[str, str]:
    """Return code and name of the village on the last date of the month."""
    row = RegionRecord.objects.known().filter(subject__identity=village).at(noon(last)).first()
    return ("", "") if row is None else (row.code, row.name)


def _people(windows: Iterable[Settled], names: Mapping[int, tuple[str, str]]) -> tuple[PersonMonth, ...]:
    of_person: dict[int, list[Settled]] = defaultdict(list)
    for one in windows:
        of_person[one.person].append(one)
    found = [
        PersonMonth(person, *names.get(person, ("", "")), windows=tuple(some)) for person, some in of_person.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.number, one.person)))
