"""Who came to a meeting, and whether it had its quorum (§7)."""

from datetime import datetime, timedelta
from typing import Any

from tests.reckoning.cards import COUNTS, could_be_theirs, dated_touches, standing_of
from tests.reckoning.case import Case, Entry, Meeting
from tests.reckoning.county import County
from tests.reckoning.minutes import MINUTE, cut, minutes
from tests.reckoning.record import complete_through

OPEN_MINUTES = 60
GRACE_MINUTES = 10


def opens(meeting: Meeting) -> datetime:
    """Return from when a touch signs in (§7)."""
    return cut(meeting.start) - timedelta(minutes=OPEN_MINUTES)


def touches_at(case: Case, meeting: Meeting, person: str) -> list[datetime]:
    """Return the minutes of somebody's dated touches at the meeting's station, repeats of a run too (§7)."""
    return [
        cut(touch.at)
        for touch in dated_touches(case)
        if touch.station.id == meeting.station and standing_of(case, touch.card, cut(touch.at)) == (COUNTS, person)
    ]


def confirmed(case: Case, meeting: Meeting, entry: Entry) -> datetime | None:
    """Return at which minute another expected member confirmed an entry by a touch; None where nobody has (§7).

    Not the chair, who made the entry, nor the person who is entered; and at or after the minute of the entry.
    """
    if entry.confirmed_by not in meeting.expected or entry.confirmed_by in (entry.by, entry.person):
        return None
    return min(
        (
            minute
            for minute in touches_at(case, meeting, entry.confirmed_by)
            if minute >= cut(entry.at) and opens(meeting) <= minute <= cut(meeting.end)
        ),
        default=None,
    )


def signed_in(case: Case, meeting: Meeting, person: str) -> datetime | None:
    """Return at which minute somebody signed in: by their first touch in the span, or as entered (§7)."""
    found = [minute for minute in touches_at(case, meeting, person) if opens(meeting) <= minute <= cut(meeting.end)]
    for entry in meeting.entries:
        if entry.person == person and (minute := confirmed(case, meeting, entry)) is not None:
            found.append(minute)
    return min(found, default=None)


def is_excused(county: County, meeting: Meeting, person: str) -> bool:
    """Return whether leave, field duty or 会 cover the whole meeting, together (§7)."""
    left = set(minutes(cut(meeting.start), cut(meeting.end)))
    for absence in county.absences:
        if absence.leave.person == person:
            left -= absence.minutes_between(cut(meeting.start), cut(meeting.end))
    return not left


def waits(county: County, meeting: Meeting, person: str) -> bool:
    """Return whether it is too early to call somebody absent (§7).

    Until the end, its minute included; until the station has told of a later minute, of which one that the county does
    not know yet has told nothing; while an undated touch of theirs there, a held fact or a lost seq could lie in the
    span.
    """
    last = cut(meeting.end)
    station = next((one for one in county.case.stations if one.id == meeting.station), None)
    if station is None or cut(county.case.as_of) <= last or not complete_through(station, last + MINUTE):
        return True
    for thing in county.undated:
        first, until = max(opens(meeting), thing.bracket.first), min(last, thing.bracket.last)
        if thing.station.id != station.id or first > until:
            continue
        if thing.card is None or could_be_theirs(county.case, thing.card, person, first, until):
            return True
    return False


def has_quorum(meeting: Meeting, came: dict[str, datetime], by: datetime) -> bool:
    """Return whether enough of the voters expected, the excused included, had signed in by a minute (§7)."""
    here = sum(person in came and came[person] <= cut(by) for person in meeting.voters)
    needed = meeting.share * len(meeting.voters)
    return here > needed if meeting.rule == "more_than" else here >= needed


def meeting_row(county: County, meeting: Meeting) -> dict[str, Any]:
    """Return who came to a meeting, who is excused and who was absent, who was late, and the quorums (§7)."""
    case = county.case
    came = {}
    for person in meeting.expected:
        if (minute := signed_in(case, meeting, person)) is not None:
            came[person] = minute
    others = [person for person in meeting.expected if person not in came]
    excused = [person for person in others if is_excused(county, meeting, person)]
    absent = [person for person in others if person not in excused and not waits(county, meeting, person)]
    grace = cut(meeting.start) + timedelta(minutes=GRACE_MINUTES)
    return {
        "meeting": meeting.id,
        "expected": sorted(meeting.expected),
        "came": sorted(came),
        "excused": sorted(excused),
        "absent": sorted(absent),
        "late": sorted([person for person, minute in came.items() if minute > grace]),
        "quorum_at_start": has_quorum(meeting, came, grace),
        "quorum_at_votes": [has_quorum(meeting, came, vote) for vote in meeting.votes],
    }
