"""A Monday morning in 示例村 as tests look at it: who is due from 08:00 on, and a station that has told everything."""

import datetime as dt

from django.utils import timezone

from server_broker.attendance.models import DutyWindow
from server_broker.dated.days import begin_of
from server_broker.duty.windows import Terms, add_window
from server_broker.fleet.models import StationStatus
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.today.reading import today
from server_broker.today.values import Line
from server_broker.workdays.county_table import CountyWord, write_days
from tests.cast import SHILI_VILLAGE

MONDAY = dt.date(2027, 3, 15)
BY = "wu-yunwei"


def at(hour: int, minute: int = 0, day: dt.date = MONDAY) -> dt.datetime:
    return begin_of(day) + dt.timedelta(hours=hour, minutes=minute)


def well_through(moment: dt.datetime, **values: object) -> None:
    """Every station is connected, and what it stated until a moment is here."""
    well = {
        "online": True,
        "doubted_at": None,
        "heard_at": moment,
        "vitals_at": moment,
        "waiting": 0,
        "clock_quality": "synced",
        "reader_ready": True,
    }
    StationStatus.objects.update(**(well | values))


def announced() -> None:
    """The county says of the dates around the Monday which are working days, so that none is provisional."""
    days = (MONDAY + dt.timedelta(days=n) for n in range(-3, 4))
    write_days({day: CountyWord(day.isoweekday() < 6, "") for day in days}, actor=BY)


def duty(village: str, *people: Person, name: str = "上午", start: int = 480, end: int = 720) -> DutyWindow:
    """A window on each working day, from the Sunday before the Monday on."""
    terms = Terms(name, [1, 2, 3, 4, 5], start, end, [one.pk for one in people])
    since = max(timezone.localdate(), MONDAY - dt.timedelta(days=1))
    return add_window(Region.objects.get(pk=village), terms, since=since, actor=BY)


def lines(now: dt.datetime, *codes: str, day: dt.date = MONDAY) -> list[Line]:
    villages = list(Region.objects.filter(pk__in=codes or (SHILI_VILLAGE,)).order_by("pk"))
    return [line for one in today(villages, day, now) for line in one.lines]
