"""Random cases, from a seed: villages, people, rosters, what people did and asked, and stations that fail.

``world(seed)`` gives plain values of the case format without an expectation; ``toml_of`` writes them. The people do
what people do, and much goes wrong, so that a few dozen seeds come to every result by every line.
"""

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from tests.reckoning.worlds_stations import Happening, StationStory

Values = dict[str, Any]

VILLAGES = {"v1": "t1", "v2": "t1", "v3": "t1", "v4": "t2"}
CADRES = ("甲", "乙", "丙", "丁", "戊")
SECRETARIES = {"v1": "书1", "v2": "书2", "v3": "书3", "v4": "书4"}
OFFICERS = {"镇1": ("t1", "township"), "镇1乙": ("t1", "township"), "镇2": ("t2", "township"), "县": ("c", "county")}
WINDOW_SETS = (
    ("08:30-12:00", "14:30-18:00"),
    ("08:30-12:00", "14:30-18:00"),
    ("08:30-12:00", "12:15-17:00"),
    ("08:00-10:00", "10:00-12:00", "15:00-17:00"),
    ("08:30-17:30",),
    ("21:30-05:30",),
    ("09:00-11:59", "13:00-16:31"),
)
LEAVE_KINDS = ("事", "病", "年休", "补休")
FIRST_DAYS = (date(2026, 3, 2), date(2026, 3, 5), date(2026, 2, 26), date(2026, 4, 29), date(2027, 1, 4))


def at(day: date, clock: str, minutes: float = 0) -> datetime:
    """Return a time of day on a date, moved by some minutes."""
    return datetime.combine(day, time.fromisoformat(clock)) + timedelta(minutes=minutes)


def world(seed: int) -> Values:
    """Return a random case as plain values of the format."""
    return World(Random(seed), seed).values()


