"""A seeded county for the proof of duty: made by the product's own functions, and written down as plain dictionaries.

Import it after `django.setup`. Two villages beside one another share people and are reckoned together.
"""

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from protocol.cards import card_token
from server_broker.attendance.models import DaysKind, DutyWindow, Swap, SwapRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.fleet.models import Station, StationStatus
from server_broker.people.models import Card, HoldingState, Person, Unit, UnitKind
from server_broker.people.posts import PostRefused, change_holding, give_post, make_unit
from server_broker.regions.models import Region
from server_broker.workdays.county_table import CountyWord, write_days
from server_broker.workdays.notices import set_notice
from tests.agent.bench import CARD_KEY

BY = "prover"
DAY = dt.timedelta(days=1)
PEOPLE, TOWNSHIP = 8, 10
"""People in a village, villages in a township."""
COUNTY = "990101000000"
WEEK = [1, 2, 3, 4, 5]


def uid_of(number: str) -> str:
    """Return the number of a person's card."""
    return f"04{int(number):012x}"


@dataclass
class Village:
    """One village with its station."""

    region: Region
    station: Station
    people: list[Person]
    windows: dict[str, DutyWindow] = field(default_factory=dict)


def local(day: dt.date, minutes: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes)


class County:
    """Makes everything for the dates from ``monday`` on."""

    def __init__(self, *, villages: int, days: int, seed: int) -> None:
        self.draw = random.Random(seed)
        today = timezone.localdate()
        self.monday = today + (8 - today.isoweekday()) * DAY
        self.days = days
        self.dates = [self.monday + number * DAY for number in range(-3, days)]
        self.made: Counter[str] = Counter()
        self.given: list[dict[str, Any]] = []
        """What is written down of each two villages."""
        self.villages: list[Village] = []
        self._since = today
        with transaction.atomic():
            self.calendar = self._write_calendar()
            self._make_places(villages)
        for number in range(0, villages, 2):
            with transaction.atomic():
                self._make_pair(self.villages[number : number + 2])

    def _write_calendar(self) -> dict[dt.date, bool]:
        dates = [self.monday + number * DAY for number in range(-20, self.days + 20)]
        words = {day: CountyWord(day.isoweekday() <= WEEK[-1]) for day in dates}
        for day in self.draw.sample(dates, 7):
            words[day] = CountyWord(not words[day].working, "示例节")
        write_days(words, actor=BY)
        return {day: bool(word.working) for day, word in words.items()}

    def _make_places(self, villages: int) -> None:
        Region.objects.create(code=COUNTY, name="示例县")
        for number in range(villages):
            township = f"990101{number // TOWNSHIP + 1:03}"
            if number % TOWNSHIP == 0:
                Region.objects.create(code=f"{township}000", name=f"示例镇{number // TOWNSHIP + 1}")
            region = Region.objects.create(code=f"{township}{number % TOWNSHIP + 1:03}", name=f"示例村{number + 1}")
            station = Station.objects.create(
                id=f"duty-{number:04}", name="示例站", village=region, enrolled_at=timezone.now()
            )
            StationStatus.objects.create(station=station, contract=1, changed_at=timezone.now())
            numbers = [str(10_000 + number * PEOPLE + one) for one in range(PEOPLE)]
            people = [Person.objects.create(number=one, name=f"示例{one}", village=region) for one in numbers]
            Card.objects.bulk_create(
                Card(token=card_token(CARD_KEY, uid_of(one.number)), tail="0000", person=one, bound_at=timezone.now())
                for one in people
            )
            region.refresh_from_db()
            self.villages.append(Village(region, station, people))

    def _make_pair(self, pair: list[Village]) -> None:
        given: dict[str, Any] = {
            name: [] for name in ("windows", "named", "swaps", "holdings", "left", "notices", "absences")
        }
        given["calendar"] = self.calendar
        self.given.append(given)
        people = [person for village in pair for person in village.people]
        units = [make_unit(f"示例村委{one.region.code}", UnitKind.COMMITTEE, one.region, actor=BY) for one in pair]
        for village, unit in zip(pair, units, strict=True):
            posts = self._give_posts(village, unit, given)
            self._add_windows(village, people, posts, given)
        for village in pair:
            self._name_days(village, people, given)
            self._swap(village, people, given)
            self._stop(village, given)
            for _ in range(8):
                self._send_away(self.draw.choice(village.people), given)

    def _give_posts(self, village: Village, unit: Unit, given: dict[str, Any]) -> list[int]:
        posts = []
        for person, title in zip(self.draw.sample(village.people, 2), ("书记", "文书"), strict=True):
            last = self.draw.choice((None, self.monday + self.draw.randrange(5, 40) * DAY))
            holding = give_post(person, unit, title, since=self._since, until=last, actor=BY)
            posts.append(holding.post_id)
            held = {"person": person.pk, "post": holding.post_id, "state": "held", "first": self._since, "last": last}
            first = self.monday + self.draw.randrange(0, 30) * DAY
            until = first + self.draw.randrange(1, 6) * DAY
            try:
                if self.draw.random() < 0.5:
                    change_holding(holding, HoldingState.SECONDED, since=first, until=until, actor=BY, reason="借调")
                    given["holdings"] += [
                        held | {"last": first - DAY},
                        held | {"state": "seconded", "first": first, "last": until},
                    ]
                    held = held | {"first": until + DAY}
                    self.made["seconded"] += 1
            except PostRefused:
                self.made["refused"] += 1
            given["holdings"].append(held)
            self.made["post"] += 1
        return posts

    def _add_windows(self, village: Village, people: list[Person], posts: list[int], given: dict[str, Any]) -> None:
        marks = self.draw.choice(("each", "each", "ends"))
        later = self.draw.choice((self._since, self._since, self.monday + 9 * DAY))
        first = self.monday + self.draw.randrange(-5, 20) * DAY
        last = first + self.draw.randrange(8, 30) * DAY
        season = (first.month * 100 + first.day, last.month * 100 + last.day)
        night: dict[str, Any] = {"days": DaysKind.WEEKLY, "marks": "each"}
        if self.draw.random() < 0.5:
            night |= {"season": season}
            self.made["season"] += 1
        kinds: tuple[tuple[str, list[int], int, int, dt.date, dict[str, Any]], ...] = (
            ("上午", WEEK, 510, 720, self._since, {"marks": marks}),
            ("下午", WEEK, 870, 1050, later, {"marks": marks}),
            ("夜班", sorted(self.draw.sample(range(1, 8), 3)), 1200, 1860, self._since, night),
            ("赶集", [], 480, 661, self._since, {"days": DaysKind.NAMED, "marks": "arrival"}),
        )
        for name, weekdays, start, end, since, more in kinds:
            crew = self.draw.sample(people if name == "夜班" else village.people, 3)
            for_posts = self.draw.sample(posts, 1) if name == "下午" else []
            members = [] if name == "赶集" else sorted(one.pk for one in crew)
            leaders = members[:1]
            terms = Terms(name, weekdays, start, end, members, [], leaders=leaders, **more)
            if for_posts:
                terms = Terms(name, weekdays, start, end, members, for_posts, leader_posts=for_posts, **more)
                leaders = []
            try:
                window = add_window(village.region, terms, since=since, actor=BY)
            except WindowRefused:
                self.made["refused"] += 1
                continue
            village.windows[name] = window
            self.made["window"] += 1
            given["windows"].append(
                {
                    "id": window.pk,
                    "name": name,
                    "village": village.region.identity,
                    "weekdays": weekdays,
                    "named": name == "赶集",
                    "season": more.get("season", (0, 0)),
                    "start": start,
                    "end": end,
                    "first": since,
                    "last": None,
                    "people": members,
                    "posts": for_posts,
                    "leaders": leaders,
                    "leader_posts": for_posts,
                    "marks": more["marks"],
                }
            )

    def _name_days(self, village: Village, people: list[Person], given: dict[str, Any]) -> None:
        for name, count in (("赶集", 5), ("上午", 2)):
            for day in self.draw.sample(self.dates, min(count, len(self.dates))):
                self.name_day(village, name, day, people, given)

    def name_day(self, village: Village, name: str, day: dt.date, people: list[Person], given: dict[str, Any]) -> bool:
        """Have others be in a window on one date; return whether they may."""
        crew = sorted(one.pk for one in self.draw.sample(people, 2))
        try:
            if name not in village.windows:
                return False
            window = village.windows[name]
            name_days(window, {day: Crew(frozenset(crew), leaders=frozenset(crew[:1]))}, actor=BY)
        except WindowRefused:
            self.made["refused"] += 1
            return False
        key = (window.pk, day)
        given["named"] = [one for one in given["named"] if (one["window"], one["date"]) != key] + [
            {"window": window.pk, "date": day, "people": crew, "posts": [], "leaders": crew[:1], "leader_posts": []}
        ]
        self.made["named"] += 1
        return True

    def _swap(self, village: Village, people: list[Person], given: dict[str, Any]) -> None:
        for _ in range(8):
            name = self.draw.choice(sorted(village.windows))
            window, day = village.windows[name], self.draw.choice(self.dates)
            own = next(one for one in given["windows"] if one["id"] == window.pk)["people"]
            named = [one for one in given["named"] if (one["window"], one["date"]) == (window.pk, day)]
            own = named[0]["people"] if named else own
            if not own:
                continue
            giver, taker = self.draw.choice(own), self.draw.choice(people).pk
            agreed = local(day, self.draw.choice((-3_000, -1, 0, 200)) + window.start)
            if giver == taker or agreed.date() > day + DAY:
                continue
            swap = Swap.objects.create(window=window, day=day, giver_id=giver, taker_id=taker)
            content = {"agreed_at": timezone.make_aware(agreed).isoformat()}
            put(SwapRecord, [swap.pk], Period(begin_of(day), end_of(day)), content, actor=BY)
            given["swaps"].append(
                {"window": window.pk, "date": day, "giver": giver, "taker": taker, "agreed": agreed, "pk": swap.pk}
            )
            given["swaps"].sort(key=lambda one: (one["agreed"], one["pk"]))
            self.made["swap"] += 1

    def _send_away(self, person: Person, given: dict[str, Any]) -> None:
        kind = self.draw.choice(("leave", "leave", "field_duty", "meeting", "residency"))
        begin = local(self.draw.choice(self.dates), self.draw.choice((0, 510, 600, 700, 900, 1200, 1500)))
        end = begin + dt.timedelta(minutes=self.draw.choice((60, 190, 720, 1440, 4320)))
        absence = Absence.objects.create(person=person, kind=kind)
        period = Period(timezone.make_aware(begin), timezone.make_aware(end))
        put(AbsenceRecord, [absence.pk], period, {"code": ""}, actor=BY)
        given["absences"].append({"person": person.pk, "kind": kind, "begin": begin, "end": end})
        self.made[kind] += 1

    def _stop(self, village: Village, given: dict[str, Any]) -> None:
        if self.draw.random() < 0.6:
            begin = local(self.draw.choice(self.dates[4:]), self.draw.choice((0, 500, 560, 690, 1260)))
            end = begin + dt.timedelta(minutes=self.draw.choice((40, 200, 700, 1800)))
            set_notice(village.region, Period(timezone.make_aware(begin), timezone.make_aware(end)), "防汛", actor=BY)
            given["notices"].append({"village": village.region.identity, "begin": begin, "end": end})
            self.made["notice"] += 1
