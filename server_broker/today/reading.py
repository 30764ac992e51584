"""Who is here on a date in many villages, by a number of queries that does not grow with villages or people."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from protocol.twin import Settings
from server_broker.attendance.models import Touch
from server_broker.dated.days import begin_of, end_of
from server_broker.duty.due import Turn, due_between
from server_broker.duty.reading import Asked, absences_of, minute_of, read_rosters, these
from server_broker.regions.models import TOWNSHIP_DIGITS, Region
from server_broker.today.entered import entered_late
from server_broker.today.standing import Known, by_person, lines_of
from server_broker.today.stations import Placed, stations_in
from server_broker.today.taps import Means, means_of, taps_of, touches_by
from server_broker.today.values import Cause, Line, Reach, StationNow, Tap
from server_broker.twin.station_settings import settings_of_regions

_DAY = dt.timedelta(days=1)
_RUN = 3
"""Minutes, more than a run of touches lasts (`marks.REPEATS_WITHIN_S`)."""
_DARK: frozenset[Cause] = frozenset({"silent", "doubted", "clock", "held", "lost"})


@dataclass(frozen=True, slots=True)
class VillageDay:
    """A village on a date: its lines by window and person, and its stations. Without a turn it has no lines."""

    village: Region
    lines: list[Line]
    stations: list[StationNow]


def today(villages: Sequence[Region], day: dt.date, now: dt.datetime) -> list[VillageDay]:
    """Return who is here in these villages on a date, in their order.

    A window past midnight belongs to the date on which it starts. Somebody's turns elsewhere and of the dates beside
    are read too, because a touch may be theirs.
    """
    wanted = {village.identity for village in villages}
    rosters = read_rosters(wanted, Asked(day - _DAY, day + _DAY))
    turns = list(due_between(day - _DAY, day + _DAY, rosters))
    here = {turn.person for turn in turns if turn.day == day and turn.window.village in wanted}
    turns = [turn for turn in turns if turn.person in here]
    known, placed = _known(turns, villages, day, now)
    lines: dict[int, list[Line]] = defaultdict(list)
    for own in by_person(turns):
        for line in lines_of(own, known):
            if line.turn.day == day and line.turn.window.village in wanted:
                lines[line.turn.window.village].append(line)
    _without_late_ones(lines, day)
    stations: dict[int, list[StationNow]] = defaultdict(list)
    for one in placed:
        stations[one.village].append(one.station)
    return [
        VillageDay(village, sorted(lines[village.identity], key=_place), stations[village.identity])
        for village in villages
    ]


def _without_late_ones(lines: dict[int, list[Line]], day: dt.date) -> None:
    """Let nobody be missing in a turn that was entered after its start."""
    missing = [line.turn for own in lines.values() for line in own if line.state == "missing"]
    late = {id(turn) for turn in entered_late(missing, day)}
    for village, own in lines.items():
        lines[village] = [
            replace(line, state="unknown", cause="entered_late") if id(line.turn) in late else line for line in own
        ]


def _place(line: Line) -> tuple[int, int, bool, int]:
    return line.turn.window.start, line.turn.window.id, not line.turn.leads, line.turn.person


def _known(
    turns: Sequence[Turn], villages: Sequence[Region], day: dt.date, now: dt.datetime
) -> tuple[Known, list[Placed]]:
    people = {turn.person for turn in turns}
    codes = {village.identity: village.code for village in villages}
    others = {turn.window.village for turn in turns} - set(codes)
    codes |= dict(Region.objects.filter(identity=these(others)).values_list("identity", "code"))
    townships: dict[int, set[str]] = defaultdict(set)
    for turn in turns:
        townships[turn.person].add(codes[turn.window.village][:TOWNSHIP_DIGITS])
    reach = {village: _reach(settings) for village, settings in settings_of_regions(codes).items()}
    means = means_of(people)
    taps = taps_of(people, means, _period(turns, reach, day), townships)
    placed = _heard_since(stations_in({code[:TOWNSHIP_DIGITS] for code in codes.values()}, day), taps)
    stations: dict[int, list[StationNow]] = defaultdict(list)
    for one in placed:
        stations[one.village].append(one.station)
    known = Known(
        now=minute_of(now),
        taps=taps,
        away=absences_of(people, Asked(day - _DAY, day + _DAY)),
        stations=stations,
        reach=reach,
        elsewhere=_dark_elsewhere(people - set(taps), means, placed, day),
    )
    return known, placed


def _period(turns: Sequence[Turn], reach: Mapping[int, Reach], day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """Return from when to when touches may belong to the turns of a date. Others decide nothing."""
    spans = [
        (turn.window.start - reach[turn.window.village].before, turn.window.end + reach[turn.window.village].after)
        for turn in turns
        if turn.day == day
    ]
    midnight = begin_of(day)
    if not spans:
        return midnight, midnight
    # A touch joins the run of one that was a little earlier.
    first = min(begin for begin, _ in spans) - _RUN
    return midnight + dt.timedelta(minutes=first), midnight + dt.timedelta(minutes=max(end for _, end in spans))


def _heard_since(placed: Sequence[Placed], taps: Mapping[int, Sequence[Tap]]) -> list[Placed]:
    """Return the stations with what a dated touch shows: all that its station stated before it is here too."""
    last: dict[str, int] = {}
    for own in taps.values():
        for tap in own:
            if tap.dated:
                last[tap.station] = max(tap.minute, last.get(tap.station, 0))
    found = []
    for one in placed:
        station, at = one.station, last.get(one.station.id, 0)
        if station.whole and at > (station.through or 0):
            one = Placed(one.village, replace(station, through=at))
        found.append(one)
    return found


def _reach(settings: Settings) -> Reach:
    return Reach(settings.open_before_min, settings.open_after_min)


def _dark_elsewhere(
    people: Collection[int], means: Means, placed: Sequence[Placed], day: dt.date
) -> dict[int, list[StationNow]]:
    """Return at which dark stations these people touched since the first of the month before."""
    dark = {one.station.id: one.station for one in placed if one.station.cause in _DARK}
    own = Means(
        {token: whose for token, whose in means.cards.items() if not whose.isdisjoint(people)},
        {number: whose for number, whose in means.numbers.items() if not whose.isdisjoint(people)},
    )
    if not dark or not people:
        return {}
    since = begin_of((day.replace(day=1) - _DAY).replace(day=1))
    touched = Touch.objects.filter(touches_by(own), station__in=dark, wall__gte=since, wall__lt=end_of(day))
    found: dict[int, list[StationNow]] = defaultdict(list)
    for token, number, station in touched.order_by().values_list("card_token", "person_number", "station").distinct():
        for person in means.cards.get(bytes(token), ()) or means.numbers.get(number, ()):
            found[person].append(dark[station])
    return found
