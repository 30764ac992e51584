"""The votes of a meeting as stations counted them and as they were entered in the county, and what is wrong with them.

Nothing is left out: a vote without a quorum and counts that contradict one another are shown as such.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from server_broker.meetings.models import VoteCount, VoteEntry
from server_broker.meetings.reading import Look, Said, stated, votes_entered
from server_broker.meetings.signing import Judged, quorum_at_vote, voters_then

MORE_THAN_PRESENT = "more_than_present"
"""More votes than voters in the room, as they were counted there."""
MORE_THAN_SIGNED = "more_than_signed"
"""More voters in the room than had signed in."""
UNDATED, NOT_CHAIR, OTHER_OPTIONS, DIFFERENT = "undated", "not_chair", "other_options", "different"
"""Nothing dates it; somebody else than the chair entered it; its options are not those of the agenda now; the station
counted something else than was entered in the county."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One count of one vote."""

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
    counts: Sequence[Vote]

    @property
    def holds(self) -> Vote | None:
        """The count that holds."""
        return self.counts[-1] if self.counts else None

    @property
    def shown(self) -> list[tuple[str, int]]:
        """Each option with its hands."""
        return list(zip(self.options, self.counts[-1].votes, strict=False)) if self.counts else []


def votes_of(look: Look) -> list[Voted]:
    """Return the votes of a meeting by the items of its agenda.

    What was entered in the county holds before what a station counted, because whoever entered it could see that. A
    count of an item that is no longer on the agenda is shown under its id.
    """
    counted = stated(VoteCount.objects.filter(meeting=look.meeting.code))
    entered = votes_entered(look.meeting)
    items = {item: (title, options) for item, title, options in look.row.agenda if options}
    names = dict.fromkeys([*items, *(_count(one).item for one in counted), *(entry.item for entry in entered)])
    found = []
    for name in names:
        title, options = items.get(name, (f"已改掉的议题 {name}", []))
        of_station = [_of_station(look, one, options) for one in counted if _count(one).item == name]
        here = [_of_county(look, entry, options) for entry in entered if entry.item == name]
        found.append(Voted(name, title, options, [*of_station, *_compared(of_station, here)]))
    return found


def _count(said: Said) -> VoteCount:
    assert isinstance(said.row, VoteCount)
    return said.row


def _compared(of_station: Sequence[Vote], here: list[Vote]) -> list[Vote]:
    """Return the county's entries; the last says so if the station counted otherwise."""
    if not of_station or not here:
        return here
    last, other = here[-1], of_station[-1]
    if (last.votes, last.present, last.abstained) == (other.votes, other.present, other.abstained):
        return here
    told = replace(last, wrong=(*last.wrong, DIFFERENT))
    return [*here[:-1], told]


def _of_station(look: Look, said: Said, options: Sequence[str]) -> Vote:
    row = _count(said)
    wrong = (*_wrong(look, row, said.at, options), *((NOT_CHAIR,) if said.person != look.plan.chair else ()))
    return _vote(look, row, said.at, "", said.person, wrong)


def _of_county(look: Look, entry: VoteEntry, options: Sequence[str]) -> Vote:
    return _vote(look, entry, entry.voted_at, entry.entered_by, None, _wrong(look, entry, entry.voted_at, options))


def _vote(
    look: Look,
    row: VoteCount | VoteEntry,
    at: dt.datetime | None,
    entered_by: str,
    person: int | None,
    wrong: tuple[str, ...],
) -> Vote:
    there = None if at is None else voters_then(look.plan, look.standings, at)
    quorum = None if at is None else quorum_at_vote(look.plan, look.standings, at)
    return Vote(row.votes, row.present, row.abstained, at, there, quorum, entered_by, person, wrong)


def _wrong(look: Look, row: VoteCount | VoteEntry, at: dt.datetime | None, options: Sequence[str]) -> tuple[str, ...]:
    found = []
    if sum(row.votes) + row.abstained > row.present:
        found.append(MORE_THAN_PRESENT)
    if at is None:
        found.append(UNDATED)
    elif row.present > voters_then(look.plan, look.standings, at):
        found.append(MORE_THAN_SIGNED)
    if len(row.votes) != len(options):
        found.append(OTHER_OPTIONS)
    return tuple(found)
