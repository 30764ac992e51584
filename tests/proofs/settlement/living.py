"""A county lives a month: what happens, happens at its time, and on evenings windows are settled piece by piece.

Run by `lived_clock.run_lived`, because the time at which something is recorded is the database's own. Its last line is
one JSON object.
"""

import argparse
import datetime as dt
import heapq
import json
import logging
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from tests.proofs.private_county import county_home, private_cluster
from tests.proofs.settlement.lived_clock import LivedClock
from tests.proofs.settlement.office import DAY, Edit, Story
from tests.reckoning.minutes import ALWAYS, dates_of_month
from tests.reckoning.worlds_people import at

ORDERS = ("live", "backwards", "at random")
TABLES = ("windows", "totals")
EXAMPLES = 10
_BEFORE, _AFTER = 18 * DAY, 14 * DAY
_HOUR = dt.timedelta(hours=1)
_EVENINGS_APART = 2 * DAY
"""Between two evenings at which the chore settles. A county whose sheets are kept has every evening."""


@dataclass
class Lived:
    """What a county's month came to."""

    village_months: int = 0
    windows: int = 0
    differences: int = 0
    incremental_differences: int = 0
    kept: int = 0
    """Results that the chore has kept in the end, also those that were superseded."""
    sheets: int = 0
    """That were kept of an evening and asked for again in the end."""
    as_of_differences: int = 0
    """Bytes in which a sheet that is asked for as of an evening differs from that evening's."""
    closed: int = 0
    """Months of villages that were closed meanwhile."""
    facts: int = 0
    envelopes: int = 0
    held: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    edits: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def example(self, words: str) -> None:
        """Keep one of the first differences."""
        if len(self.examples) < EXAMPLES:
            self.examples.append(words)


