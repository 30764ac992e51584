"""A county's seeded days: what officers record, by the product's own functions.

Import it after `django.setup`.
"""

import datetime as dt
import random
from collections import Counter
from typing import Any

from django.db import connection, transaction
from django.db.models import Manager, QuerySet
from django.utils import timezone

from server_broker.attendance.leaving import LeavingRefused, come_back, leave
from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay
from server_broker.attendance.moving import change_registration
from server_broker.attendance.region_changes import (
    RegionRefused,
    merge_region,
    recode_region,
    rename_region,
    split_region,
)
from server_broker.dated.days import begin_of
from server_broker.dated.writing import Period, take_written
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.roster_days import name_days, withdraw_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window, change_window, end_window
from server_broker.people.cards import (
    BindRefused,
    bind_card,
    card_found,
    end_binding,
    replace_card,
    report_lost,
    take_card,
)
from server_broker.people.changes import PersonRefused, change_person, register
from server_broker.people.models import Card, Holding, HoldingState, Person, PersonType, Unit, UnitKind
from server_broker.people.posts import PostRefused, change_holding, give_post, make_unit
from server_broker.regions.models import Region
from server_broker.sheets.importing import ImportRefused, preview, take
from server_broker.term_change.rows import PostRow, TermPlan
from server_broker.term_change.term_import import TERM_IMPORT
from server_broker.workdays.county_table import CountyWord, DayRefused, set_day
from server_broker.workdays.models import StopNotice
from server_broker.workdays.notices import NoticeRefused, set_notice, take_back
from tests.proofs.dated.outsider import Reckoning

REFUSALS = (
    BindRefused,
    PersonRefused,
    PostRefused,
    WindowRefused,
    LeavingRefused,
    RegionRefused,
    DayRefused,
    NoticeRefused,
    ImportRefused,
)
COUNTY = "990101000000"
BY = "proof"
WHY = "照实登记"
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)


