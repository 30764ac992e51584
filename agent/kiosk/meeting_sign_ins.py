"""Reckon who has signed in at a meeting, by section 7 of the rules, from what was done at this station.

It is what a screen may say meanwhile; the county decides by the same facts.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from agent.kiosk.meeting_evidence import Evidence, Touched, Word
from protocol.kiosk_meetings import MeetingCount
from protocol.meetings import ON_TIME_MS, SIGN_IN_BEFORE_MS, Expected, Meeting
from protocol.units import PersonId, WallMs

_MINUTE = 60_000


class SignIns(Struct):
    """Who has come to a meeting."""

    at: dict[PersonId, WallMs] = field(default_factory=dict)
    """When each has signed in, by their earliest touch that counts."""
    undated: set[PersonId] = field(default_factory=set)
    """Have touched at a time that nobody knows, and have not signed in otherwise."""
    entered: list[PersonId] = field(default_factory=list)
    """Entered by the chair, and nobody has vouched for them. The oldest first."""
    vouched: list[PersonId] = field(default_factory=list)
    """Have signed in, or may have, by the word of somebody else alone."""


def sign_ins(meeting: Meeting, evidence: Evidence) -> SignIns:
    """Return who has signed in, who has touched undated, and who was entered."""
    found = SignIns()
    expected = {one.person for one in meeting.expected}
    for touched in evidence.touches():
        _take(found, touched, meeting, expected)
    own, own_undated, words = set(found.at), set(found.undated), _standing(meeting, evidence)
    for touched in _vouched(meeting, evidence, expected, words):
        _take(found, touched, meeting, expected)
    found.undated -= found.at.keys()
    entries = (word.person for word in words if _is_entry(word, meeting, evidence))
    come = found.at.keys() | found.undated
    found.entered = [person for person in dict.fromkeys(entries) if person in expected - come]
    found.vouched = sorted((found.at.keys() - own) | (found.undated - own_undated))
    return found


def _take(found: SignIns, touched: Touched, meeting: Meeting, expected: set[PersonId]) -> None:
    if touched.person not in expected:
        return
    if not touched.dated:
        first, last = touched.first // _MINUTE, touched.last // _MINUTE
        if first <= meeting.end // _MINUTE and last >= (meeting.begin - SIGN_IN_BEFORE_MS) // _MINUTE:
            found.undated.add(touched.person)
    elif meeting.signs_in(touched.first):
        found.at[touched.person] = min(touched.first, found.at.get(touched.person, touched.first))


def _standing(meeting: Meeting, evidence: Evidence) -> list[Word]:
    """Return the words that stand: where the chair takes somebody back, all that was said of them before is gone."""
    words: list[Word] = []
    for word in evidence.words(meeting.id):
        if not word.back:
            words.append(word)
        elif _is_entry(word, meeting, evidence):
            words = [one for one in words if one.person != word.person]
    return words


def _is_entry(word: Word, meeting: Meeting, evidence: Evidence) -> bool:
    return evidence.person_of(word.by) == meeting.chair != ""


def _vouched(meeting: Meeting, evidence: Evidence, expected: set[PersonId], words: Sequence[Word]) -> Iterator[Touched]:
    """Yield for whom somebody has vouched who may, with the time of the touch by which they did."""
    entries: dict[PersonId, list[WallMs | None]] = {}
    for word in words:
        if _is_entry(word, meeting, evidence):
            entries.setdefault(word.person, []).append(evidence.dated(word.at))
    for word in words:
        by = evidence.person_of(word.by)
        if word.person not in entries or by not in expected or by in (meeting.chair, word.person):
            continue
        touched = evidence.time_of(word.by)
        since = [entry for entry in entries[word.person] if entry is not None]
        if touched is not None and any(entry // _MINUTE <= touched // _MINUTE for entry in since):
            yield Touched(word.person, True, touched, touched)
        elif touched is None or len(since) < len(entries[word.person]):
            yield Touched(word.person, False, meeting.begin, meeting.end)


def count_of(meeting: Meeting, found: SignIns, *, now: WallMs | None) -> MeetingCount:
    """Return how many have come.

    Args:
        now: None: the time is not known.
    """
    came = [one for one in meeting.expected if one.person in found.at]
    on_time = meeting.begin + ON_TIME_MS
    judged = now is not None and now // _MINUTE > on_time // _MINUTE
    began_with = sum(one.votes and not meeting.is_late(found.at[one.person]) for one in came)
    return MeetingCount(
        expected=len(meeting.expected),
        came=len(came),
        late=sum(meeting.is_late(found.at[one.person]) for one in came),
        excused=sum(bool(one.excused) and one.person not in found.at for one in meeting.expected),
        voters=sum(one.votes for one in meeting.expected),
        voters_came=sum(one.votes for one in came),
        needed=meeting.needed(),
        began_with=began_with if judged else None,
        undated=len(found.undated),
        entered=len(found.entered),
    )


def present(meeting: Meeting, found: SignIns, *, dated: bool) -> int:
    """Return how many voters can have voted: those who have signed in, and where the time is not known, those who have
    touched."""
    here = found.at.keys() if dated else found.at.keys() | found.undated
    return sum(one.votes and one.person in here for one in meeting.expected)


def absent(meeting: Meeting, found: SignIns) -> list[Expected]:
    """Return who has not signed in by a touch of their own: those who were entered first, the excused last.

    After them come those for whom somebody vouched.
    """
    ones = [one for one in meeting.expected if one.person not in found.at or one.person in found.vouched]
    return sorted(
        ones, key=lambda one: (one.person in found.vouched, one.person not in found.entered, bool(one.excused))
    )


def expects(meeting: Meeting, person: PersonId) -> bool:
    """Tell whether a person is expected at a meeting."""
    return any(one.person == person for one in meeting.expected)


def state_of(meeting: Meeting, found: SignIns, person: PersonId) -> str:
    """Return ``signed_in``, ``late``, ``undated`` or ``excused``; nothing if the person has not come."""
    if person in found.at:
        return "late" if meeting.is_late(found.at[person]) else "signed_in"
    if person in found.undated:
        return "undated"
    return "excused" if any(one.person == person and one.excused for one in meeting.expected) else ""
