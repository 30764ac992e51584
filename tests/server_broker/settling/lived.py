"""A week as stations and offices live it: facts go in through the county's intake, at the times that a test says."""

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils import timezone

from protocol.facts import Booted, ClockCorrected, DirectionChosen, EpochOpened, Fact, Touch, WindowClosed
from protocol.units import ClockQuality, Direction, Moment
from server_broker.attendance.models import DutyWindow
from server_broker.dated.days import begin_of
from server_broker.dated.models import Dated
from server_broker.duty.windows import Terms, add_window
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settlement.index import Index
from server_broker.settlement.results import Result
from server_broker.settlement.settle import Sheet
from server_broker.settling.reading import world_of
from server_broker.settling.span import Span
from server_broker.workdays.county_table import CountyWord, write_days
from tests.cast import SHILI, SHILI_VILLAGE
from tests.server_broker.station_double import StationDouble

MONDAY = dt.date(2027, 3, 15)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + dt.timedelta(days=n) for n in range(1, 5))
BY = "wu-yunwei"
_MS = dt.timedelta(milliseconds=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def at(day: dt.date, hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
    return begin_of(day) + dt.timedelta(hours=hour, minutes=minute, seconds=second)


def ms(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // _MS


class LivedStation(StationDouble):
    """A station that lives by the clock on the wall. What it states is sent when the test says so."""

    def __init__(self, station: str = SHILI, *, since: dt.datetime | None = None) -> None:
        super().__init__(id=station)
        self._since = since or at(MONDAY - dt.timedelta(days=1), 6)
        self.boot = os.urandom(16)
        self.quality: ClockQuality = "synced"
        self.sent = 0
        Station.objects.filter(pk=station).update(record_key=self.public, enrolled_at=self._since)
        self.add(EpochOpened(at=self.moment(self._since), reason="first"))
        self.add(Booted(at=self.moment(self._since), cause="power_on", software="0.1.0"))

    @classmethod
    def at_village(cls, station: str, village: str) -> "LivedStation":
        """A station more than those of the cast."""
        Station.objects.create(id=station, name=station, village_id=village, enrolled_at=timezone.now())
        return cls(station)

    def moment(self, when: dt.datetime, quality: ClockQuality | None = None, wall: dt.datetime | None = None) -> Moment:
        return Moment(
            wall=ms(wall or when),
            boot=self.boot,
            mono=max(ms(when) - ms(self._since), 0),
            quality=quality or self.quality,
        )

    def booted(self, when: dt.datetime, *, quality: ClockQuality = "synced", alive: dt.datetime | None = None) -> None:
        last = None if alive is None else self.moment(alive)
        self.boot, self._since, self.quality = os.urandom(16), when, quality
        self.add(Booted(at=self.moment(when), cause="power_on", software="0.1.0", last_alive=last))

    def touched(self, card: bytes, when: dt.datetime, *, wall: dt.datetime | None = None) -> int:
        self.add(
            Touch(at=self.moment(when, wall=wall), card=card, reader="simulated", answer="recorded", direction="in")
        )
        return len(self.sealed)

    def chose(self, seq: int, direction: Direction, when: dt.datetime) -> None:
        self.add(DirectionChosen(at=self.moment(when), touch=self.ref(seq), direction=direction))

    def closed(self, when: dt.datetime) -> None:
        day = when.astimezone(begin_of(MONDAY).tzinfo).date().isoformat()
        self.add(WindowClosed(at=self.moment(when), window="w", date=day, closed=ms(when)))

    def learnt(self, when: dt.datetime) -> None:
        """Learn the time at a moment of this boot."""
        now = self.moment(when)
        self.quality = "synced"
        self.add(
            ClockCorrected(
                at=self.moment(when), boot=self.boot, mono=now.mono, wall=ms(when), source="county", before="unknown"
            )
        )

    def begin_stream(self, when: dt.datetime, *, matched: int) -> None:
        """Begin another stream. What it states of the one before is the caller's matter."""
        before, self.epoch = self.epoch, os.urandom(16)
        self.sealed, self.sent = [], 0
        self.add(EpochOpened(at=self.moment(when), reason="corrupt", previous=before, matched=matched))

    def state(self, *facts: Fact) -> None:
        self.add(*facts)

    def send(self, when: dt.datetime, last: int | None = None) -> None:
        """The county receives all that was not sent yet, up to a seq."""
        end = len(self.sealed) if last is None else last
        if end > self.sent:
            BatchProcessor(clock=lambda: when).process_batch([self.facts_message(self.sent + 1, end)])
            self.sent = end


def announced(first: dt.date = MONDAY, days: int = 14) -> None:
    """The county says of the dates around which are working days, so that none is provisional."""
    dates = (first + dt.timedelta(days=n) for n in range(-3, days))
    write_days({day: CountyWord(day.isoweekday() < 6, "") for day in dates}, actor=BY)


def morning(
    *people: Person, village: str = SHILI_VILLAGE, start: int = 510, end: int = 720, **terms: Any
) -> DutyWindow:
    """08:30 to 12:00 on each working day, from the Sunday before on."""
    made = Terms("上午", [1, 2, 3, 4, 5], start, end, [one.pk for one in people], **terms)
    return add_window(Region.objects.get(pk=village), made, since=MONDAY - dt.timedelta(days=1), actor=BY)


def settled(first: dt.date, last: dt.date, known: dt.datetime, *codes: str) -> dict[tuple[str, dt.date, int], Result]:
    """What windows of villages come to as the county knew it, by the person's id, date and start."""
    span = Span(first, last, known)
    villages = list(Region.objects.filter(pk__in=codes or (SHILI_VILLAGE,)).values_list("identity", flat=True))
    world = world_of(villages, first, last, known)
    sheet = Sheet(Index(world), span.settled, span.at, {})
    return {one.place: one for one in sheet.results()}


def words(first: dt.date, last: dt.date, known: dt.datetime, *codes: str) -> dict[tuple[str, dt.date], str]:
    """The word of each person's first window of a date."""
    found: dict[tuple[str, dt.date], str] = {}
    for (person, day, _), one in settled(first, last, known, *codes).items():
        found.setdefault((person, day), one.result)
    return found


@contextmanager
def recorded(when: dt.datetime) -> Iterator[None]:
    """Have what is recorded in the block count as recorded at a moment of the lived week."""
    tables = [model._meta.db_table for model in apps.get_models() if issubclass(model, Dated)]
    with connection.cursor() as cursor:
        before = {}
        for table in tables:
            cursor.execute(f"SELECT max(id), array_agg(id) FILTER (WHERE superseded_at IS NULL) FROM {table}")
            last, standing = cursor.fetchone()
            before[table] = last or 0, standing or []
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, (last, standing) in before.items():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE {table} SET recorded_at = %s WHERE id > %s", [when, last])
            cursor.execute(
                f"UPDATE {table} SET superseded_at = %s WHERE superseded_at IS NOT NULL AND (id > %s OR id = ANY(%s))",
                [when, last, standing],
            )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
