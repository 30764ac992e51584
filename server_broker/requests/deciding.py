"""Decide about a request: by whose power, by what the county knows at that moment, and once (docs/rules.md, section 5).

The person's row is locked first and the request's next. So of two approvers at the same instant the first to commit
stands, and the second is refused and told who it was.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from protocol.decisions import Decided, Decision, RequestAnswered
from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair, is_own_affair, refuse_own_affair
from server_broker.audit.log import Detail, record
from server_broker.dated.locking import among_writers
from server_broker.decisions.stream import decide
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.guard.answers import reason_against
from server_broker.people.models import Person
from server_broker.requests.asking import NOT_THEIRS, refuse_overlap, refuse_uncorrectable
from server_broker.requests.cases import SECOND, Case, case_of
from server_broker.requests.effects import correct, go_away
from server_broker.requests.exhibits import witnesses_of
from server_broker.requests.joining import joins
from server_broker.requests.judging import TOO_LONG, Judged, judged, lasts_too_long
from server_broker.requests.kinds import APPROVED, AWAY, CORRECTION, OBJECTION
from server_broker.requests.models import Answer, CountyRequest, Mark, Outcome, Request, StationCase
from server_broker.requests.months import NO_MONTHS, Months
from server_broker.requests.ranks import RANK_WORDS, Standing, power_words, standing
from server_broker.requests.reading import OPEN, WITHDRAWN
from server_broker.requests.refused import RequestRefused
from server_broker.requests.turns import turn_of
from server_broker.settlement.version import RULES

DECIDED = "request.decided"
_LEAST_REASON = 4


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an account reads of a request that waits, before it decides."""

    need: Judged
    obstacle: str
    """Why the account can't decide now, in Chinese and without a full stop; empty if it can."""
    joins: str
    """What the request joins to more than the account may grant at a time; empty if it does not, or it can't decide."""


def prospect(case: Case, user: User, at: dt.datetime, *, months: Months = NO_MONTHS) -> Prospect:
    """Return what ``user`` reads of a request, which is judged once for all of it."""
    need = judged(case, at, months)
    try:
        _check_waits(case, user)
        power = _power(case, user, need, at)
    except (RequestRefused, OwnAffair) as refused:
        return Prospect(need, str(refused).rstrip("。"), "")
    return Prospect(need, "", joins(case, power.rank))


def decide_case(
    key: str, outcome: Outcome, *, text: str, user: User, at: dt.datetime, months: Months = NO_MONTHS
) -> Answer:
    """Decide about a request, and have come about what follows from it.

    Args:
        key: `Case.key`.
        text: What the person reads. A refusal needs one.
        months: Say of corrections how many a single approver may grant and which hold; without them it is by the rules'
            own numbers.

    Raises:
        RequestRefused: Somebody has decided, the power is too small, or it can't be approved so. Nothing was recorded.
        OwnAffair: The account asked for it, or it is about whose account it is.
    """
    with transaction.atomic():
        case = _locked(key)
        # By what the database has now, whatever the page knew.
        user = User.objects.select_related("region").get(pk=user.pk)
        _check_waits(case, user)
        need = judged(case, at, months)
        power = _power(case, user, need, at)
        _check_text(case, outcome, text)
        if outcome == Outcome.ACCEPTED:
            _check_acceptable(case, at, months)
        made = _store(case, outcome, text, user, at, need, power, joins(case, power.rank))
        followed = _effects(case, made) if outcome == Outcome.ACCEPTED and made.is_last else []
        _say(case, made, followed)
    return made


def _locked(key: str) -> Case:
    case = case_of(key)
    if case is None or case.asked.kind not in APPROVED:
        raise RequestRefused("没有这个申请")
    if case.person is None:
        raise RequestRefused("还不知道是谁提的：先把卡绑定给人，再来定")
    among_writers()
    Person.objects.select_for_update(no_key=True).get(pk=case.person.pk)
    table = CountyRequest if case.here is not None else Request
    table._default_manager.select_for_update(no_key=True).get(pk=case.asked.pk)
    case = case_of(key)
    assert case is not None
    assert case.person is not None
    return case


def _check_waits(case: Case, user: User) -> None:
    """Check that a request waits for somebody, and that ``user`` may be that one whatever it needs.

    Raises:
        RequestRefused: It is decided or taken back, or ``user`` has decided the first step or bears witness in it.
        OwnAffair: It is the account's own affair.
    """
    person = case.person
    if person is None:
        raise RequestRefused("还不知道是谁提的：先把卡绑定给人，再来定")
    if case.state == WITHDRAWN:
        raise RequestRefused("本人已经撤回，不用再定")
    last = case.answer
    if case.state not in (OPEN, SECOND):
        who = f"{last.actor} {timezone.localtime(last.at):%m月%d日 %H:%M} 已经定了" if last is not None else "已经定了"
        raise RequestRefused(f"{who}：{Outcome(case.state).label}")
    refuse_own_affair(user.username, [person.pk], asked_by=case.asked_by)
    if is_own_affair(user.username, witnesses_of(case.here)):
        raise RequestRefused("您是这条补卡的证人，不能由您来定；请另一位审批人，或者镇办、县里来定")
    if case.state == SECOND and last is not None:
        _refuse_same(user, last)


