"""Who is due on a date, as the lines of a page: by village and window, with names that the viewer may see."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from server_broker.accounts.scope import Viewer
from server_broker.attendance.models import Marks
from server_broker.attendance.timelines import ELSEWHERE
from server_broker.attendance.times import times
from server_broker.console.queries import people_of, posts_of, windows_of
from server_broker.duty.due import Turn
from server_broker.duty.models import AbsenceKind
from server_broker.duty.reading import Absent, Asked, absences_of, turns_in
from server_broker.duty.reasons import (
    ByPost,
    CutByNotice,
    DayOff,
    ForThisDate,
    HandedOver,
    OnNamedDay,
    OnSwappedDay,
    OnWorkingDay,
    Overlaps,
    Reason,
    TookOver,
)
from server_broker.duty.values import minute_at
from server_broker.duty.words import words_of
from server_broker.regions.models import Region

_OF_THE_DATE = (OnNamedDay, OnWorkingDay, OnSwappedDay, DayOff)


@dataclass(frozen=True, slots=True)
class DueLine:
    """Somebody who is due. ``person`` is their key, or None if the viewer does not see them."""

    name: str
    person: int | None
    why: str
    leads: bool
    rest: str
    """The times that notices leave; empty if they take nothing."""
    away: str
    """Approved leave and the like at that time."""


@dataclass(frozen=True, slots=True)
class OffLine:
    """People who are not due for one reason."""

    why: str
    names: str
    is_exception: bool


@dataclass(slots=True)
class WindowLine:
    """A window of the date, with who is due in it and who is not."""

    pk: int
    name: str
    times: str
    marks: str
    why: str
    provisional: bool
    due: list[DueLine] = field(default_factory=list)
    off: list[OffLine] = field(default_factory=list)
    dropped: bool = False
    """Somebody took it over who is not there any more, so that nobody is due for them."""


@dataclass(frozen=True, slots=True)
class VillageLines:
    """A village's windows of the date."""

    village: Region
    windows: list[WindowLine]


@dataclass(frozen=True, slots=True)
class Names:
    """Names that a viewer may see, by their keys."""

    people: dict[int, str]
    posts: dict[int, str]
    windows: dict[int, str]

    def words(self, reason: Reason) -> str:
        """Return a reason in Chinese."""
        return words_of(reason, people=self.people, posts=self.posts, windows=self.windows)


def duty_lines(
    viewer: Viewer, villages: Sequence[Region], day: dt.date, known: dt.datetime | None
) -> list[VillageLines]:
    """Return who is due in these villages on a date; villages without a window of that date are left out."""
    asked = Asked(day, day, known)
    turns = turns_in([village.identity for village in villages], asked)
    names = names_of(viewer, turns)
    away = absences_of({turn.person for turn in turns}, asked)
    of_village: dict[int, dict[int, list[Turn]]] = defaultdict(lambda: defaultdict(list))
    for turn in turns:
        of_village[turn.window.village][turn.window.id].append(turn)
    return [
        VillageLines(
            village, [_window_line(own, names, away) for own in _by_start(of_village[village.identity].values())]
        )
        for village in villages
        if village.identity in of_village
    ]


def _by_start(windows: Iterable[list[Turn]]) -> list[list[Turn]]:
    return sorted(windows, key=lambda own: (own[0].window.start, own[0].window.name))


def names_of(viewer: Viewer, turns: list[Turn]) -> Names:
    """Return the names that these turns and their reasons need."""
    reasons = [reason for turn in turns for reason in turn.why]
    people = {turn.person for turn in turns}
    people |= {reason.giver for reason in reasons if isinstance(reason, TookOver)}
    people |= {reason.taker for reason in reasons if isinstance(reason, HandedOver)}
    posts = {reason.post for reason in reasons if isinstance(reason, ByPost)}
    windows = {reason.window for reason in reasons if isinstance(reason, Overlaps)}
    return Names(
        dict(people_of(viewer).filter(pk__in=people).values_list("pk", "name")),
        dict(posts_of(viewer).filter(pk__in=posts).values_list("pk", "title")),
        dict(windows_of(viewer).filter(pk__in=windows).values_list("pk", "name")) if windows else {},
    )


def _window_line(turns: list[Turn], names: Names, away: dict[int, list[Absent]]) -> WindowLine:
    window = turns[0].window
    dated = next((reason for turn in turns for reason in turn.why if isinstance(reason, _OF_THE_DATE)), None)
    line = WindowLine(
        pk=window.id,
        name=window.name,
        times=times(window.start, window.end),
        marks="" if window.marks == Marks.EACH else str(Marks(window.marks).label),
        why="" if dated is None else names.words(dated),
        provisional=any(turn.provisional for turn in turns),
    )
    off: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for turn in turns:
        if turn.due:
            line.due.append(_due_line(turn, names, away.get(turn.person, [])))
        else:
            why = names.words(turn.why[0])
            if turn.is_dropped:
                line.dropped = True
                why = f"换来的班没有人值：{why}"
            off[why, turn.is_exception or turn.is_dropped].append(names.people.get(turn.person, ELSEWHERE))
    line.due.sort(key=lambda one: not one.leads)
    line.off = [OffLine(why, "、".join(who), is_exception) for (why, is_exception), who in off.items()]
    return line


def _due_line(turn: Turn, names: Names, away: list[Absent]) -> DueLine:
    said = [reason for reason in turn.why if not isinstance(reason, (*_OF_THE_DATE, ForThisDate, CutByNotice))]
    cut = [reason for reason in turn.why if isinstance(reason, ForThisDate | CutByNotice)]
    whole = (minute_at(turn.day, turn.window.start), minute_at(turn.day, turn.window.end))
    midnight = minute_at(turn.day, 0)
    kinds = dict.fromkeys(AbsenceKind(one.kind).label for one in away if one.begin < turn.end and turn.begin < one.end)
    return DueLine(
        name=names.people.get(turn.person, ELSEWHERE),
        person=turn.person if turn.person in names.people else None,
        why="，".join(names.words(reason) for reason in (*said, *cut)),
        leads=turn.leads,
        rest="" if (turn.begin, turn.end) == whole else times(turn.begin - midnight, turn.end - midnight),
        away="、".join(map(str, kinds)),
    )
