"""A township's month as its offices and stations live it: what people do and ask for, and what goes wrong, and when.

It is drawn like the other random months (`tests.reckoning.worlds_months`), but is nothing more than a county can hold:
one county decides, a station's clock is wrong for a whole run of it, and what is entered is entered at some moment.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from tests.reckoning.minutes import ALWAYS, dates_of_month
from tests.reckoning.worlds_months import EVERY_DAYS, Month, MonthStory
from tests.reckoning.worlds_people import CADRES, Values, at
from tests.reckoning.worlds_stations import Happening

MARKS = ("each", "each", "each", "ends", "arrival")
AWAY_KINDS = ("借调", "停职", "离岗")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LIE = timedelta(minutes=30)
"""So far ahead is a time service that lies."""
_TERMS: dict[str, tuple[Any, ...]] = {
    "grace_in": (0, 5, 15),
    "grace_out": (5, 15),
    "late_absence": (30, 60),
    "early_absence": (30, 90),
    "min_rest": (10, 60),
    "place": ("village", "township"),
}
_COUNTY, _SECOND = "县", "县乙"


@dataclass
class Story:
    """What a station lives through, by its true time."""

    village: str
    begin: datetime
    told: list[Happening]
    outages: list[tuple[datetime, datetime]]
    """When it has no line."""
    dead: tuple[datetime, datetime] | None = None
    """From when an officer declares it dead, and when they do."""
    stands_in_for: str = ""
    renews: datetime | None = None
    """When its card is damaged, so that it begins another stream."""


@dataclass
class Edit:
    """Something that is entered in the county at a time."""

    at: datetime
    what: str
    row: Values = field(default_factory=dict)


class StationLife(MonthStory):
    """A station whose clock does not know the time after some of its boots, for a while or until the next one."""

    def life(self, touches: list[Happening]) -> Story:
        """Return what it lives through, with the people's touches."""
        rng = self.rng
        happenings, dark = self.failures()
        happenings += [one for one in touches if not any(start <= one.at < end for start, end in dark)]
        happenings += self.signs_of_life(dark)
        story = Story(self.village, self.begin, [], self.outages())
        if self.chance(0.15):
            self.die(story, happenings)
        told = [one for one in happenings if self.begin <= one.at]
        told += self.more(told)
        told.sort(key=lambda one: (one.at, one.kind != "boot"))
        story.told = self.with_clocks(told)
        if rng.random() < 0.5:
            self.say_something_new(story.told)
        signs = [one.at for one in story.told if one.kind in ("touch", "window_closed")]
        if signs and self.chance(0.3):
            story.renews = rng.choice(signs) + timedelta(seconds=1)
        return story

    def outages(self) -> list[tuple[datetime, datetime]]:
        found = []
        for _ in range(self.rng.randint(0, 3)):
            begin = at(self.rng.choice(self.days), "07:00", self.rng.randrange(0, 900))
            found.append((begin, begin + timedelta(days=self.rng.randint(1, 9))))
        return found

    def die(self, story: Story, happenings: list[Happening]) -> None:
        """Let it break, and mostly be declared dead; now and then it speaks again."""
        rng = self.rng
        broken = at(rng.choice(self.days[3:]), "00:30")
        back = broken + rng.randint(3, 9) * DAY if self.chance(0.4) else None
        happenings[:] = [one for one in happenings if one.at < broken or (back is not None and one.at >= back)]
        if back is not None:
            happenings.append(Happening(back, "boot", {"last_alive": broken - 5 * MINUTE}))
        if self.chance(0.7):
            story.dead = (broken + rng.choice((0, 40, 700)) * MINUTE, broken + rng.randint(1, 3) * DAY + 600 * MINUTE)

    def more(self, told: list[Happening]) -> list[Happening]:
        """Return the directions that people chose within seconds; the county keeps each as a fact of its own."""
        found = []
        for one in told:
            way, after = one.more.pop("way", None), one.more.pop("way_after_s", 5)
            if way is not None and after <= 10:
                found.append(Happening(one.at + timedelta(seconds=after), "direction_chosen", {"way": way, "of": one}))
        return found

    def with_clocks(self, told: list[Happening]) -> list[Happening]:
        """Let some boots not know the time until the county, or a time service that lies, tells it."""
        rng = self.rng
        boots = [number for number, one in enumerate(told) if one.kind == "boot"]
        found: list[Happening] = told[: boots[0]] if boots else told
        for number, begin in enumerate(boots):
            run = told[begin : boots[number + 1] if number + 1 < len(boots) else len(told)]
            if self.chance(0.35):
                off = rng.choice((timedelta(minutes=rng.choice((30, 2000))), timedelta(days=2000)))
                learns = run[0].at + rng.choice((2, 20, 300, 1500, 99999)) * MINUTE + timedelta(seconds=7)
                lies = learns - MINUTE if self.chance(0.3) else None
                self.blind(run, off, lies, learns)
            found += run
        return found

    def blind(self, run: list[Happening], off: timedelta, lies: datetime | None, learns: datetime) -> None:
        """Mark what a run states before it learns the time, and put in how it does."""
        end = run[-1].at
        for one in run:
            if one.at < (lies or learns):
                one.more["off"] = off
            elif one.at < learns:
                one.more["ahead"] = LIE
        for when, source in ((lies, "ntp"), (learns, "county")):
            if when is not None and when <= end:
                ahead = {"ahead": LIE} if source == "ntp" else {}
                run.append(Happening(when, "clock_corrected", {"source": source, **ahead}))
        run.sort(key=lambda one: one.at)

    def say_something_new(self, told: list[Happening]) -> None:
        """Let it say things that the county can't read: a kind of later, or one that its database refuses at first."""
        rng = self.rng
        for _ in range(rng.randint(1, 3)):
            one = rng.choice(told[2:])
            later = one.at + rng.randint(1, 9) * DAY
            if one.kind == "touch" and self.chance(0.6):
                one.more["held_until"] = later
            else:
                new: Values = {"write_off_at": later} if self.chance(0.5) else {}
                told.insert(told.index(one), Happening(one.at, "new", new | _clock_of(one)))


