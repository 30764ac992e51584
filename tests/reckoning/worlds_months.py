"""Random months: three villages over all dates of a month, in which everything of ``worlds`` happens, and goes wrong.

``month(seed)`` gives plain values of the case format, as ``world(seed)`` does. People take turns, as in a real village
office: most rosters name the days of somebody, some are for every working day. What happens once or twice in a world of
a few days happens here every week or so.
``python -m tests.reckoning.worlds_months SEED`` prints one.
"""

import sys
from datetime import date, datetime, timedelta
from random import Random

from tests.reckoning.minutes import dates_of_month
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import World
from tests.reckoning.worlds_people import CADRES, WINDOW_SETS, Values, at
from tests.reckoning.worlds_stations import Happening, StationStory

MONTHS = ("2026-02", "2026-03", "2026-05", "2026-06", "2026-10", "2027-01", "2028-02")
EVERY_DAYS = (3, 4, 5, 6)
DAYS_OF_WINDOWS = (*WINDOW_SETS, *[one for one in WINDOW_SETS if len(one) > 2] * 2)
"""With three windows a day more often, because only between two others a window of ``ends`` has no mark of its own."""


def month(seed: int) -> Values:
    """Return a random month as plain values of the format."""
    return Month(Random(f"month {seed}"), seed).values()


class MonthStory(StationStory):
    """One station over a month: its line and its clock fail every week or so."""

    sign_every = timedelta(minutes=611)

    def lose_clock(self, facts: list[Values]) -> None:
        for _ in range(self.rng.randint(0, 3)):
            super().lose_clock(facts)

    def correct(self, facts: list[Values]) -> None:
        for _ in range(3):
            super().correct(facts)

    def hold(self, facts: list[Values]) -> None:
        for _ in range(5):
            super().hold(facts)

    def come_late(self, facts: list[Values]) -> None:
        for _ in range(self.rng.randint(1, 3)):
            super().come_late(facts)

    def before_a_cut(self, start: datetime) -> list[Happening]:
        return [Happening(start - timedelta(minutes=1), "window_closed")] if self.chance(0.5) else []

    def some_place(self, last: int) -> int:
        return self.rng.randrange(last) if self.chance(0.9) else super().some_place(last)