class World:
    """One random county; the parts are drawn in a fixed order, so that a seed is a case."""

    def __init__(self, rng: Random, seed: int) -> None:
        self.rng = rng
        self.seed = seed
        self.words = 0
        self.closes = rng.random() < 0.25
        first = rng.choice(FIRST_DAYS)
        self.days = [first + timedelta(days=number) for number in range(rng.randint(2, 4))]
        self.people = self.drawn_people()
        self.names = {person["id"] for person in self.people}
        self.rosters = self.drawn_rosters()
        self.cards: list[Values] = [
            {"card": f"k-{name}", "person": name, "from": at(first, "00:00", -90 * 1440)} for name in CADRES
        ]
        self.touches: dict[str, list[Happening]] = {village: [] for village in VILLAGES}

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def values(self) -> Values:
        rng = self.rng
        self.happen()
        values: Values = {
            "format": 1,
            "rules": "2.3",
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
            "cards": self.drawn_cards(),
            "orders": [{"card": "k-new", "person": rng.choice(CADRES)}] if self.chance(0.5) else [],
            "rosters": self.rosters,
            "swaps": self.drawn_swaps(),
            "leave": self.drawn_leave(),
            "corrections": self.drawn_corrections(),
            "meetings": self.drawn_meetings(),
            "residencies": [{"person": "戊", "village": "v1"}] if self.chance(0.4) else [],
            "months": self.drawn_months(),
        }
        if self.chance(0.1 if self.closes else 0.5):
            values["as_of"] = at(rng.choice(self.days), "08:00", rng.randrange(0, rng.choice((1, 12)) * 1440))
        self.learn_later(values)
        stations = [
            StationStory(rng, village, self.days, calm=self.closes).values(self.touches[village])
            for village in VILLAGES
        ]
        if self.chance(0.2):
            stations = stations[1:]
            if self.chance(0.6):
                stations[0]["stands_in_for"] = ["v1"]
        return {**values, "stations": stations}

    def learn_later(self, values: Values) -> None:
        """Let the county know of some rows only from some time on."""
        for table in ("notices", "parameters", "away", "orders", "leave", "corrections", "swaps"):
            for row in values[table]:
                if self.chance(0.06):
                    row["known"] = at(self.rng.choice(self.days), "06:00", self.rng.randrange(0, 4000))

    def drawn_people(self) -> list[Values]:
        people: list[Values] = [
            {"id": name, "village": self.rng.choice(("v1", "v1", "v2", "v3")), "rank": "cadre"} for name in CADRES
        ]
        people += [{"id": name, "village": village, "rank": "secretary"} for village, name in SECRETARIES.items()]
        return people + [{"id": name, "village": where, "rank": rank} for name, (where, rank) in OFFICERS.items()]

    def drawn_rosters(self) -> list[Values]:
        rng = self.rng
        rosters: list[Values] = []
        for village, persons in (("v1", ["甲", "乙"]), ("v2", ["丙"]), (rng.choice(("v1", "v3")), ["戊"])):
            rosters.append(
                {"village": village, "windows": list(rng.choice(WINDOW_SETS)), "persons": persons, "days": "working"}
            )
        rosters.append({"village": "v1", "windows": list(rng.choice(WINDOW_SETS)), "post": "值班员", "days": "working"})
        if self.chance(0.4):
            weekend = [day for day in self.days if day.weekday() > 4]
            named = [rng.choice(weekend or self.days), self.days[0] - timedelta(days=1)]
            windows = ["18:00-19:30"] if self.chance(0.2 if weekend else 0.8) else ["11:00-13:00"]
            rosters.append({"village": "v2", "windows": windows, "persons": ["丙"], "days": named})
        if self.chance(0.25):
            rng.choice(rosters)["known"] = at(rng.choice(self.days), "09:00")
        return rosters

    def drawn_regions(self) -> list[Values]:
        regions: list[Values] = [{"id": "c"}, {"id": "t1", "parent": "c"}, {"id": "t2", "parent": "c"}]
        regions += [{"id": village, "parent": township} for village, township in VILLAGES.items()]
        if self.chance(0.2):
            regions.append({"id": "v3", "parent": "t2", "from": self.rng.choice(self.days)})
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
        return [{"scope": scope, "start": start, "end": start + timedelta(minutes=self.rng.choice((20, 90, 190, 720)))}]

    def drawn_parameters(self) -> list[Values]:
        rng = self.rng
        first = self.days[0] - timedelta(days=30)
        rows: list[Values] = []
        for region in rng.sample(("c", "t1", "v1", "v2", "v3"), k=rng.randint(0, 3)):
            row: Values = {"region": region, "from": rng.choice((first, rng.choice(self.days)))}
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
            lost = at(rng.choice(self.days), "10:00")
            cards[0] = {**cards[0], "lost": lost, "lost_known": lost + timedelta(minutes=rng.choice((0, 600)))}
        if self.chance(0.25):
            cards.append({"card": "k-new", "person": "乙", "from": at(rng.choice(self.days), "13:00")})
            if self.chance(0.5):
                cards[-1]["known"] = cards[-1]["from"] + timedelta(minutes=300)
        return cards

    def windows_of(self, name: str) -> list[tuple[date, str, str, str]]:
        """Return roughly the windows of somebody: date, start, end and village."""
        found = []
        for roster in self.rosters:
            if name in roster.get("persons", []) or (name == "丁" and "post" in roster):
                days = self.days if roster["days"] == "working" else roster["days"]
                for window in roster["windows"]:
                    start, end = window.split("-")
                    found += [(day, start, end, roster["village"]) for day in days]
        return found

    def end_of(self, day: date, start: str, end: str) -> datetime:
        return at(day, end, 0 if end > start else 1440)

    def happen(self) -> None:
        """Let each person come and go for each of their windows, more or less."""
        for name in CADRES:
            card = f"k-{name}"
            for day, start, end, village in self.windows_of(name):
                self.come_and_go(card, at(day, start), self.end_of(day, start, end), village)
        if self.chance(0.5):
            day = self.rng.choice(self.days)
            self.touch("k-new", at(day, "08:20"), "v1")
        if self.chance(0.2):
            self.touch("k-strange", at(self.rng.choice(self.days), "08:25"), "v2")

    def come_and_go(self, card: str, start: datetime, end: datetime, village: str) -> None:
        rng = self.rng
        where = rng.choice(list(VILLAGES)) if self.chance(0.12) else village
        if self.chance(0.06):
            return
        if not self.chance(0.12):
            late = rng.choice((-60, -20, -5, 0, 9, 10, 11, 25, 70)) if self.chance(0.5) else -10
            self.touch(card, start + timedelta(minutes=late), where)
        if not self.chance(0.12):
            early = rng.choice((-90, -25, -11, -10, -9, 0, 20, 100)) if self.chance(0.5) else 5
            self.touch(card, end + timedelta(minutes=early), where)
        if self.chance(0.1):
            self.touch(card, start + timedelta(minutes=rng.randrange(0, 400)), where)

    def touch(self, card: str, moment: datetime, village: str) -> None:
        rng = self.rng
        seconds = rng.randrange(60)
        way = {"way": rng.choice(("in", "out")), "way_after_s": rng.choice((3, 10, 11))} if self.chance(0.12) else {}
        self.touches[village].append(Happening(moment + timedelta(seconds=seconds), "touch", {"card": card, **way}))
        if self.chance(0.1):
            again = moment + timedelta(seconds=seconds + rng.choice((30, 119, 120, 121)))
            self.touches[village].append(Happening(again, "touch", {"card": card}))

    def decisions(self, approver: str, asked: datetime) -> list[Values]:
        """Return an approver's word; now and then somebody's without the power, or two words, or none."""
        rng = self.rng
        word = {
            "by": approver,
            "at": asked + timedelta(minutes=rng.choice((5, 60, 60000) if self.closes else (5, 60, 3000, 60000))),
            "yes": self.chance(0.9),
        }
        decisions: list[Values] = [] if self.chance(0.05) else [word]
        if self.chance(0.15):
            by = rng.choice(sorted(self.names))
            decisions.append({"by": by, "at": word["at"], "yes": self.chance(0.5), "commit": rng.choice((0, 1))})
            word["commit"] = 1 - decisions[-1]["commit"]
        return decisions

    def approver(self, name: str) -> str:
        home = next(person["village"] for person in self.people if person["id"] == name)
        return self.rng.choice(("县", "镇1", SECRETARIES[home]))

    def drawn_leave(self) -> list[Values]:
        rng = self.rng
        rows: list[Values] = []
        for name in CADRES:
            for day, start, end, _ in self.windows_of(name):
                if not self.chance(0.15):
                    continue
                begins, ends = at(day, start), self.end_of(day, start, end)
                first = self.absence(name, *self.stretch(begins, ends))
                rows.append(first)
                if self.chance(0.3):
                    rows.append(self.absence(name, *self.stretch(begins, ends)))
                elif begins < first["end"] < ends:
                    rows.append(self.absence(name, first["end"], ends))
        if self.chance(0.2):
            midnight = at(self.days[0], "00:00")
            rows.append(self.absence(rng.choice(CADRES), midnight, midnight + timedelta(days=rng.randint(2, 6))))
        return self.not_twice_at_a_time(rows)

    def not_twice_at_a_time(self, rows: list[Values]) -> list[Values]:
        """Return the absences without those that the rules refuse: the same kind of absence twice at a time."""
        kept: list[Values] = []
        for row in rows:
            if not any(
                (row["person"], row["cover"]) == (other["person"], other["cover"])
                and row["start"] < other["end"]
                and other["start"] < row["end"]
                for other in kept
            ):
                kept.append(row)
        return kept

    def stretch(self, begins: datetime, ends: datetime) -> tuple[datetime, datetime]:
        """Return the whole of a window, or a part of it that sometimes reaches over its edges."""
        if self.chance(0.4):
            return begins, ends
        half = begins + (ends - begins) / 2
        half = half.replace(second=0)
        cut = timedelta(minutes=self.rng.choice((0, 29, 30, 45)))
        return self.rng.choice(
            (
                (begins, half),
                (half, ends),
                (begins + cut, ends),
                (begins, ends - cut),
                (half - cut, half + timedelta(minutes=30)),
            )
        )

    def absence(self, name: str, start: datetime, end: datetime) -> Values:
        rng = self.rng
        cover = rng.choice(("假", "假", "出", "会"))
        asked = (
            start - timedelta(minutes=rng.choice((1, 600, 3000)))
            if self.chance(0.8)
            else end + timedelta(minutes=rng.choice((0, 1000, 7000)))
        )
        row: Values = {"person": name, "cover": cover, "start": start, "end": end, "asked": asked}
        if cover == "假":
            row["kind"] = rng.choice(LEAVE_KINDS)
        if self.chance(0.15):
            row["returned"] = start + timedelta(minutes=rng.choice((-5, 60, 300)))
            row["returned_known"] = row["returned"] - timedelta(minutes=rng.choice((0, 30)))
        row["decisions"] = self.decisions(self.approver(name), asked)
        if cover == "假" and self.chance(0.25):
            self.come_back(row)
        return row

    def come_back(self, row: Values) -> None:
        """Let somebody say that they came back early, by a touch of theirs during the leave, a day or more ago."""
        card, start, end = f"k-{row['person']}", row["start"], row["end"]
        touches = [one.at for there in self.touches.values() for one in there if one.more.get("card") == card]
        during = [moment for moment in touches if start <= moment < end]
        if during:
            row["returned"] = self.rng.choice(during)
            row["returned_known"] = row["returned"] + timedelta(minutes=self.rng.choice((1000, 4320, 4400)))

    def drawn_corrections(self) -> list[Values]:
        rng = self.rng
        rows: list[Values] = []
        for name in CADRES:
            for day, start, end, _ in self.windows_of(name):
                if not self.chance(0.12):
                    continue
                begins, ends = at(day, start), self.end_of(day, start, end)
                for mark in rng.choice((("in",), ("out",), ("in", "out"))):
                    near = begins if mark == "in" else ends
                    time_: Any = near + timedelta(minutes=rng.choice((-30, -10, 0, 11, 60)))
                    asked = ends + timedelta(minutes=rng.choice((-1, 0, 100, 20000, 60000)))
                    rows.append(
                        {
                            "person": name,
                            "date": day,
                            "window": start,
                            "mark": mark,
                            "time": "none" if self.chance(0.1) else time_,
                            "asked": asked,
                            "decisions": self.decisions(self.approver(name), asked),
                        }
                    )
                    if self.chance(0.5):
                        rows[-1]["second"] = self.decisions("镇1乙", asked)
        return rows

    def drawn_swaps(self) -> list[Values]:
        """Return a swap or two; mostly with a secretary, who has no windows that could overlap."""
        if not self.chance(0.4):
            return []
        rng = self.rng
        giver = rng.choice(CADRES[:4])
        taker = rng.choice(("书1", "书2", "书2", *CADRES[4:]))
        day, start, _, _ = rng.choice(self.windows_of(giver))
        begins = at(day, start)
        swaps = [self.swap(day, start, giver, taker, begins - timedelta(minutes=rng.choice((0, 1, 700))))]
        if self.chance(0.5):
            swaps.append(self.swap(day, start, taker, "书3", begins - timedelta(minutes=rng.choice((2, 900)))))
        return swaps

    def swap(self, day: date, start: str, giver: str, taker: str, last: datetime) -> Values:
        words = [{"by": giver, "at": last - timedelta(hours=self.rng.randint(0, 9))}, {"by": taker, "at": last}]
        return {"date": day, "window": start, "giver": giver, "taker": taker, "agreed": words}

    def drawn_meetings(self) -> list[Values]:
        if not self.chance(0.4):
            return []
        rng = self.rng
        day = rng.choice(self.days)
        start = at(day, rng.choice(("09:00", "15:00")))
        meeting: Values = {
            "id": "会议1",
            "station": "s-v2",
            "start": start,
            "end": start + timedelta(minutes=90),
            "votes": [start + timedelta(minutes=45)],
            "expected": ["甲", "乙", "丙", "丁"],
            "voters": ["甲", "乙", "丙"],
            "quorum": {"rule": rng.choice(("at_least", "more_than")), "share": rng.choice(("1/2", "2/3", "1/3"))},
        }
        for card in ("k-甲", "k-乙", "k-丙"):
            if self.chance(0.7):
                self.touch(card, start + timedelta(minutes=rng.choice((-61, -60, 0, 10, 11, 90, 91))), "v2")
        if self.chance(0.4):
            meeting["manual"] = [{"person": "丁", "by": "书2", "at": start, "confirmed_by": rng.choice(("甲", "乙"))}]
        return [meeting]

    def drawn_months(self) -> list[Values]:
        if not self.closes and self.chance(0.8):
            return []
        first = self.days[0]
        after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        row: Values = {"month": f"{first:%Y-%m}", "shown": at(after, "09:00")}
        if self.closes or self.chance(0.5):
            row["closed"] = at(after, "09:00", self.rng.choice((0, 14400)))
        return [row]
