"""What the people of a random county ask for and agree on: leave, corrections, swaps."""

from datetime import date, datetime, timedelta
from typing import Any

from tests.reckoning.worlds_people import CADRES, LEAVE_KINDS, SECRETARIES, Values, Village, at


class AskingVillage(Village):
    """A county's people with what they ask for, and who decides on it.

    ``takers``: who takes windows over. Secretaries mostly have none that could overlap.
    """

    takers: tuple[str, ...] = ("书1", "书2", "书2", *CADRES[4:])

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
        for name in CADRES:
            if self.chance(0.15):
                midnight = at(self.days[0], "00:00")
                rows.append(self.absence(name, midnight, midnight + timedelta(days=rng.randint(2, 6))))
        for swap in self.swaps:
            if self.chance(0.4):
                midnight = at(swap["date"], "00:00", -1440 * rng.randint(0, 2))
                rows.append(self.absence(swap["taker"], midnight, midnight + timedelta(days=rng.randint(2, 5))))
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
        start, end = self.rng.choice(
            (
                (begins, half),
                (half, ends),
                (begins + cut, ends),
                (begins, ends - cut),
                (half - cut, half + timedelta(minutes=30)),
            )
        )
        return (start, end) if start < end else (begins, ends)

    def absence(self, name: str, start: datetime, end: datetime) -> Values:
        rng = self.rng
        cover = rng.choice(("假", "假", "出", "会"))
        asked = (
            start - timedelta(minutes=rng.choice((1, 600, 3000)))
            if self.chance(0.8)
            else rng.choice((end, end + timedelta(minutes=1000), self.end_of_asking(end, rng.choice((-1, 0, 3000)))))
        )
        row: Values = {"person": name, "cover": cover, "start": start, "end": end, "asked": asked}
        if cover == "假":
            row["kind"] = rng.choice(LEAVE_KINDS)
        if self.chance(0.15):
            row["returned"] = start + timedelta(minutes=rng.choice((-5, 60, 300)))
            row["returned_known"] = row["returned"] - timedelta(minutes=rng.choice((0, 30)))
        if self.chance(0.08):
            for key in ("start", "end", "asked"):
                row[key] += timedelta(seconds=rng.randrange(60))
        approver = self.approver(name)
        if self.chance(0.08):
            row["asked_by"] = rng.choice((approver, "书1", "镇1"))
        row["decisions"] = self.decisions(approver, asked)
        if cover == "假" and self.chance(0.25):
            self.come_back(row)
        return row

    def end_of_asking(self, end: datetime, minutes: int) -> datetime:
        """Return the 24:00 of the third date after the date on which something ended, moved by some minutes."""
        return at((end - timedelta(minutes=1)).date(), "00:00", 4 * 1440 + minutes)

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
                    asked = ends + timedelta(minutes=rng.choice((-61, -1, 0, 100, 20000, 60000)))
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
                        rows[-1]["second"] = self.decisions(rng.choice(("镇1乙", "镇1", "县")), asked)
                    if self.chance(0.15):
                        asked += timedelta(minutes=rng.choice((-40, 50)))
                        again = {"time": near + timedelta(minutes=rng.choice((-30, 11))), "asked": asked}
                        rows.append({**rows[-1], **again, "decisions": self.decisions(self.approver(name), asked)})
        return rows

    def drawn_swaps(self) -> list[Values]:
        """Return a swap or two, or none."""
        if not self.chance(0.4):
            return []
        rng = self.rng
        giver = rng.choice(CADRES[:4])
        taker = rng.choice(self.takers)
        windows = self.windows_of(giver)
        weekend = [window for window in windows if window[0].weekday() > 4]
        day, start, end, village = rng.choice(weekend if weekend and self.chance(0.6) else windows)
        begins = at(day, start)
        swaps = [self.swap(day, start, giver, taker, begins - timedelta(minutes=rng.choice((0, 1, 700))))]
        if self.chance(0.5):
            last = rng.choice(("书3", giver))
            swaps.append(self.swap(day, start, taker, last, begins - timedelta(minutes=rng.choice((2, 900)))))
        if self.chance(0.7):
            self.come_and_go(self.card_of(rng.choice((taker, "书3"))), begins, self.end_of(day, start, end), village)
        return swaps

    def card_of(self, name: str) -> str:
        """Return somebody's card; who has none gets one."""
        card = f"k-{name}"
        if all(binding["card"] != card for binding in self.cards):
            self.cards.append({"card": card, "person": name, "from": at(self.days[0], "00:00", -1440)})
        return card

    def swap(self, day: date, start: str, giver: str, taker: str, last: datetime) -> Values:
        words = [{"by": giver, "at": last - timedelta(hours=self.rng.randint(0, 9))}, {"by": taker, "at": last}]
        return {"date": day, "window": start, "giver": giver, "taker": taker, "agreed": words}