class Officers:
    """Records what happens; what the product refuses is counted and changes nothing."""

    def __init__(self, *, seed: int, villages: int, first: dt.date) -> None:
        self._draw = random.Random(seed)
        self._first = first
        self._made = 0
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.cards: dict[bytes, Reckoning] = {}
        Region.objects.create(code=COUNTY, name="示例县")
        for township in range(1, 2 + (villages - 1) // 20):
            Region.objects.create(code=f"990101{township:03d}000", name=f"示例镇{township}")
        for number in range(villages):
            code = f"990101{1 + number // 20:03d}{1 + number % 20:03d}"
            village = Region.objects.create(code=code, name=f"示例村{number}")
            make_unit(f"示例村{number}党支部", UnitKind.BRANCH, village, actor=BY)
            people = [self._person(village, first) for _ in range(8)]
            for person in people[:6]:
                self._bind(person, self._at(first))
            terms = Terms("上午", [1, 2, 3, 4, 5], 480, 720, [person.pk for person in people[:4]])
            add_window(village, terms, since=first, actor=BY)

    def day(self, day: dt.date, edits: int) -> None:
        """Record a day's edits."""
        kinds = (
            *(self._lose, self._find, self._end, self._take, self._bind_somebody) * 4,
            *(self._move, self._rename, self._change_window, self._give_post) * 3,
            *(self._change_post, self._add_window, self._register, self._by_hand) * 2,
            *(self._name_days, self._name_days, self._withdraw_days, self._add_named_window),
            *(self._end_window, self._leave, self._return, self._rename_region, self._split, self._merge, self._recode),
            *(self._replace, self._replace, self._change_term),
            *(self._set_calendar, self._stop_work, self._take_stop_back),
        )
        for _ in range(edits):
            edit = self._draw.choice(kinds)
            word = edit.__name__.removeprefix("_")
            try:
                edit(day)
            except REFUSALS:
                self.refused[word] += 1
            else:
                self.done[word] += 1

    def _at(self, day: dt.date) -> dt.datetime:
        """Return a moment of the day, which is when something is recorded."""
        return begin_of(day) + self._draw.randrange(8 * 3600, 18 * 3600) * dt.timedelta(seconds=1)

    def _some(self, rows: QuerySet[Any] | Manager[Any]) -> Any:
        count = rows.count()
        if not count:
            raise PersonRefused("there is none")
        return rows.order_by("pk")[self._draw.randrange(count)]

    def _person(self, village: Region, since: dt.date) -> Person:
        self._made += 1
        return register(f"n{self._made:05d}", f"示例{self._made}", village, actor=BY, since=since)

    def _bind(self, person: Person, now: dt.datetime, token: bytes | None = None) -> None:
        if token is None:
            token = self._draw.randbytes(16)
        card = Card.objects.filter(token=token).first()
        bind_card(token, person, actor=BY, now=now)
        reckoning = self.cards.setdefault(token, Reckoning())
        # A first binding counts always; a later one from when the card was last handed in.
        reckoning.set(person.number, None if card is None else self._free_since(token))

    def _free_since(self, token: bytes) -> dt.datetime:
        return self.cards[token].starts[-1]

    def _held(self, **conditions: object) -> tuple[Card, str]:
        card = self._some(Card.objects.filter(person__isnull=False, **conditions))
        return card, str(Person.objects.get(pk=card.person_id).number)

    def _lose(self, day: dt.date) -> None:
        card, _ = self._held(lost_at=None)
        since = self._at(day)
        report_lost(card, actor=BY, reason=WHY, since=since - 2 * _HOUR, now=since)
        self.cards[bytes(card.token)].set(None, since - 2 * _HOUR)

    def _find(self, day: dt.date) -> None:
        card, number = self._held(lost_at__isnull=False)
        now = self._at(day)
        card_found(card, actor=BY, reason=WHY, since=now, now=now)
        self.cards[bytes(card.token)].set(number, now)

    def _end(self, day: dt.date) -> None:
        card, _ = self._held(lost_at=None)
        now = self._at(day)
        end_binding(card, actor=BY, reason=WHY, since=now, now=now)
        self.cards[bytes(card.token)].set(None, now)

    def _replace(self, day: dt.date) -> None:
        """A new card instead of one that is held or lost: it counts always, and the old one until now."""
        card, number = self._held()
        now, token = self._at(day), self._draw.randbytes(16)
        replace_card(card, token, Person.objects.get(number=number), actor=BY, now=now)
        self.cards[bytes(card.token)].set(None, now)
        self.cards.setdefault(token, Reckoning()).set(number, None)

    def _take(self, day: dt.date) -> None:
        card, _ = self._held(lost_at=None)
        other, now = self._some(Person.objects.filter(left=False)), self._at(day)
        since = now - self._draw.randrange(1, 72) * _HOUR
        take_card(card, actor=BY, reason=WHY, since=since, give_to=other, now=now)
        self.cards[bytes(card.token)].hand_over(other.number, since)

    def _bind_somebody(self, day: dt.date) -> None:
        person = self._some(Person.objects.filter(left=False))
        free = Card.objects.filter(person=None).order_by("pk").first() if self._draw.random() < 0.5 else None
        self._bind(person, self._at(day), None if free is None else bytes(free.token))

    def _soon(self, day: dt.date) -> dt.date:
        return day + self._draw.choice((0, 0, 1, 7)) * _DAY

    def _move(self, day: dt.date) -> None:
        village = self._some(Region.objects.filter(ended=False).exclude(code=COUNTY))
        change_registration(self._some(Person.objects), since=self._soon(day), village=village, actor=BY, reason=WHY)

    def _rename(self, day: dt.date) -> None:
        name = f"改名{self._draw.randrange(10**6)}"
        kind = self._draw.choice(list(PersonType))
        change_person(self._some(Person.objects), since=self._soon(day), name=name, type=kind, actor=BY, reason=WHY)

    def _register(self, day: dt.date) -> None:
        self._person(self._some(Region.objects.filter(ended=False).exclude(code=COUNTY)), day)

    def _by_hand(self, day: dt.date) -> None:
        """Somebody changes a column of today in psql. The time of that is the database's own."""
        person = self._some(Person.objects)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE people_person SET name = %s WHERE id = %s", [f"手改{self._made}", person.pk])
            take_written()  # no decision names it, and here only its time matters

    def _terms(self, window: DutyWindow | None, village: Region) -> Terms:
        here = list(Person.objects.filter(village=village, left=False).order_by("pk"))
        if not here:
            raise WindowRefused("there is nobody")
        people = [person.pk for person in self._draw.sample(here, min(len(here), self._draw.randrange(1, 6)))]
        start = 720 if window is None else window.start
        name = f"值班{self._draw.randrange(10**6)}" if window is None or self._draw.random() < 0.3 else window.name
        posts = Holding.objects.filter(post__unit__region=village).values_list("post", flat=True)
        wanted = [posts[0]] if posts and self._draw.random() < 0.2 else []
        season = self._draw.choice(((0, 0), (0, 0), (0, 0), (501, 930), (1001, 430)))
        weekdays, leaders = self._draw.sample(range(1, 8), 4), people[:1]
        return Terms(name, weekdays, start, start + 180, people, wanted, season=season, leaders=leaders)

    def _change_window(self, day: dt.date) -> None:
        window = self._some(DutyWindow.objects)
        terms = self._terms(window, Region.objects.get(pk=window.village_id))
        change_window(window, terms, since=self._soon(day), actor=BY, reason=WHY)

    def _add_window(self, day: dt.date) -> None:
        village = self._some(Region.objects.filter(ended=False).exclude(code__endswith="000"))
        add_window(village, self._terms(None, village), since=self._soon(day), actor=BY, reason=WHY)

    def _add_named_window(self, day: dt.date) -> None:
        terms = Terms(f"赶集{self._draw.randrange(10**6)}", [], 960, 1080, [], days=DaysKind.NAMED)
        add_window(self._village(), terms, since=self._soon(day), actor=BY)

    def _name_days(self, day: dt.date) -> None:
        window = self._some(DutyWindow.objects)
        people = list(Person.objects.filter(village=window.village_id, left=False).values_list("pk", flat=True)[:4])
        crew = Crew(frozenset(self._draw.sample(people, min(2, len(people)))))
        name_days(window, {day + n * _DAY: crew for n in range(self._draw.randrange(1, 4))}, actor=BY, reason=WHY)

    def _withdraw_days(self, day: dt.date) -> None:
        row = self._some(RosterDay.objects.known().filter(withdrawn=False))
        withdraw_days(row.subject, [timezone.localdate(row.valid_from)], actor=BY, reason=WHY)

    def _end_window(self, day: dt.date) -> None:
        end_window(self._some(DutyWindow.objects), last=self._soon(day), actor=BY, reason=WHY)

    def _give_post(self, day: dt.date) -> None:
        person = self._some(Person.objects.filter(left=False))
        unit = self._some(Unit.objects.filter(ended=False))
        until = day + self._draw.choice((10, 20)) * _DAY if self._draw.random() < 0.5 else None
        give_post(person, unit, self._draw.choice(("书记", "委员")), since=self._soon(day), until=until, actor=BY)

    def _change_post(self, day: dt.date) -> None:
        state = self._draw.choice(list(HoldingState))
        until = day + 3 * _DAY if state != HoldingState.ENDED and self._draw.random() < 0.5 else None
        change_holding(self._some(Holding.objects), state, since=day, until=until, actor=BY, reason=WHY)

    def _change_term(self, day: dt.date) -> None:
        """换届: one sheet names who holds the posts of a third of all units."""
        units = list(Unit.objects.filter(ended=False).select_related("region").order_by("pk"))
        people = list(Person.objects.filter(left=False).order_by("pk"))
        plan = TermPlan(day=self._soon(day), scope=COUNTY)
        for unit in self._draw.sample(units, 1 + len(units) // 3):
            for title in ("书记", "委员"):
                number = self._draw.choice(people).number if self._draw.random() < 0.9 else ""
                row = len(plan.posts) + 2
                plan.posts.append(PostRow(row, unit.name, title, number, "", unit.region.code, None, False))
        shown = preview(TERM_IMPORT, plan, scope=COUNTY).digest()
        take(TERM_IMPORT, plan, scope=COUNTY, actor=BY, shown=shown, renames_confirmed=True)

    def _leave(self, day: dt.date) -> None:
        person = self._some(Person.objects.filter(left=False))
        held = [bytes(card.token) for card in Card.objects.filter(person=person)]
        leave(person, last=day, actor=BY, reason=WHY)
        for token in held:
            self.cards[token].set(None, begin_of(day + _DAY))

    def _return(self, day: dt.date) -> None:
        person = self._some(Person.objects.filter(left=True))
        village = self._some(Region.objects.filter(ended=False).exclude(code=COUNTY))
        come_back(person, since=day, village=village, actor=BY, reason=WHY)

    def _village(self) -> Region:
        village: Region = self._some(Region.objects.filter(ended=False).exclude(code__endswith="000"))
        return village

    def _rename_region(self, day: dt.date) -> None:
        name = f"新村{self._draw.randrange(10**6)}"
        rename_region(self._village(), name, since=day, actor=BY, reason=WHY)

    def _free_code(self) -> str:
        return f"990101001{self._draw.randrange(100, 1000)}"

    def _split(self, day: dt.date) -> None:
        village = self._village()
        some = list(Person.objects.filter(village=village).values_list("pk", flat=True)[:2])
        split_region(village, self._free_code(), "分出村", since=day, people=some, stations=[], actor=BY, reason=WHY)

    def _merge(self, day: dt.date) -> None:
        merge_region(self._village(), self._village(), since=day, actor=BY, reason=WHY)

    def _recode(self, day: dt.date) -> None:
        recode_region(self._village(), self._free_code(), since=day, actor=BY, reason=WHY)

    def _set_calendar(self, day: dt.date) -> None:
        word = self._draw.choice((CountyWord(True), CountyWord(False, "示例节"), CountyWord(None)))
        set_day(day + self._draw.randrange(-5, 20) * _DAY, word, actor=BY, reason=WHY)

    def _stop_work(self, day: dt.date) -> None:
        begin = self._at(day) + self._draw.choice((0, 24)) * _HOUR
        set_notice(self._village(), Period(begin, begin + self._draw.randrange(1, 30) * _HOUR), "防汛", actor=BY)

    def _take_stop_back(self, day: dt.date) -> None:
        take_back(self._some(StopNotice.objects), self._at(day), "水退了", actor=BY)
