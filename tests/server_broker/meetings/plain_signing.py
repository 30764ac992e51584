"""Section 7 of docs/rules.md once more, as plainly as it can be said. It imports nothing of `server_broker`.

All times are whole numbers of seconds; a minute is what is left of one when the seconds are cut off.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace


@dataclass
class PlainMeeting:
    begin: int
    end: int
    stations: set[str]
    chair: int | None
    expected: list[int]
    voters: set[int]
    more_than: bool
    numerator: int
    denominator: int
    touches: list[tuple[int, str, int]] = field(default_factory=list)
    """Person, station, second."""
    undated: list[tuple[int, str, int, int]] = field(default_factory=list)
    """Person, station, the seconds of the dated facts before and after."""
    words: list[tuple[int, int, str, int | None, int | None, bool]] = field(default_factory=list)
    """Person, who says so, station, second of the word, second of the touch, whether it takes somebody back.

    In the order in which the stations stated them."""
    away: list[tuple[int, str, int, int]] = field(default_factory=list)
    told_until: int | None = None


def minute(second: int) -> int:
    return second // 60


def signed_in(meeting: PlainMeeting, person: int) -> int | None:
    """The minute in which somebody signed in first."""
    minutes = [minute(at) for who, where, at in meeting.touches if who == person and signs(meeting, where, at)]
    words = standing(meeting)
    for whom, by, where, _, touched, _ in words:
        if whom != person or touched is None or not signs(meeting, where, touched):
            continue
        if by not in meeting.expected or by == meeting.chair or by == person:
            continue
        for entered, chair, there, at, _, _ in words:
            is_entry = entered == person and chair == meeting.chair and there == where
            if is_entry and at is not None and minute(at) <= minute(touched):
                minutes.append(minute(touched))
    return min(minutes, default=None)


def standing(meeting: PlainMeeting) -> list[tuple[int, int, str, int | None, int | None, bool]]:
    """The words that the chair has not taken back at their station since."""
    return [
        word
        for place, word in enumerate(meeting.words)
        if not word[5]
        and not any(
            back and by == meeting.chair and (whom, where) == (word[0], word[2])
            for whom, by, where, _, _, back in meeting.words[place + 1 :]
        )
    ]


def signs(meeting: PlainMeeting, where: str, at: int) -> bool:
    return where in meeting.stations and minute(meeting.begin) - 60 <= minute(at) <= minute(meeting.end)


def is_excused(meeting: PlainMeeting, person: int) -> bool:
    """Every minute of the meeting is covered."""
    return all(
        any(who == person and begin <= at * 60 < end for who, _, begin, end in meeting.away)
        for at in range(minute(meeting.begin), minute(meeting.end))
    )


def state(meeting: PlainMeeting, person: int, now: int) -> str:
    at = signed_in(meeting, person)
    if at is not None:
        return "late" if at > minute(meeting.begin) + 10 else "came"
    if is_excused(meeting, person):
        return "excused"
    for who, where, before, after in meeting.undated:
        span = range(minute(meeting.begin) - 60, minute(meeting.end) + 1)
        if who == person and where in meeting.stations and any(minute(before) <= at <= minute(after) for at in span):
            return "undated"
    if minute(now) <= minute(meeting.end):
        return "coming"
    told = meeting.told_until is not None and minute(meeting.told_until) > minute(meeting.end)
    return "absent" if told else "awaited"


def has_quorum(meeting: PlainMeeting, second: int) -> bool:
    there = voters_there(meeting, meeting.voters, second)
    all_of_them = len(meeting.voters)
    share, asked = there * meeting.denominator, all_of_them * meeting.numerator
    return all_of_them > 0 and (share > asked if meeting.more_than else share >= asked)


def voters_there(meeting: PlainMeeting, voters: Iterable[int], second: int) -> int:
    signed = [signed_in(meeting, person) for person in voters]
    return sum(at is not None and at <= minute(second) for at in signed)


def voters_then(meeting: PlainMeeting, second: int) -> int:
    """How many voters a vote at this second had, with those whose entry was taken back only later."""
    return sum(_was_there(meeting, person, second) for person in meeting.voters)


def _was_there(meeting: PlainMeeting, person: int, second: int) -> bool:
    at = signed_in(meeting, person)
    if at is not None and at <= minute(second):
        return True
    for place, (whom, by, where, said, _, back) in enumerate(meeting.words):
        if back and by == meeting.chair and whom == person and (said is None or minute(second) < minute(said)):
            before = [word for word in meeting.words[:place] if word[2] == where]
            at = signed_in(replace(meeting, touches=[], words=before), person)
            if at is not None and at <= minute(second):
                return True
    return False
