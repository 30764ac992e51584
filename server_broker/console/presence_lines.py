"""Who is here today, as the rows of a page: with names that the viewer may see, and one thing to do for each."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import Viewer
from server_broker.attendance.timelines import ELSEWHERE
from server_broker.attendance.times import times
from server_broker.console.duty_lines import Names, names_of
from server_broker.console.queries import people_of, settled_windows_of, stations_of
from server_broker.console.settled_words import result_word
from server_broker.console.words import Word
from server_broker.regions.models import TOWNSHIP_DIGITS, Region, subtree_prefix
from server_broker.today.reading import VillageDay
from server_broker.today.values import DUE, Line, State, StationNow
from server_broker.today.words import CAUSE_WORDS, STATE_WORDS, is_elsewhere, line_words

_LOOKS: dict[State, tuple[str, str]] = {
    "missing": ("△", "bad"),
    "unknown": ("?", "warn"),
    "not_yet": ("…", "quiet"),
    "here": ("●", "good"),
    "left": ("✓", "good"),
    "excused": ("○", "quiet"),
    "off": ("–", "quiet"),
}
STATE_SIGNS = {state: Word(_LOOKS[state][0], word, _LOOKS[state][1]) for state, word in STATE_WORDS.items()}
_WRONG = ("silent", "doubted", "clock", "reader", "held", "lost")


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A village or township with how many turns it has in each state. ``wrong``: what is wrong with its stations."""

    place: Region
    counts: Counter[State]
    wrong: str

    @property
    def due(self) -> int:
        """How many turns are due, those of people on leave too."""
        return sum(self.counts[state] for state in DUE)

    @property
    def here(self) -> int:
        """How many have come, also those who have left since."""
        return self.counts["here"] + self.counts["left"]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person and window. ``person`` is their key, or None if the viewer does not see them."""

    village: str
    name: str
    person: int | None
    window: str
    times: str
    leads: bool
    state: Word
    said: str
    elsewhere: bool
    why: str
    act: tuple[str, str]
    """A word and an address: the one thing to do."""
    settled: tuple[Word, str] | None
    """What settling made of it, and the address of why; None: nothing yet."""


def place_rows(days: Sequence[VillageDay], places: Iterable[Region], digits: int) -> list[PlaceRow]:
    """Return a row for each place that has turns or trouble, those that somebody has to look at first.

    Args:
        digits: As many digits of its code say which place a village lies in.
    """
    counts: dict[str, Counter[State]] = {}
    wrong: dict[str, list[StationNow]] = {}
    for one in days:
        key = one.village.code[:digits]
        counts.setdefault(key, Counter()).update(line.state for line in one.lines)
        wrong.setdefault(key, []).extend(station for station in one.stations if station.cause in _WRONG)
    rows = [
        PlaceRow(place, counts[key], _wrong_words(wrong[key], digits))
        for place in places
        if len(subtree_prefix(place.code)) <= digits
        and (key := place.code[:digits]) in counts
        and (counts[key] or wrong[key])
    ]
    return sorted(rows, key=lambda row: (*(-row.counts[state] for state in DUE[:2]), not row.wrong, row.place.code))


def _wrong_words(stations: Sequence[StationNow], digits: int) -> str:
    if digits <= TOWNSHIP_DIGITS:
        return f"{len(stations)} 个站点要看" if stations else ""
    return "，".join(dict.fromkeys(CAUSE_WORDS[one.cause] for one in stations if one.cause))


def person_rows(
    viewer: Viewer, days: Sequence[VillageDay], day: dt.date, state: State | None, *, most: int
) -> list[PersonRow]:
    """Return a row for each turn, or for each in one state, but no more than ``most``.

    They come by village, and in it those first that somebody has to look at.
    """
    order = list(STATE_WORDS)
    found = [(one, line) for one in days for line in one.lines if state in (None, line.state)]
    found.sort(key=lambda pair: (pair[0].village.code, order.index(pair[1].state)))
    found = found[:most]
    people = {line.turn.person for _, line in found}
    numbers = dict(people_of(viewer).filter(pk__in=people).values_list("pk", "number"))
    stations = set(stations_of(viewer).values_list("pk", flat=True)) if found else set()
    names = names_of(viewer, [line.turn for _, line in found])
    acts = _Acts(viewer, day, numbers, stations)
    settled = _settled(viewer, day, people)
    return [_row(one.village, line, names, acts, settled) for one, line in found]


type _Settled = dict[tuple[int, int, int], Word]
"""What windows of a date came to, by village, person and start."""


def _settled(viewer: Viewer, day: dt.date, people: Collection[int]) -> _Settled:
    if not may(viewer, Power.SEE_SHEETS):
        return {}
    rows = settled_windows_of(viewer).current().filter(day=day, person__in=people).exclude(result__in=("", "休"))
    return {(row.village_id, row.person_id, row.start): result_word(row) for row in rows}


def _row(village: Region, line: Line, names: Names, acts: "_Acts", settled: _Settled) -> PersonRow:
    turn = line.turn
    word = settled.get((turn.window.village, turn.person, turn.window.start))
    window = [village.code, turn.person, str(turn.day), turn.window.start]
    why = "，".join(names.words(reason) for reason in turn.why)
    return PersonRow(
        village=village.name,
        name=names.people.get(turn.person, ELSEWHERE),
        person=turn.person if turn.person in names.people else None,
        window=turn.window.name,
        times=times(turn.window.start, turn.window.end),
        leads=turn.leads,
        state=STATE_SIGNS[line.state],
        said=line_words(line),
        elsewhere=is_elsewhere(line),
        why=why,
        act=acts.of(village, line),
        settled=None if word is None else (word, reverse("settled-window", args=window)),
    )


class _Acts:
    """What a viewer can do about a line: a link to a page that stands."""

    def __init__(self, viewer: Viewer, day: dt.date, numbers: dict[int, str], stations: set[str]) -> None:
        self._date = day.isoformat()
        self._numbers = numbers
        self._stations = stations
        self._reveals = may(viewer, Power.REVEAL_NUMBERS)
        self._enters = may(viewer, Power.ENTER_REQUESTS)

    def of(self, village: Region, line: Line) -> tuple[str, str]:
        """Return the one thing to do: its word and its address."""
        number = self._numbers.get(line.turn.person)
        roster = "看排班", f"{reverse('duty')}?{urlencode({'place': village.code, 'date': self._date})}"
        if line.state == "off" or number is None:
            return self._about(line) or roster
        person = reverse("person", args=[line.turn.person])
        match line.state:
            case "missing" if self._reveals:
                return "打电话", f"{person}#numbers-title"
            case "missing" if self._enters:
                return "补记外出", self._entry(number, "field_duty")
            case "unknown":
                return self._about(line) or ("看打卡", self._touches(village))
            case "not_yet" if self._enters:
                return "代为请假", self._entry(number, "leave")
            case "excused" if line.touch is not None and self._enters:
                return "代为销假", self._entry(number, "back")
            case "here" | "left":
                return "看打卡", self._touches(village)
        return "看本人", person

    def _about(self, line: Line) -> tuple[str, str] | None:
        """Return what to do about the cause of a state; None: nothing, or the viewer does not see the station."""
        if line.cause == "provisional":
            return "看日历", reverse("workdays")
        if line.cause == "entered_late":
            return "看值班", reverse("window", args=[line.turn.window.id])
        if line.station not in self._stations:
            return None
        if line.cause == "held":
            return "看待审", f"{reverse('held')}?{urlencode({'station': line.station})}"
        return "看站点", reverse("station", args=[line.station])

    def _entry(self, number: str, kind: str) -> str:
        return f"{reverse('affair-new')}?{urlencode({'person': number, 'kind': kind})}"

    def _touches(self, village: Region) -> str:
        return f"{reverse('today')}?{urlencode({'village': village.code, 'date': self._date})}"
