"""The people of a random county, their rosters, and how they come and go."""

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from tests.reckoning.worlds_stations import Happening, first_of_previous_month

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
    ("08:00-10:00", "10:29-12:00", "12:30-14:00"),
    ("08:00-10:00", "10:20-10:45", "11:00-13:00"),
    ("13:00-17:30", "22:00-00:00"),
)
LEAVE_KINDS = ("事", "病", "年休", "补休")
FIRST_DAYS = (date(2026, 3, 2), date(2026, 3, 5), date(2026, 2, 26), date(2026, 4, 29), date(2027, 1, 4))


def at(day: date, clock: str, minutes: float = 0) -> datetime:
    """Return a time of day on a date, moved by some minutes."""
    return datetime.combine(day, time.fromisoformat(clock)) + timedelta(minutes=minutes)


class Village:
    """The people and rosters of one random county, with what happened at its stations.

    ``residents``: in which share of the worlds somebody is sent to live in a village.
    """

    residents = 0.4

    def __init__(self, rng: Random, seed: int) -> None:
        self.rng = rng
        self.seed = seed
        self.words = 0
        self.closes = rng.random() < 0.25
        self.days = self.drawn_days()
        self.people = self.drawn_people()
        self.names = {person["id"] for person in self.people}
        self.rosters = self.drawn_rosters()
        self.newcomer = rng.choice(CADRES) if self.chance(0.4) else ""
        self.residence = rng.choice(("v1", "v3")) if self.chance(self.residents) else None
        self.cards: list[Values] = [
            {"card": f"k-{name}", "person": name, "from": at(self.days[0], "00:00", -90 * 1440)} for name in CADRES
        ]
        self.swaps: list[Values] = []
        self.touches: dict[str, list[Happening]] = {village: [] for village in VILLAGES}

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def drawn_days(self) -> list[date]:
        first = self.rng.choice(FIRST_DAYS)
        return [first + timedelta(days=number) for number in range(self.rng.randint(2, 4))]

    def drawn_people(self) -> list[Values]:
        people: list[Values] = [
            {
                "id": name,
                "village": self.rng.choice(("v1", "v1", "v2", "v3")),
                "rank": self.rng.choice(("cadre", "cadre", "cadre", "cadre", "secretary")),
            }
            for name in CADRES
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
            if self.chance(0.2 if weekend else 0.95):
                windows, named = ["18:00-19:30"], [rng.choice(weekend or self.days), self.days[0] - timedelta(days=1)]
            else:
                windows, named = ["11:00-13:00"], [rng.choice(weekend or self.days)]
            rosters.append({"village": "v2", "windows": windows, "persons": ["丙"], "days": named})
        if self.chance(0.3):
            elsewhere = rng.choice(("v2", "v4"))
            rosters.append(
                {
                    "village": elsewhere,
                    "windows": ["19:00-20:30"],
                    "persons": ["甲"],
                    "days": rng.choice(("working", self.days)),
                }
            )
        if self.chance(0.25):
            rng.choice(rosters)["known"] = at(rng.choice(self.days), "09:00")
        return rosters

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
                new = name == self.newcomer and self.chance(0.4)
                self.come_and_go("k-new" if new else card, at(day, start), self.end_of(day, start, end), village)
        self.sleep_there("戊")
        if self.chance(0.5):
            day = self.rng.choice(self.days)
            self.touch("k-new", at(day, "08:20"), "v1")
            if self.chance(0.3):
                self.touch("k-new", at(day, self.rng.choice(("08:21", "12:04"))), "v1")
        if self.chance(0.4):
            before = at(first_of_previous_month(self.days[0]), "00:00", self.rng.choice((-1, 0, 0, 5000)))
            self.touch(f"k-{self.rng.choice(CADRES)}", before, self.rng.choice(("v2", "v3")))
        if self.chance(0.2):
            self.touch("k-strange", at(self.rng.choice(self.days), "08:25"), "v2")

    def moment_of_a_touch(self, card: str) -> datetime:
        """Return a minute at which a card was touched, or one of those around it; else some morning."""
        moments = [one.at for there in self.touches.values() for one in there if one.more.get("card") == card]
        if not moments:
            return at(self.rng.choice(self.days), "10:00")
        moment = self.rng.choice(moments).replace(second=0)
        return moment + timedelta(minutes=self.rng.choice((-1, 0, 0, 1)), seconds=self.rng.choice((0, 0, 59)))

    def sleep_there(self, name: str) -> None:
        """Let a resident cadre be there on some evenings and some mornings."""
        if self.residence is None:
            return
        for day in self.days:
            if self.chance(0.5):
                self.touch(f"k-{name}", at(day, self.rng.choice(("16:59", "17:00", "21:10"))), self.residence)
            if self.chance(0.5):
                self.touch(f"k-{name}", at(day, self.rng.choice(("06:50", "09:59", "10:00"))), self.residence)

    def come_and_go(self, card: str, start: datetime, end: datetime, village: str) -> None:
        rng = self.rng
        where = rng.choice(list(VILLAGES)) if self.chance(0.12) else village
        if self.chance(0.06):
            return
        if self.chance(0.05):
            first = end - timedelta(minutes=rng.choice((20, 35, 60)))
            self.touch(card, first, where)
            self.touch(card, first + timedelta(minutes=rng.choice((29, 30, 31))), where)
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
        if self.chance(0.12):
            for after in rng.choice(((30,), (119,), (120,), (121,), (90, 180), (100, 121))):
                again = moment + timedelta(seconds=seconds + after)
                chosen = {"way": rng.choice(("in", "out"))} if self.chance(0.2) else {}
                self.touches[village].append(Happening(again, "touch", {"card": card, **chosen}))
