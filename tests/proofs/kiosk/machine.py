"""The screens' state machine under random keys: a real agent's rooms and the flows of two kiosks, without terminals.

Time is a number that the proof moves, so a million keys take minutes. After each visit everything that a flow refers to
is searched for the person, and again and again somebody wants to go home.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from random import Random
from typing import Any

from kiosk_tui.flow import COUNTDOWN_MS, IDLE_MS
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import HomeView, IdleView, TouchView, View
from kiosk_tui.views.months import MonthLineView
from tests.proofs.keys.judge import stored_facts
from tests.proofs.kiosk.news import CHAIR, EXPECTED, News, meeting_of, month_of, village_of
from tests.proofs.kiosk.replaced import KeptScreen, same_place
from tests.proofs.visits.office import PEOPLE, PIN, KioskDesk, Office, name_of, number_of
from tests.proofs.visits.visiting import digits_of

WEIGHTS: dict[Key, int] = {
    "1": 16,
    "2": 12,
    "3": 9,
    "4": 9,
    "5": 9,
    "6": 8,
    "7": 5,
    "8": 9,
    "9": 2,
    "0": 5,
    "enter": 13,
    "repeat": 3,
    "text_size": 1,
}
"""How often each key comes."""
MINE: dict[Key, int] = {"1": 30, "2": 10, "3": 4, "4": 2, "5": 4, "6": 4, "8": 4, "7": 2, "0": 6, "enter": 8}
"""And with somebody who looks at what is theirs."""
BURST = 10
"""At most so many keys come from one hand in a row."""
HOME_EVERY, TOUCH_EVERY, NUMBER_EVERY, WAIT_EVERY, FALL_EVERY, KILL_EVERY, NEWS_EVERY = 25, 6, 60, 15, 30, 90, 150
VOUCH_EVERY = 60
"""After about so many bursts: somebody wants to go home, touches, signs in by number, leaves; a kiosk falls; somebody
pulls a plug; the county publishes something; somebody vouches at the meeting."""
GONE_S = (IDLE_MS + COUNTDOWN_MS) // 1000 + 10
"""After so long without a key a visit is over."""
HOME_KEYS = 20
"""So many presses must lead home from everywhere. A number of 13 figures is taken back one by one."""
_RECORDED = {"marked": "attempt", "feedback": "feedback_given", "vouched": "person_vouched"}
_REQUEST = {"open": "request_made", "withdrawn": "request_withdrawn"}


def recorded_fact(said: Mapping[str, Any]) -> str:
    """Return the kind of the fact that a line of the agent says to be recorded, or an empty string."""
    if said["type"] == "request":
        return _REQUEST[said["state"]]
    return _RECORDED.get(said["type"], "")


@dataclass
class Played:
    """What came of the keys."""

    keys: int = 0
    visits: int = 0
    replaced: int = 0
    """Kiosks in whose place another one came."""
    same_place: int = 0
    """How many of those showed the same kind of screen."""
    months_seen: int = 0
    """How often a line of a month stood on the screen whose time and village are one person's."""
    canaries_seen_in_visit: int = 0
    """Visits in which the person's name stood on the screen."""
    canaries_after: int = 0
    dead_ends: int = 0
    crashes: int = 0
    lost: int = 0
    views: Counter[str] = field(default_factory=Counter)
    recorded: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    """How often somebody chose each size of text."""
    examples: list[str] = field(default_factory=list)

    def __add__(self, other: "Played") -> "Played":
        """Return what came of both."""
        return Played(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def note(self, what: str) -> None:
        """Keep an example for whoever looks into it."""
        if len(self.examples) < 20:
            self.examples.append(what)


class _Screen:
    """A kiosk, and whose visit runs there."""

    def __init__(self, desk: KioskDesk, kept: KeptScreen) -> None:
        self.desk = desk
        self.kept = kept
        self.begin("", "")

    def begin(self, visit: str, name: str) -> None:
        """Be the kiosk of another visit, or of none."""
        self.visit, self.name = visit, name
        self.seen = self.over = False


class Machine:
    """One station with two kiosks under random hands."""

    def __init__(self, folder: Path, *, seed: int | str) -> None:
        self._random = Random(seed)
        self._office = Office(folder)
        self._office.connect()
        self._news_of = News(self._office.station.county)
        self._news_of.publish(self._office.station)
        self._give_what_is_known()
        # The terminal of this one has three sizes of text, that of the other only one.
        self._office.kill_kiosk(self._office.kiosks[0])
        self._screens = [_Screen(desk, KeptScreen(self._office, desk)) for desk in self._office.kiosks]
        self._pressed: list[Key] = []
        self.played = Played()

    def play(self, keys: int) -> Played:
        """Press so many keys, then compare what was shown as recorded with the outbox."""
        while self.played.keys < keys:
            screen = self._random.choice(self._screens)
            try:
                self._one_hand(screen)
            # Whatever it is, it would have ended a kiosk or an agent; the proof counts it and goes on.
            except Exception as error:  # noqa: BLE001
                self.played.crashes += 1
                self.played.note(f"{type(error).__name__}: {error}, after {' '.join(self._pressed[-12:])}")
                self._kill_agent()
            self._look()
        self._office.station.outbox.close()
        self._compare()
        return self.played

    def _one_hand(self, screen: _Screen) -> None:
        for every, act in self._acts().items():
            if self._random.randrange(every) == 0:
                act(screen)
                self._look()
        for _ in range(self._random.randrange(1, BURST)):
            weights = MINE if screen.visit else WEIGHTS
            self._press(screen, *self._random.choices(list(weights), list(weights.values())))

    def _acts(self) -> dict[int, Callable[[_Screen], None]]:
        return {
            TOUCH_EVERY: self._touch,
            NUMBER_EVERY: self._sign_in,
            WAIT_EVERY: self._wait,
            FALL_EVERY: self._fall,
            KILL_EVERY: self._kill,
            HOME_EVERY: self._go_home,
            NEWS_EVERY: self._news,
            VOUCH_EVERY: self._vouch,
        }

    def _press(self, screen: _Screen, *keys: Key) -> None:
        for key in keys:
            self._pressed = [*self._pressed[-30:], key]
            size = screen.desk.flow.text_size()
            self._office.press(screen.desk, key)
            screen.kept.keep()
            self.played.keys += 1
            if screen.desk.flow.text_size() != size:
                self.played.sizes[screen.desk.flow.text_size()] += 1
            view = self._count(screen)
            self._look()
            if screen.name:
                said = repr(view)
                self.played.months_seen += isinstance(view, MonthLineView) and _village(screen.name) in said
                if not screen.seen and screen.name in said:
                    screen.seen = True
                    self.played.canaries_seen_in_visit += 1

    def _count(self, screen: _Screen) -> View:
        """Count the screen that is shown now, and return it."""
        view = screen.desk.look()
        self.played.views[type(view).__name__] += 1
        return view

    def _touch(self, screen: _Screen) -> None:
        self._touch_of(self._random.randrange(PEOPLE))
        if self._random.random() < 0.5:
            self._press(screen, "1")

    def _touch_of(self, person: int) -> None:
        self._office.touch(person)
        self._all_are_over(lambda one: one.name != name_of(person))

    def _vouch(self, screen: _Screen) -> None:
        """Have the chair of the meeting enter somebody without a card, and somebody else vouch."""
        self._touch_of(CHAIR)
        numbers: tuple[Key, ...] = ("1", "2", "3", "4", "5", "6")
        self._press(screen, "1", "1", "1", self._random.choice(numbers))
        self._touch_of(self._random.randrange(EXPECTED))
        self._press(screen, "2")

    def _sign_in(self, screen: _Screen) -> None:
        self._go_home(screen)
        person = self._random.randrange(PEOPLE)
        keys: list[Key] = ["2", "enter", *digits_of(number_of(person)), "enter", *digits_of(PIN), "enter"]
        self._press(screen, *keys[: self._random.choice((len(keys), len(keys), self._random.randrange(1, len(keys))))])

    def _wait(self, screen: _Screen) -> None:
        seconds = self._random.choice((3, 40, 125, GONE_S))
        self._office.pass_s(seconds)
        self._count(screen)
        if seconds == GONE_S:
            self._all_are_over(lambda _: True)

    def _news(self, screen: _Screen) -> None:
        """Publish while somebody may be reading."""
        self._news_of.publish(self._office.station, withdrawn=self._random.random() < 0.3)

    def _kill(self, screen: _Screen) -> None:
        if self._random.random() < 0.8:
            self._office.touch(self._random.randrange(PEOPLE))
            self._press(screen, "1")
        if self._random.random() < 0.5:
            self._kill_agent()
            self._all_are_over(lambda _: True)
        else:
            screen.over = bool(screen.visit)
            self._office.kill_kiosk(screen.desk)
            screen.kept.greet()

    def _fall(self, screen: _Screen) -> None:
        """Have another kiosk come in the place of one. After two falls it wants nothing of before."""
        fresh = self._random.random() < 0.2
        screen.over = screen.over or (fresh and bool(screen.visit))
        same = same_place(screen.desk, lambda: screen.kept.replace(fresh=fresh))
        if not fresh:
            self.played.replaced += 1
            self.played.same_place += same

    def _kill_agent(self) -> None:
        self._office.kill_agent()
        self._give_what_is_known()
        for screen in self._screens:
            screen.kept.greet()

    def _give_what_is_known(self) -> None:
        """Put on the shelf what the county has of each person, and a meeting that goes on; an agent that is
        started anew finds it there."""
        station = self._office.station
        for person in range(PEOPLE):
            station.bundles.put("month", month_of(number_of(person), person), name=str(person))
        people = [(number_of(person), name_of(person)) for person in range(EXPECTED)]
        station.bundles.put("meetings", meeting_of(people, now=station.clock.now().wall))

    def _all_are_over(self, which: Callable[[_Screen], bool]) -> None:
        """Take visits for over that must be, whatever the agent says of them."""
        self._look()
        for screen in self._screens:
            screen.over = screen.over or (bool(screen.visit) and which(screen))

    def _go_home(self, screen: _Screen) -> None:
        way: list[str] = []
        for _ in range(HOME_KEYS):
            if isinstance(screen.desk.look(), HomeView):
                return
            view = screen.desk.look()
            way.append(type(view).__name__)
            typing = screen.desk.flow.typing and not isinstance(view, TouchView | IdleView)
            self._press(screen, "repeat" if typing else "0")
        if not isinstance(view := screen.desk.look(), HomeView):
            self.played.dead_ends += 1
            self.played.note(f"no way home by {' '.join(way)} from {view!r:.900}")
            self._office.pass_s(GONE_S)

    def _look(self) -> None:
        """Read the agent's lines, and search what is left of each visit that has ended."""
        lines, self._office.glass.sent = self._office.glass.sent, []
        for number, line in lines:
            said = json.loads(line)
            if said["type"] == "visit":
                self._note_visit(number, said)
            elif kind := recorded_fact(said):
                self.played.recorded[kind] += 1
        for screen in self._screens:
            if screen.over:
                self._look_after(screen)

    def _note_visit(self, number: int, said: dict[str, Any]) -> None:
        screen = next((one for one in self._screens if one.desk.number == number), None)
        if screen is None:  # a kiosk that was killed: the one at its screen is another process
            return
        if said["ended"]:
            screen.over = screen.over or screen.visit == said["visit"]
        elif said["visit"] != screen.visit:
            screen.begin(said["visit"], said["name"])
            self.played.visits += 1

    def _look_after(self, screen: _Screen) -> None:
        """Search a kiosk for the visitor who has left; later, if their card was just touched and the result stands."""
        view = screen.desk.look()
        if isinstance(view, TouchView) and screen.name in repr(view):
            return
        # The screen that stands now is painted, as it is a moment after each change.
        screen.desk.flow.painted(view)
        number = number_of(_person(screen.name))
        if held := screen.desk.holds([screen.visit, PIN, screen.name, number, _village(screen.name)]):
            self.played.canaries_after += len(held)
            self.played.note(f"{held} after a visit of {screen.name}, after {' '.join(self._pressed[-12:])}")
        screen.begin("", "")

    def _compare(self) -> None:
        """Count what was shown as recorded and is not in the outbox's file."""
        stored = Counter(fact.kind for fact in stored_facts(self._office.outbox))
        for kind, shown in self.played.recorded.items():
            if shown > stored[kind]:
                self.played.lost += shown - stored[kind]
                self.played.note(f"{kind}: {shown} shown as recorded, {stored[kind]} stored")


def _person(name: str) -> int:
    return next(person for person in range(PEOPLE) if name_of(person) == name)


def _village(name: str) -> str:
    return village_of(_person(name))