class Month(World):
    """Three villages over a month."""

    takers = ("书1", "书2", "书2", "书2", "戊")
    residents = 0.15

    def story_of(self, village: str) -> StationStory:
        return MonthStory(self.rng, village, self.days, calm=self.closes)

    def drawn_days(self) -> list[date]:
        return dates_of_month(self.rng.choice(MONTHS))

    def drawn_rosters(self) -> list[Values]:
        rng = self.rng
        homes = ["v1", "v1", "v1", "v2", "v3"]
        if self.chance(0.3):
            rng.shuffle(homes)
        crews: list[Values] = [*({"persons": [name]} for name in ("甲", "乙", "丙", "戊")), {"post": "值班员"}]
        rosters: list[Values] = [
            {"village": village, "windows": list(rng.choice(DAYS_OF_WINDOWS)), **crew, "days": self.turns()}
            for village, crew in zip(homes, crews, strict=True)
        ]
        if rosters[2]["days"] == "working" and self.chance(0.6):
            weekend = rng.choice([day for day in self.days if day.weekday() > 4])
            rosters.append({"village": "v2", "windows": ["11:00-13:00"], "persons": ["丙"], "days": [weekend]})
        if self.chance(0.2):
            evening = {"windows": ["19:00-20:30"], "persons": ["甲"], "days": self.turns()}
            rosters.append({"village": rng.choice(("v2", "v4")), **evening})
        if self.chance(0.25):
            rng.choice(rosters)["known"] = at(rng.choice(self.days), "09:00")
        return rosters

    def turns(self) -> list[date] | str:
        """Return the days of a roster: every working day, or somebody's turn every few days."""
        if self.chance(0.12):
            return "working"
        every = self.rng.choice(EVERY_DAYS)
        return self.days[self.rng.randrange(every) :: every]

    def drawn_calendar(self) -> list[Values]:
        """Return the announced calendar with a few days off and a weekend that is worked, and what else there is."""
        rng = self.rng
        tables = super().drawn_calendar()
        off = rng.choice(self.days)
        for table in tables:
            if table["source"] == "chinesecalendar":
                table["holidays"] = [off + timedelta(days=number) for number in range(rng.randint(1, 4))]
                table["workdays"] = rng.sample(table["workdays"], 2)
        return tables

    def drawn_parameters(self) -> list[Values]:
        """Return what regions set; in half of the months one of them wants another kind of marks from the beginning."""
        rng = self.rng
        rows = super().drawn_parameters()
        if self.chance(0.5):
            marks = {
                "region": rng.choice(("t1", "v1", "v1", "v2", "v3")),
                "marks": rng.choice(("ends", "ends", "arrival")),
            }
            rows.append({**marks, "from": self.days[0] - timedelta(days=45)})
        return rows

    def drawn_notices(self) -> list[Values]:
        return [row for _ in range(3) for row in super(Month, self).drawn_notices()]

    def drawn_away(self) -> list[Values]:
        rows = [row for _ in range(2) for row in super(Month, self).drawn_away()]
        for row in rows:
            row["to"] += timedelta(days=self.rng.choice((0, 2, 9)))
        return rows

    def drawn_swaps(self) -> list[Values]:
        """Return swaps, of which no two of one window are agreed in the same second: a county has them one by one."""
        rows = [row for _ in range(3) for row in super(Month, self).drawn_swaps()]
        agreed = {(row["date"], row["window"], max(word["at"] for word in row["agreed"])): row for row in rows}
        return list(agreed.values())

    def drawn_leave(self) -> list[Values]:
        rng = self.rng
        rows = super().drawn_leave()
        for name in CADRES:
            if self.chance(0.3):
                midnight = at(rng.choice(self.days), "00:00")
                rows.append(self.absence(name, midnight, midnight + timedelta(days=rng.randint(2, 9))))
        return self.not_twice_at_a_time(rows)

    def absence(self, name: str, start: datetime, end: datetime) -> Values:
        row = super().absence(name, start, end)
        if self.chance(0.05):
            asked = row["start"].replace(second=self.rng.randrange(60))
            for word in row["decisions"]:
                # Nobody decides what is not asked yet.
                word["at"] += asked - row["asked"]
            row["asked"] = asked
        return row

    def drawn_meetings(self) -> list[Values]:
        rows = [row for _ in range(2) for row in super(Month, self).drawn_meetings()]
        for number, row in enumerate(rows, 1):
            row["id"] = f"会议{number}"
            for entry in row.get("manual", ()):
                if self.chance(0.3):
                    entry["by"] = entry["confirmed_by"]
        return rows

    def drawn_as_of(self, meetings: list[Values]) -> datetime:
        if self.chance(0.3):
            day, start, end, _ = self.rng.choice(self.windows_of(self.rng.choice(CADRES)))
            return self.end_of(day, start, end) + timedelta(minutes=self.rng.choice((19, 20, 30, 39, 40, 41, 179, 180)))
        return super().drawn_as_of(meetings)

    def drawn_stations(self) -> list[Values]:
        """Return the stations; now and then a village has two, and people touch at either."""
        if not self.chance(0.2):
            return super().drawn_stations()
        village = self.rng.choice(("v1", "v2"))
        there = self.touches[village]
        second = [one for one in there if self.chance(0.4)]
        self.touches[village] = [one for one in there if one not in second]
        more = self.story_of(village).values(second)
        return [*super().drawn_stations(), {**more, "id": f"s-{village}-2"}]


if __name__ == "__main__":
    print(toml_of(month(int(sys.argv[1]))), end="")
