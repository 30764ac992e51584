"""Who came to a meeting, and whether there was a quorum (docs/rules.md, section 7, and 8.20)."""

from collections.abc import Mapping

from msgspec import Struct

from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.pieces import without
from server_broker.settlement.requests import Requests
from server_broker.settlement.times import Minute, cut
from server_broker.settlement.values import Entry, Meeting

SIGN_IN_BEFORE = 60
ON_TIME = 10


class Attended(Struct, frozen=True):
    """How those expected stand to a meeting; who may not be called absent yet stands in no list."""

    meeting: str
    expected: tuple[str, ...]
    came: tuple[str, ...]
    excused: tuple[str, ...]
    absent: tuple[str, ...]
    late: tuple[str, ...]
    quorum_at_start: bool
    quorum_at_votes: tuple[bool, ...]


def attended(meeting: Meeting, knowledge: Knowledge, requests: Requests) -> Attended:
    """Return who came and who was excused or absent."""
    signed = _signed_in(meeting, knowledge)
    excused = [one for one in meeting.expected if one not in signed and _is_excused(one, meeting, requests)]
    open_ = _is_open(meeting, knowledge)
    absent = [
        one
        for one in meeting.expected
        if one not in signed and one not in excused and not open_ and not _could_sign_in(one, meeting, knowledge)
    ]
    return Attended(
        meeting=meeting.id,
        expected=tuple(sorted(meeting.expected)),
        came=tuple(sorted(signed)),
        excused=tuple(sorted(excused)),
        absent=tuple(sorted(absent)),
        late=tuple(sorted(one for one, at in signed.items() if at > meeting.begin + ON_TIME)),
        quorum_at_start=_quorum(meeting, signed, meeting.begin + ON_TIME),
        quorum_at_votes=tuple(_quorum(meeting, signed, at) for at in meeting.votes),
    )


def _touch(person: str, meeting: Meeting, knowledge: Knowledge, since: Minute) -> Minute | None:
    """Return the first minute from ``since`` on at which somebody signed in by a touch."""
    begin = max(since, meeting.begin - SIGN_IN_BEFORE)
    minutes = knowledge.touches.minutes(person, meeting.station)
    return next((minute for minute in minutes if begin <= minute <= meeting.end), None)


def _signed_in(meeting: Meeting, knowledge: Knowledge) -> dict[str, Minute]:
    """Return the minute at which each of those expected signed in."""
    signed = {one: _touch(one, meeting, knowledge, meeting.begin - SIGN_IN_BEFORE) for one in meeting.expected}
    for entry in meeting.entries:
        if entry.known <= knowledge.at and _may_confirm(entry, meeting):
            confirmed = _touch(entry.confirmed_by, meeting, knowledge, cut(entry.at))
            own = signed[entry.person]
            if confirmed is not None and (own is None or confirmed < own):
                signed[entry.person] = confirmed
    return {one: at for one, at in signed.items() if at is not None}


def _may_confirm(entry: Entry, meeting: Meeting) -> bool:
    """Tell whether another expected member confirms the entry of one who is expected: not the chair."""
    expected = entry.person in meeting.expected and entry.confirmed_by in meeting.expected
    return expected and entry.confirmed_by not in {entry.by, entry.person}


def _is_excused(person: str, meeting: Meeting, requests: Requests) -> bool:
    absences = [(one.begin, one.end) for one in requests.absences(person)]
    return not without([(meeting.begin, meeting.end)], absences)


def _is_open(meeting: Meeting, knowledge: Knowledge) -> bool:
    """Tell whether nobody may be called absent yet."""
    record = knowledge.records.get(meeting.station)
    if cut(knowledge.at) <= meeting.end or record is None or not record.complete(meeting.end + 1):
        return True
    unread = (one.bracket for one in knowledge.unread(meeting.station))
    return any(_in_span(first, last, meeting) for first, last in unread)


def _could_sign_in(person: str, meeting: Meeting, knowledge: Knowledge) -> bool:
    possible = (one for one in knowledge.touches.possible(person) if not one.on_order)
    return any(one.station == meeting.station and _in_span(*one.bracket, meeting) for one in possible)


def _in_span(first: Minute, last: Minute, meeting: Meeting) -> bool:
    return first <= meeting.end and meeting.begin - SIGN_IN_BEFORE <= last


def _quorum(meeting: Meeting, signed: Mapping[str, Minute], at: Minute) -> bool:
    """Tell whether enough voters had signed in by a minute, whether or not they left. Nobody is never enough."""
    voters = meeting.voters & set(meeting.expected)
    there = sum(one in voters for one, minute in signed.items() if minute <= at)
    needed = meeting.share * len(voters)
    return bool(voters) and (there >= needed if meeting.at_least else there > needed)
