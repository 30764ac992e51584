"""Which turns were entered after their start, so that nobody could know of them (docs/rules.md, section 3, line 6).

What the county knew at a window's start is read from all versions of the rows, by three queries for any number of
turns.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from server_broker.attendance.models import RosterDay, WindowRecord
from server_broker.dated.days import begin_of
from server_broker.duty.due import Turn
from server_broker.duty.reading import these
from server_broker.duty.reasons import ByPost, ForThisDate, OnNamedDay, TookOver
from server_broker.people.models import HoldingRecord, HoldingState


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of a row: since when and until when the county went by it, and who is in it."""

    since: dt.datetime
    until: dt.datetime | None
    people: Collection[int] = ()
    posts: Collection[int] = ()

    def was_known(self, at: dt.datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


def entered_late(turns: Sequence[Turn], day: dt.date) -> list[Turn]:
    """Return those of a date's turns that the county did not know of at their start."""
    if not turns:
        return []
    noon = begin_of(day) + dt.timedelta(hours=12)
    windows = these({turn.window.id for turn in turns})
    weekly = _crews(WindowRecord.objects.at(noon).filter(subject=windows, ended=False))
    named = _crews(RosterDay.objects.filter(subject=windows, valid_from=begin_of(day), withdrawn=False))
    held: dict[tuple[int, int], list[_Version]] = defaultdict(list)
    holders = HoldingRecord.objects.at(noon).filter(state=HoldingState.HELD)
    for person, post, since, until in holders.filter(
        subject__person=these({turn.person for turn in turns})
    ).values_list("subject__person", "subject__post", "recorded_at", "superseded_at"):
        held[person, post].append(_Version(since, until))
    return [turn for turn in turns if not _in_time(turn, weekly, named, held)]


def _crews(rows: Iterable[WindowRecord] | Iterable[RosterDay]) -> dict[int, list[_Version]]:
    found: dict[int, list[_Version]] = defaultdict(list)
    for row in rows:
        found[row.subject_id].append(_Version(row.recorded_at, row.superseded_at, row.people, row.posts))
    return found


def _in_time(
    turn: Turn,
    weekly: dict[int, list[_Version]],
    named: dict[int, list[_Version]],
    held: dict[tuple[int, int], list[_Version]],
) -> bool:
    start = begin_of(turn.day) + dt.timedelta(minutes=turn.window.start)
    of_date = any(isinstance(reason, ForThisDate | OnNamedDay) for reason in turn.why)
    window = [one for one in weekly[turn.window.id] if one.was_known(start)]
    crews = [one for one in named[turn.window.id] if one.was_known(start)] if of_date else window
    giver = next((reason.giver for reason in turn.why if isinstance(reason, TookOver)), None)
    if giver is not None:
        # The two have agreed before the start. What they swapped was entered by then, if the window was.
        return bool(window and crews)
    posts = [reason.post for reason in turn.why if isinstance(reason, ByPost)]
    by_name = any(turn.person in one.people for one in crews)
    by_post = any(
        post in one.posts and any(row.was_known(start) for row in held[turn.person, post])
        for one in crews
        for post in posts
    )
    return bool(window) and (by_name or by_post)
