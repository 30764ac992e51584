"""The list of edits as somebody outside would keep it, and what the rules make of it. It knows nothing of the product.

Each method is one edit that the county took. A `Course` is what holds of one thing from date to date; an edit changes
it from a first date on, and where nothing else is said until the next change that is known already.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from tests.server_broker.duty.plain_reckoning import DAY, Plain, covers
from tests.server_broker.duty.reckoned_twice import Said

_FIRST, _LAST = dt.date.min, dt.date.max
type Values = dict[str, Any]
type Away = tuple[int, str, str, dt.datetime, dt.datetime]
"""Person, kind, code, from when and until when."""


class Course:
    """What holds of one thing, in pieces ``[first, until, values]`` by date."""

    def __init__(self) -> None:
        self.pieces: list[tuple[dt.date, dt.date, Values]] = []

    def put(self, first: dt.date, until: dt.date, values: Values) -> None:
        """Have some values hold in ``[first, until)``. What they don't name stays as it is."""
        if first >= until:
            return
        within: list[tuple[dt.date, dt.date, Values]] = []
        reached, is_news = first, False
        for one, end, held in self.pieces:
            if end <= first or one >= until:
                continue
            if one > reached:
                within.append((reached, one, dict(values)))
            within.append((max(one, first), min(end, until), held | values))
            is_news = is_news or one > reached or held | values != held
            reached = min(end, until)
        if reached < until:
            within.append((reached, until, dict(values)))
        if is_news or reached < until:
            before = [(one, min(end, first), held) for one, end, held in self.pieces if one < first]
            after = [(max(one, until), end, held) for one, end, held in self.pieces if end > until]
            self.pieces = [*before, *_joined(within), *after]

    def at(self, day: dt.date) -> Values | None:
        """Return what holds on a date."""
        return next((held for first, until, held in self.pieces if first <= day < until), None)

    def next_change(self, day: dt.date) -> dt.date:
        """Return the first date after ``day`` from which something else may hold."""
        return min((first for first, _, _ in self.pieces if first > day), default=_LAST)

    def from_day(self, day: dt.date) -> Iterator[tuple[dt.date, dt.date, Values]]:
        """Yield the pieces of a date and later ones, the first from the date on."""
        yield from [(max(first, day), until, held) for first, until, held in self.pieces if until > day]


def _joined(pieces: Iterable[tuple[dt.date, dt.date, Values]]) -> list[tuple[dt.date, dt.date, Values]]:
    found: list[tuple[dt.date, dt.date, Values]] = []
    for first, until, held in pieces:
        if found and found[-1][1] == first and found[-1][2] == held:
            first, _, _ = found.pop()
        found.append((first, until, held))
    return found