def _clock_of(one: Happening) -> Values:
    return {key: value for key, value in one.more.items() if key in ("off", "ahead")}


class Office(Month):
    """A township's people and villages over a month, as a county can hold them."""

    residents = 0.0

    def __init__(self, seed: str, month: str) -> None:
        self.month = month
        super().__init__(Random(seed), 0)
        self.closes = False

    def drawn_days(self) -> list[date]:
        return dates_of_month(self.month)

    def turns(self) -> list[date] | str:
        if self.chance(0.25):
            return "working"
        every = self.rng.choice(EVERY_DAYS)
        return self.days[self.rng.randrange(every) :: every]

    def drawn_rosters(self) -> list[Values]:
        rosters = super().drawn_rosters()
        for row in rosters:
            row["marks"] = self.rng.choice(MARKS)
        return rosters

    def decisions(self, approver: str, asked: datetime) -> list[Values]:
        """Return the county's word. Whether it may is another part's matter."""
        later = asked + timedelta(minutes=self.rng.choice((5, 60, 3000, 20000)))
        return [] if self.chance(0.05) else [{"by": _COUNTY, "at": later, "yes": self.chance(0.9)}]

    def lived(self) -> tuple[list[Story], list[Edit]]:
        """Return what the stations live through, and what is entered, by its time."""
        self.happen()
        self.swaps = self.drawn_swaps()
        edits = [
            *self.edits_of_rosters(),
            *self.edits_of_posts(),
            *self.edits_of_cards(),
            *(Edit(row["agreed"][0]["at"], "swap", row) for row in self.swaps),
            *self.edits_of_leave(),
            *self.edits_of_corrections(),
            *self.edits_of_notices(),
            *self.edits_of_terms(),
        ]
        stories = [
            StationLife(self.rng, village, self.days, calm=False).life(touches)
            for village, touches in self.touches.items()
        ]
        if self.chance(0.2):
            stories = stories[1:]
            if self.chance(0.6):
                self.rng.choice(stories[:2]).stands_in_for = "v1"
        edits += [Edit(story.dead[1], "dead", {"village": story.village}) for story in stories if story.dead]
        return stories, sorted(edits, key=lambda one: one.at)

    def some_moment(self, day: date | None = None) -> datetime:
        """Return a moment of the month, or about a date of it."""
        if day is None:
            return at(self.rng.choice(self.days), "08:00", self.rng.randrange(0, 700)) + timedelta(seconds=11)
        return at(day, "12:00", self.rng.randrange(-3000, 3000)) + timedelta(seconds=13)

    def edits_of_rosters(self) -> list[Edit]:
        """Return when rosters are entered, and how some are changed later."""
        found = [
            Edit(row.get("known", ALWAYS), "roster", {"number": number}) for number, row in enumerate(self.rosters)
        ]
        for number, row in enumerate(self.rosters):
            if not self.chance(0.3):
                continue
            day = self.rng.choice(self.days[4:])
            if row["days"] == "working":
                moved = {"number": number, "since": day, "minutes": self.rng.choice((-30, 30))}
                found.append(Edit(self.some_moment(day), "move_window", moved))
            elif self.chance(0.5):
                gone = self.rng.choice(row["days"])
                found.append(Edit(self.some_moment(gone), "withdraw_day", {"number": number, "day": gone}))
            elif "persons" in row:
                named = {"number": number, "day": day, "persons": [self.rng.choice(("甲", "乙"))]}
                found.append(Edit(self.some_moment(day), "name_day", named))
        return found

    def edits_of_posts(self) -> list[Edit]:
        """Return how a post passes to another, and who is seconded, suspended or off post for some days."""
        rng, found = self.rng, []
        if self.chance(0.35):
            last = rng.choice(self.days[:-1])
            found.append(Edit(self.some_moment(last), "pass_post", {"last": last}))
        if self.chance(0.35):
            day = rng.choice(self.days)
            away = {"person": rng.choice(("甲", "乙")), "kind": rng.choice(AWAY_KINDS), "from": day}
            found.append(Edit(self.some_moment(day), "away", {**away, "to": day + rng.choice((0, 2, 9)) * DAY}))
        return found

    def edits_of_cards(self) -> list[Edit]:
        """Return which cards are lost and found, handed on, or given out although they were touched before."""
        rng, found = self.rng, []
        if self.chance(0.4):
            lost = self.moment_of_a_touch("k-甲")
            known = lost + timedelta(minutes=rng.choice((1, 600)))
            found.append(Edit(known, "lose", {"card": "k-甲", "since": lost}))
            if self.chance(0.4):
                found.append(Edit(known + rng.randint(1, 5) * DAY, "find", {"card": "k-甲"}))
        if self.chance(0.3):
            handed = self.moment_of_a_touch("k-丙")
            found.append(Edit(handed + 2 * MINUTE, "hand_in", {"card": "k-丙", "since": handed}))
            if self.chance(0.7):
                given = {"card": "k-丙", "person": rng.choice(("乙", "戊"))}
                found.append(Edit(handed + rng.choice((5, 900)) * MINUTE, "bind", given))
        if self.chance(0.7):
            given = {"card": "k-new", "person": self.newcomer or "乙"}
            found.append(Edit(self.some_moment(), "bind", given))
        return found

    def edits_of_leave(self) -> list[Edit]:
        """Return who asks to be away; fewer than in other random months, because each decision takes its time."""
        return [Edit(row["asked"], "leave", row) for row in self.drawn_leave() if self.chance(0.5)]

    def edits_of_corrections(self) -> list[Edit]:
        """Return who asks for a mark to be as it was. A second approver comes later, or not at all."""
        found = []
        for row in self.drawn_corrections():
            row["second"] = [] if self.chance(0.4) else [{"by": _SECOND, "after": self.rng.choice((7, 900, 9000))}]
            found.append(Edit(row["asked"], "correction", row))
        return found

    def edits_of_notices(self) -> list[Edit]:
        found = []
        for row in self.drawn_notices():
            scope = self.rng.choice(("t1", "v1", "v2"))
            known = row["start"] + self.rng.choice((-2000, 3, 900)) * MINUTE
            found.append(Edit(known, "notice", {**row, "scope": scope, "back": None}))
            if self.chance(0.3):
                found[-1].row["back"] = known + self.rng.choice((30, 600)) * MINUTE
        return found

    def edits_of_terms(self) -> list[Edit]:
        found = []
        for _ in range(self.rng.randint(0, 3)):
            name = self.rng.choice(sorted(_TERMS))
            row: Values = {"region": self.rng.choice(("t1", "v1", "v2", "v3")), "name": name}
            row |= {"value": self.rng.choice(_TERMS[name]), "since": self.rng.choice(self.days)}
            found.append(Edit(self.some_moment(), "term", row))
        return found


PEOPLE = (*CADRES, "书1", "书2", "书3")
"""Those of a township who have cards or windows."""