def _power(case: Case, user: User, need: Judged, at: dt.datetime) -> Standing:
    """Return by what power ``user`` decides.

    Raises:
        RequestRefused: It is too small.
    """
    assert case.person is not None
    first = case.answer.actor if case.state == SECOND and case.answer is not None else ""
    witnesses = witnesses_of(case.here)
    power = standing(user, case.person, need.needed, at, asked_by=case.asked_by, first=first, witnesses=witnesses)
    if power.rank < need.needed:
        raise RequestRefused(f"要{RANK_WORDS[need.needed]}里来定，{power_words(power)}")
    return power


def _refuse_same(user: User, first: Answer) -> None:
    """Raise `RequestRefused` if a second approval would be the first approver's own, or that of whose power it was."""
    if is_own_affair(user.username, asked_by=first.actor):
        raise RequestRefused(f"{first.actor} 已经同意过，要另一个人再定一次")
    if is_own_affair(user.username, asked_by=first.lender):
        raise RequestRefused(f"{first.actor} 已经代您同意过，要另一个人再定一次")


def _check_text(case: Case, outcome: Outcome, text: str) -> None:
    assert case.person is not None
    if outcome == Outcome.REFUSED and len(text) < _LEAST_REASON:
        raise RequestRefused("不同意要写明理由（至少 4 个字）")
    if case.asked.kind == OBJECTION and len(text) < _LEAST_REASON:
        raise RequestRefused("异议要写明答复（至少 4 个字）")
    if against := reason_against(text, [case.person.village_id]):
        raise RequestRefused(against)


def _check_acceptable(case: Case, at: dt.datetime, months: Months) -> None:
    """Raise `RequestRefused` if nobody can approve the request as it is."""
    asked, person = case.asked, case.person
    assert person is not None
    if person.left:
        raise RequestRefused("本人已经离开")
    if asked.kind == CORRECTION and case.here is not None:
        _check_correction(case.here, person, at, months)
    if asked.kind not in AWAY:
        return
    if asked.begin_at is None or asked.end_at is None:
        raise RequestRefused("站点当时不知道准确时间，请问本人，由镇村代提一次，这一条不同意")
    if asked.end_at <= asked.begin_at:
        raise RequestRefused("结束不在开始以后，这一条不能同意")
    if lasts_too_long(asked.begin_at, asked.end_at):
        raise RequestRefused(TOO_LONG)
    limit = case.last_chance
    if limit is not None and case.asked_at >= limit:
        raise RequestRefused("过了补报的时候（结束后第三天 24:00），不能同意")
    refuse_overlap(person, asked.kind, asked.begin_at, asked.end_at)


def _check_correction(asked: CountyRequest, person: Person, at: dt.datetime, months: Months) -> None:
    """Raise `RequestRefused` if a correction does not hold any more, by what the county knows now of the window."""
    assert asked.window_id is not None
    assert asked.day is not None
    turn = turn_of(person, asked.window_id, asked.day)
    if turn is None:
        raise RequestRefused(NOT_THEIRS)
    refuse_uncorrectable(months.correctable(turn, at), Mark(asked.mark), asked.mark_at, asked.day)


def _store(
    case: Case, outcome: Outcome, text: str, user: User, at: dt.datetime, need: Judged, power: Standing, joined: str
) -> Answer:
    step = 2 if case.state == SECOND else 1
    made = Answer.objects.create(
        request=case.asked if isinstance(case.asked, Request) else None,
        asked=case.here,
        outcome=outcome,
        text=text,
        at=at,
        actor=user.username,
        step=step,
        is_last=outcome == Outcome.REFUSED or not need.seconds,
        office=f"{user.region.name if user.region else ''} {user.role_word}"[:100].strip(),
        rank=power.rank,
        needed=need.needed,
        length=need.length,
        lender=power.lender,
        by_nobody=user.person_id is None,
        joins=joined,
        rules=RULES,
    )
    if made.is_last and case.here is not None:
        CountyRequest.objects.filter(pk=case.here.pk).update(is_over=True)
    elif made.is_last:
        StationCase.objects.filter(request=case.asked.pk).update(is_over=True)
    return made


def _effects(case: Case, made: Answer) -> list[Model]:
    if case.asked.kind == CORRECTION:
        assert case.here is not None
        return correct(case.here, made)
    if case.asked.kind == OBJECTION:
        # It changes nothing. What the answer concedes becomes a correction, or whatever else sets it right.
        return []
    return go_away(case, actor=made.actor, reason=made.text)


def _say(case: Case, made: Answer, followed: list[Model]) -> None:
    assert case.person is not None
    detail: Detail = {
        "kind": case.asked.kind,
        "number": case.asked.number,
        "outcome": made.outcome,
        "reason": made.text,
        "length": made.length,
        "lender": made.lender,
    }
    if made.by_nobody:
        detail["whose"] = "nobody"
    if made.joins:
        detail["joins"] = made.joins
    entry = record(made.actor, DECIDED, case.key, detail)
    what: Decision = Decided(action=DECIDED, subject=case.key)
    if case.here is None:
        what = RequestAnswered(request=case.asked.pk, outcome=made.outcome)
    decide(entry, what, [made, *followed])
    shelf_changed_under(case.person.village_id, at=made.at)
