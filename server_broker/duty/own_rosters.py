"""Say whether an account's person is on a roster of some villages, or is sent to live there, at any time of a period.

Whoever is does not decide what windows there come to. It goes by rosters, posts and swaps, not by the dates on which
somebody is due, so it reaches as far ahead and back as they do.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import Exists, F, OuterRef

from server_broker.accounts.models import User
from server_broker.attendance.models import RosterDay, SwapRecord, WindowRecord
from server_broker.attendance.times import times
from server_broker.dated.models import DatedQuerySet
from server_broker.dated.writing import Period
from server_broker.duty.reading import naming
from server_broker.people.models import HoldingRecord, HoldingState, PersonRecord, PersonType

type _Held = Mapping[int, Sequence[Period]]
"""When the person holds each post."""


def own_stake(by: User, villages: Collection[int], period: Period) -> str:
    """Return a window of the person's in words, or that they live there, as `own_roster`."""
    return own_roster(by, villages, period) or _residence(by, villages, period)


def own_roster(by: User, villages: Collection[int], period: Period) -> str:
    """Return a window of the person's in some villages (identities of regions), in words; empty: there is none.

    The number of queries does not grow with villages or time.

    Args:
        period: Whole local days, by the windows' dates.
    """
    if by.person_id is None:
        return ""
    windows = WindowRecord.objects.known().filter(ended=False, village__in=list(villages))
    held = _held(by.person_id, period)
    crews = windows.during(period.since, period.until).filter(naming([by.person_id], held))
    for row in crews.select_related("village").order_by(F("valid_from").asc(nulls_first=True), "start"):
        if _is_in(by.person_id, row, held):
            return _words(row)
    return _of_single_dates(by.person_id, windows, period, held)


def _of_single_dates(person: int, windows: DatedQuerySet[WindowRecord], period: Period, held: _Held) -> str:
    days = RosterDay.objects.known().filter(Exists(windows.filter(subject=OuterRef("subject"))), withdrawn=False)
    named = days.during(period.since, period.until).filter(naming([person], held)).order_by("valid_from")
    swaps = SwapRecord.objects.known().filter(Exists(windows.filter(subject=OuterRef("subject__window"))))
    taken = swaps.during(period.since, period.until).filter(subject__taker=person, withdrawn=False)
    dates: list[tuple[dt.datetime | None, int]] = [
        *((row.valid_from, row.subject_id) for row in named if _is_in(person, row, held)),
        *taken.order_by("valid_from").values_list("valid_from", "subject__window"),
    ]
    for _, window in dates:
        return _words(windows.filter(subject=window).select_related("village").order_by("pk")[0])
    return ""


def _held(person: int, period: Period) -> _Held:
    rows = HoldingRecord.objects.known().filter(subject__person=person, state=HoldingState.HELD)
    found: dict[int, list[Period]] = defaultdict(list)
    for post, since, until in rows.during(period.since, period.until).values_list(
        "subject__post", "valid_from", "valid_to"
    ):
        common = Period(since, until).common(period)
        if common is not None:
            found[post].append(common)
    return found


def _is_in(person: int, row: WindowRecord | RosterDay, held: _Held) -> bool:
    there = Period(row.valid_from, row.valid_to)
    return person in row.people or any(one.common(there) for post in row.posts for one in held.get(post, ()))


def _words(row: WindowRecord) -> str:
    return f"这里有您自己的班（{row.village.name} {row.name} {times(row.start, row.end)}）"


def _residence(by: User, villages: Collection[int], period: Period) -> str:
    lives = PersonRecord.objects.known().filter(subject=by.person_id, type=PersonType.RESIDENT, left=False)
    here = lives.during(period.since, period.until).filter(village__in=list(villages)).select_related("village")
    row = here.order_by(F("valid_from").asc(nulls_first=True)).first()
    return "" if row is None else f"您在{row.village.name}驻村"
