"""Ask for something in the county: a person on their telephone, or an officer for somebody who has no kiosk at hand.

Whoever asks is told at once what does not fit, so that no approver has to find it out.
"""

import datetime as dt
import secrets
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone

from protocol.decisions import Decided
from protocol.facts_requests import request_number
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import Detail, record
from server_broker.dated.locking import among_writers
from server_broker.decisions.stream import decide
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.guard.answers import reason_against
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.requests.cases import Case, last_chance, waiting_here
from server_broker.requests.effects import come_back, lose_cards
from server_broker.requests.judging import TOO_LONG, judged, lasts_too_long
from server_broker.requests.kinds import (
    APPROVED,
    AWAY,
    BACK,
    CORRECTION,
    KINDS,
    LEAVES,
    LOST,
    OBJECTION,
    OWN_WORD,
    SWAP,
)
from server_broker.requests.models import CountyRequest, Mark
from server_broker.requests.months import NO_MONTHS, Correctable, Months
from server_broker.requests.reading import OPEN
from server_broker.requests.refused import RequestRefused
from server_broker.requests.turns import is_away_in, moment_of, turn_of, whole_end
from server_broker.requests.undoing import refuse_undoing

ASKED = "request.entered"
AHEAD = dt.timedelta(days=366)
MOST_A_DAY, MOST_BY_OFFICER = 30, 200
"""Of whoever asks, a person or an officer for others: each is kept for ever, and nobody who plays fills a page.

What an officer writes down of somebody does not count as theirs, so that nobody can shut another out.
"""
NOT_THEIRS = "那天的这个班不是本人的"
_NOTE_NEEDED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for. What a kind does not need is left empty."""

    kind: str
    code: str = ""
    begin: dt.datetime | None = None
    end: dt.datetime | None = None
    window: int | None = None
    day: dt.date | None = None
    mark: str = ""
    mark_at: dt.datetime | None = None
    substitute: Person | None = None
    absence: Absence | None = None
    note: str = ""


def ask(
    person: Person,
    wish: Wish,
    *,
    now: dt.datetime,
    officer: str = "",
    asked_at: dt.datetime | None = None,
    request: bytes = b"",
    months: Months = NO_MONTHS,
) -> CountyRequest:
    """Record what a person asks for. What holds by their own word holds at once.

    Args:
        officer: The account that writes it down for them; empty: they do so themselves.
        asked_at: When they asked at a station; None: now.
        request: The id that it has there; empty: a new one.
        months: Say of a correction whether its month is closed and what can be corrected; without them none is closed.

    Raises:
        RequestRefused: Something does not fit. Nothing was recorded.
        OwnAffair: An officer would take their own word for what holds by it at once, at the console.
    """
    with transaction.atomic():
        among_writers()
        # One request of a person at a time, because each is checked against the others.
        person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        asked_at = asked_at or now
        wish = _checked(person, wish, asked_at, officer, months)
        if officer and wish.kind == LOST:
            refuse_own_affair(officer, [person.pk])
            if wish.begin is not None:
                # From then on the person's touches would count no more, and nobody else looked at it.
                raise RequestRefused(
                    "代人挂失从现在起算。要从以前算起的，由本人在手机上挂失，或请发卡的人在人员页上挂失"
                )
        if officer and wish.kind == BACK:
            assert wish.absence is not None
            refuse_undoing(officer, wish.absence.source, person, wish.note, now)
        made = _store(person, wish, asked_at, officer, request or secrets.token_bytes(16))
        actor = officer or f"person:{person.number}"
        if wish.kind == BACK:
            assert wish.absence is not None
            assert wish.begin is not None
            come_back(wish.absence, wish.begin, actor=actor, reason=wish.note, now=asked_at)
        elif wish.kind == LOST:
            lose_cards(person, wish.begin, actor=actor, reason=wish.note or "本人挂失", now=now)
        detail: Detail = {"kind": wish.kind, "number": made.number}
        if officer and wish.kind == BACK:
            detail["reason"] = wish.note
        decide(record(actor, ASKED, str(made.pk), detail), Decided(action=ASKED, subject=str(made.pk)), [made])
        shelf_changed_under(person.village_id, at=now)
        if made.substitute is not None:
            # Their station may be another, and asks them.
            shelf_changed_under(made.substitute.village_id, at=now)
    return made


def _store(person: Person, wish: Wish, now: dt.datetime, officer: str, request: bytes) -> CountyRequest:
    made = CountyRequest(
        request=request,
        number=request_number(request),
        person=person,
        kind=wish.kind,
        code=wish.code,
        begin_at=wish.begin,
        end_at=wish.end,
        window_id=wish.window,
        day=wish.day,
        mark=wish.mark,
        mark_at=wish.mark_at,
        substitute=wish.substitute,
        absence=wish.absence,
        note=wish.note,
        asked_at=now,
        asked_by=officer,
        is_over=wish.kind in OWN_WORD,
    )
    if wish.kind in APPROVED:
        need = judged(Case(made, person, now, True, OPEN, []), now)
        made.length, made.needed = need.length, need.needed
    made.save()
    return made


def _checked(person: Person, wish: Wish, now: dt.datetime, officer: str, months: Months) -> Wish:
    """Return a wish with what follows from it.

    Raises:
        RequestRefused: It does not fit.
    """
    if person.left:
        raise RequestRefused("已离开的人不能提申请")
    if wish.kind not in KINDS:
        raise RequestRefused("请选办什么事")
    if against := reason_against(wish.note, [person.village_id]):
        raise RequestRefused(against)
    # Nobody is to find a card that is lost still in use.
    if wish.kind != LOST and _is_too_many(person, officer, now):
        raise RequestRefused("您今天代提得太多了，请让另一个人提" if officer else "一天里提得太多了，请明天再提")
    if wish.kind in AWAY:
        return _away(person, wish, now)
    if wish.kind == CORRECTION:
        return _correction(person, wish, now, months)
    if wish.kind == OBJECTION:
        return _objection(person, wish, now)
    if wish.kind == SWAP:
        return _swap(person, wish, now)
    return _back(person, wish, now) if wish.kind == BACK else _lost(person, wish, now)


def _is_too_many(person: Person, officer: str, now: dt.datetime) -> bool:
    today = CountyRequest.objects.filter(asked_at__gt=now - dt.timedelta(days=1), asked_by=officer)
    return today.count() >= MOST_BY_OFFICER if officer else today.filter(person=person).count() >= MOST_A_DAY


def _away(person: Person, wish: Wish, now: dt.datetime) -> Wish:
    begin, end = wish.begin, wish.end
    if begin is None or end is None:
        raise RequestRefused("请选从哪天到哪天")
    if end <= begin:
        raise RequestRefused("结束要在开始以后，请改日期")
    if lasts_too_long(begin, end):
        raise RequestRefused(TOO_LONG)
    if begin > now + AHEAD:
        raise RequestRefused("太早了：只能提一年以内的")
    if now >= last_chance(end):
        raise RequestRefused("过了补报的时候：最晚在结束后第三天提")
    if wish.kind == "leave" and wish.code not in LEAVES:
        raise RequestRefused("请选哪种假")
    refuse_overlap(person, wish.kind, begin, end)
    asked = waiting_here().filter(person=person, kind=wish.kind, begin_at__lt=end, end_at__gt=begin).first()
    if asked is not None:
        raise RequestRefused(f"和已经提的 {asked.number} 号时间重叠，请先撤回那一条")
    return replace(wish, code=wish.code if wish.kind == "leave" else "")


def refuse_overlap(person: Person, kind: str, begin: dt.datetime, end: dt.datetime) -> None:
    """Check that a person is not already away in this way at some time of ``[begin, end)``.

    Raises:
        RequestRefused: They are.
    """
    rows = AbsenceRecord.objects.known().during(begin, end)
    if rows.filter(subject__person=person, subject__kind=AWAY[kind], ended=False).exists():
        raise RequestRefused(f"这段时间已经批过{KINDS[kind]}，时间重叠")


def _correction(person: Person, wish: Wish, now: dt.datetime, months: Months) -> Wish:
    if wish.window is None or wish.day is None or wish.mark not in Mark.values:
        raise RequestRefused("请选哪天哪个班、上班卡还是下班卡")
    if len(wish.note.strip()) < _NOTE_NEEDED:
        raise RequestRefused("请写明原因（至少 4 个字）")
    turn = turn_of(person, wish.window, wish.day)
    if turn is None:
        raise RequestRefused(NOT_THEIRS)
    if now < whole_end(turn):
        raise RequestRefused("这个班还没有结束，结束后再补")
    _refuse_closed(Region.objects.get(identity=turn.window.village), wish.day, months)
    _refuse_twice(person, wish)
    refuse_uncorrectable(months.correctable(turn, now), Mark(wish.mark), wish.mark_at, wish.day)
    return replace(wish, code="", begin=moment_of(turn.begin), end=moment_of(turn.end))


def refuse_uncorrectable(of: Correctable, mark: Mark, mark_at: dt.datetime | None, day: dt.date) -> None:
    """Check that a correction holds once it is approved, because an approver could not see why it does not.

    Raises:
        RequestRefused: The window of ``day`` needs no such mark, or the time does not lie within its spans.
    """
    if of.covered:
        raise RequestRefused(f"这个班{of.covered}，不用补卡")
    if mark not in of.marks:
        raise RequestRefused(f"这个班不打{mark.label if of.marks else '卡'}，不用补")
    if mark_at is not None and of.begin is not None and of.end is not None and not of.begin <= mark_at < of.end:
        first, last = (_clock(at, day) for at in (of.begin, of.end))
        raise RequestRefused(f"时间离这个班太远，要在 {first} 以后、{last} 以前，请核对")


def _clock(at: dt.datetime, day: dt.date) -> str:
    local = timezone.localtime(at)
    return f"{local:%H:%M}" if local.date() == day else f"{local.month}月{local.day}日 {local:%H:%M}"


def _objection(person: Person, wish: Wish, now: dt.datetime) -> Wish:
    if wish.window is None or wish.day is None:
        raise RequestRefused("请选对哪天哪个班有异议")
    if len(wish.note.strip()) < _NOTE_NEEDED:
        raise RequestRefused("请写明哪里不对（至少 4 个字）")
    turn = turn_of(person, wish.window, wish.day)
    if turn is None:
        raise RequestRefused(NOT_THEIRS)
    begin, end = moment_of(turn.begin), moment_of(turn.end)
    if now < end:
        raise RequestRefused("这个班还没有结束，还没有结果")
    waiting = waiting_here().filter(person=person, kind=OBJECTION, window=wish.window, day=wish.day).first()
    if waiting is not None:
        raise RequestRefused(f"这个班已经提过 {waiting.number} 号异议，还在等答复")
    return replace(wish, code="", mark="", mark_at=None, begin=begin, end=end)


def _refuse_closed(village: Region, day: dt.date, months: Months) -> None:
    closed_at = months.closed_at(village, day)
    if closed_at is not None:
        at = timezone.localtime(closed_at)
        raise RequestRefused(f"{day.month}月的考勤表 {at.month}月{at.day}日 已经定稿，不能再补卡；不对的地方可以提异议")


def _refuse_twice(person: Person, wish: Wish) -> None:
    """Check that no correction of the same mark waits: the caller has locked the person."""
    waiting = waiting_here().filter(person=person, kind=CORRECTION, window=wish.window, day=wish.day, mark=wish.mark)
    asked = waiting.first()
    if asked is not None:
        raise RequestRefused(f"这次卡已经提过 {asked.number} 号补卡，还在等定；要改先撤回那一条")


def _swap(person: Person, wish: Wish, now: dt.datetime) -> Wish:
    other = wish.substitute
    if wish.window is None or wish.day is None or other is None:
        raise RequestRefused("请选哪天哪个班、换给谁")
    if other.pk == person.pk or other.left:
        raise RequestRefused("请换给另一个在册的人")
    turn = turn_of(person, wish.window, wish.day)
    if turn is None:
        raise RequestRefused(NOT_THEIRS)
    if turn_of(other, wish.window, wish.day) is not None:
        raise RequestRefused("对方那天本来就在这个班")
    begin, end = moment_of(turn.begin), moment_of(turn.end)
    if now >= begin:
        raise RequestRefused("这个班已经开始，不能再换")
    if is_away_in(turn, other.pk):
        raise RequestRefused("对方那时已批了不在，请换给别人")
    return replace(wish, code="", begin=begin, end=end)


def _back(person: Person, wish: Wish, now: dt.datetime) -> Wish:
    if wish.absence is None or wish.absence.person_id != person.pk:
        raise RequestRefused("请选销哪一次假")
    begin = wish.begin or now.replace(second=0, microsecond=0)
    return replace(wish, code="", begin=begin, end=None)


def _lost(person: Person, wish: Wish, now: dt.datetime) -> Wish:
    if not person.cards.filter(lost_at=None).exists():
        lost = person.cards.order_by("-lost_at").first()
        told = f"卡在 {timezone.localtime(lost.lost_at):%m月%d日 %H:%M} 已经挂失，" if lost and lost.lost_at else ""
        raise RequestRefused(f"{told}名下没有在用的卡，不用再挂失")
    return replace(wish, code="", begin=wish.begin, end=None)
