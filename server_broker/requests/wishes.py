"""Read a form of a few fields as what somebody asks for: on the telephone and in the console alike.

Days are chosen as buttons or typed, and a day is whole, a morning or an afternoon.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from server_broker.dated.days import begin_of, clock_written, day_written, end_of, moment_written
from server_broker.duty.due import Turn
from server_broker.duty.models import Absence
from server_broker.duty.reading import Asked, turns_of
from server_broker.people.models import Person, PersonType
from server_broker.people.naming import named_by
from server_broker.regions.models import TOWNSHIP_DIGITS
from server_broker.requests.asking import Wish
from server_broker.requests.effects import away_in, touches_while_away
from server_broker.requests.kinds import AWAY, BACK, CORRECTION, OBJECTION, SWAP
from server_broker.requests.refused import RequestRefused
from server_broker.requests.turns import moment_of, whole_end
from server_broker.requests.words import span_words

NOON = dt.timedelta(hours=12)
PARTS = (("all", "全天"), ("am", "上午"), ("pm", "下午"))
_BACK, _AHEAD = dt.timedelta(days=35), dt.timedelta(days=35)
_DAY = dt.timedelta(days=1)
_MOST_COLLEAGUES = 120


@dataclass(frozen=True, slots=True)
class Choice:
    """One button or line to choose: what the form sends, and what the person reads."""

    value: str
    word: str


def day_choices(now: dt.datetime) -> list[Choice]:
    """Return today and the next days as buttons."""
    today = timezone.localdate(now)
    return [Choice(str(today + number * _DAY), word) for number, word in enumerate(("今天", "明天", "后天"))]


def turn_choices(person: Person, kind: str, now: dt.datetime, *, also: str = "") -> list[Choice]:
    """Return a person's windows: those to come for a swap, for a correction those that have ended, the last first.

    Args:
        also: The value of a choice that somebody comes with. It is there for a correction, however long ago it was.
    """
    today = timezone.localdate(now)
    first, last = (today, today + _AHEAD) if kind == SWAP else (today - _BACK, today)
    turns = [turn for turn in turns_of([person.pk], Asked(first, last)) if turn.due]
    if kind == SWAP:
        turns = [turn for turn in turns if moment_of(turn.begin) > now]
        return [_choice(turn) for turn in turns]
    choices = [_choice(turn) for turn in reversed(turns) if whole_end(turn) <= now]
    return choices if any(one.value == also for one in choices) else [*choices, *_chosen(person, also, now)]


def _chosen(person: Person, value: str, now: dt.datetime) -> list[Choice]:
    """Return the choice of one of a person's windows that have ended; none if it is none."""
    window, _, typed = value.partition(":")
    day = day_written(typed)
    if day is None or not _is_row(window):
        return []
    turns = [turn for turn in turns_of([person.pk], Asked(day, day)) if turn.due and turn.window.id == int(window)]
    return [_choice(turn) for turn in turns if whole_end(turn) <= now]


def _choice(turn: Turn) -> Choice:
    return Choice(f"{turn.window.id}:{turn.day}", _turn_words(turn))


def _turn_words(turn: Turn) -> str:
    begin, end = timezone.localtime(moment_of(turn.begin)), timezone.localtime(moment_of(turn.end))
    return f"{turn.day.month}月{turn.day.day}日 {turn.window.name} {begin:%H:%M}–{end:%H:%M}"


def colleagues_of(person: Person) -> list[Person]:
    """Return who could take a person's window over: the people of their own village, as at its kiosk."""
    here = Person.objects.filter(village=person.village_id, left=False).exclude(pk=person.pk)
    on_duty = here.exclude(type__in=(PersonType.MEMBER, PersonType.VILLAGER))
    return list(on_duty.order_by("number")[:_MOST_COLLEAGUES])


def absences_of(person: Person, now: dt.datetime) -> list[tuple[Absence, str]]:
    """Return what a person is or will be away for, with words, as far as it can be shortened."""
    found = []
    for absence in Absence.objects.filter(person=person, kind__in=AWAY.values()).order_by("-pk")[:20]:
        spans = away_in(absence)
        if spans and now < spans[-1][1]:
            found.append((absence, f"{absence.get_kind_display()} {span_words(spans[0][0], spans[-1][1])}"))
    return found


def back_choices(absence: Absence, now: dt.datetime) -> list[Choice]:
    """Return when somebody may say that they are back: now, or with a touch of theirs."""
    touches = [timezone.localtime(at) for at in touches_while_away(absence, now)]
    return [Choice("now", "现在"), *(Choice(f"{at:%Y-%m-%dT%H:%M}", f"{at:%m月%d日 %H:%M} 打卡时") for at in touches)]


