"""Edits by what people ask for: leave, field duty, residency, swaps; decided at once or days later.

Import it after `django.setup`.
"""

import datetime as dt

from protocol.china_time import CHINA
from server_broker.dated.days import begin_of
from server_broker.duty.models import Absence
from server_broker.duty.reading import Asked, turns_of
from server_broker.people.models import Person
from server_broker.requests.asking import Wish, ask
from server_broker.requests.deciding import decide_case
from server_broker.requests.kinds import AWAY, LEAVES
from server_broker.requests.models import CountyRequest, Outcome
from server_broker.requests.refused import RequestRefused
from server_broker.requests.withdrawing import agree, withdraw
from tests.proofs.dated.county import DAY, HOUR, County, minute

BEFORE_ALL = dt.datetime(1, 1, 1)  # noqa: DTZ001 - local


def ask_away(county: County, day: dt.date) -> None:
    """Somebody asks for leave, field duty or residency: of half a day up to five days, or for days that are over."""
    person, draw = county.somebody(), county.draw
    kind, code = draw.choice(("leave", "leave", "field_duty", "residency")), draw.choice(sorted(LEAVES))
    begin = begin_of(day + draw.randrange(-2, 4) * DAY) + draw.choice((0, 12)) * HOUR
    wish = Wish(kind=kind, code=code, begin=begin, end=begin + draw.randrange(1, 11) * 12 * HOUR)
    made = ask(person, wish, now=county.at(day))
    if draw.random() < 0.5:
        _decide(county, made.pk, day)
    else:
        county.waiting.append((day + draw.randrange(1, 7) * DAY, made.pk))


def decide_late(county: County, day: dt.date) -> None:
    """An officer decides about something that has waited for days."""
    due = [one for one in county.waiting if one[0] <= day]
    if not due:
        raise RequestRefused("nothing waits")
    county.waiting.remove(due[0])
    _decide(county, due[0][1], day)


def _decide(county: County, request: int, day: dt.date) -> None:
    outcome = Outcome.ACCEPTED if county.draw.random() < 0.8 else Outcome.REFUSED
    decide_case(f"c{request}", outcome, text="按村里的安排", user=county.officer, at=county.at(day))
    if outcome == Outcome.ACCEPTED:
        asked = CountyRequest.objects.get(pk=request)
        absence = Absence.objects.get(source=f"request:c{request}")
        assert asked.begin_at is not None
        assert asked.end_at is not None
        begin, end = minute(asked.begin_at), minute(asked.end_at)
        county.book.went_away(absence.pk, (asked.person_id, str(AWAY[asked.kind]), asked.code, begin, end))


def take_back(county: County, day: dt.date) -> None:
    """Somebody takes a request back, also one that was approved and has not begun."""
    asked = county.some(CountyRequest.objects.filter(kind__in=AWAY, withdrawn_at=None, begin_at__gt=begin_of(day)))
    withdraw(asked, now=county.at(day))
    county.waiting = [one for one in county.waiting if one[1] != asked.pk]
    for absence in Absence.objects.filter(source=f"request:c{asked.pk}"):
        county.book.back_from(absence.pk, BEFORE_ALL)


def back_early(county: County, day: dt.date) -> None:
    """Somebody is back before their leave has ended."""
    now = county.at(day)
    asked = county.some(CountyRequest.objects.filter(kind__in=AWAY, begin_at__lte=now, end_at__gt=now))
    absence = county.some(Absence.objects.filter(source=f"request:c{asked.pk}"))
    ask(Person.objects.get(pk=asked.person_id), Wish(kind="leave_ended", absence=absence), now=now)
    county.book.back_from(absence.pk, minute(now))


def swap(county: County, day: dt.date) -> None:
    """Two people swap a window of one of the coming days."""
    giver, now = county.somebody(), county.at(day)
    turns = [turn for turn in turns_of([giver.pk], Asked(day + DAY, day + 5 * DAY)) if turn.due]
    if not turns:
        raise RequestRefused("no window")
    turn = county.draw.choice(turns)
    taker = county.some(Person.objects.filter(village=giver.village_id, left=False).exclude(pk=giver.pk))
    made = ask(giver, Wish(kind="swap", window=turn.window.id, day=turn.day, substitute=taker), now=now)
    agreed = now + dt.timedelta(minutes=5)
    agree(made, True, now=agreed)
    county.book.swapped(turn.window.id, turn.day, giver.pk, taker.pk, agreed.astimezone(CHINA).replace(tzinfo=None))


OFTEN = (ask_away,)
SOMETIMES = (swap, decide_late)
SELDOM = (take_back, back_early)
