"""What the stations of a random case tell: they lose power, readers, clocks and facts, and their data come late."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

Values = dict[str, Any]

FAILURES = ("shutdown", "reader_lost", "reader_back", "boot")
COMMON_TIMES = (time(8), time(8, 30), time(10), time(12), time(14, 30), time(17), time(18))


def first_of_previous_month(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


@dataclass
class Happening:
    """Something that happened at a station, at its true time."""

    at: datetime
    kind: str
    more: Values = field(default_factory=dict)


class StationStory:
    """One station over some dates, from its boot on the day before to some days after.

    ``sign_every``: so often it tells that it has told everything.
    ``calm``: it may lose power and its reader, but no clock, no fact and no line, so that a month can be closed.
    """

    sign_every = timedelta(minutes=173)

    def __init__(self, rng: Random, village: str, days: list[date], *, calm: bool) -> None:
        self.rng = rng
        self.calm = calm
        self.village = village
        self.days = days
        self.begin = datetime.combine(days[0] - timedelta(days=1), time(6))
        self.end = datetime.combine(days[-1] + timedelta(days=2), time(8))

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def values(self, touches: list[Happening]) -> Values:
        rng = self.rng
        station: Values = {"id": f"s-{self.village}", "village": self.village}
        if self.chance(0.3):
            if not self.calm and self.chance(0.3):
                self.begin = datetime.combine(rng.choice(self.days), time(rng.choice((8, 9, 14))))
            station["enrolled"] = self.begin
        elif self.chance(0.3):
            self.begin = datetime.combine(first_of_previous_month(self.days[0]) - timedelta(days=1), time(6))
        happenings, dark = self.failures()
        happenings = [one for one in happenings if one.at >= self.begin]
        there = [one for one in touches if one.at >= self.begin]
        happenings += [one for one in there if not any(start <= one.at < end for start, end in dark)]
        happenings += self.signs_of_life(dark)
        happenings.sort(key=lambda one: one.at)
        if not self.calm and self.chance(0.1):
            stop = max(datetime.combine(rng.choice(self.days), time(1)), self.begin) + timedelta(days=1)
            happenings = [one for one in happenings if one.at < stop]
            if self.chance(0.7):
                station[rng.choice(("dead", "retired"))] = happenings[-1].at + timedelta(minutes=rng.choice((1, 40)))
        facts = [self.fact(number + 1, one) for number, one in enumerate(happenings)]
        if self.calm:
            self.come_after_all(station, facts)
            return {**station, "facts": facts}
        if self.chance(0.08):
            self.be_given_up(station, facts)
        if self.chance(0.03):
            return {**station, "facts": []}
        self.lose_clock(facts)
        self.correct(facts)
        self.hold(facts)
        facts = self.lose(station, facts)
        self.renew(station, facts)
        self.come_late(facts)
        return {**station, "facts": facts}

    def failures(self) -> tuple[list[Happening], list[tuple[datetime, datetime]]]:
        """Return boots, shutdowns and lost readers, with the stretches in which nothing else could be told."""
        rng = self.rng
        happenings = [Happening(self.begin, "boot")]
        dark = []
        for day in self.days:
            if not self.chance(0.28):
                continue
            start, end = self.dark_stretch(day)
            kind = rng.choice(("power_cut", "power_cut", "shutdown", "reader_lost"))
            if kind == "reader_lost":
                happenings.append(Happening(start, "reader_lost"))
                if self.chance(0.7):
                    happenings.append(Happening(end, "reader_back"))
                elif self.chance(0.6):
                    last_alive = end - timedelta(minutes=rng.choice((2, 40)))
                    happenings.append(Happening(end, "boot", {"last_alive": last_alive}))
                happenings += [Happening(start + (end - start) * part / 3, "window_closed") for part in (1, 2)]
            else:
                if kind == "shutdown":
                    happenings.append(Happening(start, "shutdown"))
                if kind == "shutdown" and self.chance(0.15):
                    continue
                happenings.append(Happening(end, "boot", {"last_alive": start - timedelta(minutes=rng.randrange(10))}))
                happenings += self.before_a_cut(start)
            dark.append((start, end))
        return happenings, dark

    def before_a_cut(self, start: datetime) -> list[Happening]:
        """Return what the station told right before its power was cut."""
        return []

    def dark_stretch(self, day: date) -> tuple[datetime, datetime]:
        """Return from when to when a station fails; mostly it begins or ends about where a mark would fall to it."""
        rng = self.rng
        length = timedelta(minutes=rng.choice((1, 8, 45, 120, 400)))
        if self.chance(0.4):
            start = datetime.combine(day, time(rng.choice((7, 8, 11, 13, 17)), rng.randrange(60)))
            return start, start + length
        near = datetime.combine(day, rng.choice(COMMON_TIMES))
        edge = near + timedelta(
            minutes=rng.choice((-31, -30, -29, -11, -10, 10, 11, 30, 31)), seconds=rng.choice((0, 50))
        )
        return (edge, edge + length) if self.chance(0.5) else (edge - length, edge)

    def signs_of_life(self, dark: list[tuple[datetime, datetime]]) -> list[Happening]:
        """Return a ``window_closed`` every few hours: the station's word that it has told everything until then."""
        signs = []
        moment = max(self.begin, datetime.combine(self.days[0] - timedelta(days=1), time(6))) + timedelta(minutes=1)
        while moment < self.end:
            if not any(start <= moment < end for start, end in dark):
                signs.append(Happening(moment, "window_closed"))
            moment += self.sign_every
        return [*signs, Happening(self.end, "window_closed")]

    def fact(self, seq: int, one: Happening) -> Values:
        quality = "holdover" if self.chance(0.06) else "synced"
        return {"seq": seq, "at": one.at, "kind": one.kind, "quality": quality, **one.more}

    def lose_clock(self, facts: list[Values]) -> None:
        """Let a stretch of facts have no time; a fact corrects the times of some of them."""
        if not self.chance(0.7) or len(facts) < 6:
            return
        rng = self.rng
        first = self.some_place(len(facts) - 3)
        failures = [number for number, fact in enumerate(facts) if fact["kind"] in FAILURES]
        if failures and self.chance(0.4):
            first = max(0, rng.choice(failures) - rng.randint(0, 2))
        stretch = facts[first : first + rng.randint(1, 8)]
        for fact in stretch:
            true = fact["at"]
            fact["quality"] = rng.choice(("restored", "unknown"))
            fact["at"] = true - timedelta(minutes=rng.choice((30, 2000)))
            fact["received"] = true + timedelta(minutes=rng.choice((5, 500)))
            if self.chance(0.35):
                self.fix_time(facts, fact, true)
        after = facts[first + len(stretch)] if first + len(stretch) < len(facts) else None
        if after and after["kind"] != "time_fix" and self.chance(0.2):
            after.update(quality="holdover", at=after["at"] - timedelta(minutes=rng.choice((30, 300))))

    def some_place(self, last: int) -> int:
        """Return where something goes wrong with the record: at its beginning, in its middle or at its end."""
        return self.rng.choice((0, self.rng.randrange(last), last))

    def correct(self, facts: list[Values]) -> None:
        """Correct the time of a touch, now and then twice, also of one that has a time already."""
        touches = [fact for fact in facts if fact["kind"] == "touch"]
        if not touches or not self.chance(0.12):
            return
        fact = self.rng.choice(touches)
        for _ in range(self.rng.randint(1, 2)):
            self.fix_time(facts, fact, fact["at"] + timedelta(minutes=self.rng.choice((-25, -1, 12, 40))))

    def fix_time(self, facts: list[Values], fact: Values, true: datetime) -> None:
        seq, moment = len(facts) + 1, self.end + timedelta(minutes=len(facts))
        facts.append({"seq": seq, "at": moment, "kind": "time_fix", "of": fact["seq"], "time": true})

    def hold(self, facts: list[Values]) -> None:
        if not self.chance(0.3):
            return
        rng = self.rng
        fact = rng.choice(facts[1:])
        after = fact["at"] + timedelta(days=rng.randint(1, 9))
        if fact["kind"] == "touch" and self.chance(0.6):
            fact["held_until"] = after
            return
        for key in ("card", "way", "way_after_s", "last_alive", "of", "time"):
            fact.pop(key, None)
        fact["kind"] = "held"
        fact["received"] = fact["at"] + timedelta(minutes=1)
        if self.chance(0.4):
            fact["written_off"] = after

    def lose(self, station: Values, facts: list[Values]) -> list[Values]:
        """Leave out some seqs; mostly somebody declares them lost, at once or later."""
        if not self.chance(0.3) or len(facts) < 6:
            return facts
        rng = self.rng
        first = rng.choice((0, rng.randrange(len(facts) - 2)))
        last = first + rng.randint(0, 1)
        if self.chance(0.65):
            row: Values = {"first": facts[first]["seq"], "last": facts[last]["seq"]}
            if self.chance(0.6):
                row["known"] = facts[last]["at"] + timedelta(days=rng.randint(0, 6))
            if self.chance(0.3):
                row["written_off"] = facts[last]["at"] + timedelta(days=8)
            station.setdefault("lost", []).append(row)
        return facts[:first] + facts[last + 1 :]

    def come_after_all(self, station: Values, facts: list[Values]) -> None:
        """Let a touch that was declared lost and written off come after all, once the month may be closed."""
        touches = [fact for fact in facts if fact["kind"] == "touch"]
        if not touches or not self.chance(0.3):
            return
        fact = self.rng.choice(touches)
        known = fact["at"] + timedelta(days=2)
        row = {"first": fact["seq"], "last": fact["seq"], "known": known, "written_off": known + timedelta(hours=1)}
        station["lost"] = [row]
        fact["received"] = fact["at"] + timedelta(days=60)

    def be_given_up(self, station: Values, facts: list[Values]) -> None:
        """Let an officer declare it dead although it tells of more, now or later."""
        station["dead"] = self.rng.choice(facts)["at"] + timedelta(minutes=self.rng.choice((0, 1, 200)))
        station["dead_known"] = station["dead"] + timedelta(minutes=self.rng.choice((0, 600, 5000)))

    def renew(self, station: Values, facts: list[Values]) -> None:
        """Let the station have begun a second epoch; what was lost stays in the first, what was corrected is in it."""
        corrected = [fact["of"] for fact in facts if fact["kind"] == "time_fix"]
        latest = sum(fact["seq"] < min(corrected, default=len(facts) + 9) for fact in facts)
        if not self.chance(0.25) or latest < 3:
            return
        border = self.rng.randrange(2, latest)
        last = facts[border - 1]["seq"]
        for row in station.get("lost", []):
            if row["first"] > last:
                row.update(epoch=2, first=row["first"] - last, last=row["last"] - last)
        station["epoch_ends"] = [{"epoch": 1, "last": last}]
        for fact in facts[border:]:
            fact["epoch"] = 2
            fact["seq"] -= last
            if fact["kind"] == "time_fix":
                fact["of"] -= last

    def come_late(self, facts: list[Values]) -> None:
        """Let what the station told from some time on reach the county days later."""
        if not self.chance(0.3):
            return
        begin = self.rng.choice(facts)["at"]
        arrival = begin + timedelta(days=self.rng.randint(1, 9))
        for fact in facts:
            if fact["at"] >= begin:
                fact["received"] = max(fact.get("received", arrival), arrival)
