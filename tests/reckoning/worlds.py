"""Random cases, from a seed: villages, people, rosters, what people did and asked, and stations that fail.

``world(seed)`` gives plain values of the case format without an expectation; ``toml_of`` writes them. The people do
what people do, and much goes wrong, so that a few dozen seeds come to every result by every line.
``python -m tests.reckoning.worlds SEED`` prints one.
"""

import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds_asking import AskingVillage
from tests.reckoning.worlds_people import CADRES, OFFICERS, VILLAGES, Values, at
from tests.reckoning.worlds_stations import StationStory

KNOWING = (
    "known",
    "received",
    "held_until",
    "written_off",
    "lost_known",
    "dead_known",
    "returned_known",
    "at",
    "asked",
)


_LATER = timedelta(hours=6)


def world(seed: int) -> Values:
    """Return a random case as plain values of the format."""
    return World(Random(seed), seed).values()


def brought(seed: int) -> Values:
    """Return a random case in which the calendar, told late, brings a window by the week over one of a named day.

    Few worlds have that by chance: the date is off at first, and the county makes a workday of it after both rosters
    were entered.
    """
    values = world(seed)
    rng = Random(seed)
    day = rng.choice(values["days"])
    first, last = day - timedelta(days=120), day + timedelta(days=60)
    weekly = next(one for one in values["rosters"] if one["days"] == "working" and "persons" in one)
    start, end = weekly["windows"][0].split("-")
    entered = at(day, "09:00", -1440)
    values["calendar"] = [
        {"source": "chinesecalendar", "from": first, "to": last, "holidays": [day], "workdays": []},
        {"source": "county", "from": day, "to": day, "holidays": [], "workdays": [day], "known": entered + _LATER},
    ]
    begin = (datetime.combine(day, time.fromisoformat(start)) + timedelta(minutes=30)).strftime("%H:%M")
    named = {"village": weekly["village"], "windows": [f"{begin}-{end}"], "persons": weekly["persons"], "days": [day]}
    values["rosters"].append(named | {"known": entered})
    return values


