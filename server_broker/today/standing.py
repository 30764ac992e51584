"""Whether somebody is here by now: one state for each turn, from marks, leave and what is known of stations.

Nobody is missing unless the county has all that the village's stations stated until then, and one of them was up
(docs/rules.md, section 3, lines 6 to 9). Late, early and absent are not said at all: settlement says them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from server_broker.duty.due import Turn
from server_broker.duty.reading import Absent
from server_broker.duty.rest import rest_of
from server_broker.duty.values import minute_at
from server_broker.today.marks import GRACE_IN, Stint, marks_of
from server_broker.today.values import Cause, Down, Line, Marks, Reach, StationNow, Tap

_BEFORE_START = 30
"""Minutes before the start in which a station must be up, for somebody who comes early (docs/rules.md, section 3)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the county knows by ``now``, a local minute."""

    now: int
    taps: Mapping[int, Sequence[Tap]] = field(default_factory=dict)
    """By person, dated or not."""
    away: Mapping[int, Sequence[Absent]] = field(default_factory=dict)
    stations: Mapping[int, Sequence[StationNow]] = field(default_factory=dict)
    """Those of each village, by its identity."""
    reach: Mapping[int, Reach] = field(default_factory=dict)
    elsewhere: Mapping[int, Sequence[StationNow]] = field(default_factory=dict)
    """By person: dark stations of other villages at which they also touch."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """What leave and the like leave of a turn that is due. ``covered``: nothing that counts."""

    turn: Turn
    begin: int
    end: int
    absent: Absent | None
    covered: bool


def lines_of(turns: Sequence[Turn], known: Known) -> list[Line]:
    """Return the lines of one person's turns, which are in order of time and reach a day beyond what is asked."""
    away = known.away.get(turns[0].person, ()) if turns else ()
    rests = [_rest(turn, away) for turn in turns if turn.due]
    marks = _marks([rest for rest in rests if not rest.covered], known)
    lines = {id(turn): Line(turn, "off", begin=turn.begin, end=turn.end) for turn in turns if not turn.due}
    for rest in rests:
        line = _excused(rest, known) if rest.covered else _line(rest, marks[id(rest.turn)], known)
        lines[id(rest.turn)] = line
    return [lines[id(turn)] for turn in turns]


def _rest(turn: Turn, away: Sequence[Absent]) -> _Rest:
    left = rest_of(turn, away)
    absent = _most(turn, [one for one in away if one.kind == left.why])
    if left.is_none:
        return _Rest(turn, turn.begin, turn.end, absent, covered=True)
    return _Rest(turn, left.begin, left.end, absent, covered=False)


def _most(turn: Turn, away: Sequence[Absent]) -> Absent | None:
    """Return the absence that covers most of a turn; of two that cover as much the earlier."""
    reaching = [one for one in away if one.begin < turn.end and turn.begin < one.end]
    return max(
        reaching, key=lambda one: (min(one.end, turn.end) - max(one.begin, turn.begin), -one.begin), default=None
    )


def _marks(rests: Sequence[_Rest], known: Known) -> dict[int, Marks]:
    """Return the marks of each turn. All turns of a date that want only a first and a last touch share theirs."""
    groups: dict[object, list[_Rest]] = {}
    for rest in rests:
        ends = rest.turn.window.marks == "ends"
        groups.setdefault(rest.turn.day if ends else id(rest.turn), []).append(rest)
    listed = sorted(groups.values(), key=lambda group: group[0].begin)
    person = rests[0].turn.person if rests else 0
    taps = [tap for tap in known.taps.get(person, ()) if tap.dated and tap.counts]
    found = marks_of([_stint(group, known) for group in listed], taps)
    return {id(rest.turn): marks for group, marks in zip(listed, found, strict=True) for rest in group}


def _stint(group: Sequence[_Rest], known: Known) -> Stint:
    first, last = group[0], max(group, key=lambda rest: rest.end)
    return Stint(
        start=first.begin,
        end=last.end,
        whole_start=_whole(first.turn)[0],
        whole_end=_whole(last.turn)[1],
        reach=_reach(first.turn, known),
        arrival_only=first.turn.window.marks == "arrival",
    )


def _whole(turn: Turn) -> tuple[int, int]:
    return minute_at(turn.day, turn.window.start), minute_at(turn.day, turn.window.end)


def _reach(turn: Turn, known: Known) -> Reach:
    return known.reach.get(turn.window.village, Reach())


