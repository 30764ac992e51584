"""Edits of rosters, the calendar and stop notices. Import it after `django.setup`."""

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay
from server_broker.dated.writing import Period
from server_broker.duty import windows
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.roster_days import name_days as say_days
from server_broker.duty.roster_days import withdraw_days as take_days_back
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms
from server_broker.people.models import Holding, Person
from server_broker.regions.models import Region
from server_broker.workdays import notices
from server_broker.workdays.county_table import CountyWord, set_day
from server_broker.workdays.models import StopNotice
from tests.proofs.dated.county import BY, DAY, HOUR, WHY, County, minute, said


def _terms(county: County, window: DutyWindow | None, village: Region) -> Terms:
    here = list(Person.objects.filter(village=village, left=False).order_by("pk"))
    if not here:
        raise WindowRefused("there is nobody")
    draw = county.draw
    people = [person.pk for person in draw.sample(here, min(len(here), draw.randrange(1, 6)))]
    start = 720 if window is None else window.start
    name = f"值班{county.number()}" if window is None or draw.random() < 0.3 else window.name
    posts = Holding.objects.filter(post__unit__region=village).values_list("post", flat=True)
    wanted = [posts[0]] if posts and draw.random() < 0.2 else []
    season = draw.choice(((0, 0), (0, 0), (0, 0), (501, 930), (1001, 430)))
    weekdays, leaders = draw.sample(range(1, 8), 4), people[:1]
    return Terms(name, weekdays, start, start + 180, people, wanted, season=season, leaders=leaders)


def change_window(county: County, day: dt.date) -> None:
    """A window is otherwise."""
    window = county.some(DutyWindow.objects)
    terms, since = _terms(county, window, Region.objects.get(pk=window.village_id)), county.soon(day)
    windows.change_window(window, terms, since=since, actor=BY, reason=WHY)
    county.book.window_changed(window.pk, since, said(terms))


def add_window(county: County, day: dt.date) -> None:
    """A new window of the week."""
    _add(county, day, lambda village: _terms(county, None, village))


def add_named_window(county: County, day: dt.date) -> None:
    """A new window of named days."""
    name = f"赶集{county.number()}"
    _add(county, day, lambda village: Terms(name, [], 960, 1080, [], days=DaysKind.NAMED))


def _add(county: County, day: dt.date, terms_for: Callable[[Region], Terms]) -> None:
    village, since = county.village(), county.soon(day)
    terms = terms_for(village)
    window = windows.add_window(village, terms, since=since, actor=BY)
    county.book.window_made(window.pk, village.identity, since, said(terms))


def end_window(county: County, day: dt.date) -> None:
    """A window's last day."""
    window, last = county.some(DutyWindow.objects), county.soon(day)
    windows.end_window(window, last=last, actor=BY, reason=WHY)
    county.book.window_ended(window.pk, last)


def name_days(county: County, day: dt.date) -> None:
    """Two people are in a window on some dates."""
    window = county.some(DutyWindow.objects)
    here = list(Person.objects.filter(village=window.village_id, left=False).values_list("pk", flat=True)[:4])
    people = county.draw.sample(here, min(2, len(here)))
    days = [day + n * DAY for n in range(county.draw.randrange(1, 4))]
    say_days(window, dict.fromkeys(days, Crew(frozenset(people))), actor=BY, reason=WHY)
    county.book.days_named(window.pk, days, people)


def withdraw_days(county: County, day: dt.date) -> None:
    """What was said of a date is taken back."""
    row = county.some(RosterDay.objects.known().filter(withdrawn=False))
    date = timezone.localdate(row.valid_from)
    take_days_back(row.subject, [date], actor=BY, reason=WHY)
    county.book.days_withdrawn(row.subject_id, [date])


def set_calendar(county: County, day: dt.date) -> None:
    """The county says whether a date is a working day, or says nothing any more."""
    word = county.draw.choice((CountyWord(True), CountyWord(False, "示例节"), CountyWord(None)))
    date = day + county.draw.randrange(-5, 20) * DAY
    set_day(date, word, actor=BY, reason=WHY)
    county.book.day_said(date, word.working)


def stop_work(county: County, day: dt.date) -> None:
    """Work stops in a village for some hours."""
    village, begin = county.village(), county.at(day) + county.draw.choice((0, 24)) * HOUR
    end = begin + county.draw.randrange(1, 30) * HOUR
    notice = notices.set_notice(village, Period(begin, end), "防汛", actor=BY)
    county.book.stopped(notice.pk, village.identity, minute(begin), minute(end))


def take_stop_back(county: County, day: dt.date) -> None:
    """Work goes on earlier."""
    notice, since = county.some(StopNotice.objects), county.at(day)
    notices.take_back(notice, since, "水退了", actor=BY)
    county.book.stop_taken_back(notice.pk, minute(since))


OFTEN = (change_window,)
SOMETIMES = (add_window, name_days)
SELDOM = (withdraw_days, add_named_window, end_window, set_calendar, stop_work, take_stop_back)
