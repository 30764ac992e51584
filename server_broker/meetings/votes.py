"""The votes of a meeting as stations counted them and as they were entered in the county, and what is wrong with them.

Nothing is left out: a vote without a quorum and counts that contradict one another are shown as such.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from server_broker.meetings.models import MeetingRecord, VoteCount, VoteEntry
from server_broker.meetings.reading import Look, Said, history_of, stated, votes_entered
from server_broker.meetings.signing import Judged, quorum_at_vote, voters_then

MORE_THAN_PRESENT = "more_than_present"
"""More votes than voters in the room, as they were counted there."""
MORE_THAN_SIGNED = "more_than_signed"
"""More voters in the room than had signed in."""
UNDATED, NOT_CHAIR, OTHER_OPTIONS, DIFFERENT = "undated", "not_chair", "other_options", "different"
"""Nothing dates it; somebody else than the chair entered it; it has not a number for each of its options; the station
counted something else than was entered in the county."""
CHANGED_SINCE = "changed_since"
"""The agenda has another text or other options for it now."""


class Ballot(NamedTuple):
    """What was put to vote: the text of an item and its options."""

    title: str
    options: Sequence[str]


@dataclass(frozen=True, slots=True)
class Vote:
    """One count of one vote."""

    ballot: Ballot
    """As it was announced when the votes were counted, whatever the agenda says now."""
    votes: Sequence[int]
    present: int
    abstained: int
    at: dt.datetime | None
    there: int | None
    """Voters who had signed in by then; None: nobody knows when that was."""
    quorum: Judged | None
    """None: the meeting needs none, or nobody knows when the vote was."""
    entered_by: str
    """The account that entered it in the county; empty: a station counted it."""
    person: int | None
    """Who entered it at the station."""
    wrong: tuple[str, ...]

    @property
    def sum(self) -> int:
        """All hands, those of who abstained too."""
        return sum(self.votes) + self.abstained


@dataclass(frozen=True, slots=True)
class Voted:
    """An item of the agenda with a vote, and all counts of it; the last one holds."""

    item: str
    title: str
    options: Sequence[str]
    """Those that the agenda has now; none if the item is no longer on it."""
    counts: Sequence[Vote]

    @property
    def holds(self) -> Vote | None:
        """The count that holds."""
        return self.counts[-1] if self.counts else None

    @property
    def shown(self) -> list[tuple[str, int]]:
        """Each option with its hands, as it was counted."""
        return list(zip(self.counts[-1].ballot.options, self.counts[-1].votes, strict=False)) if self.counts else []


def votes_of(look: Look) -> list[Voted]:
    """Return the votes of a meeting by the items of its agenda.

    What was entered in the county holds before what a station counted, because whoever entered it could see that. Each
    count is shown by the text and the options that were announced when it was made.
    """
    counted = stated(VoteCount.objects.filter(meeting=look.meeting.code))
    entered = votes_entered(look.meeting)
    history = history_of(look.meeting)
    now = {item: Ballot(title, options) for item, title, options in look.row.agenda if options}
    found = []
    for name in dict.fromkeys([*now, *(_count(one).item for one in counted), *(entry.item for entry in entered)]):
        ballots = _Ballots(name, history, now.get(name))
        of_station = [_of_station(look, one, ballots) for one in counted if _count(one).item == name]
        here = [_of_county(look, entry, ballots) for entry in entered if entry.item == name]
        counts = [*of_station, *_compared(of_station, here)]
        title = counts[-1].ballot.title if counts else now[name].title
        found.append(Voted(name, title, now[name].options if name in now else [], counts))
    return found


class _Ballots:
    """An item of the agenda as it was announced at each time."""

    def __init__(self, item: str, history: Sequence[MeetingRecord], now: Ballot | None) -> None:
        self.now = now
        self._item = item
        self._said = [
            (row.recorded_at, Ballot(title, options))
            for row in history
            for name, title, options in row.agenda
            if name == item and options
        ]

    def at(self, at: dt.datetime) -> Ballot:
        """Return what was announced at a moment; of a meeting that was written down later, what was said first."""
        if not self._said:
            return Ballot(f"已改掉的议题 {self._item}", [])
        before = [ballot for since, ballot in self._said if since <= at]
        return before[-1] if before else self._said[0][1]


def _count(said: Said) -> VoteCount:
    assert isinstance(said.row, VoteCount)
    return said.row


def _compared(of_station: Sequence[Vote], here: list[Vote]) -> list[Vote]:
    """Return the county's entries; the last says so if the station counted otherwise."""
    if not of_station or not here:
        return here
    last, other = here[-1], of_station[-1]
    if _numbers(last) == _numbers(other):
        return here
    told = replace(last, wrong=(*last.wrong, DIFFERENT))
    return [*here[:-1], told]


def _numbers(vote: Vote) -> tuple[object, ...]:
    return list(vote.ballot.options), list(vote.votes), vote.present, vote.abstained


def _of_station(look: Look, said: Said, ballots: _Ballots) -> Vote:
    row = _count(said)
    not_chair = (NOT_CHAIR,) if said.person != look.plan.chair else ()
    vote = _vote(look, row, said.at, ballots, ballots.at(said.at or said.row.received_at))
    return replace(vote, person=said.person, wrong=(*vote.wrong, *not_chair))


def _of_county(look: Look, entry: VoteEntry, ballots: _Ballots) -> Vote:
    vote = _vote(look, entry, entry.voted_at, ballots, ballots.at(entry.entered_at))
    return replace(vote, entered_by=entry.entered_by)


def _vote(look: Look, row: VoteCount | VoteEntry, at: dt.datetime | None, ballots: _Ballots, ballot: Ballot) -> Vote:
    there = None if at is None else voters_then(look.plan, look.standings, at)
    quorum = None if at is None else quorum_at_vote(look.plan, look.standings, at)
    wrong = _wrong(look, row, at, ballot)
    if ballot != ballots.now:
        wrong = (*wrong, CHANGED_SINCE)
    return Vote(ballot, row.votes, row.present, row.abstained, at, there, quorum, "", None, wrong)


def _wrong(look: Look, row: VoteCount | VoteEntry, at: dt.datetime | None, ballot: Ballot) -> tuple[str, ...]:
    found = []
    if sum(row.votes) + row.abstained > row.present:
        found.append(MORE_THAN_PRESENT)
    if at is None:
        found.append(UNDATED)
    elif row.present > voters_then(look.plan, look.standings, at):
        found.append(MORE_THAN_SIGNED)
    if len(row.votes) != len(ballot.options):
        found.append(OTHER_OPTIONS)
    return tuple(found)