def deliveries(
    order: str, story: Story, days: list[dt.date], draw: Random
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Yield when a station sends, and until when it sends what it stated, in one of the orders of arrival."""
    over = at(days[-1], "09:00") + 2 * DAY
    if order == "live":
        moment = story.begin + _HOUR
        while moment < over:
            if not any(begin <= moment < end for begin, end in story.outages):
                yield moment, moment
            moment += 6 * _HOUR
    elif order == "backwards":
        first = over + (9 - int(story.village[1])) * 3 * _HOUR
        for part in range(1, 5):
            yield first + part * dt.timedelta(minutes=20), story.begin + part * (over - story.begin) / 4
    else:
        for _ in range(12):
            moment = story.begin + draw.random() * (over + 5 * DAY - story.begin)
            yield moment, moment - draw.choice((0, 0, 3)) * draw.random() * DAY
    yield over + 10 * DAY, over + 10 * DAY


def differing_bytes(one: bytes, other: bytes) -> int:
    """Return in how many bytes two sheets differ."""
    return sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))


class Living:
    """Lives through a month. `django.setup` must have been called, and the database must be up."""

    def __init__(self, *, seed: str, month: str, townships: int, order: str, keeps_sheets: bool = False) -> None:
        from tests.proofs.settlement.county import County, Township  # noqa: PLC0415 - needs `django.setup`

        self.found = Lived()
        self.clock = LivedClock()
        self.days = dates_of_month(month)
        self.clock.begin(at(self.days[0], "09:00") - _BEFORE)
        self.county = County([Township(number, seed, month) for number in range(townships)])
        self._queue: list[tuple[dt.datetime, int, str, Any]] = []
        self._count = 0
        self._keeps_sheets = keeps_sheets
        self._sheets: dict[tuple[int, dt.datetime], bytes] = {}
        self._month = month
        self._draw = Random(f"{seed} {order}")
        self._order = order

    def live(self) -> Lived:
        """Live through the month and what follows, and return what it came to."""
        self.county.begin()
        for when, township, edit in self.county.events():
            self._plan(when, "enter", (township, edit))
        for township in self.county.townships:
            for station in township.stations.values():
                for when, until in deliveries(self._order, station.story, self.days, self._draw):
                    self._plan(when, "send", (station, until))
        for day in self._draw.sample(self.days, 2):
            working = self._draw.random() < 0.5
            self._plan(at(day, "10:00", self._draw.randrange(-4000, 900)), "say_day", (day, working))
        evening = self.days[0] - 2 * DAY
        while evening <= self.days[-1] + _AFTER:
            self._plan(at(evening, "21:30"), "evening", evening)
            evening += DAY if self._keeps_sheets else _EVENINGS_APART
        for day in (self.days[15], self.days[-1] + _AFTER):
            self._plan(at(day, "22:30"), "compare", day)
        if self._keeps_sheets:
            self._plan(at(self.days[-1] + 6 * DAY, "10:00"), "show", None)
            self._plan(at(self.days[-1] + 12 * DAY, "10:00"), "close", None)
        self._run()
        self.clock.reach(self.clock.now() + DAY)
        self._evening(None)
        self._compare("the end")
        self._ask_again()
        self._sum_up()
        return self.found

    def _plan(self, when: dt.datetime, what: str, more: Any) -> None:
        self._count += 1
        heapq.heappush(self._queue, (when, self._count, what, more))

    def _run(self) -> None:
        while self._queue:
            when, _, what, more = heapq.heappop(self._queue)
            if when != ALWAYS:
                self.clock.reach(when)
            getattr(self, f"_{what}")(more)
            for later, township, edit in self.county.later:
                self._plan(later, "enter", (township, edit))
            self.county.later.clear()

    def _enter(self, more: tuple[Any, Edit]) -> None:
        self.county.enter(*more)

    def _send(self, more: tuple[Any, dt.datetime]) -> None:
        station, until = more
        self.found.envelopes += self.county.take(station, until)

    def _say_day(self, more: tuple[dt.date, bool]) -> None:
        from server_broker.workdays.county_table import DayRefused  # noqa: PLC0415

        day, working = more
        try:
            self.county.say_day(day, working=working)
        except DayRefused:
            self.county.refused["say_day"] += 1

    def _evening(self, _: object) -> None:
        """Settle what is due, in rounds, as the county's chore does."""
        from django.utils import timezone  # noqa: PLC0415

        from server_broker.settling.rounds import go_on  # noqa: PLC0415

        while go_on(timezone.now()):
            pass
        if self._keeps_sheets:
            self._keep_sheets()

    def _keep_sheets(self) -> None:
        """Keep each village's sheet as of a moment of this evening that is past."""
        from server_broker.settling.horizon import settled_horizon  # noqa: PLC0415

        # A minute after all that was entered before, so that the moment lies behind it.
        self.clock.reach(self.clock.now() + dt.timedelta(minutes=1))
        known = settled_horizon()
        for village in self._villages():
            self._sheets[village.identity, known] = self._sheet(village.identity, known)

    def _sheet(self, village: int, known: dt.datetime) -> bytes:
        from server_broker.settling.sheet import sheet_of  # noqa: PLC0415
        from server_broker.settling.sheet_csv import sheet_csv  # noqa: PLC0415

        return sheet_csv(sheet_of(village, self._month, known))

    def _villages(self) -> list[Any]:
        return [
            region for township in self.county.townships for name, region in township.regions.items() if name[0] == "v"
        ]

    def _show(self, _: object) -> None:
        """Show the month's sheets that are final, as the county does before it closes them."""
        from django.utils import timezone  # noqa: PLC0415

        from server_broker.closing.closing import show_month  # noqa: PLC0415
        from server_broker.closing.refused import MonthRefused  # noqa: PLC0415

        self._evening(None)
        for village in self._villages():
            try:
                show_month(village, self._month, by=self.county.officer, now=timezone.now())
            except MonthRefused as refused:
                self.county.refused[f"show: {refused}"[:40]] += 1

    def _close(self, _: object) -> None:
        """Close those months that were shown long enough."""
        from server_broker.closing.closing import close_month  # noqa: PLC0415
        from server_broker.closing.refused import MonthRefused  # noqa: PLC0415
        from server_broker.settling.horizon import settled_horizon  # noqa: PLC0415

        for village in self._villages():
            try:
                close_month(village, self._month, by=self.county.officer, known=settled_horizon())
            except MonthRefused as refused:
                self.county.refused[f"close: {refused}"[:40]] += 1
            else:
                self.found.closed += 1

    def _ask_again(self) -> None:
        """Ask for each evening's sheets again, as of that evening."""
        self.found.sheets = len(self._sheets)
        for (village, known), before in self._sheets.items():
            after = self._sheet(village, known)
            if after != before:
                self.found.as_of_differences += differing_bytes(before, after)
                lines = zip(before.decode().splitlines(), after.decode().splitlines(), strict=False)
                first = next((pair for pair in lines if pair[0] != pair[1]), ("", "a line more or less"))
                self.found.example(f"village {village} as of {known}: {first[0]} was kept, now {first[1]}")

    def _compare(self, when: object) -> None:
        from tests.proofs.settlement.judging import differences_of, incremental_differences, village_months  # noqa: PLC0415

        self._evening(None)
        for township in self.county.townships:
            answer, sentences = differences_of(township, self.days)
            self.found.differences += len(sentences)
            for sentence in sentences:
                self.found.example(f"{township.name}, {when}, {self._order}: {sentence}")
            changed = incremental_differences(township, self.days)
            self.found.incremental_differences += len(changed)
            for sentence in changed:
                self.found.example(f"{township.name}, {when}, {self._order}: {sentence}")
            if when == "the end":
                rows = answer["windows"]
                self.found.windows += len(rows)
                codes = Counter(self.found.codes)
                codes.update(row["result"] or "blank" for row in rows)
                self.found.codes = dict(codes)
                self.found.village_months += village_months(township, self.days)

    def _sum_up(self) -> None:
        from server_broker.ingest.models import Fact  # noqa: PLC0415
        from server_broker.settling.models import SettledWindow  # noqa: PLC0415

        self.found.facts = Fact.objects.count()
        self.found.held = Fact.objects.exclude(held_reason="").count()
        self.found.kept = SettledWindow.objects.count()
        self.found.edits = dict(sorted(self.county.done.items()))
        self.found.refused = dict(sorted(self.county.refused.items()))


def main() -> None:
    """Live, and print what it came to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", required=True)
    parser.add_argument("--month", required=True)
    parser.add_argument("--townships", type=int, required=True)
    parser.add_argument("--order", choices=ORDERS, required=True)
    parser.add_argument("--sheets", action="store_true", help="keep each evening's sheets, and ask for them again")
    parser.add_argument("--plant", default="", help="the name of a fault that is planted")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with county_home("lived") as home, private_cluster(home), ExitStack() as faults:
        logging.disable(logging.CRITICAL)
        if options.plant:
            from tests.proofs.settlement.planted_lived import PLANTED  # noqa: PLC0415 - needs `django.setup`

            faults.enter_context(PLANTED[options.plant]())
        living = Living(
            seed=options.seed,
            month=options.month,
            townships=options.townships,
            order=options.order,
            keeps_sheets=options.sheets,
        )
        found = living.live()
    print(json.dumps(asdict(found), ensure_ascii=False))


if __name__ == "__main__":
    # By its name, so that a planted fault is planted into the class that lives.
    from tests.proofs.settlement import living

    living.main()