def _excused(rest: _Rest, known: Known) -> Line:
    """Return the line of somebody who is away all the time. A touch meanwhile is shown, and they may cancel by it."""
    taps = (tap for tap in known.taps.get(rest.turn.person, ()) if tap.dated)
    touch = next((tap for tap in taps if rest.begin <= tap.minute < rest.end), None)
    return Line(rest.turn, "excused", touch=touch, absent=rest.absent, begin=rest.begin, end=rest.end)


def _line(rest: _Rest, marks: Marks, known: Known) -> Line:
    line = Line(
        rest.turn,
        "not_yet",
        arrived=marks.arrival,
        departed=marks.departure,
        absent=rest.absent,
        begin=rest.begin,
        end=rest.end,
    )
    if marks.departure is not None:
        return replace(line, state="left")
    if marks.arrival is not None:
        return replace(line, state="here")
    if known.now <= rest.begin + GRACE_IN:
        return line
    touch = marks.odd or _unplaced(rest.turn, known)
    if touch is not None:
        return replace(line, state="unknown", cause=_cause_of(touch), touch=touch)
    if rest.turn.provisional:
        return replace(line, state="unknown", cause="provisional")
    cause, station = _dark(rest, known)
    if cause is None:
        return replace(line, state="missing")
    return replace(line, state="not_yet" if cause == "waits" else "unknown", cause=cause, station=station)


def _unplaced(turn: Turn, known: Known) -> Tap | None:
    """Return a touch that could be the turn's, but that nothing dates, or that was in another township."""
    start, end = _whole(turn)
    reach = _reach(turn, known)
    for tap in known.taps.get(turn.person, ()):
        if not tap.dated and tap.minute >= start - reach.before:
            return tap
        if tap.dated and not tap.counts and start - reach.before <= tap.minute < end + reach.after:
            return tap
    return None


def _cause_of(tap: Tap) -> Cause:
    if not tap.dated:
        return "undated"
    return "odd" if tap.counts else "off_place"


def _dark(rest: _Rest, known: Known) -> tuple[Cause | None, str]:
    """Return why the county cannot tell whether somebody came in time, and because of which station."""
    last = rest.begin + GRACE_IN
    stations = known.stations.get(rest.turn.window.village, ())
    here = [one for one in stations if one.enrolled <= last]
    if not here:
        return _not_yet_there(stations, last)
    waits = ""
    for station, elsewhere in (
        *((one, False) for one in here),
        *((one, True) for one in known.elsewhere.get(rest.turn.person, ())),
    ):
        cause = _not_told(station, last)
        if cause == "waits":
            waits = waits or station.id
        elif cause is not None:
            return ("elsewhere" if elsewhere else cause), station.id
    awake = rest.begin - _BEFORE_START, last + 1
    if _all_down([one.downs for one in here], *awake):
        return "down", here[0].id
    if _all_down([(*one.downs, Down(0, one.enrolled)) for one in here], *awake):
        return _not_yet_there(here, awake[0])
    return ("waits", waits) if waits else (None, "")


def _not_yet_there(stations: Sequence[StationNow], minute: int) -> tuple[Cause, str]:
    """Return why the boards of today tell nothing about a minute at which they were not there."""
    if not stations:
        return "no_station", ""
    before = next((one for one in stations if one.first <= minute), None)
    return ("not_installed", stations[0].id) if before is None else ("reinstalled", before.id)


def _not_told(station: StationNow, last: int) -> Cause | None:
    """Return why a station's record does not reach beyond a minute; None: it does."""
    if station.blocks is not None:
        return station.blocks
    if station.through is not None and station.through > last:
        return None
    return station.cause or "waits"


def _all_down(downs: Sequence[Sequence[Down]], begin: int, end: int) -> bool:
    """Tell whether at some minute of ``[begin, end)`` no station was up, by when each of them was down."""
    down = [(begin, end)]
    for own in downs:
        down = [(max(a, one.begin), min(b, one.end)) for a, b in down for one in own]
        down = [(a, b) for a, b in down if a < b]
    return bool(down)


def by_person(turns: Sequence[Turn]) -> Iterator[list[Turn]]:
    """Yield the turns of each person, in order of time."""
    found: dict[int, list[Turn]] = {}
    for turn in turns:
        found.setdefault(turn.person, []).append(turn)
    for own in found.values():
        yield sorted(own, key=lambda turn: (turn.begin, turn.window.id))
