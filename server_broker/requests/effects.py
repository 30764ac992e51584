"""What follows from a decision or from somebody's own word, in the same transaction."""

import datetime as dt

from django.db.models import Model

from server_broker.attendance.models import DutyWindow, Swap, SwapRecord, Touch
from server_broker.attendance.touches import happened_between, touch_rows
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.duty.overlaps import lock_people
from server_broker.duty.reading import Asked, turns_of
from server_broker.people.cards import BindRefused, report_lost
from server_broker.people.models import Binding, Person, PersonRecord
from server_broker.requests.cases import Case
from server_broker.requests.kinds import AWAY
from server_broker.requests.models import Answer, Correction, CountyRequest
from server_broker.requests.refused import RequestRefused
from server_broker.requests.turns import due_turn, is_away_in

_DAY, _LEAST = dt.timedelta(days=1), dt.timedelta(microseconds=1)
BACK_BY_TOUCH = dt.timedelta(days=3)
"""So long after a touch somebody may say that they were back with it (docs/rules.md, section 4)."""


def go_away(case: Case, *, actor: str, reason: str) -> list[Model]:
    """Have the person be away as they asked. Returns what was written, for the decision; dated rows add themselves."""
    asked, person = case.asked, case.person
    assert person is not None
    made = Absence.objects.create(person=person, kind=AWAY[asked.kind], source=f"request:{case.key}")
    content = {"code": asked.code, "ended": False}
    put(AbsenceRecord, [made.pk], Period(asked.begin_at, asked.end_at), content, actor=actor, reason=reason)
    return [made]


def come_back(absence: Absence, at: dt.datetime, *, actor: str, reason: str, now: dt.datetime) -> None:
    """End an absence from ``at`` on; before its start, all of it. The caller has locked its person.

    Raises:
        RequestRefused: It has ended by then, or ``at`` lies in the past and at no touch of the last three days.
    """
    spans = [(begin, end) for begin, end in away_in(absence) if at < end]
    if not spans:
        raise RequestRefused("这次假到那时已经结束，不用销")
    if at < now.replace(second=0, microsecond=0) and at not in touches_while_away(absence, now):
        raise RequestRefused("回来的时间要是现在、以后，或假里三天内打过卡的时候")
    period = Period(max(at, spans[0][0]), spans[-1][1])
    put(AbsenceRecord, [absence.pk], period, {"ended": True}, actor=actor, reason=reason)


def away_in(absence: Absence) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return from when to when an absence holds, as the county knows it now. An empty list: it has ended whole."""
    rows = AbsenceRecord.objects.known().filter(subject=absence, ended=False).order_by("valid_from")
    return [(row.valid_from, row.valid_to) for row in rows if row.valid_from is not None and row.valid_to is not None]


def touches_while_away(absence: Absence, now: dt.datetime) -> list[dt.datetime]:
    """Return the minutes of the person's dated touches of the last three days during an absence, the oldest first."""
    spans = away_in(absence)
    rows = touch_rows(_lately(absence.person_id, now))
    # By a card that was reported lost it may have been anybody.
    dated = (row for row in rows if row.dated and row.outcome != "lost")
    own = (row.at for row in dated if row.person is not None and row.person.pk == absence.person_id)
    return sorted({at.replace(second=0, microsecond=0) for at in own if any(a <= at < b for a, b in spans)})


def _lately(person: int, now: dt.datetime) -> list[Touch]:
    """Return the touches of the last three days by cards and numbers that somebody ever had."""
    then = happened_between(now - BACK_BY_TOUCH, now + _LEAST)
    lately = Touch.objects.filter(then).select_related("station__village")
    tokens = Binding.objects.filter(person=person).values_list("subject__token", flat=True).distinct()
    numbers = PersonRecord.objects.filter(subject=person).values_list("number", flat=True).distinct()
    # Two queries with plain values, so that PostgreSQL looks up a few cards and numbers by an index for each.
    by_card = lately.filter(card_token__in=[bytes(token) for token in tokens])
    return [*by_card, *lately.filter(person_number__in=set(numbers))]


def lose_cards(person: Person, since: dt.datetime | None, *, actor: str, reason: str, now: dt.datetime) -> None:
    """Have a person's cards count no longer.

    Raises:
        RequestRefused: ``since`` is in the future, or before the person had the card.
    """
    try:
        for card in person.cards.filter(lost_at=None):
            report_lost(card, actor=actor, reason=reason, since=since, now=now)
    except BindRefused as refused:
        raise RequestRefused(str(refused)) from refused


def correct(asked: CountyRequest, answer: Answer) -> list[Model]:
    """Have a mark be as the person said. Returns the row that settlement reads."""
    assert asked.window_id is not None
    assert asked.day is not None
    made = Correction.objects.create(
        answer=answer,
        person_id=asked.person_id,
        window_id=asked.window_id,
        day=asked.day,
        mark=asked.mark,
        mark_at=asked.mark_at,
        approved_at=answer.at,
    )
    return [made]


def swap(asked: CountyRequest, *, actor: str, at: dt.datetime) -> list[Model]:
    """Have a window of a date go to the other person, who has just agreed.

    Raises:
        RequestRefused: The window has begun, or one of the two can't have it so. The caller's transaction ends.
    """
    assert asked.window is not None
    assert asked.day is not None
    assert asked.substitute is not None
    window, day, people = asked.window, asked.day, [asked.person_id, asked.substitute.pk]
    lock_people(people)
    # Whatever else changes a village's windows locks it too.
    DutyWindow.ever.select_for_update(no_key=True, of=("self",)).get(pk=window.pk)
    before = turns_of(people, Asked(day - _DAY, day + _DAY))
    if due_turn(before, asked.person_id, window.pk, day) is None:
        raise RequestRefused("那天的这个班已经不是对方的")
    made = Swap.objects.create(window=window, day=day, giver=asked.person, taker=asked.substitute)
    content = {"agreed_at": at.isoformat(), "withdrawn": False}
    put(SwapRecord, [made.pk], Period(begin_of(day), end_of(day)), content, actor=actor)
    after = turns_of(people, Asked(day - _DAY, day + _DAY))
    if sum(turn.is_exception for turn in after) > sum(turn.is_exception for turn in before):
        raise RequestRefused("那时您有别的班，时间重叠，不能换")
    taken = due_turn(after, asked.substitute.pk, window.pk, day)
    if taken is None:
        raise RequestRefused("那天您不在岗或已在这个班，不能换")
    if is_away_in(taken, asked.substitute.pk):
        raise RequestRefused("那时您已批了不在，不能换：先销假，或让对方换给别人")
    return [made]


def undo_swap(asked: CountyRequest, *, actor: str) -> None:
    """Have a window go back to who gave it, because the other says that they never agreed.

    Raises:
        RequestRefused: The other has passed the window on.
    """
    assert asked.day is not None
    assert asked.agreed_at is not None
    swaps = SwapRecord.objects.known().filter(subject__window=asked.window_id, subject__day=asked.day, withdrawn=False)
    own = swaps.filter(subject__giver=asked.person_id, subject__taker=asked.substitute_id, agreed_at=asked.agreed_at)
    row = own.select_for_update().first()
    if row is None or swaps.filter(subject__giver=asked.substitute_id, agreed_at__gt=row.agreed_at).exists():
        raise RequestRefused("这个班您已经换给别人，不能再说没有答应")
    content = {"agreed_at": row.agreed_at.isoformat(), "withdrawn": True}
    put(SwapRecord, [row.subject_id], Period(row.valid_from, row.valid_to), content, actor=actor)
