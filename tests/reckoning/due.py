"""Who is due in which window by the rosters: posts, those who are off post, overlaps, and shares (§1.1, §1.2, §4)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from tests.reckoning.case import Case, Roster
from tests.reckoning.knowing import as_known
from tests.reckoning.minutes import ALWAYS, window_on
from tests.reckoning.workdays import is_working_day, plain_working_day


@dataclass(frozen=True)
class Window:
    """One window of one person; where they are not due it is there to be shown as 休."""

    person: str
    village: str
    date: date
    start: datetime
    end: datetime
    share: Fraction
    entered: datetime
    roster: str
    named_days: bool
    due: bool
    marks: str | None


class Overlap(Exception):
    """Somebody would have two windows at a time; whatever would make that so is refused (§1.1)."""


def is_away(case: Case, person: str, day: date) -> bool:
    """Return whether somebody is seconded, suspended or off post on a date, both ends included (§1.2)."""
    return any(row.person == person and row.first <= day <= row.last for row in case.away)


def posts_entered(case: Case, person: str, day: date, post: str | None = None) -> list[datetime]:
    """Return when each post that somebody holds on a date was entered; of one post alone, if it is named (§1.2)."""
    return [
        row.known
        for row in case.posts
        if row.person == person and row.first <= day <= row.last and post in (None, row.post)
    ]


def holds_some_post_if_any(case: Case, person: str, day: date) -> bool:
    """Return whether somebody may be named on a date: they hold some post then, if they have posts at all (§1.2)."""
    if not any(row.person == person for row in case.posts):
        return True
    return bool(posts_entered(case, person, day))


def could_be_due(case: Case, person: str, day: date) -> bool:
    """Return whether a window may be moved to somebody on a date (§1.3).

    Whoever could be named could be due, also where the window is a post's: other holders of the post have it already.
    """
    return holds_some_post_if_any(case, person, day) and not is_away(case, person, day)


def is_duty_date(case: Case, roster: Roster, day: date) -> bool:
    """Return whether a roster has windows on a date: the days that it names, every working day if it has all of Monday
    to Friday, else those of its weekdays that are working days (§1.2).
    """
    if not roster.first <= day <= roster.last:
        return False
    if roster.days is not None:
        return day in roster.days
    whole_week = roster.weekdays >= {1, 2, 3, 4, 5}
    return is_working_day(case, day) and (whole_week or day.isoweekday() in roster.weekdays)


def people_of(case: Case, roster: Roster, day: date) -> list[tuple[str, bool, datetime]]:
    """Return whom a roster means on a date, whether they are due, and when what makes them due was entered.

    What makes somebody due is the roster (with its named days) and, where it counts, a post: of several posts the one
    that was entered first (§1.2, §3 line 6).
    """
    found = []
    if roster.post is not None:
        for person in sorted({row.person for row in case.posts if row.post == roster.post}):
            entered = posts_entered(case, person, day, roster.post)
            if entered:
                found.append((person, not is_away(case, person, day), max(roster.known, min(entered))))
        return found
    for person in roster.persons:
        due = could_be_due(case, person, day)
        entered = posts_entered(case, person, day)
        found.append((person, due, max(roster.known, min(entered)) if entered else roster.known))
    return found


def rostered(case: Case, day: date) -> list[Window]:
    """Return the windows of a date as the rosters give them, before swaps."""
    windows = []
    for roster in case.rosters:
        if not is_duty_date(case, roster, day):
            continue
        for person, due, entered in people_of(case, roster, day):
            for start, end in roster.windows:
                begins, ends = window_on(day, start, end)
                windows.append(
                    Window(
                        person=person,
                        village=roster.village,
                        date=day,
                        start=begins,
                        end=ends,
                        share=Fraction(0),
                        entered=entered,
                        roster=roster.name,
                        named_days=roster.days is not None,
                        due=due,
                        marks=roster.marks,
                    )
                )
    return [replace(window, share=share_of(window, windows)) for window in windows]


def share_of(window: Window, windows: list[Window]) -> Fraction:
    """Return a window's share: one through the windows that its roster gives this person on that date (§4)."""
    given = [one for one in windows if (one.roster, one.person) == (window.roster, window.person) and one.due]
    return Fraction(1, len(given)) if window.due else Fraction(0)


def overlap(one: Window, other: Window) -> bool:
    """Return whether somebody is due in two windows at one time (§1.1)."""
    return one.person == other.person and one.due and other.due and one.start < other.end and other.start < one.end


def brought_by_calendar(case: Case, named: Window, working: Window) -> bool:
    """Return whether two windows meet only because the calendar changed after both had been entered (§1.1).

    If nothing says when they were entered, the calendar before every table is meant: Monday to Friday.
    """
    entered = max(named.entered, working.entered)
    if entered == ALWAYS:
        return not plain_working_day(working.date)
    return not is_working_day(as_known(case, entered), working.date)


def without_displaced(case: Case, windows: list[Window]) -> list[Window]:
    """Return the windows: of two that a change of the calendar brings, the one of named days alone is due (§1.1)."""
    displaced = set()
    for named in [window for window in windows if window.named_days]:
        for number, working in enumerate(windows):
            if not working.named_days and overlap(named, working) and brought_by_calendar(case, named, working):
                displaced.add(number)
    return [replace(window, due=False) if number in displaced else window for number, window in enumerate(windows)]


def refuse_overlaps(windows: list[Window]) -> None:
    """Make sure that nobody has overlapping windows (§1.1).

    Raises:
        Overlap: Somebody has.
    """
    due = sorted((window for window in windows if window.due), key=lambda window: (window.person, window.start))
    for number, window in enumerate(due):
        for later in due[number + 1 :]:
            if later.person != window.person or later.start >= window.end:
                break
            raise Overlap(f"{window.person} {window.date}")