def wish_from(values: Mapping[str, str], person: Person, now: dt.datetime) -> Wish:
    """Return what a form asks for.

    Raises:
        RequestRefused: It can't be read. The message says what to fill in.
    """
    kind, note = values.get("kind", ""), " ".join(values.get("note", "").split())[:200]
    if kind in AWAY:
        begin, end = _span(values)
        return Wish(kind=kind, code=values.get("code", ""), begin=begin, end=end, note=note)
    if kind == BACK:
        return _back(values, person, note)
    if kind not in (SWAP, CORRECTION, OBJECTION):
        return Wish(kind=kind, begin=_lost_at(values), note=note)
    window, day = _turn(values.get("turn", ""))
    if kind == SWAP:
        other = _substitute(values, person)
        return Wish(kind=kind, window=window, day=day, substitute=other, note=note)
    if kind == OBJECTION:
        return Wish(kind=kind, window=window, day=day, note=note)
    at = _time(values, person, window, day)
    return Wish(kind=kind, window=window, day=day, mark=values.get("mark", ""), mark_at=at, note=note)


def _span(values: Mapping[str, str]) -> tuple[dt.datetime, dt.datetime]:
    first = _day(values.get("from_other", "") or values.get("from", ""))
    typed = values.get("to", "")
    last = _day(typed) if typed else first
    part = values.get("part", "all")
    to_part = values.get("to_part", "all") if typed and last != first else part
    begin = begin_of(first) + (NOON if part == "pm" else dt.timedelta(0))
    return begin, begin_of(last) + NOON if to_part == "am" else end_of(last)


def _back(values: Mapping[str, str], person: Person, note: str) -> Wish:
    number = values.get("absence", "")
    found = Absence.objects.filter(person=person, pk=int(number)).first() if _is_row(number) else None
    if found is None:
        raise RequestRefused("请选销哪一次假")
    at = values.get("back", "now")
    return Wish(kind=BACK, absence=found, begin=None if at in ("", "now") else _minute(at), note=note)


def _substitute(values: Mapping[str, str], person: Person) -> Person:
    """Return who is to take a window over: somebody of the list, or whom a number or a name that was typed means."""
    # Of the same township: a number that is typed must not tell who is on the list elsewhere.
    near = Person.objects.filter(left=False, village__code__startswith=person.village_id[:TOWNSHIP_DIGITS])
    written, chosen = values.get("substitute", "").strip(), values.get("colleague", "")
    if not written:
        other = near.filter(pk=int(chosen)).first() if _is_row(chosen) else None
        if other is None:
            raise RequestRefused("请选换给谁，或填对方的姓名或编号")
        return other
    named = named_by(near, [written])
    if named.several:
        raise RequestRefused("本镇不止一个人是这个姓名或编号，请写对方的全部编号")
    if not named.people:
        raise RequestRefused("本镇没有这个编号的人，也没有这个姓名的人，请核对")
    return named.people[0]


def _lost_at(values: Mapping[str, str]) -> dt.datetime | None:
    at = values.get("lost", "")
    return _minute(at) if at else None


def _turn(chosen: str) -> tuple[int, dt.date]:
    window, _, day = chosen.partition(":")
    if not _is_row(window):
        raise RequestRefused("请选哪天哪个班")
    return int(window), _day(day)


def _time(values: Mapping[str, str], person: Person, window: int, day: dt.date) -> dt.datetime | None:
    """Return when the person came or went; None if they say that they did not. A night window's hours may be next."""
    if values.get("none"):
        return None
    at = clock_written(values.get("time", ""))
    if at is None:
        raise RequestRefused("请填几点，例如 08:25")
    begins = next((turn.begin for turn in turns_of([person.pk], Asked(day, day)) if turn.window.id == window), None)
    moment = timezone.make_aware(dt.datetime.combine(day, at))
    if begins is not None and moment < moment_of(begins) - NOON:
        moment += _DAY
    return moment


def _day(typed: str) -> dt.date:
    day = day_written(typed)
    if day is None:
        raise RequestRefused("请选日期")
    return day


def _minute(typed: str) -> dt.datetime:
    moment = moment_written(typed)
    if moment is None:
        raise RequestRefused("时间不对，请再选一次")
    return moment


def _is_row(number: str) -> bool:
    return number.isascii() and number.isdecimal() and len(number) <= 18
