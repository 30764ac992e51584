"""Mark the stations of those villages whose dated turns may have changed, and of no others.

A chore calls it before shelf indexes are computed. Calendars, notices and libraries, which concern whole regions, mark
their stations where they are written.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import chain

from django.db import transaction
from django.utils import timezone

from server_broker.attendance.models import RosterDay, Swap, SwapRecord, WindowRecord
from server_broker.dated.days import begin_of
from server_broker.duty.models import Absence
from server_broker.duty.reading import naming, these
from server_broker.fleet.models import Station
from server_broker.fleet.shelf_changes import shelf_changed
from server_broker.people.models import Holding, HoldingRecord
from server_broker.platform.sql import take_notes

_BACK = dt.timedelta(days=2)
"""A window of the day before yesterday may end yesterday, and bounds one of today."""
AT_A_TIME = 20_000
"""Changes that are taken in one transaction: an import of a whole county at once."""


def mark_changed(now: dt.datetime) -> int:
    """Mark the stations whose villages' turns may have changed since the last call; return how many changes there were.

    A change that is not committed yet is seen by a later call.
    """
    with transaction.atomic():
        changes = take_notes("duty_rosterchange", "what, subject", most=AT_A_TIME)
        if changes:
            villages = villages_of(changes, since=begin_of(timezone.localdate(now) - _BACK))
            stations = Station.objects.filter(village__identity=these(villages)).values_list("pk", flat=True)
            shelf_changed(list(stations), at=now)
    return len(changes)


def villages_of(changes: Iterable[tuple[str, int]], *, since: dt.datetime) -> set[int]:
    """Return the identities of the villages whose turns from ``since`` on may differ after these changes.

    Stations are told nothing of earlier dates, and of some years there are a hundred times as many.

    Somebody may be in windows of several villages. They bear on one another, because nobody is due twice at one time.
    So the villages of all windows of everybody concerned are among them.
    """
    found = _Concerned(since)
    for what, subject in changes:
        found.by_kind.setdefault(what, set()).add(subject)
    return found.villages()


def villages_of_windows(windows: Collection[int]) -> set[int]:
    """Return the identities of the villages in which windows are or were."""
    return set(WindowRecord.objects.filter(subject=these(windows)).values_list("village__identity", flat=True))


@dataclass
class _Concerned:
    """Who and what some changes are about. Rows that no longer stand count too: who was due may be due no more."""

    since: dt.datetime
    by_kind: dict[str, set[int]] = field(default_factory=dict)

    def villages(self) -> set[int]:
        windows, people, posts = self._windows(), self._people(), self._posts()
        crews = list(
            chain(
                *(
                    rows.filter(subject=these(windows)).values_list("people", "posts")
                    for rows in (WindowRecord.objects.all(), RosterDay.objects.filter(valid_from__gte=self.since))
                )
            )
        )
        people |= {person for named, _ in crews for person in named}
        posts |= {post for _, held in crews for post in held}
        people |= set(Holding.objects.filter(post=these(posts)).values_list("person", flat=True))
        swapped = Swap.objects.filter(window=these(windows)).values_list("giver", "taker")
        people |= {person for pair in swapped for person in pair}
        windows |= _windows_of(people, self.since)
        return self.by_kind.get("region", set()) | villages_of_windows(windows)

    def _windows(self) -> set[int]:
        swaps = Swap.objects.filter(pk=these(self.by_kind.get("swap", ())))
        return self.by_kind.get("window", set()) | set(swaps.values_list("window", flat=True))

    def _people(self) -> set[int]:
        holdings = Holding.objects.filter(pk=these(self.by_kind.get("holding", ())))
        absences = Absence.objects.filter(pk=these(self.by_kind.get("absence", ())))
        swaps = Swap.objects.filter(pk=these(self.by_kind.get("swap", ()))).values_list("giver", "taker")
        return (
            self.by_kind.get("person", set())
            | set(holdings.values_list("person", flat=True))
            | set(absences.values_list("person", flat=True))
            | {person for pair in swaps for person in pair}
        )

    def _posts(self) -> set[int]:
        holdings = Holding.objects.filter(pk=these(self.by_kind.get("holding", ())))
        return set(holdings.values_list("post", flat=True))


def _windows_of(people: set[int], since: dt.datetime) -> set[int]:
    """Return the windows in which these people are by what the county knows now: by name, by post or by a swap."""
    holdings = HoldingRecord.objects.known().filter(subject__person=these(people))
    posts = set(holdings.values_list("subject__post", flat=True))
    theirs = naming(people, posts)
    named = WindowRecord.objects.known().filter(theirs).values_list("subject", flat=True)
    days = RosterDay.objects.known().filter(valid_from__gte=since)
    found = {*named, *days.filter(theirs).values_list("subject", flat=True)}
    swaps = SwapRecord.objects.known().filter(valid_from__gte=since, withdrawn=False, subject__taker=these(people))
    return found | set(swaps.values_list("subject__window", flat=True))