class Book:
    """All edits so far. People, villages, windows, posts, swaps and absences go by the numbers that the county gave."""

    def __init__(self, working: Mapping[dt.date, bool]) -> None:
        """Take the calendar as it is before the county says anything of its own."""
        self._libraries = dict(working)
        self._words: dict[dt.date, bool] = {}
        self._people: dict[int, Course] = defaultdict(Course)
        self._windows: dict[int, Course] = defaultdict(Course)
        self._posts: dict[tuple[int, int], Course] = defaultdict(Course)
        self._days: dict[tuple[int, dt.date], Values] = {}
        self._swaps: list[Values] = []
        self._absences: dict[int, list[Away]] = {}
        self._stops: dict[int, Values] = {}

    def registered(self, person: int, village: int, since: dt.date, name: str) -> None:
        """Somebody is on file from a day on."""
        self._people[person].put(since, _LAST, {"village": village, "left": False, "name": name})

    def changed(self, person: int, since: dt.date, values: Values) -> None:
        """A name, or the village: from then on, and the windows of the villages that they leave lose them."""
        stood = {held.get("village") for _, _, held in self._people[person].from_day(since)}
        self._people[person].put(since, _LAST, values)
        if (village := values.get("village")) is not None:
            self._out_of_windows(person, since, stood - {village})

    def written_today(self, person: int, today: dt.date, values: Values) -> None:
        """A column of today is overwritten: from today until the next change."""
        self._people[person].put(today, self._people[person].next_change(today), values)

    def left(self, person: int, last: dt.date) -> None:
        """Somebody goes: posts and shares in windows end with the last day."""
        gone = last + DAY
        self._people[person].put(gone, _LAST, {"left": True})
        for (holder, _), course in self._posts.items():
            if holder == person:
                for first, until, held in course.from_day(gone):
                    if held["state"] != "ended":
                        course.put(first, until, {"state": "ended"})
        self._out_of_windows(person, gone, None)

    def came_back(self, person: int, since: dt.date, village: int) -> None:
        """Somebody is on file again from a day on."""
        self._people[person].put(since, _LAST, {"left": False, "village": village})

    def _out_of_windows(self, person: int, since: dt.date, villages: Collection[int | None] | None) -> None:
        for course in self._windows.values():
            for first, until, held in course.from_day(since):
                here = villages is None or held["village"] in villages
                if here and not held["ended"] and person in held["people"]:
                    people = held["people"] - {person}
                    ended = not people and not held["posts"] and not held["named"]
                    course.put(first, until, {"people": people, "ended": ended})
        for (window, day), crew in self._days.items():
            village = self._village_now(window)
            if day >= since and person in crew["people"] and (villages is None or village in villages):
                self._days[window, day] = crew | {"people": crew["people"] - {person}}

    def _village_now(self, window: int) -> int:
        """Return the village of a window as the last word on it says."""
        village: int = self._windows[window].pieces[-1][2]["village"]
        return village

    def post_given(self, person: int, post: int, since: dt.date, until: dt.date | None) -> None:
        """Somebody holds a post. Both days are inclusive."""
        self._posts[person, post].put(since, _after(until), {"state": "held"})

    def post_changed(self, person: int, post: int, state: str, since: dt.date, until: dt.date | None) -> None:
        """A holder is away from a post, back on it or gone, at most as long as it is held without a break."""
        course, held_to = self._posts[person, post], since
        for first, end, held in course.from_day(since):
            if held["state"] == "ended" or first > held_to:
                break
            held_to = end
        course.put(since, min(held_to, _after(until)), {"state": state})

    def term_changed(self, day: dt.date, posts: Mapping[int, Collection[int]]) -> None:
        """换届: from a day on these people hold these posts and nobody else does."""
        for post, wanted in posts.items():
            for (person, held_post), course in list(self._posts.items()):
                open_later = any(held["state"] != "ended" for _, _, held in course.from_day(day))
                if held_post == post and person not in wanted and open_later:
                    course.put(day, _LAST, {"state": "ended"})
            for person in wanted:
                self._hold_from(person, post, day)

    def _hold_from(self, person: int, post: int, day: dt.date) -> None:
        course = self._posts[person, post]
        there = course.at(day)
        if there is not None and there["state"] != "ended":
            return
        reached = day
        for first, until, held in list(course.from_day(day)):
            if held["state"] != "ended":
                course.put(reached, first, {"state": "held"})
                reached = until
        course.put(reached, _LAST, {"state": "held"})

    def window_made(self, window: int, village: int, since: dt.date, terms: Values) -> None:
        """A new window."""
        self._windows[window].put(since, _LAST, {"village": village, "ended": False, **terms})

    def window_changed(self, window: int, since: dt.date, terms: Values) -> None:
        """A window is otherwise until the next change."""
        course = self._windows[window]
        course.put(since, course.next_change(since), {"ended": False, **terms})

    def window_ended(self, window: int, last: dt.date) -> None:
        """A window's last day."""
        self._windows[window].put(last + DAY, _LAST, {"ended": True})

    def days_named(self, window: int, days: Iterable[dt.date], people: Collection[int]) -> None:
        """These people are in the window on these dates."""
        for day in days:
            self._days[window, day] = {"people": frozenset(people), "posts": frozenset()}

    def days_withdrawn(self, window: int, days: Iterable[dt.date]) -> None:
        """Nothing is said of the window on these dates any more."""
        for day in days:
            self._days.pop((window, day), None)

    def merged(self, village: int, into: int, since: dt.date) -> None:
        """What lies in a village lies in another from a day on."""
        for courses in (self._people, self._windows):
            for course in courses.values():
                for first, until, held in list(course.from_day(since)):
                    if held.get("village") == village:
                        course.put(first, until, {"village": into})

    def split(self, village: int, made: int, since: dt.date, people: Collection[int]) -> None:
        """Some people go along to a village that is made out of another, and are in its windows no more."""
        for person in people:
            course = self._people[person]
            for first, until, held in list(course.from_day(since)):
                if held["village"] == village:
                    course.put(first, until, {"village": made})
        for person in people:
            self._out_of_windows(person, since, {village})

    def day_said(self, day: dt.date, working: bool | None) -> None:
        """The county says whether a date is a working day, or takes its word back."""
        if working is None:
            self._words.pop(day, None)
        else:
            self._words[day] = working

    def stopped(self, notice: int, village: int, begin: dt.datetime, end: dt.datetime) -> None:
        """Work stops in a village. Times are local, and whole minutes."""
        self._stops[notice] = {"village": village, "begin": begin, "end": end}

    def stop_taken_back(self, notice: int, since: dt.datetime) -> None:
        """Work goes on from a minute on."""
        self._stops[notice]["end"] = max(self._stops[notice]["begin"], since)

    def swapped(self, window: int, day: dt.date, giver: int, taker: int, agreed: dt.datetime) -> None:
        """Both have agreed that a window of a date goes from one to the other."""
        self._swaps.append({"window": window, "date": day, "giver": giver, "taker": taker, "agreed": agreed})

    def went_away(self, absence: int, away: Away) -> None:
        """Leave, field duty or residency was approved."""
        self._absences[absence] = [away]

    def back_from(self, absence: int, at: dt.datetime) -> None:
        """Somebody is back at a minute; at the begin or before it, they never went."""
        cut = ((*one[:3], one[3], min(one[4], at)) for one in self._absences[absence])
        self._absences[absence] = [one for one in cut if one[3] < one[4]]

    def away_on(self, day: dt.date) -> set[Away]:
        """Return every absence that shares a minute with a date."""
        begin = dt.datetime.combine(day, dt.time())
        return {away for some in self._absences.values() for away in some if away[3] < begin + DAY and begin < away[4]}

    def due_on(self, day: dt.date, villages: Collection[int]) -> dict[tuple[int, int], Said]:
        """Return who is due in some villages on a date, in which window, from when to when, and the share."""
        around = (day - DAY, day, day + DAY)
        windows = [one for number in self._windows for one in self._window_pieces(number, around)]
        named = [{"window": window, "date": date, **crew} for (window, date), crew in self._days.items()]
        named = [one for one in named if one["date"] in around]
        in_window = self._in_window(windows, named)
        found: dict[tuple[int, int], Said] = {}
        for village in villages:
            here = {one["id"] for one in windows if one["village"] == village and covers(one, day)}
            wanted, people = _sharing(here, in_window)
            plain = Plain(
                {
                    "calendar": {date: self._words.get(date, self._libraries[date]) for date in around},
                    "windows": [one for one in windows if one["id"] in wanted],
                    "named": [one for one in named if one["window"] in wanted],
                    "swaps": [one for one in self._swaps if one["window"] in wanted],
                    "holdings": self._holdings(people),
                    "left": self._gone(people),
                    "notices": list(self._stops.values()),
                }
            )
            found |= {key: said for key, said in plain.answer(day).items() if key[1] in here}
        return found

    def _window_pieces(self, number: int, dates: Collection[dt.date]) -> Iterator[Values]:
        for first, until, held in self._windows[number].pieces:
            if not held["ended"] and first <= max(dates) and until > min(dates):
                yield {"id": number, **held, **_inclusive(first, until)}

    def _in_window(self, windows: list[Values], named: list[Values]) -> dict[int, set[int]]:
        """Return who may be in each window: by name, by post or by a swap."""
        of_post = defaultdict(set)
        for person, post in self._posts:
            of_post[post].add(person)
        found: dict[int, set[int]] = defaultdict(set)
        for crew in windows:
            found[crew["id"]] |= crew["people"] | {one for post in crew["posts"] for one in of_post[post]}
        for crew in named:
            found[crew["window"]] |= crew["people"]
        for swap in self._swaps:
            found[swap["window"]] |= {swap["giver"], swap["taker"]}
        return found

    def _holdings(self, people: Collection[int]) -> list[Values]:
        return [
            {"person": person, "post": post, "state": held["state"], **_inclusive(first, until)}
            for (person, post), course in self._posts.items()
            if person in people
            for first, until, held in course.pieces
            if held["state"] != "ended"
        ]

    def _gone(self, people: Collection[int]) -> list[Values]:
        return [
            {"person": person, **_inclusive(first, until)}
            for person in people
            for first, until, held in self._people[person].pieces
            if held["left"]
        ]


def _sharing(here: set[int], in_window: Mapping[int, set[int]]) -> tuple[set[int], set[int]]:
    """Return the windows in which somebody may be who may be in these, and everybody who may be in one of them."""
    people = {person for window in here for person in in_window[window]}
    wanted = {window for window, some in in_window.items() if some & people} | here
    return wanted, {person for window in wanted for person in in_window[window]}


def _after(last: dt.date | None) -> dt.date:
    return _LAST if last is None else last + DAY


def _inclusive(first: dt.date, until: dt.date) -> Values:
    return {"first": None if first == _FIRST else first, "last": None if until == _LAST else until - DAY}
