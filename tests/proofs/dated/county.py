"""The county that the edits are about: what they draw from, and the two things that somebody outside keeps of them.

Import it after `django.setup`.
"""

import datetime as dt
import random
from typing import Any

from django.db.models import Manager, QuerySet

from protocol.china_time import CHINA
from server_broker.accounts.models import Role, User
from server_broker.dated.days import begin_of
from server_broker.duty.windows import Terms, add_window
from server_broker.fleet.models import Station
from server_broker.people.cards import bind_card
from server_broker.people.changes import PersonRefused, register
from server_broker.people.models import Card, Person, UnitKind
from server_broker.people.posts import make_unit
from server_broker.regions.models import Region
from server_broker.workdays.days import workdays
from tests.proofs.dated.book import Book, Values
from tests.proofs.dated.outsider import Reckoning

COUNTY = "990101000000"
STATION = "proof-01"
BY = "proof"
WHY = "照实登记"
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


class County:
    """The county, and a seeded choice of what happens in it."""

    def __init__(self, *, seed: int, villages: int, first: dt.date, days: int) -> None:
        self.draw = random.Random(seed)
        self._made = 0
        self.cards: dict[bytes, Reckoning] = {}
        around = workdays(first - 40 * DAY, first + (days + 40) * DAY)
        self.book = Book({date: one.working for date, one in around.items()})
        self.waiting: list[tuple[dt.date, int]] = []
        """Requests that somebody decides on a later date."""
        county = Region.objects.create(code=COUNTY, name="示例县")
        self.officer = User.objects.create(username="proof-officer", role=Role.OFFICER, region=county)
        for township in range(1, 2 + (villages - 1) // 20):
            Region.objects.create(code=f"990101{township:03d}000", name=f"示例镇{township}")
        for number in range(villages):
            self._village(f"990101{1 + number // 20:03d}{1 + number % 20:03d}", number, first)
        # People sign in to meetings somewhere. No edit moves it, and nothing else of a station is asked here.
        Station.objects.create(id=STATION, name="示例站", village=Region.objects.get(code="990101001001"))

    def _village(self, code: str, number: int, first: dt.date) -> None:
        village = Region.objects.create(code=code, name=f"示例村{number}")
        village.refresh_from_db()
        make_unit(f"示例村{number}党支部", UnitKind.BRANCH, village, actor=BY)
        people = [self.person(village, first) for _ in range(8)]
        for person in people[:6]:
            self.bind(person, self.at(first))
        terms = Terms("上午", [1, 2, 3, 4, 5], 480, 720, [person.pk for person in people[:4]])
        window = add_window(village, terms, since=first, actor=BY)
        self.book.window_made(window.pk, village.identity, first, said(terms))

    def at(self, day: dt.date) -> dt.datetime:
        """Return a moment of the day, which is when something is recorded."""
        return begin_of(day) + self.draw.randrange(8 * 3600, 18 * 3600) * dt.timedelta(seconds=1)

    def soon(self, day: dt.date) -> dt.date:
        """Return the day from which something holds: this one, the next or one a week later."""
        return day + self.draw.choice((0, 0, 1, 7)) * DAY

    def some(self, rows: QuerySet[Any] | Manager[Any]) -> Any:
        """Return one of the rows.

        Raises:
            PersonRefused: There is none.
        """
        count = rows.count()
        if not count:
            raise PersonRefused("there is none")
        return rows.order_by("pk")[self.draw.randrange(count)]

    def village(self) -> Region:
        """Return a village that stands."""
        village: Region = self.some(Region.objects.filter(ended=False).exclude(code__endswith="000"))
        return village

    def somebody(self) -> Person:
        """Return somebody who has not left."""
        person: Person = self.some(Person.objects.filter(left=False))
        return person

    def number(self) -> str:
        """Return a number and a name that nobody has had."""
        self._made += 1
        return f"n{self._made:05d}"

    def person(self, village: Region, since: dt.date) -> Person:
        """Return a new person."""
        number = self.number()
        person = register(number, f"示例{number}", village, actor=BY, since=since)
        self.book.registered(person.pk, village.identity, since, person.name)
        return person

    def bind(self, person: Person, now: dt.datetime, token: bytes | None = None) -> None:
        """Bind a card to somebody: a new one, or one that was handed in."""
        if token is None:
            token = self.draw.randbytes(16)
        card = Card.objects.filter(token=token).first()
        bind_card(token, person, actor=BY, now=now)
        reckoning = self.cards.setdefault(token, Reckoning())
        # A first binding counts always; a later one from when the card was last handed in.
        reckoning.set(person.number, None if card is None else self.cards[token].starts[-1])


def said(terms: Terms) -> Values:
    """Return the terms of a window as the book keeps them."""
    return {
        "people": frozenset(terms.people),
        "posts": frozenset(terms.posts),
        "weekdays": frozenset(terms.weekdays),
        "start": terms.start,
        "end": terms.end,
        "season": terms.season,
        "named": terms.days == "named",
    }


def minute(at: dt.datetime) -> dt.datetime:
    """Return a moment's local minute, as the book keeps it: without a zone."""
    return at.astimezone(CHINA).replace(second=0, microsecond=0, tzinfo=None)