class World(AskingVillage):
    """One random county; the parts are drawn in a fixed order, so that a seed is a case."""

    def values(self) -> Values:
        rng = self.rng
        self.happen()
        self.swaps = self.drawn_swaps()
        values: Values = {
            "format": 1,
            "rules": "2.5",
            "name": f"world-{self.seed}",
            "why": "随机生成",
            "days": self.days,
            "regions": self.drawn_regions(),
            "calendar": self.drawn_calendar(),
            "notices": self.drawn_notices(),
            "parameters": self.drawn_parameters(),
            "people": self.people,
            "posts": self.drawn_posts(),
            "away": self.drawn_away(),
            "cards": [],
            "orders": [{"card": "k-new", "person": self.newcomer or rng.choice(CADRES)}] if self.chance(0.7) else [],
            "rosters": self.rosters,
            "swaps": self.swaps,
            "leave": self.drawn_leave(),
            "corrections": self.drawn_corrections(),
            "meetings": self.drawn_meetings(),
            "residencies": [] if self.residence is None else [{"person": "戊", "village": self.residence}],
            "months": self.drawn_months(),
        }
        values["cards"] = self.drawn_cards()
        if self.chance(0.1 if self.closes else 0.5):
            values["as_of"] = self.drawn_as_of(values["meetings"])
        self.learn_later(values)
        values["stations"] = self.drawn_stations()
        if "as_of" in values and self.chance(0.3):
            values["as_of"] = rng.choice(sorted(set(times_of_knowing(values))))
        return values

    def drawn_stations(self) -> list[Values]:
        stations = [self.story_of(village).values(self.touches[village]) for village in VILLAGES]
        if self.chance(0.2):
            stations = stations[1:]
            if self.chance(0.6):
                self.rng.choice(stations)["stands_in_for"] = ["v1"]
        return stations

    def story_of(self, village: str) -> StationStory:
        """Return what the station of a village lives through."""
        return StationStory(self.rng, village, self.days, calm=self.closes)

    def drawn_as_of(self, meetings: list[Values]) -> datetime:
        """Return for when the sheet is asked: some time on or after the dates, now and then as a meeting ends."""
        rng = self.rng
        if meetings and self.chance(0.3):
            over: datetime = meetings[0]["end"]
            return over + timedelta(minutes=rng.choice((-50, 0, 1, 2, 300)))
        if self.chance(0.3):
            day, start, end, _ = rng.choice(self.windows_of(rng.choice(CADRES)))
            return self.end_of(day, start, end) + timedelta(days=7, minutes=rng.choice((-600, -1, 0, 1, 600)))
        return at(rng.choice(self.days), "08:00", rng.randrange(0, rng.choice((1, 12)) * 1440))

    def learn_later(self, values: Values) -> None:
        """Let the county know of some rows only from some time on."""
        officers = [row for row in values["people"] if row["id"] in OFFICERS]
        tables = ("notices", "parameters", "away", "orders", "leave", "corrections", "swaps")
        for rows in (officers, *(values[table] for table in tables)):
            for row in rows:
                if self.chance(0.06):
                    row["known"] = at(self.rng.choice(self.days), "06:00", self.rng.randrange(0, 4000))

    def drawn_regions(self) -> list[Values]:
        regions: list[Values] = [{"id": "c"}, {"id": "t1", "parent": "c"}, {"id": "t2", "parent": "c"}]
        regions += [{"id": village, "parent": township} for village, township in VILLAGES.items()]
        for village in ("v3", "v2"):
            if self.chance(0.12):
                regions.append({"id": village, "parent": "t2", "from": self.rng.choice(self.days)})
        return regions

    def drawn_calendar(self) -> list[Values]:
        rng = self.rng
        first, last = self.days[0] - timedelta(days=120), self.days[-1] + timedelta(days=60)
        weekends = [day for day in self.days if day.weekday() > 4]
        calendar: list[Values] = []
        if self.chance(0.92):
            until = last if self.chance(0.9) else rng.choice(self.days)
            calendar.append(
                {"source": "chinesecalendar", "from": first, "to": until, "holidays": [], "workdays": weekends}
            )
        if self.chance(0.15):
            calendar.append({"source": "holidays", "from": first, "to": last, "holidays": [self.days[0]]})
        if self.chance(0.25):
            day = rng.choice(self.days)
            off = [day] if self.chance(0.5) else []
            row: Values = {"source": "county", "from": day, "to": day, "holidays": off, "workdays": [day]}
            if self.chance(0.5):
                row["known"] = at(day, "10:00", rng.randrange(-1440, 2880))
            calendar.append(row)
        return calendar

    def drawn_notices(self) -> list[Values]:
        if not self.chance(0.3):
            return []
        day, scope = self.rng.choice(self.days), self.rng.choice(("c", "t1", "v1", "t2"))
        start = at(day, self.rng.choice(("08:30", "10:00", "14:30", "00:00")))
        seconds = self.rng.randrange(60) if self.chance(0.2) else 0
        length = timedelta(minutes=self.rng.choice((20, 90, 190, 720, 1440)), seconds=seconds)
        return [{"scope": scope, "start": start, "end": start + length}]

    def drawn_parameters(self) -> list[Values]:
        rng = self.rng
        first = self.days[0] - timedelta(days=30)
        rows: list[Values] = []
        for region in [rng.choice(("c", "t1", "v1", "v2", "v3")) for _ in range(rng.randint(0, 4))]:
            row: Values = {"region": region, "from": rng.choice((first, rng.choice(self.days)))}
            if any((row["region"], row["from"]) == (other["region"], other["from"]) for other in rows):
                continue
            if region == "c" and self.chance(0.3):
                row["locked"] = True
            for name, choices in (
                ("marks", ("each", "ends", "ends", "arrival")),
                ("place", ("village", "township", "county")),
                ("grace_in", (0, 5, 15)),
                ("open_after", (20, 60, 240)),
                ("open_before", (30, 120)),
                ("late_absence", (30, 60)),
                ("early_absence", (30, 90)),
                ("min_rest", (0, 60)),
                ("corrections_per_month", (0, 1)),
            ):
                if self.chance(0.35):
                    row[name] = rng.choice(choices)
            if len(row) > 2:
                rows.append(row)
        return rows

    def drawn_posts(self) -> list[Values]:
        rng = self.rng
        begin = self.days[0] - timedelta(days=rng.choice((0, 60)))
        posts: list[Values] = [{"post": "值班员", "person": "丁", "from": begin}]
        if self.chance(0.3):
            last: date = rng.choice(self.days)
            posts[0]["to"] = last
            posts.append({"post": "值班员", "person": "书1", "from": last + timedelta(days=1)})
        if self.chance(0.15):
            posts[-1]["known"] = at(rng.choice(self.days), "11:00")
        if self.chance(0.2):
            last = rng.choice(self.days)
            posts.append({"post": "委员", "person": "乙", "from": last - timedelta(days=9), "to": last})
        if self.chance(0.2):
            posts.append({"post": "委员", "person": "甲", "from": begin})
            if self.chance(0.5):
                posts[-1]["known"] = at(rng.choice(self.days), "10:00")
        return posts

    def drawn_away(self) -> list[Values]:
        if not self.chance(0.2):
            return []
        kind = self.rng.choice(("借调", "停职", "离岗"))
        day = self.rng.choice(self.days)
        return [{"person": self.rng.choice(CADRES), "kind": kind, "from": day, "to": day}]

    def drawn_cards(self) -> list[Values]:
        rng = self.rng
        cards = list(self.cards)
        if self.chance(0.25):
            lost = self.moment_of_a_touch("k-甲")
            cards[0] = {**cards[0], "lost": lost, "lost_known": lost + timedelta(minutes=rng.choice((0, 600)))}
        if self.chance(0.12):
            handed = self.moment_of_a_touch(cards[2]["card"])
            cards[2]["to"] = handed
            if self.chance(0.7):
                cards.append({"card": cards[2]["card"], "person": rng.choice(("乙", "戊")), "from": handed})
        if self.chance(0.25):
            bound = self.moment_of_a_touch("k-new") + timedelta(minutes=rng.choice((0, 300)))
            cards.append({"card": "k-new", "person": self.newcomer or "乙", "from": bound})
            if self.chance(0.5):
                cards[-1]["known"] = cards[-1]["from"] + timedelta(minutes=300)
        return cards

    def drawn_meetings(self) -> list[Values]:
        if not self.chance(0.4):
            return []
        rng = self.rng
        day = rng.choice(self.days)
        start = at(day, rng.choice(("09:00", "15:00")))
        village = rng.choice(("v2", "v3"))
        meeting: Values = {
            "id": "会议1",
            "station": f"s-{village}",
            "start": start,
            "end": start + timedelta(minutes=90),
            "votes": [start + timedelta(minutes=45)],
            "expected": ["甲", "乙", "丙", "丁"],
            "voters": ["甲", "乙", "丙"],
            "quorum": {"rule": rng.choice(("at_least", "more_than")), "share": rng.choice(("1/2", "2/3", "1/3"))},
        }
        for card in ("k-甲", "k-乙", "k-丙"):
            if self.chance(0.7):
                self.touch(card, start + timedelta(minutes=rng.choice((-61, -60, 0, 10, 11, 90, 91))), village)
        if self.chance(0.5):
            confirming = rng.choice(("甲", "乙", "丙", "书2"))
            entered = start + timedelta(minutes=rng.choice((-5, 8, 40)), seconds=rng.choice((0, 30)))
            meeting["manual"] = [{"person": "丁", "by": "书2", "at": entered, "confirmed_by": confirming}]
            if self.chance(0.7):
                self.touch(f"k-{confirming}", entered + timedelta(minutes=rng.choice((-1, 0, 3, 60))), village)
            if self.chance(0.2):
                meeting["manual"][0]["known"] = start + timedelta(minutes=rng.choice((45, 600)))
        return [meeting]

    def drawn_months(self) -> list[Values]:
        if not self.closes and self.chance(0.8):
            return []
        first = self.days[0]
        after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        row: Values = {"month": f"{first:%Y-%m}", "shown": at(after, "09:00")}
        if self.closes or self.chance(0.5):
            row["closed"] = at(after, "09:00", self.rng.choice((0, 14400) if self.closes else (-9000, 0, 14400)))
        return [row]


def times_of_knowing(values: Values) -> Iterator[datetime]:
    """Yield the times from the first of the dates on at which the county gets something, to the second."""
    first = at(values["days"][0], "08:00")
    yield first
    for key, value in values.items():
        if key in KNOWING and isinstance(value, datetime) and value > first:
            yield value
        for row in value if isinstance(value, list) else ():
            if isinstance(row, dict):
                yield from times_of_knowing({**row, "days": values["days"]})


if __name__ == "__main__":
    print(toml_of(world(int(sys.argv[1]))), end="")
